//! A piece of SQL as a value: constant text and bound values, put together purely and written into a statement last.

use database::SqlTimestamp;
use database::sql::Statement;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// A piece of SQL. Its text is constant, so a statement's shape depends on a filter's shape alone and is prepared once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fragment {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(&'static str),
    Value(Bound),
}

/// A value that takes the place of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bound {
    /// `text`.
    Text(String),
    /// `uuid`.
    Id(Uuid),
    /// `integer`.
    Count(i32),
    /// `jsonb`.
    Json(Value),
    /// `timestamptz`, cut to microseconds.
    Moment(Timestamp),
}

/// Earlier moments than this need not be told apart; PostgreSQL knows none before 4713 BC.
const EARLIEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

impl Bound {
    /// A moment that PostgreSQL knows.
    pub(crate) fn moment(moment: Timestamp) -> Self {
        Self::Moment(moment.max(EARLIEST))
    }
}

impl Fragment {
    /// SQL that binds nothing.
    pub(crate) fn constant(text: &'static str) -> Self {
        Self::default().text(text)
    }

    /// A condition that always or never holds.
    pub(crate) fn truth(holds: bool) -> Self {
        Self::constant(if holds { "TRUE" } else { "FALSE" })
    }

    /// Appends SQL.
    pub(crate) fn text(mut self, text: &'static str) -> Self {
        self.parts.push(Part::Text(text));
        self
    }

    /// Appends a parameter.
    pub(crate) fn bind(mut self, value: Bound) -> Self {
        self.parts.push(Part::Value(value));
        self
    }

    /// Appends another fragment.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// All of them, with `separator` between, in parentheses; a single one stays as it is.
    pub(crate) fn joined(fragments: Vec<Self>, separator: &'static str) -> Self {
        let several = fragments.len() > 1;
        let mut joined = Self::constant(if several { "(" } else { "" });
        for (position, fragment) in fragments.into_iter().enumerate() {
            joined =
                if position == 0 { joined.then(fragment) } else { joined.text(separator).then(fragment) };
        }
        joined.text(if several { ")" } else { "" })
    }

    /// Writes it into a statement.
    pub(crate) fn write(self, statement: &mut Statement) {
        for part in self.parts {
            match part {
                Part::Text(text) => statement.text(text),
                Part::Value(Bound::Text(text)) => statement.bind(text),
                Part::Value(Bound::Id(id)) => statement.bind(id),
                Part::Value(Bound::Count(count)) => statement.bind(count),
                Part::Value(Bound::Json(value)) => statement.bind(Json(value)),
                Part::Value(Bound::Moment(moment)) => statement.bind(SqlTimestamp::from(moment)),
            };
        }
    }
}

#[cfg(test)]
impl std::fmt::Display for Fragment {
    /// The SQL, and below it what is bound.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bound = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => write!(formatter, "{text}")?,
                Part::Value(value) => {
                    bound.push(value);
                    write!(formatter, "${}", bound.len())?;
                }
            }
        }
        for (position, value) in bound.into_iter().enumerate() {
            write!(formatter, "\n-- ${} = ", position + 1)?;
            match value {
                Bound::Text(text) => write!(formatter, "'{text}'")?,
                Bound::Id(id) => write!(formatter, "uuid {id}")?,
                Bound::Count(count) => write!(formatter, "{count}")?,
                Bound::Json(value) => write!(formatter, "{value}")?,
                Bound::Moment(moment) => write!(formatter, "{moment}")?,
            }
        }
        Ok(())
    }
}
