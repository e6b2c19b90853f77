//! Tests of the order of listings: what can be sorted by, and by what.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    Catalog, Kind,
    fixtures::{CUSTOM, ENTERPRISE, METADATA, catalog, groups, line, platform, user, users},
};

fn sort(sort_by: &str) -> Sort {
    Sort::parse(sort_by, None, users(&platform())).unwrap()
}

fn refusal(sort_by: &str, sort_order: Option<&str>) -> String {
    line(&Sort::parse(sort_by, sort_order, users(&platform())).unwrap_err())
}

fn key(sort_by: &str, attributes: Value) -> Value {
    let resource = user(attributes);
    let catalog = platform();
    let mut comparable = resource.comparable(users(&catalog));
    comparable.insert("id".to_owned(), json!("0198a5a6-0000-7000-8000-000000000001"));
    comparable.insert(
        "meta".to_owned(),
        json!({"created": "2026-01-31T08:00:00.000000000Z", "version": "W/\"7\""}),
    );
    sort(sort_by).key(&comparable).unwrap_or(Value::Null)
}

#[test]
fn the_order_is_ascending_unless_the_client_says_otherwise() {
    let order = |order| Sort::parse("USERNAME", order, users(&platform())).unwrap().order;
    assert_eq!(order(None), SortOrder::Ascending);
    assert_eq!(order(Some("Ascending")), SortOrder::Ascending);
    assert_eq!(order(Some("DESCENDING")), SortOrder::Descending);
}

#[test]
fn the_key_is_the_value_as_filters_compare_it() {
    let attributes = json!({
        "externalId": "X",
        ENTERPRISE: {"department": "R&D", "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d"}},
        CUSTOM: {"folders": ["Red", "Blue"], "badge": 7, "ratio": 0.5, "hired": "2026-01-31T09:00:00+01:00",
                 "desks": [{"value": "A", "floors": [3, 1]}, {"value": "B", "primary": true, "floors": [2]}]},
        METADATA: {"CostCentre": "A1"},
    });
    for (sort_by, expected) in [
        ("userName", json!("ada@example.com")),
        ("externalId", json!("X")),
        ("name.familyName", json!("lovelace")),
        ("active", json!(true)),
        ("id", json!("0198a5a6-0000-7000-8000-000000000001")),
        ("meta.created", json!("2026-01-31T08:00:00.000000000Z")),
        ("meta.version", json!("W/\"7\"")),
        ("emails", json!("ada@example.com")),
        ("emails.type", json!("work")),
        ("manager", json!("26118915-6090-4610-87e4-49d8ca9f808d")),
        (&format!("{ENTERPRISE}:department"), json!("r&d")),
        (&format!("{CUSTOM}:folders"), json!("red")),
        (&format!("{CUSTOM}:badge"), json!(7)),
        (&format!("{CUSTOM}:ratio"), json!(0.5)),
        (&format!("{CUSTOM}:hired"), json!("2026-01-31T08:00:00.000000000Z")),
        (&format!("{CUSTOM}:desks"), json!("b")),
        (&format!("{CUSTOM}:desks.floors"), json!(2)),
        (&format!("{METADATA}:costcentre"), json!("a1")),
        ("title", Value::Null),
        ("phoneNumbers", Value::Null),
    ] {
        assert_eq!(key(sort_by, attributes.clone()), expected, "{sort_by}");
    }
}

#[test]
fn the_primary_value_counts_before_the_first() {
    let of = |second: Value| {
        key("phoneNumbers", json!({"phoneNumbers": [{"value": "1", "type": "work"}, second]}))
    };
    assert_eq!(of(json!({"value": "2", "type": "home"})), "1");
    assert_eq!(of(json!({"value": "2", "type": "home", "primary": true})), "2");
    let phones = json!({"phoneNumbers": [{"value": "1", "type": "work"}, {"value": "2", "primary": true}]});
    assert_eq!(key("phoneNumbers.type", phones), Value::Null, "the primary value has no type");
}

#[test]
fn a_key_has_its_limit() {
    let title = "x".repeat(2 * limits::SORT_CHARACTERS);
    let key = key("title", json!({"title": title}));
    assert_eq!(key.as_str().map(str::len), Some(limits::SORT_CHARACTERS));
}

#[test]
fn a_key_with_an_index_of_its_own_counts_whole() {
    let name = "x".repeat(limits::KEY_CHARACTERS);
    assert_eq!(key("userName", json!({"userName": name})), name);
    assert_eq!(key("externalId", json!({"externalId": name})), name);
}

#[test]
fn a_value_of_an_older_profile_is_none() {
    let comparable = |value: Value| Map::from_iter([(CUSTOM.to_owned(), json!({"badge": value}))]);
    let sort = sort(&format!("{CUSTOM}:badge"));
    assert_eq!(sort.key(&comparable(json!(7))), Some(json!(7)));
    assert_eq!(sort.key(&comparable(json!("7"))), None);
    assert_eq!(sort.key(&comparable(json!({}))), None);
}

#[test]
fn who_has_no_value_comes_last_and_first_in_reverse() {
    let ordered = |order| {
        let sort = Sort { order, ..sort("title") };
        let mut keys = vec![None, Some(json!("b")), Some(json!("a")), None];
        keys.sort_by(|left, right| sort.compare(left.as_ref(), right.as_ref()));
        keys
    };
    assert_eq!(ordered(SortOrder::Ascending), [Some(json!("a")), Some(json!("b")), None, None]);
    assert_eq!(ordered(SortOrder::Descending), [None, None, Some(json!("b")), Some(json!("a"))]);
}

#[test]
fn what_cannot_be_sorted_by_is_refused_by_parameter() {
    insta::assert_snapshot!(refusal("userName", Some("up")), @"400 invalidValue: sortOrder: send ascending or descending");
    insta::assert_snapshot!(refusal("shoeSize", None), @"400 invalidValue: sortBy: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
    insta::assert_snapshot!(refusal("", None), @"400 invalidValue: sortBy: User has no attribute '': /Schemas lists the attributes there are");
    insta::assert_snapshot!(refusal("name", None), @"400 invalidValue: sortBy: name is complex: name one of name.formatted, name.familyName, name.givenName, name.middleName, name.honorificPrefix, name.honorificSuffix");
    insta::assert_snapshot!(refusal("password", None), @"400 invalidValue: sortBy: password cannot be sorted by: it is never returned");
    insta::assert_snapshot!(refusal("groups", None), @"400 invalidValue: sortBy: groups has no order: sort by an attribute of the resource itself");
    insta::assert_snapshot!(refusal("groups.display", None), @"400 invalidValue: sortBy: groups has no order: sort by an attribute of the resource itself");
    insta::assert_snapshot!(refusal(ENTERPRISE, None), @"400 invalidValue: sortBy: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' is a schema: name one of its attributes after a colon");
    let catalog = platform();
    insta::assert_snapshot!(line(&Sort::parse("members.value", None, groups(&catalog)).unwrap_err()), @"400 invalidValue: sortBy: members has no order: sort by an attribute of the resource itself");
}

#[test]
fn a_search_over_all_types_is_sorted_by_what_one_of_them_has() {
    let of = |catalog: &Catalog, sort_by| {
        let types: Vec<_> = catalog.resource_types().collect();
        Sort::parse_for_all(sort_by, Some("descending"), &types)
    };
    let catalog = platform();
    let sorts = of(&catalog, "displayName").unwrap();
    let attributes: Vec<_> =
        sorts.iter().flatten().map(|sort| (sort.attribute.kind, sort.attribute.special())).collect();
    assert_eq!(attributes, [(Kind::User, None), (Kind::Group, Some(Special::GroupDisplayName))]);
    let sorts = of(&catalog, "userName").unwrap();
    assert!(matches!(sorts.as_slice(), [Some(_), None]), "{sorts:?}");
    assert!(of(&catalog, "shoeSize").is_err());
    assert!(of(&catalog, "members").is_err());
    assert!(of(&self::catalog(json!({"groups": "Disabled"})), "userName").is_ok());
}

proptest! {
    #[test]
    fn no_parameter_makes_sorting_panic(sort_by in ".*", sort_order in ".*") {
        let _ = Sort::parse(&sort_by, Some(&sort_order), users(&platform()));
    }

    #[test]
    fn descending_is_the_reverse_of_ascending(left: Option<String>, right: Option<String>) {
        let (left, right) = (left.map(Value::from), right.map(Value::from));
        let ascending = sort("title");
        let descending = Sort { order: SortOrder::Descending, ..ascending.clone() };
        prop_assert_eq!(
            ascending.compare(left.as_ref(), right.as_ref()),
            descending.compare(right.as_ref(), left.as_ref())
        );
    }
}
