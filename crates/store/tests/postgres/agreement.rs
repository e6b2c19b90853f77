//! PostgreSQL and `scim`'s evaluator agree on which resources pass a filter: random resources, random filters.
//!
//! `FILTER_CASES` says how many filters are tried: `FILTER_CASES=100000 cargo test --release -p store agreement`.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use scim::{Filter, Kind, filter::evaluate};
use serde_json::Value;
use store::ListQuery;
use uuid::Uuid;

use crate::population::{Attribute, Listed, Population, Type, profile, text};
use crate::support::{Tenant, first};

/// How many filters are tried, unless `FILTER_CASES` says it.
const CASES: u32 = 400;
/// After so many filters there are other resources.
const CASES_OF_A_POPULATION: u32 = 5_000;
const USERS: usize = 80;
const GROUPS: usize = 40;

/// One comparison of an attribute.
fn comparison(attributes: Vec<Attribute>) -> BoxedStrategy<String> {
    prop::sample::select(attributes)
        .prop_flat_map(|attribute| {
            let operand = prop::sample::select(attribute.all_operands());
            let operand = match attribute.of {
                Type::String | Type::Exact | Type::Reference => {
                    prop_oneof![3 => operand, 1 => text().prop_map(|text| Value::from(text).to_string())].boxed()
                }
                _ => operand.boxed(),
            };
            let compared = (prop::sample::select(attribute.of.operators()), operand);
            let path = attribute.path.clone();
            prop_oneof![
                8 => compared.prop_map(move |(operator, operand)| format!("{} {operator} {operand}", attribute.path)),
                1 => Just(format!("{path} pr")),
            ]
        })
        .boxed()
}

/// A filter in brackets.
fn element(lists: Vec<Listed>) -> BoxedStrategy<String> {
    prop::sample::select(lists)
        .prop_flat_map(|list| {
            nested(comparison(list.parts), 2).prop_map(move |filter| format!("{}[{filter}]", list.path))
        })
        .boxed()
}

fn nested(leaf: BoxedStrategy<String>, depth: u32) -> BoxedStrategy<String> {
    leaf.prop_recursive(depth, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} and {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left} or {right}")),
            inner.prop_map(|filter| format!("not ({filter})")),
        ]
    })
    .boxed()
}

/// A filter on resources of either kind.
fn filter(population: &Population) -> impl Strategy<Value = (Kind, String)> + use<> {
    let of = |kind: Kind| {
        let leaf =
            prop_oneof![5 => comparison(population.attributes(kind)), 2 => element(population.lists(kind))];
        nested(leaf.boxed(), 4).prop_map(move |filter| (kind, filter))
    };
    prop_oneof![2 => of(Kind::User), 1 => of(Kind::Group)]
}

#[test]
fn the_database_and_the_evaluator_agree_on_every_filter() {
    let cases = std::env::var("FILTER_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let telling = Cell::new(0_u32);
    let mut left = cases;
    while left > 0 {
        let cases = left.min(CASES_OF_A_POPULATION);
        left -= cases;
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let tenant = runtime.block_on(Tenant::with_profile(profile()));
        let population = runtime.block_on(Population::create(&tenant, &mut runner, USERS, GROUPS));
        runner
            .run(&filter(&population), |(kind, text)| {
                let filter = Filter::parse(&text, tenant.catalog.resource_type(kind).unwrap())
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
                let candidates = population.of(kind);
                let passing = candidates.iter().filter(|candidate| evaluate(&filter, &candidate.comparable));
                let expected: Vec<Uuid> = passing.map(|candidate| candidate.id).collect();
                let query = ListQuery { filter: Some(filter), ..first(1000) };
                let listing = runtime
                    .block_on(tenant.list(kind, &query))
                    .map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
                let found: Vec<Uuid> = listing.items.iter().map(|item| item.id).collect();
                telling.set(telling.get() + u32::from(!found.is_empty() && found.len() < candidates.len()));
                prop_assert_eq!(listing.total, found.len() as u64);
                prop_assert_eq!(found, expected);
                Ok(())
            })
            .unwrap();
    }
    // Filters that all or none pass tell little.
    assert!(telling.get() > cases / 4, "{} of {cases} filters tell resources apart", telling.get());
}
