use super::*;
use Operation::{Add, Remove, Replace};

fn change(operation: Operation, attribute: Attribute, value: Value) -> Change {
    Change::Attribute { operation, attribute, value }
}

fn changes() -> Vec<Change> {
    vec![
        change(Replace, Attribute::DisplayName, json!("Pvlo")),
        change(Replace, Attribute::WorkEmail, json!("anna@acme.example")),
        change(Add, Attribute::GivenName, json!("Anna")),
        change(Add, Attribute::Department, json!("Finance")),
        change(Add, Attribute::Country, json!("NO")),
        change(Replace, Attribute::Folders, json!(["a", "b"])),
        change(Remove, Attribute::Title, Value::Null),
    ]
}

/// The operations, one a line.
fn render(dialect: Dialect, changes: &[Change]) -> String {
    let body = patch_body(dialect, changes);
    assert_eq!(body["schemas"], json!([PATCH_OP]));
    let operations = body["Operations"].as_array().unwrap().iter();
    operations.map(Value::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_classic_dialect_writes_one_operation_for_each_attribute() {
    insta::assert_snapshot!(render(Dialect::Classic, &changes()), @r#"
    {"op":"Replace","path":"displayName","value":"Pvlo"}
    {"op":"Replace","path":"emails[type eq \"work\"].value","value":"anna@acme.example"}
    {"op":"Add","path":"name.givenName","value":"Anna"}
    {"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Finance"}
    {"op":"Add","path":"addresses[type eq \"work\"].country","value":"NO"}
    {"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders","value":[{"value":"a"},{"value":"b"}]}
    {"op":"Remove","path":"title"}
    "#);
}

#[test]
fn the_flag_gathers_all_that_needs_no_value_path() {
    insta::assert_snapshot!(render(Dialect::OptScim062020, &changes()), @r#"
    {"op":"replace","path":"emails[type eq \"work\"].value","value":"anna@acme.example"}
    {"op":"add","path":"addresses[type eq \"work\"].country","value":"NO"}
    {"op":"remove","path":"title"}
    {"op":"add","value":{"name.givenName":"Anna","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"Finance"}}
    {"op":"replace","value":{"displayName":"Pvlo","urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders":["a","b"]}}
    "#);
}

#[test]
fn the_classic_dialect_disables_by_the_text_false() {
    let disable = [change(Replace, Attribute::Active, json!(false))];
    insta::assert_snapshot!(render(Dialect::Classic, &disable), @r#"{"op":"Replace","path":"active","value":"False"}"#);
}

#[test]
fn the_flag_disables_by_a_boolean() {
    let disable = [change(Replace, Attribute::Active, json!(false))];
    insta::assert_snapshot!(render(Dialect::OptScim062020, &disable), @r#"{"op":"replace","path":"active","value":false}"#);
}

#[test]
fn a_manager_is_a_plain_string_in_both_dialects() {
    let manager = [change(Add, Attribute::Manager, json!("1a"))];
    insta::assert_snapshot!(render(Dialect::Classic, &manager), @r#"{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"1a"}"#);
    insta::assert_snapshot!(render(Dialect::OptScim062020, &manager), @r#"{"op":"add","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager":"1a"}}"#);
}

#[test]
fn the_classic_dialect_names_removed_members_in_the_value() {
    let members = vec!["1a".to_owned(), "2b".to_owned()];
    insta::assert_snapshot!(render(Dialect::Classic, &[Change::AddMembers(members.clone())]), @r#"{"op":"Add","path":"members","value":[{"$ref":null,"value":"1a"},{"$ref":null,"value":"2b"}]}"#);
    insta::assert_snapshot!(render(Dialect::Classic, &[Change::RemoveMembers(members)]), @r#"{"op":"Remove","path":"members","value":[{"$ref":null,"value":"1a"},{"$ref":null,"value":"2b"}]}"#);
}

#[test]
fn the_flag_names_removed_members_in_value_paths() {
    let members = vec!["1a".to_owned(), "2b".to_owned()];
    insta::assert_snapshot!(render(Dialect::OptScim062020, &[Change::AddMembers(members.clone())]), @r#"{"op":"add","path":"members","value":[{"value":"1a"},{"value":"2b"}]}"#);
    insta::assert_snapshot!(render(Dialect::OptScim062020, &[Change::RemoveMembers(members)]), @r#"
    {"op":"remove","path":"members[value eq \"1a\"]"}
    {"op":"remove","path":"members[value eq \"2b\"]"}
    "#);
}

#[test]
fn a_group_is_renamed_in_both_dialects() {
    let rename = [Change::GroupAttribute { name: "displayName", value: "Finance".to_owned() }];
    insta::assert_snapshot!(render(Dialect::Classic, &rename), @r#"{"op":"Replace","path":"displayName","value":"Finance"}"#);
    insta::assert_snapshot!(render(Dialect::OptScim062020, &rename), @r#"{"op":"replace","value":{"displayName":"Finance"}}"#);
}
