//! Which page of a listing a query asks for: by index (RFC 7644, section 3.4.2.4) or by cursor (RFC 9865); and how a
//! client gets to the pages beside it.

use jiff::{SignedDuration, Timestamp};
use scim::{
    Cursor, SearchRequest,
    cursor::{self, Direction},
    limits::CURSOR_SECONDS,
};
use store::{CursorPage, Edge, Page, Window};

use crate::error::Error;

/// The page that a query asks for.
#[derive(Clone, Debug)]
pub struct Paging {
    /// What the store reads.
    pub window: Window,
    /// Names the query: cursors of others are refused.
    query: u64,
    now: Timestamp,
}

impl Paging {
    /// Reads `startIndex` and `count`, or `cursor` and `count`, of a query to that endpoint (such as `/Users`). There are
    /// never more than `max_page_size` resources on a page. Less than 1 as `startIndex` means 1, a negative `count` 0; but
    /// with a cursor a `count` of less than 1 is refused.
    pub fn read(
        request: &SearchRequest,
        endpoint: &str,
        max_page_size: u32,
        now: Timestamp,
    ) -> Result<Self, Error> {
        if request.cursor.is_some() && request.count.is_some_and(|count| count < 1) {
            return Err(cursor::invalid_count().into());
        }
        let count = request.count.unwrap_or(i64::MAX).max(0);
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(max_page_size);
        let query = cursor::query_digest([
            Some(endpoint),
            request.filter.as_deref(),
            request.sort_by.as_deref(),
            request.sort_order.as_deref(),
        ]);
        let window = match (&request.cursor, request.start_index) {
            (Some(_), Some(_)) => {
                return Err(Error::parameter("cursor", "excludes startIndex: send one of them"));
            }
            (Some(text), None) if text.is_empty() => Window::Cursor(CursorPage::new(None, count)),
            (Some(text), None) => {
                Window::Cursor(CursorPage::new(Some(Cursor::decode(text, query, now)?), count))
            }
            (None, start_index) => {
                let start_index = start_index.unwrap_or(1).max(1).unsigned_abs();
                Window::Index(Page { start_index, count })
            }
        };
        Ok(Self { window, query, now })
    }

    /// The position of the first resource of the page, which nobody knows of a page by cursor.
    pub fn start_index(&self) -> Option<u64> {
        match &self.window {
            Window::Index(page) => Some(page.start_index),
            Window::Cursor(_) => None,
        }
    }

    /// The text that leads to the page behind or before that edge.
    pub fn cursor(&self, edge: &Edge, direction: Direction) -> String {
        let Edge { kind, id, key } = edge.clone();
        let expires = self.now.saturating_add(SignedDuration::from_secs(CURSOR_SECONDS.into()));
        let expires = expires.unwrap_or(Timestamp::MAX);
        Cursor { direction, kind, id, key, query: self.query, expires }.encode()
    }
}

#[cfg(test)]
mod tests {
    use scim::{Kind, cursor::Key};
    use uuid::Uuid;

    use super::*;
    use crate::query::Query;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn read_at(query: &str, now: Timestamp) -> Result<Paging, Error> {
        Paging::read(Query::parse(query).unwrap().request(), "/Users", 100, now)
    }

    fn by_index(query: &str) -> (u64, u32) {
        match read_at(query, NOW).unwrap().window {
            Window::Index(page) => (page.start_index, page.count),
            Window::Cursor(page) => panic!("{page:?}"),
        }
    }

    fn edge() -> Edge {
        Edge { kind: Kind::User, id: Uuid::from_u128(7), key: Key::Unsorted }
    }

    #[test]
    fn pages_are_clamped() {
        assert_eq!(by_index(""), (1, 100));
        assert_eq!(by_index("startIndex=0&count=0"), (1, 0));
        assert_eq!(by_index("startIndex=-5&count=-5"), (1, 0));
        assert_eq!(by_index("startIndex=7&count=101"), (7, 100));
        assert_eq!(by_index("startIndex=-99999999999999999999"), (1, 100));
        assert_eq!(by_index("startIndex=99999999999999999999"), (9_223_372_036_854_775_807, 100));
    }

    #[test]
    fn a_cursor_leads_back_to_its_edge_for_an_hour() {
        let first = read_at("filter=title+pr&cursor&count=5", NOW).unwrap();
        assert_eq!(first.window, Window::Cursor(CursorPage::new(None, 5)));
        assert_eq!(first.start_index(), None);
        let next = first.cursor(&edge(), Direction::Forward);
        let query = format!("filter=title+pr&cursor={next}&count=1");
        let Window::Cursor(page) = read_at(&query, NOW).unwrap().window else { panic!("no cursor") };
        assert_eq!((page.edge, page.direction, page.count), (Some(edge()), Direction::Forward, 1));
        let after = |seconds| NOW + SignedDuration::from_secs(seconds);
        assert!(read_at(&query, after(CURSOR_SECONDS.into())).is_ok());
        assert!(read_at(&query, after(i64::from(CURSOR_SECONDS) + 1)).is_err());
    }

    #[test]
    fn a_walk_by_cursor_goes_in_steps_of_one_at_least() {
        for count in ["0", "-1", "-99999999999999999999"] {
            let refused = read_at(&format!("cursor&count={count}"), NOW).unwrap_err();
            assert_eq!(refused.told(), cursor::invalid_count());
        }
    }

    #[test]
    fn a_cursor_is_of_one_endpoint_and_one_query() {
        let cursor = read_at("sortBy=id&cursor", NOW).unwrap().cursor(&edge(), Direction::Backward);
        let query = Query::parse(&format!("sortBy=id&cursor={cursor}")).unwrap();
        assert!(Paging::read(query.request(), "/Users", 100, NOW).is_ok());
        assert!(Paging::read(query.request(), "/Groups", 100, NOW).is_err());
        assert!(read_at(&format!("cursor={cursor}"), NOW).is_err());
        assert!(read_at(&format!("sortBy=id&sortOrder=ascending&cursor={cursor}"), NOW).is_err());
        assert!(matches!(read_at("cursor&startIndex=1", NOW), Err(Error::Parameter { .. })));
    }
}
