//! Filters on single-valued complex attributes in PATCH.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Value, json};

use super::{after, untouched};
use crate::fixtures::{ENTERPRISE, line, patched, user};

fn refusal(operation: Value) -> String {
    line(&patched(&user(json!({})), json!([operation])).unwrap_err())
}

fn manager(filter: &str) -> String {
    format!("{ENTERPRISE}:manager[{filter}].value")
}

#[test]
fn the_value_is_meant_for_which_the_filter_holds() {
    for op in ["add", "Replace"] {
        let set = |path: &str, value: Value| {
            after(json!({}), json!({"op": op, "path": path, "value": value}))["name"].clone()
        };
        let expected = json!({"givenName": "Augusta", "familyName": "Lovelace"});
        assert_eq!(set("name[familyName eq \"lovelace\"].givenName", json!("Augusta")), expected);
        assert_eq!(
            set("name[familyName sw \"Love\" and givenName pr]", json!({"givenName": "Augusta"})),
            expected
        );
        assert_eq!(
            set("name[familyName eq \"Lovelace\"]", json!({"familyName": "King", "givenName": "Augusta"})),
            json!({"givenName": "Augusta", "familyName": "King"})
        );
    }
}

#[test]
fn a_value_that_is_absent_is_made() {
    for op in ["add", "replace"] {
        let operation = json!({"op": op, "path": manager("value eq \"42\""), "value": "42"});
        assert_eq!(after(json!({}), operation)[ENTERPRISE]["manager"], json!({"value": "42"}));
    }
}

#[test]
fn another_value_is_no_target() {
    let set = |path: &str| refusal(json!({"op": "replace", "path": path, "value": "x"}));
    insta::assert_snapshot!(set("name[familyName eq \"King\"].givenName"), @"400 noTarget: Operations[0]: name has a value for which the filter does not hold");
    insta::assert_snapshot!(set(&manager("value ne \"42\"")), @"400 noTarget: Operations[0]: no value of urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager matches the filter, and none can be made to: choose it by eq and and only");
    insta::assert_snapshot!(set(&manager("kind eq \"42\"")), @"400 invalidFilter: Operations[0]: filter, at character 68: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager has no sub-attribute 'kind': it has value, $ref, displayName");
    let derived = format!("{ENTERPRISE}:manager[value eq \"1\"].displayName");
    insta::assert_snapshot!(set(&derived), @"400 mutability: Operations[0]: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName is readOnly: leave it out");
}

#[test]
fn a_removal_takes_only_what_the_filter_finds() {
    let attributes = json!({"name": {"givenName": "Ada", "familyName": "Lovelace", "middleName": "K"}, ENTERPRISE: {"manager": "42"}});
    let removed = |path: &str| after(attributes.clone(), json!({"op": "remove", "path": path}));
    let without = removed("name[familyName eq \"Lovelace\"].middleName");
    assert_eq!(without["name"], json!({"givenName": "Ada", "familyName": "Lovelace"}));
    assert_eq!(removed("name[familyName eq \"King\"].middleName"), untouched(attributes.clone()));
    assert_eq!(removed(&format!("{ENTERPRISE}:manager[value eq \"42\"]")).get(ENTERPRISE), None);
    assert_eq!(removed(&format!("{ENTERPRISE}:manager[value eq \"43\"]")), untouched(attributes.clone()));
    let emptied = json!({"op": "replace", "path": manager("value eq \"42\""), "value": ""});
    assert_eq!(after(attributes.clone(), emptied).get(ENTERPRISE), None);
}
