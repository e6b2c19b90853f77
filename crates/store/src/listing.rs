//! Lists of resources: a filter, an order, a window, and the total, in one statement that sees one state.

mod effort;
mod key;
mod statement;
#[cfg(test)]
mod tests;
mod walk;

use database::sql::Statement;
use database::tenant::TenantDatabase;
use scim::cursor::Direction;
use scim::{Filter, Kind, Projection, Sort};
use uuid::Uuid;

use crate::error::StoreError;
use crate::page::{Edge, Window};
use crate::related::Related;
use crate::rows::ListingRow;
use crate::stored::Stored;
use crate::tables;
use statement::Search;

const COLUMNS: &str =
    "candidate.id, candidate.resource, candidate.version, candidate.created_at, candidate.last_modified_at";

/// Which resources of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// What must hold for them.
    pub filter: Option<Filter>,
    /// Their order, before the id; without one that of their ids, which is that of their creation.
    pub sort: Option<Sort>,
    /// Which part of them.
    pub window: Window,
    /// The Tenant URL, without a slash at the end: filters and orders by URL need it.
    pub base_url: String,
}

/// One kind of resource in a search over several.
#[derive(Clone, Copy, Debug)]
pub struct Part<'q> {
    /// Which kind it is.
    pub kind: Kind,
    /// What must hold for resources of this kind.
    pub filter: Option<&'q Filter>,
    /// Their order. The parts are put in one order; those of a kind without one have no value in it.
    pub sort: Option<&'q Sort>,
    /// What must be read of them.
    pub projection: &'q Projection,
}

/// One page of resources. It holds fewer than were asked for where they would be too much for one answer, but one at
/// least; a client goes on behind the last (RFC 7644 §3.4.2.4).
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// How many pass the filter, on all pages.
    pub total: u64,
    /// Those of the page, in order.
    pub items: Vec<Stored>,
    /// The last of them, where a cursor goes on forward; `None` at the end, and on pages by index.
    pub next: Option<Edge>,
    /// The first of them, where a cursor goes on backward; `None` at the beginning, and on pages by index.
    pub previous: Option<Edge>,
}

/// Reads a page of one kind.
pub(crate) async fn list(
    database: &TenantDatabase,
    kind: Kind,
    query: &ListQuery,
    projection: &Projection,
) -> Result<Listing, StoreError> {
    let part = Part { kind, filter: query.filter.as_ref(), sort: query.sort.as_ref(), projection };
    list_all(database, &[part], &query.window, &query.base_url).await
}

/// Reads a page of the resources of several kinds together, each named once: in one order, with one total.
///
/// 400 `invalidCursor` where the edge is one of another order, `tooMany` where it takes too long by what is asked for.
pub async fn list_all(
    database: &TenantDatabase,
    parts: &[Part<'_>],
    window: &Window,
    base_url: &str,
) -> Result<Listing, StoreError> {
    if parts.is_empty() {
        return Ok(Listing { total: 0, items: Vec::new(), next: None, previous: None });
    }
    let search = Search::new(parts, window, base_url);
    let mut statement = database.statement("");
    search.select(&mut statement)?;
    let rows = if effort::is_out_of_the_ordinary(parts) {
        database.fetch_all_once(statement).await
    } else {
        database.fetch_all(statement).await
    };
    let rows: Vec<ListingRow> = rows.map_err(|error| match error {
        database::Error::TimedOut(_) => effort::too_slow(parts).map_or(error.into(), StoreError::from),
        error => error.into(),
    })?;
    Ok(listing(rows, &search, window))
}

fn listing(rows: Vec<ListingRow>, search: &Search<'_>, window: &Window) -> Listing {
    let (total, found) = rows.first().map_or((0, 0), |row| (row.total.unsigned_abs(), row.found));
    let mut items = Vec::with_capacity(rows.len());
    let mut edges = Vec::with_capacity(rows.len());
    for ListingRow { kind, key, resource, .. } in rows {
        if let Some(row) = resource {
            edges.push(Edge { kind, id: row.id, key });
            items.push(row.into_stored(kind, search.related(kind).is_read()));
        }
    }
    let has_more = usize::try_from(found).is_ok_and(|found| found > items.len());
    if window.direction() == Direction::Backward {
        items.reverse();
        edges.reverse();
    }
    let is_inside = window.edge().is_some();
    let (is_before, is_behind) = match window {
        Window::Index(_) => (false, false),
        Window::Cursor(page) if page.direction == Direction::Forward => (is_inside, has_more),
        Window::Cursor(_) => (has_more, is_inside),
    };
    let next = edges.last().filter(|_| is_behind).cloned();
    let previous = if is_before { edges.into_iter().next() } else { None };
    Listing { total, items, next, previous }
}

/// The statement that reads one resource, `candidate`, with what it is related to.
pub(crate) fn one(database: &TenantDatabase, kind: Kind, related: Related, id: Uuid) -> Statement {
    let mut statement = database.statement("SELECT ");
    statement.text(COLUMNS);
    related.select(&mut statement);
    statement.text(" FROM ").text(tables::of(kind)).text(" AS candidate");
    related.join(kind, &mut statement);
    statement.text(" WHERE candidate.id = ").bind(id);
    statement
}
