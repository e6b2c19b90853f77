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

/// The condition under which a row `candidate` of `{users}` or `{groups}` passes the filter.
pub(crate) fn condition(filter: &Filter, kind: Kind) -> Fragment {
    match filter {
        Filter::And(filters) => Fragment::joined(conditions(filters, kind), " AND "),
        Filter::Or(filters) => Fragment::joined(conditions(filters, kind), " OR "),
        Filter::Not(negated) => not(condition(negated, kind)),
        Filter::Compare(comparison) => compare(comparison, kind),
        Filter::Present(attribute) => present(attribute, kind),
        Filter::Element { attribute, filter } => document::element(attribute, filter),
    }
}

fn conditions(filters: &[Filter], kind: Kind) -> Vec<Fragment> {
    filters.iter().map(|filter| condition(filter, kind)).collect()
}

fn compare(comparison: &Comparison, kind: Kind) -> Fragment {
    match Place::of(&comparison.attribute) {
        Place::Column(column) => column::compare(column, comparison),
        Place::Membership => membership::compare(comparison, kind),
        Place::Document => document::compare(comparison),
    }
}

fn present(attribute: &AttributeRef, kind: Kind) -> Fragment {
    match Place::of(attribute) {
        Place::Column(column) => column.text(" IS NOT NULL"),
        Place::Membership => membership::present(kind),
        Place::Document => document::present(attribute),
    }
}

/// Where the value of an attribute is kept.
enum Place {
    /// In a column of its own.
    Column(Fragment),
    /// In rows of `{group_members}`.
    Membership,
    /// In the document.
    Document,
}

impl Place {
    fn of(attribute: &AttributeRef) -> Self {
        let column = |name| Self::Column(Fragment::constant(name));
        match attribute.special() {
            Some(Special::Id) => column("candidate.id"),
            Some(Special::ExternalId) => column("candidate.external_id"),
            Some(Special::UserName) => column("candidate.user_name_key"),
            Some(Special::GroupDisplayName) => column("candidate.display_name_key"),
            Some(Special::Created) => column("candidate.created_at"),
            Some(Special::LastModified) => column("candidate.last_modified_at"),
            Some(Special::Members | Special::MembersValue | Special::Groups | Special::GroupsValue) => {
                Self::Membership
            }
            None => Self::Document,
        }
    }
}

fn not(condition: Fragment) -> Fragment {
    Fragment::constant("(").then(condition).text(") IS NOT TRUE")
}

#[cfg(test)]
mod tests;
