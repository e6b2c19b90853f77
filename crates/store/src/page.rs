//! Which part of a listing: by index (RFC 7644 §3.4.2.4), or by cursor (RFC 9865).

use scim::Kind;
use scim::cursor::{Cursor, Direction, Key};
use uuid::Uuid;

/// Which part of a listing.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// By position, as counted now.
    Index(Page),
    /// From a resource on, wherever it is now.
    Cursor(CursorPage),
}

/// `count` resources from the one at `start_index` on, which counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The position of the first resource; 0 means 1.
    pub start_index: u64,
    /// How many at most; with 0 only the total is wanted.
    pub count: u32,
}

/// `count` resources from an edge on.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorPage {
    /// Where the listing goes on; without one at its beginning, backward at its end.
    pub edge: Option<Edge>,
    /// Which way it goes from there.
    pub direction: Direction,
    /// How many at most; with 0 only the total is wanted.
    pub count: u32,
}

/// A resource at the edge of a page, with what it was ordered by. It may have been deleted or changed since.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Which kind it is.
    pub kind: Kind,
    /// Its `id`.
    pub id: Uuid,
    /// Its sort key.
    pub key: Key,
}

impl Page {
    pub(crate) fn offset(self) -> i64 {
        i64::try_from(self.start_index.saturating_sub(1)).unwrap_or(i64::MAX)
    }
}

impl CursorPage {
    /// The page that a cursor leads to; without one the first.
    pub fn new(cursor: Option<Cursor>, count: u32) -> Self {
        let direction = cursor.as_ref().map_or(Direction::Forward, |cursor| cursor.direction);
        let edge = cursor.map(|Cursor { kind, id, key, .. }| Edge { kind, id, key });
        Self { edge, direction, count }
    }
}

impl Window {
    pub(crate) fn count(&self) -> u32 {
        match self {
            Self::Index(page) => page.count,
            Self::Cursor(page) => page.count,
        }
    }

    pub(crate) fn direction(&self) -> Direction {
        match self {
            Self::Index(_) => Direction::Forward,
            Self::Cursor(page) => page.direction,
        }
    }

    pub(crate) fn edge(&self) -> Option<&Edge> {
        match self {
            Self::Index(_) => None,
            Self::Cursor(page) => page.edge.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_resource_has_the_index_one() {
        let offset = |start_index| Page { start_index, count: 10 }.offset();
        assert_eq!([offset(0), offset(1), offset(2), offset(u64::MAX)], [0, 0, 1, i64::MAX]);
    }
}
