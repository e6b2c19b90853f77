//! The statement that reads a page: ids first, then no more resources than fit into one answer.

use database::sql::Statement;
use scim::{Error, Kind};

use super::key::SortKey;
use super::walk::{Keys, Walk};
use super::{COLUMNS, Part};
use crate::filter::{self, Scope};
use crate::fragment::Fragment;
use crate::page::Window;
use crate::related::{self, PAGE_RELATED, Related};
use crate::tables;

/// The documents on a page are together as long as this at most, in bytes of JSON, unless it is a single one.
const PAGE_BYTES: i64 = 8 * 1024 * 1024;

/// What is looked for. How its statement is put together depends on its shape alone, not on its values.
pub(super) struct Search<'q> {
    pools: Vec<Pool>,
    walk: Walk,
    window: &'q Window,
}

/// The resources of one kind that are looked for.
struct Pool {
    kind: Kind,
    condition: Option<Fragment>,
    key: Option<SortKey>,
    related: Related,
}

impl<'q> Search<'q> {
    pub(super) fn new(parts: &[Part<'_>], window: &'q Window, base_url: &str) -> Self {
        let pool = |part: &Part<'_>| {
            let scope = Scope { kind: part.kind, base_url };
            Pool {
                kind: part.kind,
                condition: part.filter.map(|filter| filter::condition(filter, scope)),
                key: part.sort.map(|sort| SortKey::of(sort, scope)),
                related: Related::wanted_by(part.projection, part.kind),
            }
        };
        let pools: Vec<_> = parts.iter().map(pool).collect();
        let keys = Keys::of(&pools.iter().map(|pool| pool.key.as_ref()).collect::<Vec<_>>());
        Self { pools, walk: Walk { keys, direction: window.direction() }, window }
    }

    /// Whether what resources of that kind are related to is read.
    pub(super) fn related(&self, kind: Kind) -> Related {
        self.pools.iter().find(|pool| pool.kind == kind).map_or(Related::Skipped, |pool| pool.related)
    }

    /// Appends the statement. Where there is a filter the ids that pass it are found first and by themselves: with a
    /// LIMIT in sight the planner would rather walk the primary key and look at every row than use an index.
    ///
    /// Fails where the edge is one of another order.
    pub(super) fn select(&self, statement: &mut Statement) -> Result<(), Error> {
        let is_filtered = self.pools.iter().any(|pool| pool.condition.is_some());
        statement.text("WITH RECURSIVE ");
        if is_filtered {
            statement.text("matching AS MATERIALIZED (");
            self.candidates(statement);
            statement.text("), ");
        }
        self.page(is_filtered, statement)?;
        self.fitting(statement);
        statement.text(" SELECT ");
        self.total(is_filtered, statement);
        statement.text(" AS total, (SELECT coalesce(cardinality(ids), 0) FROM page) AS found, ");
        statement.text(match self.only_kind() {
            Some(Kind::User) => "TRUE AS is_user, ",
            Some(Kind::Group) => "FALSE AS is_user, ",
            None => "candidate.is_user, ",
        });
        if self.walk.keys.is_some() {
            statement.text("(SELECT keys FROM page)[fitting.position] AS key, ");
        }
        statement.text(COLUMNS);
        self.related_columns(statement);
        // One row at least, for the total.
        statement.text(" FROM (VALUES (1)) AS always LEFT JOIN (fitting JOIN LATERAL (");
        self.resources("fitting.id", "fitting.is_user", statement);
        statement
            .text(") AS candidate ON TRUE) ON fitting.position = 1 OR (fitting.bytes <= ")
            .bind(PAGE_BYTES)
            .text(" AND fitting.related <= ")
            .bind(PAGE_RELATED)
            .text(")");
        self.join_related(statement);
        statement.text(" ORDER BY fitting.position");
        Ok(())
    }

    fn only_kind(&self) -> Option<Kind> {
        match self.pools.as_slice() {
            [only] => Some(only.kind),
            _ => None,
        }
    }

    /// Appends the rows that pass: `id`, and `is_user` and `key` where they are needed.
    fn candidates(&self, statement: &mut Statement) {
        for (position, pool) in self.pools.iter().enumerate() {
            statement.text(if position == 0 {
                "SELECT candidate.id"
            } else {
                " UNION ALL SELECT candidate.id"
            });
            if self.only_kind().is_none() {
                statement.text(match pool.kind {
                    Kind::User => ", TRUE AS is_user",
                    Kind::Group => ", FALSE AS is_user",
                });
            }
            if let Some(keys) = self.walk.keys {
                statement.text(", ");
                keys.of_row(pool.key.as_ref()).write(statement);
                statement.text(" AS key");
            }
            statement.text(" FROM ").text(tables::of(pool.kind)).text(" AS candidate");
            if let Some(condition) = &pool.condition {
                statement.text(" WHERE ");
                condition.clone().write(statement);
            }
        }
    }

    /// Appends `page`: the ids of the window as one array, in the order in which they are walked, and one more, which says
    /// that there is more.
    fn page(&self, is_filtered: bool, statement: &mut Statement) -> Result<(), Error> {
        let order_by = self.walk.order_by();
        statement.text("page AS MATERIALIZED (SELECT array_agg(one.id").text(order_by).text(") AS ids");
        if self.only_kind().is_none() {
            statement.text(", array_agg(one.is_user").text(order_by).text(") AS are_users");
        }
        if self.walk.keys.is_some() {
            statement.text(", array_agg(one.key").text(order_by).text(") AS keys");
        }
        statement.text(" FROM (SELECT one.* FROM ");
        if is_filtered {
            statement.text("matching AS one");
        } else {
            statement.text("(");
            self.candidates(statement);
            // A fence, so that a key that must be worked out is so once for each row.
            let is_fenced = self.walk.keys.is_some_and(|keys| !keys.are_columns);
            statement.text(if is_fenced { " OFFSET 0) AS one" } else { ") AS one" });
        }
        if let Some(edge) = self.window.edge() {
            statement.text(" WHERE ");
            self.walk.behind(edge)?.write(statement);
        }
        statement.text(order_by).text(" LIMIT ").bind(i64::from(self.window.count()) + 1);
        if let Window::Index(page) = self.window {
            statement.text(" OFFSET ").bind(page.offset());
        }
        statement.text(") AS one), ");
        Ok(())
    }

    /// Appends `fitting`: the resources of the page one by one, with what they amount to up to there, and no further than
    /// one too many. So the longest page costs no more to measure than what fits on one. A document that is stored as it
    /// is, which most are, is about as long as its JSON; one that is compressed may be a hundredth of it.
    fn fitting(&self, statement: &mut Statement) {
        statement.text(
            "fitting AS (SELECT 0 AS position, NULL::uuid AS id, NULL::boolean AS is_user, 0::bigint AS bytes, \
             0::bigint AS related UNION ALL SELECT fitting.position + 1, candidate.id, candidate.is_user, \
             fitting.bytes + CASE WHEN pg_column_compression(candidate.resource) IS NULL \
             THEN pg_column_size(candidate.resource) ELSE octet_length(candidate.resource::text) END, fitting.related + ",
        );
        if let [only] = self.pools.as_slice() {
            only.related.count(only.kind, statement);
        } else {
            statement.text("CASE WHEN candidate.is_user THEN ");
            self.related(Kind::User).count(Kind::User, statement);
            statement.text(" ELSE ");
            self.related(Kind::Group).count(Kind::Group, statement);
            statement.text(" END");
        }
        statement.text(" FROM fitting JOIN LATERAL (");
        let (id, is_user) = (
            "(SELECT ids FROM page)[fitting.position + 1]",
            "(SELECT are_users FROM page)[fitting.position + 1]",
        );
        self.resources(id, is_user, statement);
        statement
            .text(") AS candidate ON TRUE WHERE fitting.position < ")
            .bind(i64::from(self.window.count()))
            .text(" AND fitting.bytes <= ")
            .bind(PAGE_BYTES)
            .text(" AND fitting.related <= ")
            .bind(PAGE_RELATED)
            .text(")");
    }

    /// Appends the resource with an id; which kind it is matters only where there are several.
    fn resources(&self, id: &'static str, is_user: &'static str, statement: &mut Statement) {
        for (position, pool) in self.pools.iter().enumerate() {
            statement.text(if position == 0 { "SELECT " } else { " UNION ALL SELECT " });
            statement.text(COLUMNS).text(match pool.kind {
                Kind::User => ", TRUE AS is_user FROM {users} AS candidate WHERE candidate.id = ",
                Kind::Group => ", FALSE AS is_user FROM {groups} AS candidate WHERE candidate.id = ",
            });
            statement.text(id);
            if self.only_kind().is_none() {
                statement.text(if pool.kind == Kind::User { " AND " } else { " AND NOT " }).text(is_user);
            }
        }
    }

    fn total(&self, is_filtered: bool, statement: &mut Statement) {
        if is_filtered {
            statement.text("(SELECT count(*) FROM matching)");
            return;
        }
        for (position, pool) in self.pools.iter().enumerate() {
            statement.text(if position == 0 {
                "(SELECT count(*) FROM "
            } else {
                " + (SELECT count(*) FROM "
            });
            statement.text(tables::of(pool.kind)).text(")");
        }
    }

    fn related_columns(&self, statement: &mut Statement) {
        let read = self.pools.iter().map(|pool| pool.related).find(|related| related.is_read());
        read.unwrap_or(Related::Skipped).select(statement);
    }

    fn join_related(&self, statement: &mut Statement) {
        match self.pools.as_slice() {
            [only] => only.related.join(only.kind, statement),
            _ => related::join_both(self.related(Kind::User), self.related(Kind::Group), statement),
        }
    }
}
