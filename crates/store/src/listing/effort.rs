//! What a listing costs, as far as the client decides it: which searches an index answers, and which ones are so long that
//! nobody asks them twice.

use scim::filter::{Comparison, Operator};
use scim::path::MembershipPart;
use scim::{AttributeRef, Error, Filter, ScimType, Special};

use super::Part;

/// Searches with more comparisons than this are not what identity providers repeat.
const ORDINARY_COMPARISONS: usize = 5;

/// Whether statements of this shape are too rare to be kept prepared.
pub(super) fn is_out_of_the_ordinary(parts: &[Part<'_>]) -> bool {
    parts.iter().filter_map(|part| part.filter).map(comparisons).sum::<usize>() > ORDINARY_COMPARISONS
}

/// What the client is told when the search took too long. `None` where it is one that an index answers: then the database
/// is to blame, and the client comes back.
pub(super) fn too_slow(parts: &[Part<'_>]) -> Option<Error> {
    let detail = parts.iter().find_map(|part| match (part.filter, part.sort) {
        (Some(filter), _) if is_look_up(filter) => None,
        (Some(_), _) => Some(
            "the search takes too long: narrow the filter, for example by eq on userName or externalId, joined with and",
        ),
        (None, Some(sort)) if !has_indexed_order(&sort.attribute) => Some(
            "the search takes too long: there are too many resources to sort them by this attribute. Leave sortBy out, \
             or narrow the search by a filter",
        ),
        (None, _) => None,
    })?;
    Some(Error::bad_request(ScimType::TooMany, detail))
}

fn comparisons(filter: &Filter) -> usize {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().map(comparisons).sum(),
        Filter::Not(filter) | Filter::Element { filter, .. } => comparisons(filter),
        Filter::Compare(_) | Filter::Present(_) => 1,
    }
}

/// Whether an index finds the few resources that are worth a look.
fn is_look_up(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().any(is_look_up),
        Filter::Compare(comparison) if is_membership(&comparison.attribute) => names_member(filter),
        Filter::Element { attribute, filter } if is_membership(attribute) => names_member(filter),
        filter => is_look_up_in_one_table(filter),
    }
}

/// The same where several of them may be joined by `or`, which is not so of memberships: those are in a table of their own.
fn is_look_up_in_one_table(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().any(is_look_up_in_one_table),
        Filter::Or(filters) => filters.iter().all(is_look_up_in_one_table),
        Filter::Compare(comparison) => is_look_up_by(comparison),
        Filter::Element { attribute, filter } => !is_membership(attribute) && pins_element(filter),
        Filter::Not(_) | Filter::Present(_) => false,
    }
}

/// Whether it compares with `eq` what has an index: a column of its own, or, by containment, any attribute in the document.
fn is_look_up_by(comparison: &Comparison) -> bool {
    comparison.operator == Operator::Equal
        && match comparison.attribute.special() {
            None => true,
            Some(special) => match special {
                Special::Id
                | Special::Location
                | Special::ExternalId
                | Special::UserName
                | Special::GroupDisplayName => true,
                Special::Created
                | Special::LastModified
                | Special::Version
                | Special::Members
                | Special::Groups => false,
            },
        }
}

/// Whether something that an element of a list must contain follows from the filter.
fn pins_element(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().any(pins_element),
        Filter::Compare(Comparison { attribute, operator: Operator::Equal, .. }) => {
            attribute.sub_attribute().is_none() && !attribute.is_element_itself()
        }
        _ => false,
    }
}

/// Whether the filter says which member it is, or which group.
fn names_member(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().any(names_member),
        Filter::Compare(Comparison { attribute, operator: Operator::Equal, .. }) => {
            matches!(
                attribute.membership_part(),
                None | Some(MembershipPart::Value | MembershipPart::Reference)
            )
        }
        _ => false,
    }
}

fn is_membership(attribute: &AttributeRef) -> bool {
    matches!(attribute.special(), Some(Special::Members | Special::Groups))
}

/// Whether an index knows all resources in this order.
fn has_indexed_order(attribute: &AttributeRef) -> bool {
    matches!(attribute.special(), Some(Special::Id | Special::UserName | Special::GroupDisplayName))
}

#[cfg(test)]
mod tests {
    use scim::{Catalog, Kind, Profile, Projection, Sort};

    use super::*;

    /// What is said of a search that took too long, up to the colon and beyond it in short.
    fn said(kind: Kind, filter: Option<&str>, sort_by: Option<&str>) -> &'static str {
        let catalog = Catalog::new(&Profile::default()).unwrap();
        let resource_type = catalog.resource_type(kind).unwrap();
        let filter = filter.map(|filter| Filter::parse(filter, resource_type).unwrap());
        let sort = sort_by.map(|path| Sort::parse(path, None, resource_type).unwrap());
        let projection = Projection::default();
        let part = Part { kind, filter: filter.as_ref(), sort: sort.as_ref(), projection: &projection };
        match too_slow(&[part]) {
            None => "the database is to blame",
            Some(error) => {
                assert_eq!((error.status, error.scim_type), (400, Some(ScimType::TooMany)));
                if error.detail.contains("narrow the filter") { "the filter is" } else { "the order is" }
            }
        }
    }

    const ID: &str = "0198a5a6-0000-7000-8000-000000000001";

    #[test]
    fn a_search_that_an_index_answers_is_not_the_clients_fault() {
        for filter in [
            r#"userName eq "ada""#,
            r#"externalId eq "1""#,
            r#"title eq "Countess""#,
            r#"emails.value eq "ada@x""#,
            r#"emails[type eq "work" and value eq "ada@x"]"#,
            r#"emails[value eq "ada@x" and type sw "w"]"#,
            r#"userName eq "ada" or emails eq "ada@x""#,
            r#"title co "n" and userName eq "ada""#,
            &format!(r#"id eq "{ID}""#),
            &format!(r#"groups.value eq "{ID}""#),
            &format!(r#"groups eq "{ID}" and active eq true"#),
            &format!(r#"groups[value eq "{ID}" and display sw "a"]"#),
        ] {
            assert_eq!(said(Kind::User, Some(filter), None), "the database is to blame", "{filter}");
            assert_eq!(said(Kind::User, Some(filter), Some("title")), "the database is to blame", "{filter}");
        }
        for filter in [r#"displayName eq "Staff""#, &format!(r#"members.value eq "{ID}""#)] {
            assert_eq!(said(Kind::Group, Some(filter), None), "the database is to blame", "{filter}");
        }
    }

    #[test]
    fn a_filter_that_looks_at_every_resource_is_the_clients_choice() {
        for filter in [
            r#"userName co "a""#,
            "title pr",
            r#"not (userName eq "ada")"#,
            r#"meta.created eq "2026-01-01T00:00:00Z""#,
            r#"userName eq "ada" or title co "n""#,
            r#"emails[value ew "@x"]"#,
            r#"emails[type eq "work" or value eq "ada@x"]"#,
            r#"groups.display sw "a""#,
            &format!(r#"groups.value eq "{ID}" or userName eq "ada""#),
        ] {
            assert_eq!(said(Kind::User, Some(filter), None), "the filter is", "{filter}");
        }
        assert_eq!(said(Kind::Group, Some(r#"members.display eq "Ada""#), None), "the filter is");
    }

    #[test]
    fn an_order_that_no_index_has_is_the_clients_choice() {
        assert_eq!(said(Kind::User, None, None), "the database is to blame");
        assert_eq!(said(Kind::User, None, Some("userName")), "the database is to blame");
        assert_eq!(said(Kind::User, None, Some("title")), "the order is");
        assert_eq!(said(Kind::User, None, Some("meta.created")), "the order is");
    }

    #[test]
    fn searches_of_more_than_five_comparisons_are_out_of_the_ordinary() {
        let catalog = Catalog::new(&Profile::default()).unwrap();
        let projection = Projection::default();
        let is_out = |comparisons: usize| {
            let filter = vec![r#"title sw "a""#; comparisons].join(" or ");
            let filter = Filter::parse(&filter, catalog.user()).unwrap();
            let part = Part { kind: Kind::User, filter: Some(&filter), sort: None, projection: &projection };
            is_out_of_the_ordinary(&[part])
        };
        assert!(!is_out(5) && is_out(6));
    }
}
