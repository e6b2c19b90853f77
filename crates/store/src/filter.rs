//! Filters become SQL conditions on a row called `candidate`, mechanically: what a name means was settled by `scim`.
//!
//! A condition may come out as NULL where a value is absent. Only negation tells NULL from FALSE, hence `IS NOT TRUE`.

mod column;
mod comparison;
mod document;
mod membership;

use scim::filter::Comparison;
use scim::{AttributeRef, Filter, Kind, Special};

use crate::fragment::Fragment;

pub(crate) use column::{Column, column};
pub(crate) use document::first_value;

/// What rows are filtered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'q> {
    /// Which resources they are.
    pub(crate) kind: Kind,
    /// The Tenant URL, without a slash at the end: URLs of resources begin with it.
    pub(crate) base_url: &'q str,
}

impl Scope<'_> {
    /// What the URL of a resource has before its id.
    fn before_id(self, kind: Kind) -> String {
        format!("{}{}/", self.base_url, kind.endpoint())
    }
}

/// The condition under which a row `candidate` of `{users}` or `{groups}` passes the filter.
pub(crate) fn condition(filter: &Filter, scope: Scope<'_>) -> Fragment {
    match filter {
        Filter::And(filters) => all(filters.iter().map(|filter| condition(filter, scope)).collect()),
        Filter::Or(filters) => any(filters.iter().map(|filter| condition(filter, scope)).collect()),
        Filter::Not(negated) => not(condition(negated, scope)),
        Filter::Compare(comparison) => compare(comparison, scope),
        Filter::Present(attribute) => present(attribute, scope),
        Filter::Element { attribute, filter } if is_membership(attribute) => {
            membership::element(filter, scope)
        }
        Filter::Element { attribute, filter } => document::element(attribute, filter),
    }
}

/// The condition under which a row `membership` of `{group_members}` passes a filter whose references are relative:
/// seen from a group it is a member, from a user a group.
pub(crate) fn of_membership(filter: &Filter, scope: Scope<'_>) -> Fragment {
    membership::inside(filter, scope)
}

fn compare(comparison: &Comparison, scope: Scope<'_>) -> Fragment {
    let attribute = &comparison.attribute;
    if is_membership(attribute) {
        return membership::compare(comparison, scope);
    }
    match column(attribute, scope) {
        Some(column) => column.compare(comparison, scope),
        None => document::compare(comparison),
    }
}

fn present(attribute: &AttributeRef, scope: Scope<'_>) -> Fragment {
    if is_membership(attribute) {
        return membership::present(scope);
    }
    match column(attribute, scope) {
        Some(column) => column.present(),
        None => document::present(attribute),
    }
}

/// Whether its values are rows of `{group_members}`.
fn is_membership(attribute: &AttributeRef) -> bool {
    matches!(attribute.special(), Some(Special::Members | Special::Groups))
}

fn all(conditions: Vec<Fragment>) -> Fragment {
    if conditions.is_empty() { Fragment::truth(true) } else { Fragment::joined(conditions, " AND ") }
}

fn any(conditions: Vec<Fragment>) -> Fragment {
    if conditions.is_empty() { Fragment::truth(false) } else { Fragment::joined(conditions, " OR ") }
}

fn not(condition: Fragment) -> Fragment {
    Fragment::constant("(").then(condition).text(") IS NOT TRUE")
}

#[cfg(test)]
mod tests;
