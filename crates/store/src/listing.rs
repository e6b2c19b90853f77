//! Lists of resources: a filter, a page, and the total, in one statement that sees one state.

use database::sql::Statement;
use database::tenant::TenantDatabase;
use scim::{Filter, Kind, Projection};
use uuid::Uuid;

use crate::error::StoreError;
use crate::filter;
use crate::page::Page;
use crate::related::Related;
use crate::rows::ListingRow;
use crate::stored::Stored;
use crate::tables;

const COLUMNS: &str = "candidate.id, candidate.resource, candidate.created_at, candidate.last_modified_at";

/// Which resources of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// What must hold for them.
    pub filter: Option<Filter>,
    /// Which part of them.
    pub page: Page,
}

/// One page of resources, in the order of their ids, which is that of their creation.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// How many pass the filter, on all pages.
    pub total: u64,
    /// Those of the page.
    pub items: Vec<Stored>,
}

/// Reads a page.
pub(crate) async fn list(
    database: &TenantDatabase,
    kind: Kind,
    query: &ListQuery,
    projection: &Projection,
) -> Result<Listing, StoreError> {
    let related = Related::wanted_by(projection, kind);
    let mut statement = database.statement("");
    select(&mut statement, kind, query, related);
    let rows: Vec<ListingRow> = database.fetch_all(statement).await?;
    let total = rows.first().map_or(0, |row| row.total.unsigned_abs());
    let items = rows.into_iter().filter_map(|row| row.resource);
    Ok(Listing { total, items: items.map(|row| row.into_stored(kind, related.is_read())).collect() })
}

/// Appends the statement that reads a page. The ids that pass the filter are found first and by themselves: with a LIMIT
/// in sight the planner would rather walk the primary key and look at every row than use the index of the filter.
fn select(statement: &mut Statement, kind: Kind, query: &ListQuery, related: Related) {
    let table = tables::of(kind);
    let mut from = table;
    statement.text("WITH ");
    if let Some(filter) = &query.filter {
        from = "matching";
        statement
            .text("matching AS MATERIALIZED (SELECT candidate.id FROM ")
            .text(table)
            .text(" AS candidate WHERE ");
        filter::condition(filter, kind).write(statement);
        statement.text("), ");
    }
    statement
        .text("page AS (SELECT id FROM ")
        .text(from)
        .text(" ORDER BY id LIMIT ")
        .bind(query.page.limit());
    statement.text(" OFFSET ").bind(query.page.offset());
    statement.text(") SELECT (SELECT count(*) FROM ").text(from).text(") AS total, ").text(COLUMNS);
    related.select(statement);
    // One row at least, for the total.
    statement.text(" FROM (VALUES (1)) AS always LEFT JOIN (page JOIN ").text(table);
    statement.text(" AS candidate USING (id)) ON TRUE");
    related.join(kind, statement);
    statement.text(" ORDER BY candidate.id");
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

#[cfg(test)]
mod tests;
