//! `members` of a group and `groups` of a user: rows of `{group_members}`, looked up from whichever side is known.

use scim::Kind;
use scim::filter::{Comparison, Operator};

use super::column;
use crate::fragment::{Bound, Fragment};
use crate::id::parse_id;

/// Whether the id of one of the members, or of one of the groups, compares.
pub(super) fn compare(comparison: &Comparison, kind: Kind) -> Fragment {
    let operand = column::text_of(&comparison.operand);
    match (kind, comparison.operator) {
        // Two comparisons, so that each kind of member is found by its own index.
        (Kind::Group, Operator::Equal) => match parse_id(&operand) {
            Some(id) => {
                let member_user = Fragment::constant("(membership.member_user = ").bind(Bound::Id(id));
                exists(kind, member_user.text(" OR membership.member_group = ").bind(Bound::Id(id)).text(")"))
            }
            None => Fragment::truth(false),
        },
        (Kind::Group, operator) => {
            let member = Fragment::constant("coalesce(membership.member_user, membership.member_group)");
            exists(kind, column::id(member, operator, &operand))
        }
        (Kind::User, operator) => {
            exists(kind, column::id(Fragment::constant("membership.group_id"), operator, &operand))
        }
    }
}

/// Whether there is a member, or a group.
pub(super) fn present(kind: Kind) -> Fragment {
    exists(kind, Fragment::truth(true))
}

fn exists(kind: Kind, condition: Fragment) -> Fragment {
    let from = match kind {
        Kind::User => {
            "EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND "
        }
        Kind::Group => {
            "EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND "
        }
    };
    Fragment::constant(from).then(condition).text(")")
}
