//! The members of groups and the groups of users, read together with them: one statement for a whole page.

use database::sql::Statement;
use scim::{Kind, Projection};

/// Whether what a resource is related to must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Related {
    /// `members` of a group, `groups` of a user.
    Read,
    /// Nobody wants to see it.
    Skipped,
}

impl Related {
    /// What the projection says.
    pub(crate) fn wanted_by(projection: &Projection, kind: Kind) -> Self {
        let name = match kind {
            Kind::User => "groups",
            Kind::Group => "members",
        };
        if projection.wants(name) { Self::Read } else { Self::Skipped }
    }

    /// Whether it is read.
    pub(crate) fn is_read(self) -> bool {
        self == Self::Read
    }

    /// How many rows the join yields for `candidate`, as SQL.
    pub(crate) fn count(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Skipped, _) => "0",
            (Self::Read, Kind::User) => {
                "(SELECT count(*) FROM {group_members} AS membership WHERE membership.member_user = candidate.id)"
            }
            (Self::Read, Kind::Group) => {
                "(SELECT count(*) FROM {group_members} AS membership WHERE membership.group_id = candidate.id)"
            }
        }
    }

    /// Appends the columns `related_ids`, `related_are_users` and `related_displays`: arrays, by id, NULL for none.
    pub(crate) fn select(self, statement: &mut Statement) {
        statement.text(match self {
            Self::Read => ", related.related_ids, related.related_are_users, related.related_displays",
            Self::Skipped => {
                ", NULL::uuid[] AS related_ids, NULL::boolean[] AS related_are_users, NULL::text[] AS related_displays"
            }
        });
    }

    /// Appends the join that these columns need, to a row `candidate`.
    pub(crate) fn join(self, kind: Kind, statement: &mut Statement) {
        if self == Self::Skipped {
            return;
        }
        statement.text(" LEFT JOIN LATERAL (").text(COLUMNS).text(match kind {
            Kind::User => GROUPS,
            Kind::Group => MEMBERS,
        });
        statement.text(") AS related ON candidate.id IS NOT NULL");
    }
}

const COLUMNS: &str = "SELECT array_agg(one.id ORDER BY one.id) AS related_ids, \
    array_agg(one.is_user ORDER BY one.id) AS related_are_users, \
    array_agg(one.display ORDER BY one.id) AS related_displays FROM (";

const GROUPS: &str = "SELECT g.id, FALSE AS is_user, g.resource ->> 'displayName' AS display \
    FROM {group_members} AS membership JOIN {groups} AS g ON g.id = membership.group_id \
    WHERE membership.member_user = candidate.id) AS one";

/// The planner knows how rare groups in groups are only if it is told that they are looked for.
const MEMBERS: &str = "SELECT u.id, TRUE AS is_user, coalesce(u.resource ->> 'displayName', \
    u.resource -> 'name' ->> 'formatted', u.resource ->> 'userName') AS display \
    FROM {group_members} AS membership JOIN {users} AS u ON u.id = membership.member_user \
    WHERE membership.group_id = candidate.id AND membership.member_user IS NOT NULL \
    UNION ALL \
    SELECT g.id, FALSE, g.resource ->> 'displayName' \
    FROM {group_members} AS membership JOIN {groups} AS g ON g.id = membership.member_group \
    WHERE membership.group_id = candidate.id AND membership.member_group IS NOT NULL) AS one";
