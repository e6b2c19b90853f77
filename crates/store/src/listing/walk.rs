//! The way through a listing: its order, and what comes behind an edge.

use scim::cursor::{Direction, Key};
use scim::{Error, SortOrder};

use super::key::{Form, SortKey, foreign};
use crate::fragment::{Bound, Fragment};
use crate::page::Edge;

/// In which order rows `one(id, key)` are walked. Without a value is last where the order is ascending, first where it is
/// descending; equal keys are ordered by id. The way back is exactly the reverse.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    /// What the keys are; `None` where only the id counts.
    pub(super) keys: Option<Keys>,
    pub(super) direction: Direction,
}

#[derive(Clone, Copy)]
pub(super) struct Keys {
    pub(super) form: Form,
    /// Whether they are in columns, of which an index may know the order.
    pub(super) are_columns: bool,
    is_nullable: bool,
    order: SortOrder,
}

impl Keys {
    /// Of resources of several kinds, of which some may have no key at all.
    pub(super) fn of(keys: &[Option<&SortKey>]) -> Option<Self> {
        let first = keys.iter().flatten().next()?;
        let is_total = |key: &SortKey| key.form == first.form && !key.is_nullable;
        let is_nullable = !keys.iter().all(|key| key.is_some_and(is_total));
        let are_columns = keys.iter().flatten().all(|key| key.is_column);
        Some(Self { form: first.form, are_columns, is_nullable, order: first.order })
    }

    /// The key of a row `candidate`. What is of another type than the first kind's is no value in this order.
    pub(super) fn of_row(self, key: Option<&SortKey>) -> Fragment {
        match key {
            Some(key) if key.form == self.form => key.sql.clone(),
            _ => Fragment::constant(self.form.null()),
        }
    }
}

impl Walk {
    /// ` ORDER BY …`. PostgreSQL takes NULL for larger than all values.
    pub(super) fn order_by(self) -> &'static str {
        match (self.keys.map(|keys| keys.order), self.direction) {
            (None, Direction::Forward) => " ORDER BY one.id",
            (None, Direction::Backward) => " ORDER BY one.id DESC",
            (Some(SortOrder::Ascending), Direction::Forward) => " ORDER BY one.key, one.id",
            (Some(SortOrder::Ascending), Direction::Backward) => " ORDER BY one.key DESC, one.id DESC",
            (Some(SortOrder::Descending), Direction::Forward) => " ORDER BY one.key DESC, one.id",
            (Some(SortOrder::Descending), Direction::Backward) => " ORDER BY one.key, one.id DESC",
        }
    }

    /// The condition on rows behind the edge. What can be said of the key alone is said first, so that an index finds it.
    pub(super) fn behind(self, edge: &Edge) -> Result<Fragment, Error> {
        let id = match self.direction {
            Direction::Forward => Fragment::constant("one.id > "),
            Direction::Backward => Fragment::constant("one.id < "),
        };
        let id = id.bind(Bound::Id(edge.id));
        let Some(keys) = self.keys else {
            return if edge.key == Key::Unsorted { Ok(id) } else { Err(foreign()) };
        };
        let is_rising = (keys.order == SortOrder::Ascending) == (self.direction == Direction::Forward);
        match &edge.key {
            Key::Unsorted => Err(foreign()),
            Key::Absent if is_rising => Ok(Fragment::constant("one.key IS NULL AND ").then(id)),
            Key::Absent => Ok(Fragment::constant("(one.key IS NOT NULL OR ").then(id).text(")")),
            Key::Value(key) => {
                let key = keys.form.bound(key)?;
                let (at_least, beyond) = if is_rising { (" >= ", " > ") } else { (" <= ", " < ") };
                let behind = Fragment::constant("one.key").text(at_least).bind(key.clone());
                let behind =
                    behind.text(" AND (one.key").text(beyond).bind(key).text(" OR ").then(id).text(")");
                Ok(if is_rising && keys.is_nullable {
                    Fragment::constant("((").then(behind).text(") OR one.key IS NULL)")
                } else {
                    behind
                })
            }
        }
    }
}
