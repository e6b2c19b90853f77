//! What a PATCH is refused for, and with which words.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Value, json};

use crate::{
    PatchRequest,
    fixtures::{CUSTOM, ENTERPRISE, METADATA, groups, line, patched, plain, platform, user, users},
};

fn refusal(operation: Value) -> String {
    line(&patched(&user(json!({CUSTOM: {"origin": "Entra"}})), json!([operation])).unwrap_err())
}

fn refusal_of_body(body: Value) -> String {
    line(&PatchRequest::parse(users(&platform()), body).unwrap_err())
}

fn refusal_of_members(operation: Value) -> String {
    line(&PatchRequest::parse(groups(&plain()), json!({"Operations": [operation]})).unwrap_err())
}

#[test]
fn a_body_that_is_no_patch_is_refused() {
    insta::assert_snapshot!(refusal_of_body(json!([])), @"400 invalidSyntax: the body must be an object with the list 'Operations'");
    insta::assert_snapshot!(refusal_of_body(json!({})), @"400 invalidSyntax: the body must be an object with the list 'Operations'");
    insta::assert_snapshot!(refusal_of_body(json!({"Operations": []})), @"400 invalidSyntax: 'Operations' is empty: send one operation at least");
    insta::assert_snapshot!(refusal_of_body(json!({"schemas": "urn:x", "Operations": [{}]})), @"400 invalidSyntax: 'schemas' must be a list of strings");
    insta::assert_snapshot!(refusal_of_body(json!({"Operations": [5]})), @"400 invalidSyntax: Operations[0]: an operation must be an object with 'op', 'path' and 'value'");
    insta::assert_snapshot!(refusal_of_body(json!({"Operations": vec![json!({}); 1001]})), @"400 invalidSyntax: 'Operations' has more than 1000 operations: send several requests");
}

#[test]
fn an_operation_that_is_none_is_refused_with_its_position() {
    insta::assert_snapshot!(refusal(json!({"path": "title", "value": "x"})), @"400 invalidSyntax: Operations[0]: 'op' must be add, replace or remove");
    insta::assert_snapshot!(refusal(json!({"op": "move", "path": "title", "value": "x"})), @"400 invalidSyntax: Operations[0]: 'op' must be add, replace or remove");
    insta::assert_snapshot!(refusal(json!({"op": "add", "path": 5, "value": "x"})), @"400 invalidPath: Operations[0]: 'path' must be a string");
    insta::assert_snapshot!(refusal(json!({"op": "add", "path": "title"})), @r#"400 invalidSyntax: Operations[0]: the operation on 'title' has no 'value': null or "" would remove it"#);
    insta::assert_snapshot!(refusal(json!({"op": "add", "value": "x"})), @"400 invalidSyntax: Operations[0]: an operation without 'path' needs an object of attributes as 'value'");
    insta::assert_snapshot!(refusal(json!({"op": "remove"})), @"400 noTarget: Operations[0]: a remove needs a 'path' that says what to remove");
    let operations =
        json!([{"op": "add", "path": "title", "value": "x"}, {"op": "add", "path": "shoeSize", "value": 4}]);
    insta::assert_snapshot!(line(&patched(&user(json!({})), operations).unwrap_err()), @"400 invalidPath: Operations[1]: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
}

#[test]
fn a_path_that_names_nothing_is_refused() {
    let set = |path: &str| refusal(json!({"op": "replace", "path": path, "value": "x"}));
    insta::assert_snapshot!(set("shoeSize"), @"400 invalidPath: Operations[0]: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
    insta::assert_snapshot!(set("name.middle"), @"400 invalidPath: Operations[0]: name has no sub-attribute 'middle': it has formatted, familyName, givenName, middleName, honorificPrefix, honorificSuffix");
    insta::assert_snapshot!(set("title.value"), @"400 invalidPath: Operations[0]: title has no sub-attribute 'value': it is not complex");
    insta::assert_snapshot!(set("urn:example:none:attribute"), @"400 invalidPath: Operations[0]: User has no schema for 'urn:example:none:attribute': its schemas are urn:ietf:params:scim:schemas:core:2.0:User, urn:ietf:params:scim:schemas:extension:enterprise:2.0:User, urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName, urn:ietf:params:scim:schemas:extension:2.0:Metadata");
    insta::assert_snapshot!(set(&format!("{ENTERPRISE}:team")), @"400 invalidPath: Operations[0]: User has no attribute 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:team': /Schemas lists the attributes there are");
    insta::assert_snapshot!(set("title[value eq \"Ada\"]"), @"400 invalidPath: Operations[0]: title has neither values nor parts: leave out the brackets");
    insta::assert_snapshot!(set("name.givenName[value eq \"Ada\"]"), @"400 invalidPath: Operations[0]: name.givenName has neither values nor parts: leave out the brackets");
    insta::assert_snapshot!(set("emails[kind eq \"x\"].value"), @"400 invalidFilter: Operations[0]: filter, at character 8: emails has no sub-attribute 'kind': it has value, display, type, primary");
    insta::assert_snapshot!(set("emails[type eq \"work\"].kind"), @"400 invalidPath: Operations[0]: emails has no sub-attribute 'kind': it has value, display, type, primary");
    insta::assert_snapshot!(set("emails[type eq \"work\"]value"), @r#"400 invalidPath: Operations[0]: 'emails[type eq "work"]value' goes on strangely after ']': a sub-attribute such as .value may follow"#);
    insta::assert_snapshot!(set("emails[type eq \"work\""), @"400 invalidFilter: Operations[0]: filter, at character 22: expected 'and', 'or' or ']'");
    insta::assert_snapshot!(set("emails[type eq work].value"), @"400 invalidFilter: Operations[0]: filter, at character 16: expected a constant after 'eq': a string stands in double quotes");
    insta::assert_snapshot!(set("[type eq \"work\"]"), @r#"400 invalidPath: Operations[0]: '[type eq "work"]' does not begin with an attribute"#);
    insta::assert_snapshot!(set(&"x".repeat(8193)), @"400 invalidPath: Operations[0]: the path is longer than 8192 bytes: shorten it");
}

#[test]
fn an_unknown_attribute_in_a_value_is_refused_by_its_path() {
    insta::assert_snapshot!(refusal(json!({"op": "add", "value": {"shoeSize": 4}})), @"400 invalidSyntax: Operations[0]: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
    insta::assert_snapshot!(refusal(json!({"op": "add", "value": {"name.middle": "x"}})), @"400 invalidSyntax: Operations[0]: name has no sub-attribute 'middle': it has formatted, familyName, givenName, middleName, honorificPrefix, honorificSuffix");
    insta::assert_snapshot!(refusal(json!({"op": "add", "path": "name", "value": {"middle": "x"}})), @"400 invalidSyntax: Operations[0]: name has no sub-attribute 'middle': it has formatted, familyName, givenName, middleName, honorificPrefix, honorificSuffix");
    insta::assert_snapshot!(refusal(json!({"op": "add", "path": "emails", "value": [{"kind": "x"}]})), @"400 invalidSyntax: Operations[0]: emails[0] has no sub-attribute 'kind': it has value, display, type, primary");
    insta::assert_snapshot!(refusal(json!({"op": "add", "value": {ENTERPRISE: {"team": "x"}}})), @"400 invalidSyntax: Operations[0]: User has no attribute 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:team': /Schemas lists the attributes there are");
}

#[test]
fn what_may_not_be_written_is_refused() {
    let set = |path: &str| refusal(json!({"op": "replace", "path": path, "value": "x"}));
    insta::assert_snapshot!(set("id"), @"400 mutability: Operations[0]: id is readOnly: leave it out");
    insta::assert_snapshot!(set("meta.created"), @"400 mutability: Operations[0]: meta.created is readOnly: leave it out");
    insta::assert_snapshot!(set("groups"), @"400 mutability: Operations[0]: groups is readOnly: leave it out");
    insta::assert_snapshot!(set("schemas"), @"400 mutability: Operations[0]: schemas is readOnly: leave it out");
    insta::assert_snapshot!(set(&format!("{ENTERPRISE}:manager.displayName")), @"400 mutability: Operations[0]: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName is readOnly: leave it out");
    insta::assert_snapshot!(refusal(json!({"op": "remove", "path": "groups[value eq \"x\"]"})), @"400 mutability: Operations[0]: groups is readOnly: leave it out");
    insta::assert_snapshot!(set(&format!("{CUSTOM}:origin")), @"400 mutability: Operations[0]: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:origin is immutable and has a value: leave it as it is");
}

#[test]
fn values_that_do_not_fit_are_refused() {
    insta::assert_snapshot!(refusal(json!({"op": "replace", "path": "active", "value": "maybe"})), @"400 invalidValue: Operations[0]: active must be true or false, not 'maybe'");
    insta::assert_snapshot!(refusal(json!({"op": "replace", "path": "userType", "value": "Basic"})), @"400 invalidValue: Operations[0]: userType must be exactly one of Premium, Standard, not 'Basic'");
    insta::assert_snapshot!(refusal(json!({"op": "replace", "path": "name", "value": 5})), @"400 invalidValue: Operations[0]: name must be an object of sub-attributes, not 5");
    insta::assert_snapshot!(refusal(json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": {"a": 1}})), @"400 invalidValue: Operations[0]: emails.value must be a string, not an object");
    insta::assert_snapshot!(refusal(json!({"op": "replace", "path": "emails[type eq \"work\"]", "value": [{"value": "a"}, {"value": "b"}]})), @"400 invalidValue: Operations[0]: emails with a filter takes one value, not a list");
    insta::assert_snapshot!(refusal(json!({"op": "add", "path": "emails", "value": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]})), @"400 invalidValue: Operations[0]: emails has several primary values: leave primary true on one");
    insta::assert_snapshot!(refusal(json!({"op": "add", "path": format!("{METADATA}:{}", "k".repeat(300)), "value": "x"})), @"400 invalidValue: Operations[0]: urn:ietf:params:scim:schemas:extension:2.0:Metadata:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk… is a name of more than 256 characters: shorten it");
}

#[test]
fn what_is_required_stays() {
    insta::assert_snapshot!(refusal(json!({"op": "remove", "path": "userName"})), @"400 mutability: Operations[0]: userName is required: it cannot be removed");
    insta::assert_snapshot!(refusal(json!({"op": "replace", "path": "name.givenName", "value": ""})), @"400 invalidValue: Operations[0]: name.givenName is required: give it a value");
    insta::assert_snapshot!(refusal(json!({"op": "replace", "value": {"emails": []}})), @"400 invalidValue: Operations[0]: emails is required: give it a value");
    insta::assert_snapshot!(refusal(json!({"op": "remove", "path": "emails[type eq \"work\"]"})), @"400 mutability: Operations[0]: emails is required: it cannot be removed");
    insta::assert_snapshot!(refusal(json!({"op": "remove", "path": "name"})), @"400 mutability: Operations[0]: name.familyName is required: it cannot be removed");
    let operations = json!([{"op": "remove", "path": "userName"}, {"op": "remove", "path": "title"}]);
    insta::assert_snapshot!(line(&patched(&user(json!({})), operations).unwrap_err()), @"400 mutability: Operations[0]: userName is required: it cannot be removed");
}

#[test]
fn what_is_required_may_go_and_come_back_in_one_request() {
    let operations =
        json!([{"op": "remove", "path": "userName"}, {"op": "add", "path": "userName", "value": "bob"}]);
    assert_eq!(patched(&user(json!({})), operations).unwrap().user_name(), Some("bob"));
}

#[test]
fn names_that_differ_in_case_alone_are_refused_at_every_level() {
    insta::assert_snapshot!(refusal_of_body(json!({"Operations": [{"op": "add", "Op": "remove", "path": "title"}]})), @"400 invalidSyntax: 'op' and 'Op' are the same name: send one of them");
    insta::assert_snapshot!(refusal_of_body(json!({"Operations": [{"op": "add", "value": {"title": "a", "TITLE": "b"}}]})), @"400 invalidSyntax: 'title' and 'TITLE' are the same name: send one of them");
}

#[test]
fn a_removal_of_members_that_names_nobody_is_refused() {
    let remove =
        |value: Value| refusal_of_members(json!({"op": "remove", "path": "members", "value": value}));
    for value in [
        json!([{"display": "x"}]),
        json!([{"value": null}]),
        json!([{"value": ""}]),
        json!([{"value": 42}]),
        json!([{"value": [], "$ref": "http://x/Users/1"}]),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(remove(value), @r#"400 invalidValue: Operations[0]: members[0] is an object without the string 'value': write {"value": "<id>"}"#);
        }
    }
    for value in [json!(42), json!(true)] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(remove(value), @r#"400 invalidValue: Operations[0]: members is neither a string nor an object: write {"value": "<id>"}"#);
        }
    }
    insta::assert_snapshot!(remove(json!({})), @r#"400 invalidValue: Operations[0]: members is an object without the string 'value': write {"value": "<id>"}"#);
    insta::assert_snapshot!(remove(json!(["", []])), @r#"400 invalidValue: Operations[0]: members[1] is neither a string nor an object: write {"value": "<id>"}"#);
}

#[test]
fn an_element_of_an_empty_id_cannot_become_a_member() {
    for op in ["add", "replace"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal_of_members(json!({"op": op, "path": "members", "value": [{"value": null}]})), @r#"400 invalidValue: Operations[0]: members[0] is an object without the string 'value': write {"value": "<id>"}"#);
        }
    }
}

#[test]
fn a_replacement_of_members_by_empty_elements_alone_is_refused() {
    for value in [json!([""]), json!([null]), json!([null, ""])] {
        for operation in [
            json!({"op": "replace", "path": "members", "value": value}),
            json!({"op": "replace", "value": {"members": value}}),
        ] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(refusal_of_members(operation), @r#"400 invalidValue: Operations[0]: members[0] is empty: write {"value": "<id>"}"#);
            }
        }
    }
}

#[test]
fn an_element_that_cannot_be_made_is_no_target() {
    let set = |path: &str| refusal(json!({"op": "replace", "path": path, "value": "x"}));
    insta::assert_snapshot!(set("phoneNumbers[type ne \"work\"].value"), @"400 noTarget: Operations[0]: no value of phoneNumbers matches the filter, and none can be made to: choose it by eq and and only");
    insta::assert_snapshot!(set("phoneNumbers[type eq \"a\" or type eq \"b\"].value"), @"400 noTarget: Operations[0]: no value of phoneNumbers matches the filter, and none can be made to: choose it by eq and and only");
    insta::assert_snapshot!(set("phoneNumbers[type eq \"a\" and type eq \"b\"].value"), @"400 noTarget: Operations[0]: no value of phoneNumbers matches the filter, and none can be made to: choose it by eq and and only");
}

#[test]
fn what_the_filter_asks_for_is_not_made_into_something_else() {
    for operation in [
        json!({"op": "replace", "path": "emails[value eq \"zz\"].value", "value": "q2"}),
        json!({"op": "add", "path": "emails[value eq \"zz\" and type eq \"work\"]", "value": {"value": "q2"}}),
    ] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(refusal(operation), @"400 noTarget: Operations[0]: no value of emails matches the filter, which asks for what the operation changes");
        }
    }
    insta::assert_snapshot!(refusal(json!({"op": "replace", "path": format!("{ENTERPRISE}:manager[value eq \"1\"].value"), "value": "2"})), @"400 noTarget: Operations[0]: no value of urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager matches the filter, which asks for what the operation changes");
    let is_there =
        json!({"op": "replace", "path": "emails[value eq \"zz\"].value", "value": "ada@EXAMPLE.com"});
    assert_eq!(patched(&user(json!({})), json!([is_there])), Ok(user(json!({}))));
}

#[test]
fn members_are_refused_by_name() {
    insta::assert_snapshot!(refusal_of_members(json!({"op": "add", "path": "members", "value": [{"value": "42"}]})), @"400 invalidValue: Operations[0]: members[0].value '42' is not the id of a user or group here");
    insta::assert_snapshot!(refusal_of_members(json!({"op": "add", "path": "members", "value": 5})), @r#"400 invalidValue: Operations[0]: members is neither a string nor an object: write {"value": "<id>"}"#);
    insta::assert_snapshot!(refusal_of_members(json!({"op": "replace", "path": "members.value", "value": "x"})), @"400 mutability: Operations[0]: members.value cannot be changed: remove the member and add another");
    insta::assert_snapshot!(refusal_of_members(json!({"op": "add", "path": "members[value eq \"x\"]", "value": "x"})), @"400 invalidPath: Operations[0]: members are added by the path 'members' with a list of values, without a filter");
    insta::assert_snapshot!(refusal_of_members(json!({"op": "remove", "path": "members[$ref co \"x\"]"})), @"400 invalidFilter: Operations[0]: members[…].$ref can be compared by eq and ne only: choose members by value, type or display");
    insta::assert_snapshot!(refusal_of_members(json!({"op": "remove", "path": "members[kind eq \"x\"]"})), @"400 invalidFilter: Operations[0]: filter, at character 9: members has no sub-attribute 'kind': it has value, $ref, type, display");
    let many: Vec<_> = (0..10_001u32).map(|number| format!("00000000-0000-0000-0000-{number:012}")).collect();
    insta::assert_snapshot!(refusal_of_members(json!({"op": "add", "path": "members", "value": many})), @"400 invalidValue: the PATCH names 10001 members, more than 10000: send several");
}
