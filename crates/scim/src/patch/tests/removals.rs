//! Removals: by path, and of what a value lists.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Value, json};

use super::{after, untouched};
use crate::fixtures::{CUSTOM, line, patched, user};

#[test]
fn a_value_beside_a_path_that_says_it_all_is_ignored() {
    let operation = json!({"op": "Remove", "path": "title", "value": "x"});
    assert_eq!(after(json!({"title": "y"}), operation), untouched(json!({})));
    let operation =
        json!({"op": "Remove", "path": "phoneNumbers[type eq \"fax\"]", "value": [{"value": "9"}]});
    assert_eq!(after(json!({}), operation), untouched(json!({})));
}

#[test]
fn a_remove_takes_parts_elements_and_lists() {
    let attributes = json!({"phoneNumbers": [{"type": "work", "value": "1", "display": "x"}, {"type": "fax", "value": "2"}]});
    let left = |path: &str| {
        after(attributes.clone(), json!({"op": "remove", "path": path})).get("phoneNumbers").cloned()
    };
    assert_eq!(left("phoneNumbers"), None);
    assert_eq!(
        left("phoneNumbers[type eq \"fax\"]"),
        Some(json!([{"type": "work", "value": "1", "display": "x"}]))
    );
    assert_eq!(
        left("phoneNumbers[type eq \"fax\"].value"),
        Some(json!([{"type": "work", "value": "1", "display": "x"}]))
    );
    assert_eq!(
        left("phoneNumbers.display"),
        Some(json!([{"type": "work", "value": "1"}, {"type": "fax", "value": "2"}]))
    );
    assert_eq!(left("phoneNumbers[value pr]"), None);
    assert_eq!(left("phoneNumbers[type eq \"none\"]"), left("title"));
}

#[test]
fn a_remove_by_value_takes_single_values_too() {
    let attributes = json!({CUSTOM: {"folders": ["a", "b"]}});
    let operation = json!({"op": "remove", "path": format!("{CUSTOM}:folders[value eq \"A\"]")});
    assert_eq!(after(attributes.clone(), operation)[CUSTOM]["folders"], json!(["b"]));
    let operation =
        json!({"op": "replace", "path": format!("{CUSTOM}:folders[value eq \"c\"]"), "value": "c"});
    assert_eq!(after(attributes, operation)[CUSTOM]["folders"], json!(["a", "b", "c"]));
}

fn of_phones(value: Value) -> Value {
    let attributes = json!({"phoneNumbers": [{"type": "work", "value": "A1", "display": "x"}, {"type": "fax", "value": "A1"}, {"value": "B2"}]});
    after(attributes, json!({"op": "Remove", "path": "phoneNumbers", "value": value}))
        .get("phoneNumbers")
        .map_or(json!([]), |phones| {
            phones
                .as_array()
                .unwrap()
                .iter()
                .map(|phone| format!("{} {}", phone["value"], phone["type"]))
                .collect()
        })
}

#[test]
fn a_list_loses_what_the_value_lists_and_nothing_else() {
    for (value, left) in [
        (json!([{"value": "a1"}]), json!(["\"B2\" null"])),
        (json!({"value": "A1", "type": "FAX", "primary": true}), json!(["\"A1\" \"work\"", "\"B2\" null"])),
        (json!("B2"), json!(["\"A1\" \"work\"", "\"A1\" \"fax\""])),
        (json!([{"$ref": null, "value": "B2"}, "c3"]), json!(["\"A1\" \"work\"", "\"A1\" \"fax\""])),
        (json!([{"type": "fax"}]), json!(["\"A1\" \"work\"", "\"B2\" null"])),
        (json!([{"value": "A1"}, {"value": "B2"}]), json!([])),
        (json!(null), json!([])),
        (json!(""), json!([])),
    ] {
        assert_eq!(of_phones(value.clone()), left, "{value}");
    }
    for nothing in [json!([]), json!([{"value": "c3"}, null]), json!([{"value": "B2", "type": "work"}])] {
        assert_eq!(of_phones(nothing.clone()).as_array().unwrap().len(), 3, "{nothing}");
    }
}

#[test]
fn lists_of_single_values_and_of_parts_lose_what_is_listed() {
    let attributes = json!({CUSTOM: {"folders": ["a", "b"], "desks": [{"value": "x", "floors": [1, 2]}]}});
    let custom = |path: &str, value: Value| {
        after(attributes.clone(), json!({"op": "remove", "path": format!("{CUSTOM}:{path}"), "value": value}))
            [CUSTOM]
            .clone()
    };
    assert_eq!(custom("folders", json!(["A", "c"]))["folders"], json!(["b"]));
    assert_eq!(custom("folders", json!([{"value": "b"}]))["folders"], json!(["a"]));
    assert_eq!(
        custom("desks[value eq \"x\"].floors", json!([2]))["desks"],
        json!([{"value": "x", "floors": [1]}])
    );
    assert_eq!(custom("desks.floors", json!([1, 2]))["desks"], json!([{"value": "x"}]));
}

#[test]
fn what_cannot_be_in_a_list_cannot_be_removed_from_it() {
    let refusal = |value: Value| {
        let operation = json!({"op": "remove", "path": "phoneNumbers", "value": value});
        line(&patched(&user(json!({})), json!([operation])).unwrap_err())
    };
    insta::assert_snapshot!(refusal(json!([{"value": "1"}, {"value": 2}])), @"400 invalidValue: Operations[0]: phoneNumbers[1].value must be a string, not 2");
    insta::assert_snapshot!(refusal(json!([{"number": "1"}])), @"400 invalidSyntax: Operations[0]: phoneNumbers[0] has no sub-attribute 'number': it has value, display, type, primary");
    insta::assert_snapshot!(refusal(json!(true)), @"400 invalidValue: Operations[0]: phoneNumbers must be an object of sub-attributes, not true");
}

#[test]
fn an_element_that_names_nothing_is_refused() {
    let refusal = |value: Value| {
        let operation = json!({"op": "remove", "path": "phoneNumbers", "value": value});
        line(&patched(&user(json!({})), json!([operation])).unwrap_err())
    };
    for value in [json!({}), json!({"value": null})] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(value), @"400 invalidValue: Operations[0]: phoneNumbers names nothing to remove: give it a value, or leave it out");
        }
    }
    for value in [json!(["1", {}]), json!(["1", {"value": "", "type": "work"}])] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(value), @"400 invalidValue: Operations[0]: phoneNumbers[1] names nothing to remove: give it a value, or leave it out");
        }
    }
}

#[test]
fn what_is_required_cannot_be_listed_away() {
    let operation = json!({"op": "remove", "path": "emails", "value": [{"value": "ada@example.com"}]});
    insta::assert_snapshot!(line(&patched(&user(json!({})), json!([operation])).unwrap_err()), @"400 mutability: Operations[0]: emails is required: it cannot be removed");
}
