//! The members of groups and the groups of users, read together with them: one statement for a whole page.

use database::sql::Statement;
use database::tenant::TenantDatabase;
use scim::{Kind, Projection};
use uuid::Uuid;

use crate::error::StoreError;
use crate::rows::RelatedRow;
use crate::stored::{RelatedEdge, RelatedPage};

/// The resources on a page have together so many members or groups at most, unless it is a single one.
pub(crate) const PAGE_RELATED: i64 = 50_000;

/// Whether what a resource is related to must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Related {
    /// `members` of a group, `groups` of a user.
    Read(Names),
    /// Nobody wants to see it.
    Skipped,
}

/// Whether the names of what a resource is related to must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// They are looked up.
    Shown,
    /// Nobody wants to see them.
    Left,
}

impl Names {
    /// What the projection says. The names of a user's groups cost nothing more than the groups.
    pub(crate) fn wanted_by(projection: &Projection, kind: Kind) -> Self {
        let are_shown = match kind {
            Kind::User => true,
            Kind::Group => projection.wants_on_request("members", "display"),
        };
        if are_shown { Self::Shown } else { Self::Left }
    }
}

impl Related {
    /// What the projection says.
    pub(crate) fn wanted_by(projection: &Projection, kind: Kind) -> Self {
        let name = match kind {
            Kind::User => "groups",
            Kind::Group => "members",
        };
        if projection.wants(name) { Self::Read(Names::wanted_by(projection, kind)) } else { Self::Skipped }
    }

    /// Whether it is read.
    pub(crate) fn is_read(self) -> bool {
        self != Self::Skipped
    }

    /// Appends how many members or groups `candidate` has, counted up to one more than [`PAGE_RELATED`] and no further.
    pub(crate) fn count(self, kind: Kind, statement: &mut Statement) {
        statement.text(match (self, kind) {
            (Self::Skipped, _) => "0",
            (Self::Read(_), Kind::User) => {
                "(SELECT count(*) FROM (SELECT FROM {group_members} AS membership \
                 WHERE membership.member_user = candidate.id LIMIT 50001) AS counted)"
            }
            (Self::Read(_), Kind::Group) => {
                "(SELECT count(*) FROM (SELECT FROM {group_members} AS membership \
                 WHERE membership.group_id = candidate.id LIMIT 50001) AS counted)"
            }
        });
    }

    /// Appends the columns `related_ids`, `related_are_users` and `related_displays`: arrays, in the order of
    /// [`RelatedPage`], NULL for none.
    pub(crate) fn select(self, statement: &mut Statement) {
        statement.text(match self {
            Self::Read(_) => ", related.related_ids, related.related_are_users, related.related_displays",
            Self::Skipped => {
                ", NULL::uuid[] AS related_ids, NULL::boolean[] AS related_are_users, NULL::text[] AS related_displays"
            }
        });
    }

    /// Appends the join that these columns need, to a row `candidate`.
    pub(crate) fn join(self, kind: Kind, statement: &mut Statement) {
        if let Self::Read(names) = self {
            statement.text(" LEFT JOIN LATERAL (");
            all(kind, names, statement);
            statement.text(") AS related ON candidate.id IS NOT NULL");
        }
    }
}

/// Appends the columns of what `candidate` is related to.
fn all(kind: Kind, names: Names, statement: &mut Statement) {
    match kind {
        Kind::User => {
            statement.text(COLUMNS).text(GROUPS);
        }
        Kind::Group => members(statement, names, None),
    }
}

/// Appends the join for rows `candidate` of both kinds, which `candidate.is_user` tells apart.
pub(crate) fn join_both(users: Related, groups: Related, statement: &mut Statement) {
    let read = |(related, kind)| match related {
        Related::Read(names) => Some((names, kind)),
        Related::Skipped => None,
    };
    let read: Vec<_> = [(users, Kind::User), (groups, Kind::Group)].into_iter().filter_map(read).collect();
    for (position, (names, kind)) in read.iter().enumerate() {
        statement.text(if position == 0 { " LEFT JOIN LATERAL (" } else { " UNION ALL " });
        statement.text("SELECT one.* FROM (");
        all(*kind, *names, statement);
        statement.text(match kind {
            Kind::User => ") AS one WHERE candidate.is_user",
            Kind::Group => ") AS one WHERE NOT candidate.is_user",
        });
    }
    if !read.is_empty() {
        statement.text(") AS related ON candidate.id IS NOT NULL");
    }
}

/// Reads the members of a group behind `edge`, `limit` at most; `None` where there is no such group.
pub(crate) async fn members_after(
    database: &TenantDatabase,
    group: Uuid,
    edge: RelatedEdge,
    limit: u32,
    names: Names,
) -> Result<Option<RelatedPage>, StoreError> {
    // Nothing at all would have no last one, behind whom the rest is.
    let limit = limit.max(1);
    let mut statement = database.statement("SELECT related.* FROM {groups} AS candidate, LATERAL (");
    members(&mut statement, names, Some((edge, limit)));
    statement.text(") AS related WHERE candidate.id = ").bind(group);
    let row: Option<RelatedRow> = database.fetch_optional(statement).await?;
    Ok(row.map(|RelatedRow(ids)| RelatedPage::of(ids, limit)))
}

const COLUMNS: &str = "SELECT array_agg(one.id ORDER BY one.is_user DESC, one.id) AS related_ids, \
    array_agg(one.is_user ORDER BY one.is_user DESC, one.id) AS related_are_users, \
    array_agg(one.display ORDER BY one.is_user DESC, one.id) AS related_displays FROM (";

/// All of them: the entity tag of a user is made of them.
const GROUPS: &str = "SELECT g.id, FALSE AS is_user, g.resource ->> 'displayName' AS display \
    FROM {group_members} AS membership JOIN {groups} AS g ON g.id = membership.group_id \
    WHERE membership.member_user = candidate.id) AS one";

/// Appends the columns of the members of `candidate`: the first, or so many behind an edge; and one more, which says that
/// there is a rest. Each kind of member is walked along its own index, and no further than that; names are looked up one by
/// one, since a join may read all users.
fn members(statement: &mut Statement, names: Names, after: Option<(RelatedEdge, u32)>) {
    statement.text(
        "WITH member_users AS MATERIALIZED (SELECT membership.member_user AS id FROM {group_members} AS membership \
         WHERE membership.group_id = candidate.id AND membership.member_user IS NOT NULL",
    );
    match after {
        Some((RelatedEdge { kind: Kind::User, id }, _)) => {
            statement.text(" AND membership.member_user > ").bind(id);
        }
        Some((RelatedEdge { kind: Kind::Group, .. }, _)) => {
            statement.text(" AND FALSE");
        }
        None => {}
    }
    statement.text(" ORDER BY membership.member_user LIMIT ");
    limit(statement, after);
    statement.text(
        "), member_groups AS MATERIALIZED (SELECT membership.member_group AS id FROM {group_members} AS membership \
         WHERE membership.group_id = candidate.id AND membership.member_group IS NOT NULL",
    );
    if let Some((RelatedEdge { kind: Kind::Group, id }, _)) = after {
        statement.text(" AND membership.member_group > ").bind(id);
    }
    statement.text(" ORDER BY membership.member_group LIMIT ");
    limit(statement, after);
    statement.text(" - (SELECT count(*) FROM member_users)) ").text(COLUMNS).text(match names {
        Names::Shown => {
            "SELECT member_users.id, TRUE AS is_user, (SELECT coalesce(u.resource ->> 'displayName', \
             u.resource -> 'name' ->> 'formatted', u.resource ->> 'userName') \
             FROM {users} AS u WHERE u.id = member_users.id) AS display FROM member_users \
             UNION ALL \
             SELECT member_groups.id, FALSE, (SELECT g.resource ->> 'displayName' \
             FROM {groups} AS g WHERE g.id = member_groups.id) FROM member_groups) AS one"
        }
        Names::Left => {
            "SELECT member_users.id, TRUE AS is_user, NULL::text AS display FROM member_users \
             UNION ALL SELECT member_groups.id, FALSE, NULL FROM member_groups) AS one"
        }
    });
}

/// Of the first ones a constant, one more than [`MEMBERS_AT_ONCE`](crate::MEMBERS_AT_ONCE): with a parameter there the statement, which is the most
/// frequent of all, would be planned each time.
fn limit(statement: &mut Statement, after: Option<(RelatedEdge, u32)>) {
    match after {
        None => statement.text("1001"),
        Some((_, limit)) => statement.bind(i64::from(limit) + 1),
    };
}
