//! A schema of the application's own, with every characteristic that RFC 7643 §2 has: checked on write, stored, returned,
//! filtered and projected like the core attributes.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Map, Value, json};

use crate::{
    Catalog, Filter, PatchRequest, Projection, Resource, discovery,
    filter::evaluate,
    fixtures::{CUSTOM, METADATA, catalog, line, users},
};

fn every() -> Catalog {
    catalog(json!({"extensions": [
        {"urn": CUSTOM, "resource": "User", "attributes": [
            {"name": "text"},
            {"name": "exact", "caseExact": true},
            {"name": "whole", "type": "integer"},
            {"name": "ratio", "type": "decimal"},
            {"name": "truth", "type": "boolean"},
            {"name": "moment", "type": "dateTime"},
            {"name": "bytes", "type": "binary"},
            {"name": "link", "type": "reference", "referenceTypes": ["external"]},
            {"name": "owner", "type": "reference", "referenceTypes": ["User", "Group"]},
            {"name": "list", "multiValued": true},
            {"name": "wholes", "type": "integer", "multiValued": true},
            {"name": "known", "canonicalValues": ["Red", "Blue"]},
            {"name": "enforced", "canonicalValues": ["Red", "Blue"], "enforce": true},
            {"name": "badge", "uniqueness": "server"},
            {"name": "once", "mutability": "immutable"},
            {"name": "always", "returned": "always"},
            {"name": "asked", "returned": "request"},
            {"name": "never", "returned": "never"},
            {"name": "desk", "type": "complex", "subAttributes": [
                {"name": "building", "required": true}, {"name": "floor", "type": "integer"},
                {"name": "once", "mutability": "immutable"}
            ]},
            {"name": "desks", "type": "complex", "multiValued": true, "subAttributes": [
                {"name": "value", "required": true, "uniqueness": "server"},
                {"name": "type", "canonicalValues": ["day", "night"], "enforce": true},
                {"name": "asked", "returned": "request"}, {"name": "never", "returned": "never"},
                {"name": "once", "mutability": "immutable"},
                {"name": "always", "returned": "always"}, {"name": "floors", "type": "integer", "multiValued": true},
                {"name": "primary", "type": "boolean"}
            ]}
        ]},
        {"urn": METADATA, "resource": "User", "additionalAttributes": "String"}
    ]}))
}

fn parsed(custom: Value) -> Result<Resource, crate::Error> {
    Resource::parse(users(&every()), json!({"userName": "ada", CUSTOM: custom}))
}

/// For each attribute: a value, what is stored of it, a filter that finds it, and one that does not; `@` is its path.
fn table() -> Vec<(&'static str, Value, Value, &'static str, &'static str)> {
    vec![
        ("text", json!("Abc"), json!("Abc"), "@ eq \"aBC\"", "@ eq \"ab\""),
        ("exact", json!("Abc"), json!("Abc"), "@ eq \"Abc\"", "@ eq \"abc\""),
        ("whole", json!(7), json!(7), "@ gt 6", "@ gt 7"),
        ("ratio", json!(0.5), json!(0.5), "@ lt 0.6", "@ lt 0.5"),
        ("truth", json!("False"), json!(false), "@ eq false", "@ eq true"),
        (
            "moment",
            json!("2026-01-31T09:00:00+01:00"),
            json!("2026-01-31T09:00:00+01:00"),
            "@ eq \"2026-01-31T08:00:00Z\"",
            "@ lt \"2026-01-31T08:00:00Z\"",
        ),
        ("bytes", json!("AAaa"), json!("AAaa"), "@ eq \"AAaa\"", "@ eq \"aaaa\""),
        ("link", json!("https://x/Ädä%20L"), json!("https://x/Ädä%20L"), "@ sw \"https\"", "@ sw \"HTTPS\""),
        ("owner", json!("../Users/42"), json!("../Users/42"), "@ ew \"42\"", "@ ew \"43\""),
        ("list", json!(["a", "B", "b"]), json!(["a", "B"]), "@[value eq \"b\"]", "@ eq \"c\""),
        ("wholes", json!([1, "2"]), json!([1, 2]), "@ ge 2", "@ gt 2"),
        ("known", json!("Green"), json!("Green"), "@ eq \"green\"", "@ eq \"red\""),
        ("enforced", json!("Red"), json!("Red"), "@ eq \"red\"", "@ ne \"red\""),
        ("badge", json!("B-7"), json!("B-7"), "@ eq \"b-7\"", "not (@ pr)"),
        ("once", json!("x"), json!("x"), "@ pr", "@ eq \"y\""),
        ("always", json!("x"), json!("x"), "@ eq \"x\"", "@ eq null"),
        ("asked", json!("x"), json!("x"), "@ eq \"x\"", "@ eq \"y\""),
        (
            "desk",
            json!({"building": "A", "floor": "3"}),
            json!({"building": "A", "floor": 3}),
            "@[building eq \"a\" and floor eq 3]",
            "@.floor eq 4",
        ),
        (
            "desks",
            json!([{"value": "D1", "type": "day"}, {"value": "D2", "floors": [1, 2]}]),
            json!([{"value": "D1", "type": "day"}, {"value": "D2", "floors": [1, 2]}]),
            "@[value eq \"d2\" and floors eq 2]",
            "@[value eq \"d1\" and floors eq 2]",
        ),
    ]
}

#[test]
fn each_is_written_alike_by_post_and_patch_and_found_by_filters() {
    let catalog = every();
    let empty = Resource::parse(users(&catalog), json!({"userName": "ada"})).unwrap();
    for (name, value, kept, finds, misses) in table() {
        let posted = parsed(json!({name: value})).unwrap();
        assert_eq!(posted.document().get(CUSTOM), Some(&json!({name: kept})), "{name}");
        for operation in [
            json!({"op": "add", "path": format!("{CUSTOM}:{name}"), "value": value}),
            json!({"op": "Replace", "value": {CUSTOM: {name: value}}}),
            json!({"op": "replace", "value": {format!("{CUSTOM}:{}", name.to_uppercase()): value}}),
        ] {
            let request = PatchRequest::parse(users(&catalog), json!({"Operations": [operation]})).unwrap();
            assert_eq!(request.apply(users(&catalog), empty.clone()), Ok(posted.clone()), "{operation}");
        }
        let passes = |filter: &str| {
            let filter = filter.replace('@', &format!("{CUSTOM}:{name}"));
            let filter = Filter::parse(&filter, users(&catalog)).unwrap();
            evaluate(&filter, &posted.comparable(users(&catalog)))
        };
        assert!(passes(finds), "{finds}");
        assert!(!passes(misses), "{misses}");
    }
}

#[test]
fn each_is_shown_as_its_definition_says() {
    let catalog = every();
    let whole = json!({
        "always": "x", "asked": "x", "never": "x", "text": "x",
        "desks": [{"value": "D1", "asked": "x", "never": "x", "always": "x"}]
    });
    let shown = |attributes: Option<String>, excluded: Option<String>| {
        let projection =
            Projection::parse(attributes.as_deref(), excluded.as_deref(), users(&catalog)).unwrap();
        let mut shown =
            Map::from_iter([(CUSTOM.to_owned(), whole.clone()), ("title".to_owned(), json!("x"))]);
        projection.apply(users(&catalog), &mut shown);
        shown.get(CUSTOM).cloned().unwrap_or_default()
    };
    let named = |names: &[&str]| {
        Some(names.iter().map(|name| format!("{CUSTOM}:{name}")).collect::<Vec<_>>().join(","))
    };
    assert_eq!(
        shown(None, None),
        json!({"always": "x", "text": "x", "desks": [{"value": "D1", "always": "x"}]})
    );
    assert_eq!(shown(Some("title".to_owned()), None), json!({"always": "x"}));
    assert_eq!(shown(named(&["asked", "never"]), None), json!({"always": "x", "asked": "x"}));
    assert_eq!(
        shown(named(&["desks.asked", "desks.never"]), None),
        json!({"always": "x", "desks": [{"asked": "x", "always": "x"}]})
    );
    assert_eq!(
        shown(None, named(&["always", "text", "desks.value", "desks.always"])),
        json!({"always": "x", "desks": [{"always": "x"}]})
    );
    assert_eq!(
        shown(Some(CUSTOM.to_owned()), None),
        json!({"always": "x", "asked": "x", "text": "x", "desks": [{"value": "D1", "always": "x"}]})
    );
    assert_eq!(shown(None, Some(CUSTOM.to_owned())), json!({"always": "x"}));
}

#[test]
fn each_refuses_what_its_definition_does() {
    let refusal = |custom: Value| line(&parsed(custom).unwrap_err()).replace(CUSTOM, "C");
    insta::assert_snapshot!(refusal(json!({"enforced": "red"})), @"400 invalidValue: C:enforced must be exactly one of Red, Blue, not 'red'");
    insta::assert_snapshot!(refusal(json!({"desk": {"floor": 3}})), @"400 invalidValue: C:desk.building is required: give it a value");
    insta::assert_snapshot!(refusal(json!({"desks": [{"value": "D1"}, {"type": "day"}]})), @"400 invalidValue: C:desks[1].value is required: give it a value");
    insta::assert_snapshot!(refusal(json!({"desks": [{"value": "D1"}, {"value": "D2", "type": "dusk"}]})), @"400 invalidValue: C:desks[1].type must be exactly one of day, night, not 'dusk'");
    insta::assert_snapshot!(refusal(json!({"desks": [{"value": "D1", "floors": [1, 2.5]}]})), @"400 invalidValue: C:desks[0].floors[1] must be a whole number of at most 64 bits, not 2.5");
    insta::assert_snapshot!(refusal(json!({"wholes": [1, 18_446_744_073_709_551_616.0_f64]})), @"400 invalidValue: C:wholes[1] must be a whole number of at most 64 bits, not 1.8446744073709552e+19");
    insta::assert_snapshot!(refusal(json!({"owner": {"id": "42"}})), @"400 invalidValue: C:owner must be a string, not an object");
    insta::assert_snapshot!(refusal(json!({"moment": 1_769_846_400})), @r#"400 invalidValue: C:moment must be a date-time such as "2026-01-31T08:00:00Z", not 1769846400"#);
    let catalog = every();
    let filter = |name: &str| {
        let error = Filter::parse(&format!("{CUSTOM}:{name} pr"), users(&catalog)).unwrap_err();
        line(&error).replace(CUSTOM, "C")
    };
    insta::assert_snapshot!(filter("never"), @"400 invalidFilter: filter, at character 1: C:never cannot be filtered by: it is never returned");
    insta::assert_snapshot!(filter("desks.never"), @"400 invalidFilter: filter, at character 1: C:desks.never cannot be filtered by: it is never returned");
}

#[test]
fn what_is_immutable_is_written_once() {
    let catalog = every();
    let before = parsed(json!({"once": "x", "desk": {"building": "A", "once": "x"}})).unwrap();
    let patched = |operation: Value| {
        let request = PatchRequest::parse(users(&catalog), json!({"Operations": [operation]})).unwrap();
        request.apply(users(&catalog), before.clone()).map_err(|error| line(&error).replace(CUSTOM, "C"))
    };
    let set = |path: &str, value: &str| {
        patched(json!({"op": "replace", "path": format!("{CUSTOM}:{path}"), "value": value}))
    };
    insta::assert_snapshot!(set("once", "y").unwrap_err(), @"400 mutability: Operations[0]: C:once is immutable and has a value: leave it as it is");
    insta::assert_snapshot!(set("desk.once", "y").unwrap_err(), @"400 mutability: Operations[0]: C:desk.once is immutable and has a value: leave it as it is");
    insta::assert_snapshot!(patched(json!({"op": "remove", "path": format!("{CUSTOM}:once")})).unwrap_err(), @"400 mutability: Operations[0]: C:once is immutable and has a value: leave it as it is");
    insta::assert_snapshot!(patched(json!({"op": "remove", "path": format!("{CUSTOM}:desk")})).unwrap_err(), @"400 mutability: Operations[0]: C:desk.once is immutable and has a value: leave it as it is");
    assert!(set("once", "X").is_ok(), "the same value, as the attribute compares");
    assert!(set("desk.floor", "4").is_ok());
}

#[test]
fn an_immutable_part_of_an_element_stays_as_long_as_the_element() {
    let catalog = every();
    let desks = |desks: Value| parsed(json!({"desks": desks})).unwrap();
    let before = desks(json!([
        {"value": "D1", "type": "day", "once": "x"}, {"value": "D2", "once": "y"}, {"value": "D3"}
    ]));
    let patched = |op: &str, path: &str, value: Value| {
        let operation = json!({"op": op, "path": format!("{CUSTOM}:{path}"), "value": value});
        let request = PatchRequest::parse(users(&catalog), json!({"Operations": [operation]})).unwrap();
        let after = request.apply(users(&catalog), before.clone());
        after
            .map(|after| after.document()[CUSTOM]["desks"].clone())
            .map_err(|error| line(&error).replace(CUSTOM, "C"))
    };
    for (op, path, value) in [
        ("replace", "desks[value eq \"d1\"].once", json!("y")),
        ("remove", "desks[value eq \"D1\"].once", json!(null)),
        ("add", "desks", json!([{"value": "d2", "once": "z"}])),
        ("replace", "desks[value eq \"D1\"].once", json!("")),
        ("replace", "desks.once", json!("x")),
        ("replace", "desks[type eq \"day\"]", json!({"value": "D1", "type": "night", "once": "z"})),
        ("replace", "desks", json!([{"value": "D1", "type": "night", "once": "z"}])),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(patched(op, path, value).unwrap_err(), @"400 mutability: Operations[0]: C:desks.once is immutable and has a value: leave it as it is");
        }
    }
    assert!(patched("replace", "desks[value eq \"D1\"].once", json!("X")).is_ok());
    assert!(patched("replace", "desks[value eq \"D3\"].once", json!("z")).is_ok());
    assert!(patched("remove", "desks[value eq \"D1\"]", json!(null)).is_ok());
    assert!(patched("replace", "desks", json!([{"value": "D4", "once": "z"}])).is_ok());
    assert!(patched("add", "desks", json!([{"value": "D1", "type": "night", "once": "z"}])).is_ok());
}

#[test]
fn a_patch_keeps_an_immutable_part_of_which_it_is_silent_with_its_element() {
    let catalog = every();
    let before =
        parsed(json!({"desks": [{"value": "D1", "type": "day", "once": "x"}, {"value": "D2", "once": "y"}]}))
            .unwrap();
    let replaced = |path: &str, value: Value| {
        let operation = json!({"op": "replace", "path": format!("{CUSTOM}:{path}"), "value": value});
        let request = PatchRequest::parse(users(&catalog), json!({"Operations": [operation]})).unwrap();
        request.apply(users(&catalog), before.clone()).unwrap().document()[CUSTOM]["desks"].clone()
    };
    assert_eq!(
        replaced("desks", json!([{"value": "d1", "type": "day"}, {"value": "D3"}])),
        json!([{"value": "d1", "type": "day", "once": "x"}, {"value": "D3"}])
    );
    assert_eq!(
        replaced("desks", json!([{"value": "D1", "type": "night"}])),
        json!([{"value": "D1", "type": "night", "once": "x"}])
    );
    assert_eq!(
        replaced("desks[type eq \"day\"]", json!({"value": "D1", "always": "a"})),
        json!([{"type": "day", "value": "D1", "always": "a", "once": "x"}, {"value": "D2", "once": "y"}])
    );
    assert_eq!(
        replaced("desks[type eq \"day\"]", json!({"value": "D3"}))[0],
        json!({"type": "day", "value": "D3"})
    );
}

#[test]
fn a_put_keeps_an_immutable_part_of_which_it_is_silent_with_its_element() {
    let catalog = every();
    let put = |desks: Value| {
        let before = parsed(
            json!({"desks": [{"value": "D1", "type": "day", "once": "x"}, {"value": "D2", "once": "y"}]}),
        );
        let after = parsed(json!({"desks": desks})).unwrap();
        let after = before.unwrap().replaced_by(users(&catalog), after);
        after
            .map(|after| after.document()[CUSTOM]["desks"].clone())
            .map_err(|error| line(&error).replace(CUSTOM, "C"))
    };
    assert_eq!(
        put(json!([{"value": "d1", "type": "day"}, {"value": "D3"}])),
        Ok(json!([{"value": "d1", "type": "day", "once": "x"}, {"value": "D3"}]))
    );
    assert_eq!(
        put(json!([{"value": "D1", "type": "night"}, {"value": "D2"}])),
        Ok(json!([{"value": "D1", "type": "night", "once": "x"}, {"value": "D2", "once": "y"}]))
    );
    for changed in
        [json!([{"value": "D2", "once": "z"}]), json!([{"value": "D1", "type": "night", "once": "z"}])]
    {
        insta::allow_duplicates! {
            insta::assert_snapshot!(put(changed).unwrap_err(), @"400 mutability: C:desks.once is immutable and has a value: leave it as it is");
        }
    }
}

#[test]
fn what_is_not_canonical_is_looked_for_but_not_made() {
    let catalog = every();
    let before = Resource::from_stored(
        serde_json::from_value(json!({
            "userName": "ada", CUSTOM: {"desks": [{"value": "D1", "type": "day"}, {"value": "D2", "type": "dusk"}]}
        }))
        .unwrap(),
    );
    let patched = |op: &str, path: &str, value: Value| {
        let operation = json!({"op": op, "path": format!("{CUSTOM}:{path}"), "value": value});
        let request = PatchRequest::parse(users(&catalog), json!({"Operations": [operation]}))?;
        let after = request.apply(users(&catalog), before.clone())?;
        Ok::<_, crate::Error>(after.document()[CUSTOM]["desks"].clone())
    };
    let desks = |operation: (&str, &str, Value)| patched(operation.0, operation.1, operation.2).unwrap();
    let dusk = json!({"value": "D2", "type": "dusk"});
    assert_eq!(
        desks(("remove", "desks[type eq \"dusk\"]", json!(null))),
        json!([{"value": "D1", "type": "day"}])
    );
    assert_eq!(desks(("remove", "desks[type eq \"dawn\"]", json!(null)))[1], dusk);
    assert_eq!(
        desks(("replace", "desks[type eq \"DUSK\"].always", json!("x")))[1],
        json!({"value": "D2", "type": "dusk", "always": "x"})
    );
    // The element keeps its own spelling.
    assert_eq!(
        desks(("replace", "desks[type eq \"DAY\"]", json!({"value": "D3"})))[0],
        json!({"type": "day", "value": "D3"})
    );
    let refusal = patched("replace", "desks[type eq \"DAWN\"].value", json!("x")).unwrap_err();
    insta::assert_snapshot!(line(&refusal).replace(CUSTOM, "C"), @"400 invalidValue: Operations[0]: C:desks.type must be exactly one of day, night, not 'DAWN'");
}

#[test]
fn unique_values_are_those_that_the_definition_declares() {
    let user =
        parsed(json!({"badge": "B-7", "desks": [{"value": "D1"}, {"value": "d1", "type": "day"}]})).unwrap();
    let values: Vec<_> = user.unique_values(users(&every())).into_iter().map(|value| value.folded).collect();
    assert_eq!(values, ["b-7", "d1"]);
}

#[test]
fn schemas_show_what_a_profile_narrows() {
    let catalog = catalog(json!({
        "required": ["title", "name.givenName"],
        "attributes": [
            {"path": "userType", "canonicalValues": ["Premium", "Standard"], "enforce": true},
            {"path": "emails.value", "uniqueness": "server"}
        ]
    }));
    let schema = discovery::schema(&catalog, users(&catalog).core_schema().urn(), "https://x").unwrap();
    let attribute = |list: &Value, name: &str| {
        list.as_array().unwrap().iter().find(|attribute| attribute["name"] == name).unwrap().clone()
    };
    let of_user = |name: &str| attribute(&schema.body["attributes"], name);
    assert_eq!(of_user("title")["required"], true);
    assert_eq!(of_user("name")["required"], true);
    assert_eq!(attribute(&of_user("name")["subAttributes"], "givenName")["required"], true);
    assert_eq!(of_user("userType")["canonicalValues"], json!(["Premium", "Standard"]));
    assert_eq!(attribute(&of_user("emails")["subAttributes"], "value")["uniqueness"], "server");
}

#[test]
fn without_groups_there_is_nothing_of_groups() {
    let catalog = catalog(json!({"groups": "Disabled"}));
    let user = users(&catalog);
    let schema = discovery::schemas(&catalog, "https://x").to_string();
    assert!(!schema.contains("\"groups\"") && !schema.contains("core:2.0:Group"));
    assert!(!discovery::resource_types(&catalog, "https://x").to_string().contains("Group"));
    assert!(Filter::parse("groups pr", user).is_err());
    assert!(!Projection::parse(None, None, user).unwrap().wants("groups"));
    // Whoever sends along what it read elsewhere is not refused.
    let body = json!({"userName": "ada", "groups": [{"value": "42", "display": "Staff"}]});
    let said = Resource::parse(user, body).unwrap();
    assert_eq!(Value::Object(said.into_document()), json!({"userName": "ada", "active": true}));
}
