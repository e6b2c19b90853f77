//! Lists of resources: a filter, a page, and the total, in one statement that sees one state.

use database::sql::Statement;
use database::tenant::TenantDatabase;
use scim::filter::Operator;
use scim::{Error, Filter, Kind, Projection, ScimType, Special};
use uuid::Uuid;

use crate::error::StoreError;
use crate::filter;
use crate::page::Page;
use crate::related::Related;
use crate::rows::ListingRow;
use crate::stored::Stored;
use crate::tables;

const COLUMNS: &str = "candidate.id, candidate.resource, candidate.created_at, candidate.last_modified_at";

/// The documents on a page are together as long as this at most, in bytes of JSON, unless it is a single one.
const PAGE_BYTES: i64 = 8 * 1024 * 1024;
/// The resources on a page have together so many members or groups at most, unless it is a single one.
const PAGE_RELATED: i64 = 50_000;

/// Which resources of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// What must hold for them.
    pub filter: Option<Filter>,
    /// Which part of them.
    pub page: Page,
}

/// One page of resources, in the order of their ids, which is that of their creation. It holds fewer than were asked for
/// where they would be too much for one answer, but one at least; a client goes on behind the last (RFC 7644 §3.4.2.4).
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
    let rows: Vec<ListingRow> = match database.fetch_all(statement).await {
        Err(database::Error::TimedOut(_)) if query.filter.as_ref().is_some_and(may_be_slow) => {
            return Err(too_slow().into());
        }
        rows => rows?,
    };
    let total = rows.first().map_or(0, |row| row.total.unsigned_abs());
    let items = rows.into_iter().filter_map(|row| row.resource);
    Ok(Listing { total, items: items.map(|row| row.into_stored(kind, related.is_read())).collect() })
}

/// Not a plain look-up by a key: if that takes long, the database is to blame, and the client comes back.
fn may_be_slow(filter: &Filter) -> bool {
    !matches!(filter, Filter::Compare(comparison) if comparison.operator == Operator::Equal
    && matches!(
        comparison.attribute.special(),
        Some(Special::Id | Special::ExternalId | Special::UserName | Special::GroupDisplayName)
    ))
}

fn too_slow() -> Error {
    let detail = "the filter takes too long: narrow it, for example by eq on userName or externalId";
    Error::bad_request(ScimType::TooMany, detail)
}

/// Appends the statement that reads a page. The ids that pass the filter are found first and by themselves: with a LIMIT
/// in sight the planner would rather walk the primary key and look at every row than use the index of the filter.
fn select(statement: &mut Statement, kind: Kind, query: &ListQuery, related: Related) {
    let table = tables::of(kind);
    let mut from = table;
    statement.text("WITH RECURSIVE ");
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
        .text("page AS MATERIALIZED (SELECT array_agg(one.id ORDER BY one.id) AS ids FROM (SELECT id FROM ")
        .text(from)
        .text(" ORDER BY id LIMIT ")
        .bind(query.page.limit());
    statement.text(" OFFSET ").bind(query.page.offset()).text(") AS one), ");
    fitting(statement, table, related.count(kind));
    statement.text(" SELECT (SELECT count(*) FROM ").text(from).text(") AS total, ").text(COLUMNS);
    related.select(statement);
    // One row at least, for the total.
    statement.text(" FROM (VALUES (1)) AS always LEFT JOIN (fitting JOIN ").text(table);
    statement
        .text(" AS candidate USING (id)) ON fitting.position = 1 OR (fitting.bytes <= ")
        .bind(PAGE_BYTES);
    statement.text(" AND fitting.related <= ").bind(PAGE_RELATED).text(")");
    related.join(kind, statement);
    statement.text(" ORDER BY candidate.id");
}

/// Appends `fitting`: the resources of the page one by one, with what they amount to up to there, and no further than one
/// too many. So the longest page costs no more to measure than what fits on one. A document that is stored as it is, which
/// most are, is about as long as its JSON; one that is compressed may be a hundredth of it.
fn fitting(statement: &mut Statement, table: &'static str, count_related: &'static str) {
    statement
        .text(
            "fitting AS (SELECT 0 AS position, NULL::uuid AS id, 0::bigint AS bytes, 0::bigint AS related \
             UNION ALL SELECT fitting.position + 1, candidate.id, \
             fitting.bytes + CASE WHEN pg_column_compression(candidate.resource) IS NULL \
             THEN pg_column_size(candidate.resource) ELSE octet_length(candidate.resource::text) END, fitting.related + ",
        )
        .text(count_related)
        .text(" FROM fitting JOIN ")
        .text(table)
        .text(" AS candidate ON candidate.id = (SELECT ids FROM page)[fitting.position + 1] WHERE fitting.bytes <= ")
        .bind(PAGE_BYTES)
        .text(" AND fitting.related <= ")
        .bind(PAGE_RELATED)
        .text(")");
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
