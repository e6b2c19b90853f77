//! Every operator on every type of attribute, with and without values: PostgreSQL finds what `scim`'s evaluator finds.

use proptest::test_runner::TestRunner;
use scim::filter::evaluate;
use scim::{Filter, Kind};
use store::ListQuery;
use uuid::Uuid;

use crate::population::{Attribute, OPERATORS, Population, profile};
use crate::support::{Tenant, first};

/// With how many constants each operator is tried, about.
const OPERANDS: usize = 5;
const KINDS: [Kind; 2] = [Kind::User, Kind::Group];

/// The ids that PostgreSQL finds, and those that the evaluator finds.
async fn found(
    tenant: &Tenant,
    population: &Population,
    kind: Kind,
    filter: Filter,
) -> (Vec<Uuid>, Vec<Uuid>) {
    let passing = population.of(kind).iter().filter(|candidate| evaluate(&filter, &candidate.comparable));
    let expected = passing.map(|candidate| candidate.id).collect();
    let query = ListQuery { filter: Some(filter), ..first(1000) };
    let listing = tenant.list(kind, &query).await.unwrap();
    assert_eq!(listing.total, listing.items.len() as u64);
    (listing.items.iter().map(|item| item.id).collect(), expected)
}

/// What can be said of an attribute, alone and negated; and what is refused.
fn said_of(attribute: &Attribute, surround: impl Fn(String) -> String) -> (Vec<String>, Vec<String>) {
    let Attribute { path, of, .. } = attribute;
    let mut said = vec![format!("{path} pr"), format!("{path} eq null"), format!("{path} ne null")];
    let mut refused = Vec::new();
    for operator in OPERATORS {
        let operands = attribute.all_operands();
        let some = operands.iter().step_by(operands.len() / OPERANDS + 1);
        let comparisons = some.map(|operand| format!("{path} {operator} {operand}"));
        if of.operators().contains(&operator) {
            said.extend(comparisons.clone());
            said.extend(comparisons.take(1).map(|comparison| format!("not ({comparison})")));
        } else {
            refused.extend(comparisons);
        }
    }
    let said: Vec<_> = said.into_iter().map(&surround).collect();
    (said, refused.into_iter().map(&surround).collect())
}

#[tokio::test]
async fn every_operator_on_every_type_finds_what_the_evaluator_finds() {
    let tenant = Tenant::with_profile(profile()).await;
    let population = Population::create(&tenant, &mut TestRunner::deterministic(), 40, 20).await;
    let mut telling = 0;
    let mut filters = 0;
    for kind in KINDS {
        let resource_type = tenant.catalog.resource_type(kind).unwrap();
        let attributes = population.attributes(kind);
        let single = attributes.iter().map(|attribute| said_of(attribute, |filter| filter));
        let lists = population.lists(kind);
        let in_brackets = lists.iter().flat_map(|list| {
            list.parts.iter().map(|part| said_of(part, |filter| format!("{}[{filter}]", list.path)))
        });
        for (said, refused) in single.chain(in_brackets) {
            let mut tells = false;
            for text in &said {
                let filter =
                    Filter::parse(text, resource_type).unwrap_or_else(|error| panic!("{text}: {error}"));
                let (found, expected) = found(&tenant, &population, kind, filter).await;
                assert_eq!(found, expected, "{kind}: {text}");
                tells |= !found.is_empty() && found.len() < population.of(kind).len();
                filters += 1;
            }
            telling += u32::from(tells);
            for text in &refused {
                assert!(Filter::parse(text, resource_type).is_err(), "{text} is not refused");
            }
        }
    }
    assert!(telling > 100, "{telling} attributes tell resources apart, by {filters} filters");
}
