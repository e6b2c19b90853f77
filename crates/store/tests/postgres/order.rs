//! Sorted lists: PostgreSQL orders resources as `scim`'s `Sort` does, by every attribute there is.

use proptest::test_runner::{Config, TestRunner};
use scim::filter::evaluate;
use scim::{Kind, Sort};
use store::ListQuery;
use uuid::Uuid;

use crate::population::{Population, profile};
use crate::support::{Tenant, first};

/// The order that `Sort` says.
fn expected(population: &Population, kind: Kind, sort: &Sort) -> Vec<Uuid> {
    let candidates = population.of(kind).iter();
    let mut keys: Vec<_> = candidates.map(|one| (sort.key(&one.comparable), one.id)).collect();
    keys.sort_by(|(left, left_id), (right, right_id)| {
        sort.compare(left.as_ref(), right.as_ref()).then(left_id.cmp(right_id))
    });
    keys.into_iter().map(|(_, id)| id).collect()
}

#[tokio::test]
async fn resources_are_in_the_order_of_their_keys_whatever_they_are_sorted_by() {
    let tenant = Tenant::with_profile(profile()).await;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let population = Population::create(&tenant, &mut runner, 50, 25).await;
    for kind in [Kind::User, Kind::Group] {
        let resource_type = tenant.catalog.resource_type(kind).unwrap();
        let of_members = format!("{}.", if kind == Kind::User { "groups" } else { "members" });
        for attribute in population.attributes(kind) {
            for order in ["ascending", "descending"] {
                let sort = Sort::parse(&attribute.path, Some(order), resource_type);
                let Ok(sort) = sort else {
                    assert!(format!("{}.", attribute.path).starts_with(&of_members), "{}", attribute.path);
                    continue;
                };
                let expected = expected(&population, kind, &sort);
                let all = ListQuery { sort: Some(sort), ..first(1000) };
                let found: Vec<_> =
                    tenant.list(kind, &all).await.unwrap().items.iter().map(|item| item.id).collect();
                assert_eq!(found, expected, "{} {order}", attribute.path);
            }
        }
    }
}

#[tokio::test]
async fn what_passes_a_filter_is_sorted_too() {
    let tenant = Tenant::with_profile(profile()).await;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let population = Population::create(&tenant, &mut runner, 50, 0).await;
    let filter = tenant.filter(Kind::User, "title pr and not (active eq false)");
    for order in ["ascending", "descending"] {
        let sort = Sort::parse("title", Some(order), tenant.catalog.user()).unwrap();
        let mut expected = expected(&population, Kind::User, &sort);
        expected.retain(|id| {
            population.users.iter().any(|one| one.id == *id && evaluate(&filter, &one.comparable))
        });
        let query = ListQuery { filter: Some(filter.clone()), sort: Some(sort), ..first(1000) };
        let listing = tenant.list(Kind::User, &query).await.unwrap();
        assert_eq!(listing.items.iter().map(|user| user.id).collect::<Vec<_>>(), expected);
        assert_eq!(listing.total, expected.len() as u64);
    }
}
