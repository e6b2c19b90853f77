//! What a listing is ordered by, as SQL: what `scim`'s `Sort::key` gives for the same resource.

use jiff::Timestamp;
use scim::schema::AttributeType;
use scim::{Error, ScimType, Sort, SortOrder, limits};
use serde_json::Value;

use crate::filter::{self, Column, Scope};
use crate::fragment::{Bound, Fragment};

/// The key of a row `candidate`.
pub(super) struct SortKey {
    /// The expression.
    pub(super) sql: Fragment,
    pub(super) form: Form,
    /// Whether it is in a column, and not in the document.
    pub(super) is_column: bool,
    /// Whether a row may be without one.
    pub(super) is_nullable: bool,
    pub(super) order: SortOrder,
}

/// What type a key has in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `text`, by code point.
    Text,
    /// `jsonb`: numbers by value, `false` before `true`.
    Json,
    /// `timestamptz`.
    Moment,
}

impl SortKey {
    pub(super) fn of(sort: &Sort, scope: Scope<'_>) -> Self {
        let order = sort.order;
        let Some(Column { term, is_nullable, .. }) = filter::column(&sort.attribute, scope) else {
            let (form, sql) = of_document(sort);
            return Self { sql, form, is_column: false, is_nullable: true, order };
        };
        let is_moment = sort.attribute.value_type() == AttributeType::DateTime;
        let form = if is_moment { Form::Moment } else { Form::Text };
        Self { sql: term, form, is_column: true, is_nullable, order }
    }
}

/// The first value, if it is of the attribute's type: a document may be older than the profile.
fn of_document(sort: &Sort) -> (Form, Fragment) {
    let value = Fragment::constant("jsonb_path_query_first(").then(filter::first_value(&sort.attribute));
    match sort.attribute.value_type() {
        AttributeType::Boolean => (Form::Json, value.text(", '$[0] ? (@.type() == \"boolean\")')")),
        AttributeType::Integer | AttributeType::Decimal => {
            (Form::Json, value.text(", '$[0] ? (@.type() == \"number\")')"))
        }
        _ => {
            let text = Fragment::constant("left(").then(value);
            let text = text.text(", '$[0] ? (@.type() == \"string\")') #>> '{}', ");
            let characters = i32::try_from(limits::SORT_CHARACTERS).unwrap_or(i32::MAX);
            (Form::Text, text.bind(Bound::Count(characters)).text(") COLLATE \"C\""))
        }
    }
}

impl Form {
    /// The key of a resource that has none.
    pub(super) fn null(self) -> &'static str {
        match self {
            Self::Text => "NULL::text COLLATE \"C\"",
            Self::Json => "NULL::jsonb",
            Self::Moment => "NULL::timestamptz",
        }
    }

    /// The key of a cursor, to be compared with others. A client may have made it up.
    pub(super) fn bound(self, key: &Value) -> Result<Bound, Error> {
        let bound = match (self, key) {
            (Self::Text, Value::String(text)) => Some(Bound::Text(text.clone())),
            (Self::Json, Value::Number(_) | Value::Bool(_)) => Some(Bound::Json(key.clone())),
            (Self::Moment, Value::String(text)) => text.parse::<Timestamp>().ok().map(Bound::moment),
            _ => None,
        };
        bound.ok_or_else(foreign)
    }
}

/// The refusal of a cursor whose key fits no other.
pub(super) fn foreign() -> Error {
    Error::bad_request(
        ScimType::InvalidCursor,
        "the cursor belongs to another order: begin again with an empty cursor",
    )
}
