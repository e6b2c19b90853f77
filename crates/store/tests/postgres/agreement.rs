//! PostgreSQL and `scim`'s evaluator agree on which resources pass a filter: random resources, random filters.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use scim::{Filter, filter::evaluate};
use serde_json::{Map, Value, json};
use store::{ListQuery, Page};
use uuid::Uuid;

use crate::support::{Tenant, everything};

/// How many filters are tried; `FILTER_CASES` overrides it.
const CASES: u32 = 400;
/// How many resources they are tried on.
const RESOURCES: usize = 120;

/// Texts that are easily taken for each other, or for a pattern.
const TEXTS: [&str; 14] =
    ["a", "A", "ab", "b%", "%", "_b", "a\\b", "ß", "SS", "Ä", "ä", "a b", "\u{1F600}", "a\"b"];
const MOMENTS: [&str; 4] = [
    "2026-01-31T08:00:00Z",
    "2026-01-31T09:00:00.000+01:00",
    "2026-01-31T08:00:00.000000001Z",
    "2025-12-31T23:59:59.5-05:00",
];
const NUMBERS: [&str; 6] = ["0", "-1", "3", "10", "9007199254740993", "2.5"];

fn profile() -> Value {
    json!({"extensions": [
        {"urn": "urn:example:Badge", "resource": "User", "attributes": [
            {"name": "level", "type": "integer"},
            {"name": "weight", "type": "decimal"},
            {"name": "issued", "type": "dateTime"},
            {"name": "exact", "type": "string", "caseExact": true},
            {"name": "areas", "type": "string", "multiValued": true},
            {"name": "levels", "type": "integer", "multiValued": true},
            {"name": "doors", "type": "complex", "multiValued": true, "subAttributes": [
                {"name": "value", "type": "string"},
                {"name": "floor", "type": "integer"},
                {"name": "open", "type": "boolean"}
            ]}
        ]},
        {"urn": "urn:example:Metadata", "resource": "User", "additionalAttributes": "String"}
    ]})
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(TEXTS.as_slice()).prop_map(str::to_owned),
        1 => "[a-bA-B%_ßÄ\\\\]{1,3}",
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop::sample::select(NUMBERS.as_slice()).prop_map(|number| serde_json::from_str(number).unwrap())
}

fn integer() -> impl Strategy<Value = Value> {
    prop::sample::select(&NUMBERS[..5]).prop_map(|number| serde_json::from_str(number).unwrap())
}

fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 3 => value]
}

fn texts() -> impl Strategy<Value = Value> {
    maybe(text().prop_map(Value::from))
}

fn body() -> impl Strategy<Value = Value> {
    let email = (texts(), prop::sample::select(vec!["work", "home", "other"]), any::<bool>());
    let emails = prop::collection::vec(email, 0..3).prop_map(|emails| {
        let mut kinds = BTreeSet::new();
        let distinct = emails.into_iter().filter(|(_, kind, _)| kinds.insert(*kind));
        let mut has_primary = false;
        let emails: Vec<Value> = distinct
            .map(|(value, kind, primary)| {
                let primary = primary && !has_primary;
                has_primary |= primary;
                json!({"value": value, "type": kind, "primary": primary})
            })
            .collect();
        Value::Array(emails)
    });
    let moment = maybe(prop::sample::select(MOMENTS.as_slice()).prop_map(Value::from));
    let door = (texts(), maybe(integer()), maybe(any::<bool>().prop_map(Value::from)))
        .prop_map(|(value, floor, open)| json!({"value": value, "floor": floor, "open": open}));
    let badge = (
        maybe(integer()),
        maybe(number()),
        moment,
        texts(),
        prop::collection::vec(text(), 0..3),
        prop::collection::vec(integer(), 0..3),
        prop::collection::vec(door, 0..3),
    )
        .prop_map(|(level, weight, issued, exact, areas, levels, doors)| {
            json!({"level": level, "weight": weight, "issued": issued, "exact": exact, "areas": areas,
                "levels": levels, "doors": doors})
        });
    let plain = (texts(), texts(), texts(), texts(), maybe(any::<bool>().prop_map(Value::from)));
    (plain, emails, badge, texts()).prop_map(
        |((title, family, given, external, active), emails, badge, extra)| {
            json!({
                "title": title, "externalId": external, "active": active, "emails": emails,
                "name": {"familyName": family, "givenName": given},
                "urn:example:Badge": badge,
                "urn:example:Metadata": {"Some.Key": extra},
            })
        },
    )
}

fn quoted(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    text.prop_map(|text| Value::from(text).to_string())
}

fn compared(
    names: Vec<&'static str>,
    operators: Vec<&'static str>,
    operand: BoxedStrategy<String>,
) -> BoxedStrategy<String> {
    (prop::sample::select(names), prop::sample::select(operators), operand)
        .prop_map(|(name, operator, operand)| format!("{name} {operator} {operand}"))
        .boxed()
}

/// One comparison of an attribute that begins at the resource.
fn comparison() -> BoxedStrategy<String> {
    let all = vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
    let ordered = vec!["eq", "ne", "gt", "ge", "lt", "le"];
    let strings = vec![
        "userName",
        "title",
        "externalId",
        "name.familyName",
        "emails",
        "emails.value",
        "emails.type",
        "urn:example:Badge:exact",
        "urn:example:Badge:areas",
        "urn:example:Badge:doors.value",
        "urn:example:Metadata:some.key",
        "id",
        "schemas",
        "meta.resourceType",
    ];
    let numbers = vec![
        "urn:example:Badge:level",
        "urn:example:Badge:weight",
        "urn:example:Badge:levels",
        "urn:example:Badge:doors.floor",
    ];
    let moments = vec!["urn:example:Badge:issued", "meta.created", "meta.lastModified"];
    let booleans = vec!["active", "emails.primary", "urn:example:Badge:doors.open"];
    let present =
        [strings.clone(), numbers.clone(), moments.clone(), booleans.clone(), vec!["name", "emails", "meta"]]
            .concat();
    prop_oneof![
        6 => compared(strings, all, quoted(text()).boxed()),
        2 => compared(numbers, ordered.clone(), prop::sample::select(NUMBERS.as_slice()).prop_map(str::to_owned).boxed()),
        2 => compared(moments, ordered, quoted(prop::sample::select(MOMENTS.as_slice()).prop_map(str::to_owned)).boxed()),
        2 => compared(booleans, vec!["eq", "ne"], prop::sample::select(vec!["true", "false"]).prop_map(str::to_owned).boxed()),
        2 => prop::sample::select(present).prop_map(|name| format!("{name} pr")),
        3 => element(),
    ]
    .boxed()
}

/// A filter in brackets.
fn element() -> BoxedStrategy<String> {
    let strings = vec!["eq", "ne", "co", "sw", "ew", "gt", "le"];
    let email = prop_oneof![
        compared(vec!["value"], strings.clone(), quoted(text()).boxed()),
        compared(
            vec!["type"],
            vec!["eq", "ne"],
            quoted(prop::sample::select(vec!["work", "home"]).prop_map(str::to_owned)).boxed()
        ),
        compared(vec!["primary"], vec!["eq"], Just("true".to_owned()).boxed()),
        Just("value pr".to_owned()),
    ];
    let door = prop_oneof![
        compared(vec!["value"], strings, quoted(text()).boxed()),
        compared(
            vec!["floor"],
            vec!["eq", "ne", "gt", "le"],
            prop::sample::select(&NUMBERS[..5]).prop_map(str::to_owned).boxed()
        ),
        compared(vec!["open"], vec!["eq"], Just("false".to_owned()).boxed()),
    ];
    prop_oneof![
        nested(email.boxed(), 2).prop_map(|filter| format!("emails[{filter}]")),
        nested(door.boxed(), 2).prop_map(|filter| format!("urn:example:Badge:doors[{filter}]")),
    ]
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

/// A stored user, in the form that the evaluator looks at.
struct Candidate {
    id: Uuid,
    comparable: Map<String, Value>,
}

async fn store(tenant: &Tenant, number: usize, mut body: Value) -> Candidate {
    body["userName"] = json!(format!("{}-{number}", TEXTS[number % TEXTS.len()]));
    let stored = tenant.users.create(tenant.user(body)).await.unwrap();
    let mut comparable = stored.resource.comparable(tenant.catalog.user());
    comparable.insert("id".to_owned(), json!(stored.id));
    let meta = comparable.get_mut("meta").and_then(Value::as_object_mut).unwrap();
    meta.insert("created".to_owned(), json!(format!("{:.9}", stored.created)));
    meta.insert("lastModified".to_owned(), json!(format!("{:.9}", stored.last_modified)));
    Candidate { id: stored.id, comparable }
}

#[test]
fn the_database_and_the_evaluator_agree_on_every_filter() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tenant = runtime.block_on(Tenant::with_profile(profile()));
    let cases = std::env::var("FILTER_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });

    let bodies = prop::collection::vec(body(), RESOURCES).new_tree(&mut runner).unwrap().current();
    let mut candidates = Vec::new();
    for (number, body) in bodies.into_iter().enumerate() {
        candidates.push(runtime.block_on(store(&tenant, number, body)));
    }
    candidates.sort_by_key(|candidate| candidate.id);

    let telling = Cell::new(0_u32);
    runner
        .run(&nested(comparison(), 4), |text| {
            let filter = Filter::parse(&text, tenant.catalog.user())
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            let passing = candidates.iter().filter(|candidate| evaluate(&filter, &candidate.comparable));
            let expected: Vec<Uuid> = passing.map(|candidate| candidate.id).collect();
            let query = ListQuery { filter: Some(filter), page: Page { start_index: 1, count: 1000 } };
            let listing = runtime.block_on(tenant.users.list(&query, &everything()));
            let listing = listing.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
            let found: Vec<Uuid> = listing.items.iter().map(|user| user.id).collect();
            telling.set(telling.get() + u32::from(!found.is_empty() && found.len() < RESOURCES));
            prop_assert_eq!(listing.total, found.len() as u64);
            prop_assert_eq!(found, expected);
            Ok(())
        })
        .unwrap();
    // Filters that all or none pass tell little.
    assert!(telling.get() > cases / 4, "{} of {cases} filters tell resources apart", telling.get());
}
