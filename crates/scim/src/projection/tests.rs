//! Tests of projections: what an answer holds when asked for what.

use serde_json::{Map, Value, json};

use super::*;
use crate::fixtures::{CUSTOM, ENTERPRISE, METADATA, line, plain, platform, users};

fn whole() -> Map<String, Value> {
    let whole = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "42",
        "userName": "ada",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "a", "type": "work"}, {"value": "b", "type": "home"}],
        "groups": [{"value": "g", "display": "Analysts"}],
        ENTERPRISE: {"department": "R&D", "manager": {"value": "43"}},
        CUSTOM: {"folders": ["a"], "secret": "s", "history": "h"},
        "urn:example:dropped": {"a": 1},
        "dropped": 1,
        "meta": {"resourceType": "User", "created": "2026-01-31T08:00:00Z"}
    });
    serde_json::from_value(whole).unwrap()
}

fn shown(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let catalog = platform();
    let projection = Projection::parse(attributes, excluded, users(&catalog)).unwrap();
    let mut resource = whole();
    projection.apply(users(&catalog), &mut resource);
    Value::Object(resource)
}

#[test]
fn by_default_an_answer_holds_what_is_returned_by_default() {
    let mut expected = whole();
    expected.insert(CUSTOM.to_owned(), json!({"folders": ["a"]}));
    expected.shift_remove("urn:example:dropped");
    expected.shift_remove("dropped");
    assert_eq!(shown(None, None), Value::Object(expected.clone()));
    assert_eq!(shown(Some(" "), Some("")), Value::Object(expected));
}

#[test]
fn attributes_ask_for_what_they_name_and_what_is_always_there() {
    let always = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "42"});
    assert_eq!(shown(Some("id"), None), always);
    assert_eq!(shown(Some("nothing, shoeSize"), None), always);
    let shown = shown(Some("USERNAME, name.givenName,emails.value"), None);
    assert_eq!(shown["userName"], "ada");
    assert_eq!(shown["name"], json!({"givenName": "Ada"}));
    assert_eq!(shown["emails"], json!([{"value": "a"}, {"value": "b"}]));
    assert_eq!(shown.as_object().unwrap().len(), 5);
}

#[test]
fn extensions_are_named_whole_and_in_parts() {
    assert_eq!(
        shown(Some(ENTERPRISE), None)[ENTERPRISE],
        json!({"department": "R&D", "manager": {"value": "43"}})
    );
    assert_eq!(
        shown(Some(&format!("{ENTERPRISE}:department")), None)[ENTERPRISE],
        json!({"department": "R&D"})
    );
    assert_eq!(shown(None, Some(&format!("{ENTERPRISE}:manager")))[ENTERPRISE], json!({"department": "R&D"}));
    assert_eq!(shown(None, Some(ENTERPRISE)).get(ENTERPRISE), None);
}

#[test]
fn the_core_schema_names_all_its_attributes() {
    let core = "URN:ietf:params:scim:schemas:core:2.0:User";
    let names = |shown: &Value| shown.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&shown(Some(core), None)), ["schemas", "id", "userName", "name", "emails", "groups"]);
    assert_eq!(names(&shown(None, Some(core))), ["schemas", "id", ENTERPRISE, CUSTOM, "meta"]);
    let both = format!("{core},{ENTERPRISE}:department");
    assert_eq!(shown(Some(&both), None)[ENTERPRISE], json!({"department": "R&D"}));
    let catalog = plain();
    let groups = catalog.resource_type(Kind::Group).unwrap();
    let core = Some(groups.core_schema().urn());
    assert!(Projection::parse(core, None, groups).unwrap().wants("members"));
    assert!(!Projection::parse(None, core, groups).unwrap().wants("members"));
}

#[test]
fn excluded_attributes_leave_out_what_they_name_but_not_what_is_always_there() {
    let shown = shown(None, Some("id,schemas,groups,emails.type,meta"));
    assert_eq!(shown["id"], "42");
    assert!(shown.get("schemas").is_some());
    assert_eq!((shown.get("groups"), shown.get("meta")), (None, None));
    assert_eq!(shown["emails"], json!([{"value": "a"}, {"value": "b"}]));
}

#[test]
fn a_value_path_names_the_whole_attribute() {
    let shown = |list: &str| shown(Some(list), None);
    assert_eq!(shown("emails[type eq \"work\"]")["emails"], whole()["emails"]);
    let list = "emails[type eq \"a,]\\\"[\"].value,userName";
    assert_eq!(shown(list)["emails"], json!([{"value": "a"}, {"value": "b"}]));
    assert_eq!(shown(list)["userName"], "ada");
    assert_eq!(shown("title,emails[type eq \"a,userName").get("userName"), None);
}

#[test]
fn elements_of_which_no_part_stays_go() {
    let excluded = "emails.value,emails.type,emails.display,emails.primary";
    assert_eq!(shown(None, Some(excluded)).get("emails"), None);
}

#[test]
fn what_is_returned_on_request_or_never_is_so() {
    let asked = shown(Some(&format!("{CUSTOM}:history,{CUSTOM}:secret,password")), None);
    assert_eq!(asked[CUSTOM], json!({"history": "h"}));
}

#[test]
fn it_says_what_need_not_be_read() {
    let catalog = plain();
    let groups = catalog.resource_type(Kind::Group).unwrap();
    let wants =
        |attributes, excluded| Projection::parse(attributes, excluded, groups).unwrap().wants("members");
    assert!(wants(None, None));
    assert!(wants(Some("members.value"), None));
    assert!(!wants(Some("displayName"), None));
    assert!(!wants(None, Some("Members")));
    assert!(wants(None, Some("members.display")));
    assert!(Projection::default().wants("groups"));
}

#[test]
fn what_is_returned_on_request_is_wanted_by_its_name_alone() {
    let catalog = plain();
    let groups = catalog.resource_type(Kind::Group).unwrap();
    let wants = |attributes, excluded| {
        Projection::parse(attributes, excluded, groups).unwrap().wants_on_request("members", "display")
    };
    assert!(wants(Some("members.value,MEMBERS.Display"), None));
    assert!(!wants(Some("members"), None));
    assert!(!wants(None, Some("members.display")));
    assert!(!wants(None, None));
}

#[test]
fn only_one_of_the_two_may_be_given() {
    let error = Projection::parse(Some("id"), Some("id"), users(&plain())).unwrap_err();
    insta::assert_snapshot!(line(&error), @"400 invalidValue: 'attributes' and 'excludedAttributes' exclude each other: send one of them");
}

#[test]
fn a_list_has_so_many_names_at_most() {
    let catalog = plain();
    let list = |count: usize| vec!["id"; count].join(",");
    assert!(Projection::parse(Some(&list(250)), None, users(&catalog)).is_ok());
    let error = Projection::parse(None, Some(&list(251)), users(&catalog)).unwrap_err();
    insta::assert_snapshot!(line(&error), @"400 invalidValue: 'excludedAttributes' has more than 250 names: send fewer");
}

#[test]
fn an_additional_attribute_is_asked_for_in_any_case_of_any_script() {
    let catalog = platform();
    let projection = Projection::parse(Some(&format!("{METADATA}:GRÖSSE")), None, users(&catalog)).unwrap();
    let Value::Object(mut resource) = json!({METADATA: {"größe": "42", "other": "x"}}) else {
        unreachable!()
    };
    projection.apply(users(&catalog), &mut resource);
    assert_eq!(resource.get(METADATA), Some(&json!({"größe": "42"})));
}
