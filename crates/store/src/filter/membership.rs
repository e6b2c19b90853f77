//! `members` of a group and `groups` of a user: rows of `{group_members}`, looked up from whichever side is known.

use scim::filter::{Comparison, Operator};
use scim::path::MembershipPart;
use scim::{Filter, Kind};

use super::column::{is_id, text_of};
use super::{Scope, all, any, comparison, not};
use crate::fragment::{Bound, Fragment};
use crate::id::parse_id;

/// Whether one of the members, or of the groups, compares.
pub(super) fn compare(comparison: &Comparison, scope: Scope<'_>) -> Fragment {
    exists(compare_one(comparison, scope), scope.kind)
}

/// Whether there is a member, or a group: each has all parts.
pub(super) fn present(scope: Scope<'_>) -> Fragment {
    exists(Fragment::truth(true), scope.kind)
}

/// Whether one of them passes the filter.
pub(super) fn element(filter: &Filter, scope: Scope<'_>) -> Fragment {
    exists(inside(filter, scope), scope.kind)
}

fn exists(condition: Fragment, kind: Kind) -> Fragment {
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

/// The condition on one of them, `membership`.
pub(super) fn inside(filter: &Filter, scope: Scope<'_>) -> Fragment {
    match filter {
        Filter::And(filters) => all(filters.iter().map(|filter| inside(filter, scope)).collect()),
        Filter::Or(filters) => any(filters.iter().map(|filter| inside(filter, scope)).collect()),
        Filter::Not(negated) => not(inside(negated, scope)),
        Filter::Compare(comparison) => compare_one(comparison, scope),
        Filter::Present(_) => Fragment::truth(true),
        // Brackets do not stand inside brackets.
        Filter::Element { .. } => Fragment::truth(false),
    }
}

fn compare_one(comparison: &Comparison, scope: Scope<'_>) -> Fragment {
    let operator = comparison.operator;
    let operand = text_of(&comparison.operand);
    match (comparison.attribute.membership_part(), scope.kind) {
        (Some(MembershipPart::Value) | None, kind) => value(kind, operator, operand),
        (Some(MembershipPart::Reference), _) => reference(scope, operator, operand),
        (Some(MembershipPart::Display), kind) => display(kind, operator, &operand),
        (Some(MembershipPart::Type), Kind::Group) => {
            let kind =
                Fragment::constant("CASE WHEN membership.member_user IS NULL THEN 'group' ELSE 'user' END");
            comparison::text(parenthesized(kind), operator, operand)
        }
        // Memberships by way of other groups are not worked out.
        (Some(MembershipPart::Type), Kind::User) => {
            comparison::text(Fragment::constant("'direct'::text"), operator, operand)
        }
    }
}

fn value(kind: Kind, operator: Operator, operand: String) -> Fragment {
    match (kind, operator) {
        (Kind::User, Operator::Equal) => is_id("membership.group_id", parse_id(&operand)),
        // Two comparisons, so that each kind of member is found by its own index.
        (Kind::Group, Operator::Equal) => match parse_id(&operand) {
            Some(id) => any(vec![
                is_id("membership.member_user", Some(id)),
                is_id("membership.member_group", Some(id)),
            ]),
            None => Fragment::truth(false),
        },
        (Kind::User, operator) => {
            comparison::text(Fragment::constant("membership.group_id::text"), operator, operand)
        }
        (Kind::Group, operator) => {
            let member = "coalesce(membership.member_user, membership.member_group)::text";
            comparison::text(Fragment::constant(member), operator, operand)
        }
    }
}

fn reference(scope: Scope<'_>, operator: Operator, operand: String) -> Fragment {
    let id_in = |kind| operand.strip_prefix(&scope.before_id(kind)).and_then(parse_id);
    let before_id = |kind| Bound::Text(scope.before_id(kind));
    match (scope.kind, operator) {
        (Kind::User, Operator::Equal) => is_id("membership.group_id", id_in(Kind::Group)),
        (Kind::Group, Operator::Equal) => match (id_in(Kind::User), id_in(Kind::Group)) {
            (Some(user), _) => is_id("membership.member_user", Some(user)),
            (None, group) => is_id("membership.member_group", group),
        },
        (Kind::User, operator) => {
            let url = Fragment::default().bind(before_id(Kind::Group)).text(" || membership.group_id::text");
            comparison::text(parenthesized(url), operator, operand)
        }
        (Kind::Group, operator) => {
            let url = Fragment::constant("CASE WHEN membership.member_user IS NULL THEN ")
                .bind(before_id(Kind::Group))
                .text(" || membership.member_group::text ELSE ")
                .bind(before_id(Kind::User))
                .text(" || membership.member_user::text END");
            comparison::text(parenthesized(url), operator, operand)
        }
    }
}

/// Said of the other resource, so that an index of its names can find it.
fn display(kind: Kind, operator: Operator, operand: &str) -> Fragment {
    let compares = |of: &'static str, name: &'static str| {
        let named = comparison::text(Fragment::constant(name), operator, operand.to_owned());
        Fragment::constant(of).then(named).text(")")
    };
    match kind {
        Kind::User => compares(
            "EXISTS (SELECT FROM {groups} AS shown WHERE shown.id = membership.group_id AND ",
            "shown.display_name_key",
        ),
        Kind::Group => any(vec![
            compares(
                "EXISTS (SELECT FROM {users} AS shown WHERE shown.id = membership.member_user AND ",
                "coalesce(shown.comparable ->> 'displayName', shown.comparable -> 'name' ->> 'formatted', \
                 shown.user_name_key)",
            ),
            compares(
                "EXISTS (SELECT FROM {groups} AS shown WHERE shown.id = membership.member_group AND ",
                "shown.display_name_key",
            ),
        ]),
    }
}

fn parenthesized(term: Fragment) -> Fragment {
    Fragment::constant("(").then(term).text(")")
}
