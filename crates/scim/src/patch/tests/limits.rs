//! What a PATCH may cost.

use std::ops::Range;

use serde_json::{Map, Value, json};

use crate::{
    PatchRequest,
    fixtures::{CUSTOM, ENTERPRISE, METADATA, groups, line, patched, plain, user},
};

fn roles(count: usize) -> Value {
    let role = |number| json!({"value": format!("role-{number}@example.com"), "type": "App"});
    (0..count).map(role).collect()
}

#[test]
fn a_list_may_be_filled_one_by_one() {
    let add = |role: &Value| json!({"op": "add", "path": "roles", "value": [role]});
    let operations: Value = roles(250).as_array().unwrap().iter().map(add).collect();
    let filled = patched(&user(json!({})), operations).unwrap();
    assert_eq!(filled.document().get("roles"), Some(&roles(250)));
}

#[test]
fn a_list_that_becomes_too_long_is_refused_by_the_operation() {
    let operations = json!([{"op": "add", "path": "roles", "value": roles(250)}, {"op": "add", "path": "roles", "value": "x"}]);
    insta::assert_snapshot!(line(&patched(&user(json!({})), operations).unwrap_err()), @"400 invalidValue: Operations[1]: roles would have more than 250 values: remove some");
    let floors = |from: usize| json!({"op": "add", "path": format!("{CUSTOM}:desks[value eq \"a\"].floors"), "value": (from..from + 200).collect::<Value>()});
    insta::assert_snapshot!(line(&patched(&user(json!({})), json!([floors(0), floors(200)])).unwrap_err()), @"400 invalidValue: Operations[1]: floors would have more than 250 values: remove some");
}

#[test]
fn operations_that_look_through_long_lists_again_and_again_are_refused() {
    let filled = user(json!({"roles": roles(250)}));
    let filters: Vec<_> = (0..50).map(|number| format!("display co \"{number}\"")).collect();
    let remove = json!({"op": "remove", "path": format!("roles[{}]", filters.join(" or "))});
    insta::assert_snapshot!(line(&patched(&filled, vec![remove; 1000].into()).unwrap_err()), @"400 tooMany: Operations[5]: the request changes long lists too often: send several requests, or the new list at once");
}

#[test]
fn operations_on_short_lists_and_single_values_cost_little() {
    let operations: Value = (0..500)
        .flat_map(|number| {
            [
                json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": format!("{number}@example.com")}),
                json!({"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": number.to_string()}),
            ]
        })
        .collect();
    assert!(patched(&user(json!({})), operations).is_ok());
}

#[test]
fn an_extension_that_gets_too_many_attributes_is_refused_at_once() {
    let names =
        |range: Range<usize>| -> Map<_, _> { range.map(|number| (number.to_string(), json!("x"))).collect() };
    let operation = json!({"op": "add", "path": METADATA, "value": names(0..251)});
    insta::assert_snapshot!(line(&patched(&user(json!({})), json!([operation])).unwrap_err()), @"400 invalidValue: Operations[0]: urn:ietf:params:scim:schemas:extension:2.0:Metadata has more than 250 attributes: send fewer");
    let operation = |range| json!({"op": "add", "path": METADATA, "value": names(range)});
    let operations = json!([operation(0..250), operation(250..251)]);
    insta::assert_snapshot!(line(&patched(&user(json!({})), operations).unwrap_err()), @"400 invalidValue: Operations[1]: urn:ietf:params:scim:schemas:extension:2.0:Metadata would have more than 250 attributes: remove some");
}

#[test]
fn filters_on_members_are_few_and_ids_are_many() {
    let operations = |filter: &str, count: usize| -> Value {
        let path = format!("members[{filter}]");
        json!({"Operations": vec![json!({"op": "remove", "path": path}); count]})
    };
    let parse = |operations| PatchRequest::parse(groups(&plain()), operations);
    assert!(parse(operations("display sw \"a\"", 20)).is_ok());
    let refused = parse(operations("display sw \"a\"", 21)).unwrap_err();
    insta::assert_snapshot!(line(&refused), @"400 tooMany: more than 20 operations choose members by a filter: name their ids instead");
    let by_id = "value eq \"00000000-0000-0000-0000-000000000001\"";
    assert!(parse(operations(by_id, 1_000)).is_ok());
}
