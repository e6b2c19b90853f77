//! What becomes of a bulk request before anything is done.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Action, BulkRequest, Operation, Refusal, Step, Target};
use crate::{Error, IfMatch, Kind, fixtures::line};

const BASE: &str = "https://scim.example.com/customer-acme/acme/scim/v2";

fn bulk(operations: Value) -> BulkRequest {
    parse(json!({"Operations": operations})).unwrap()
}

fn parse(body: Value) -> Result<BulkRequest, Error> {
    BulkRequest::parse(body, BASE)
}

fn user(bulk_id: &str, data: Value) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data})
}

fn group(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({"value": format!("bulkId:{id}")})).collect();
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": {"members": members}})
}

/// The positions in the order of the plan; circles in brackets.
fn plan(operations: Value) -> String {
    let steps = bulk(operations).into_steps();
    let steps: Vec<_> = steps
        .iter()
        .map(|step| match step {
            Step::One(operation) => operation.position.to_string(),
            Step::Together(circle) => {
                let positions: Vec<_> = circle.iter().map(|one| one.position.to_string()).collect();
                format!("[{}]", positions.join(" "))
            }
        })
        .collect();
    steps.join(" ")
}

/// The only operation of a request.
fn single(operation: Value) -> Operation {
    match bulk(json!([operation])).into_steps().pop() {
        Some(Step::One(operation)) => operation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_method_is_read_with_names_in_any_case() {
    let target = Target { kind: Kind::User, id: "7".to_owned() };
    let version = IfMatch::parse("W/\"1\"").ok();
    let created = single(json!({"Method": "post", "PATH": "/Groups", "BulkID": "g", "DATA": {"a": 1}}));
    assert_eq!(created.method.as_deref(), Some("POST"));
    assert_eq!(created.bulk_id.as_deref(), Some("g"));
    assert_eq!(created.action, Ok(Action::Create { kind: Kind::Group, data: json!({"a": 1}) }));
    let replaced = single(json!({"method": "PUT", "path": "/Users/7", "version": "W/\"1\"", "data": {}}));
    let action = Action::Replace { target: target.clone(), version: version.clone(), data: json!({}) };
    assert_eq!(replaced.action, Ok(action));
    let deleted = single(json!({"method": "DELETE", "path": "/Users/7", "version": "W/\"1\"", "bulkId": ""}));
    assert_eq!(deleted.action, Ok(Action::Delete { target, version }));
    assert_eq!(deleted.bulk_id, None);
}

#[test]
fn the_operations_of_a_patch_may_stand_alone_as_the_rfc_shows_them() {
    let operations = json!([{"op": "remove", "path": "nickName"}]);
    for data in [operations.clone(), json!({"Operations": operations})] {
        let patched = single(json!({"method": "PATCH", "path": "/Users/7", "data": data}));
        let Ok(Action::Patch { data, version: None, .. }) = patched.action else { panic!("{patched:?}") };
        assert_eq!(data["Operations"], operations);
    }
}

#[test]
fn a_malformed_request_is_refused_as_a_whole() {
    let delete = json!({"method": "DELETE", "path": "/Users/7"});
    let refusals = [
        json!([]),
        json!({}),
        json!({"Operations": []}),
        json!({"Operations": [delete], "operations": []}),
        json!({"Operations": [delete], "failOnErrors": -1}),
        json!({"Operations": [delete], "schemas": "urn:ietf:params:scim:api:messages:2.0:BulkRequest"}),
        json!({"Operations": [delete], "Schemas": [7]}),
        json!({"Operations": vec![delete; 1_001]}),
        json!({"Operations": [user("a", json!({})), group("a", &[])]}),
    ]
    .map(|body| line(&parse(body).unwrap_err()));
    insta::assert_snapshot!(refusals.join("\n"), @"
    400 invalidSyntax: the body must be an object with the list 'Operations'
    400 invalidSyntax: the body must be an object with the list 'Operations'
    400 invalidSyntax: 'Operations' is empty: send one operation at least
    400 invalidSyntax: 'Operations' is there twice: names are the same in any case
    400 invalidValue: 'failOnErrors' must be an integer of at least 1
    400 invalidSyntax: 'schemas' must be a list of strings
    400 invalidSyntax: 'schemas' must be a list of strings
    413 -: 'Operations' has more than 1000 operations: send several requests
    400 invalidValue: Operations[0] and Operations[1] have the same bulkId 'a': choose another
    ");
}

#[test]
fn what_the_schemas_of_a_request_name_is_not_looked_at() {
    for schemas in [json!(null), json!([]), json!(["urn:other"])] {
        let body = json!({"schemas": schemas, "Operations": [{"method": "DELETE", "path": "/Users/7"}]});
        assert!(parse(body).is_ok(), "{schemas}");
    }
}

#[test]
fn a_refused_operation_still_names_its_resource_unless_it_is_a_post() {
    let named = |operation: Value| {
        let operation = single(operation);
        assert!(operation.action.is_err());
        operation.target().cloned()
    };
    let target = Some(Target { kind: Kind::User, id: "7".to_owned() });
    for operation in [
        json!({"method": "PUT", "path": "/Users/7"}),
        json!({"method": "PATCH", "path": format!("{BASE}/Users/7"), "version": 5, "data": []}),
        json!({"method": "DELETE", "path": "/Users/7", "version": 5}),
        json!({"method": "DELETE", "path": "/Users/7", "bulkId": 1}),
        json!({"method": "PUT", "path": "/Users/7", "data": {"manager": "bulkId:nobody"}}),
        json!({"method": "GET", "path": "/Users/7"}),
    ] {
        assert_eq!(named(operation.clone()), target, "{operation}");
    }
    for operation in [
        json!({"method": "POST", "path": "/Users/7", "bulkId": "a", "data": {}}),
        json!({"method": "PUT", "path": "/Users", "data": {}}),
        json!({"method": "PUT", "path": "/Roles/7", "data": {}}),
        json!({"method": "DELETE", "path": "/Users/bulkId:nobody"}),
    ] {
        assert_eq!(named(operation.clone()), None, "{operation}");
    }
}

#[test]
fn a_refused_operation_names_the_resource_that_another_creates() {
    let malformed = json!({"method": "PUT", "path": "/Users/bulkId:a%20b"});
    let steps = bulk(json!([malformed, user("a b", json!({}))])).into_steps();
    let [_, Step::One(refused)] = &steps[..] else { panic!("{steps:?}") };
    let mut refused = refused.clone();
    assert_eq!(refused.resolve(&HashMap::new()), Ok(()), "its own refusal comes first");
    assert_eq!(refused.target(), None);
    assert_eq!(refused.resolve(&HashMap::from([("a b".to_owned(), Uuid::from_u128(1))])), Ok(()));
    assert_eq!(refused.target().map(|target| target.id.clone()), Some(Uuid::from_u128(1).to_string()));
    assert!(matches!(refused.action, Err(Refusal { error, .. }) if error.status == 400));
}

#[test]
fn a_post_that_is_refused_draws_nobody_into_a_circle() {
    assert_eq!(plan(json!([group("g", &["h"]), group("h", &["g", "nobody"])])), "1 0");
}

#[test]
fn a_malformed_operation_is_refused_alone_with_its_position() {
    let operations = json!([{"method": "DELETE", "path": "/Users/7"}, 7]);
    let [Step::One(first), Step::One(second)] = &bulk(operations).into_steps()[..] else { panic!() };
    assert!(first.action.is_ok());
    insta::assert_snapshot!(line(&second.action.as_ref().unwrap_err().error), @"400 invalidSyntax: Operations[1]: an operation must be an object with 'method', 'path' and 'data'");
}

#[test]
fn a_refusal_says_what_to_mend() {
    let refusals = [
        json!({"method": "GET", "path": "/Users/7", "data": {}}),
        json!({"path": "/Users/7", "data": {}}),
        json!({"method": "PUT", "data": {}}),
        json!({"method": "PUT", "path": "/Users/7"}),
        json!({"method": "PUT", "path": "/Users", "data": {}}),
        json!({"method": "POST", "path": "/Users", "data": {}}),
        json!({"method": "POST", "path": "/Users/7", "bulkId": "a", "data": {}}),
        json!({"method": "POST", "path": "/Bulk", "bulkId": "a", "data": {}}),
        json!({"method": "PATCH", "path": "/Me", "data": {}}),
        json!({"method": "PUT", "path": "/Roles/7", "data": {}}),
        json!({"method": "DELETE", "path": "/Users/7", "bulkId": 1}),
        json!({"method": "DELETE", "path": "/Users/7", "version": 1}),
        json!({"method": "DELETE", "path": "/Users/7", "Path": "/Users/8"}),
        json!({"method": "DELETE", "path": "/Users/bulkId:a"}),
        group("a", &["b"]),
    ]
    .map(|operation| line(&single(operation).action.unwrap_err().error));
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 invalidSyntax: Operations[0]: 'method' must be POST, PUT, PATCH or DELETE
    400 invalidSyntax: Operations[0]: 'method' must be POST, PUT, PATCH or DELETE
    400 invalidSyntax: Operations[0]: 'path' must be a string such as '/Users' or '/Users/<id>'
    400 invalidSyntax: Operations[0]: 'data' is missing: it holds what would be the body
    400 invalidValue: Operations[0]: 'path' names no resource: a PUT needs '/Users/<id>'
    400 invalidSyntax: Operations[0]: 'bulkId' is missing: a POST needs one, any text that no other operation has
    400 invalidValue: Operations[0]: 'path' names a resource: a POST needs '/Users'
    400 invalidValue: Operations[0]: a bulk request cannot hold another: send its operations in this one
    501 -: Operations[0]: a token is a connection, not a person: write '/Users/<id>' instead of '/Me'
    404 -: Operations[0]: the path '/Roles/7' names no endpoint: write '/Users' or '/Groups'
    400 invalidSyntax: Operations[0]: 'bulkId' must be a string
    400 invalidValue: Operations[0]: 'version' must be a string such as W/"7": send the meta.version of the resource
    400 invalidSyntax: Operations[0]: 'path' is there twice: names are the same in any case
    400 invalidValue: Operations[0]: no POST of this request has the bulkId 'a', to which it refers
    400 invalidValue: Operations[0]: no POST of this request has the bulkId 'b', to which it refers
    "#);
}

#[test]
fn who_accepts_no_errors_stops_at_the_first() {
    let delete = json!({"method": "DELETE", "path": "/Users/7"});
    let limit = |value| parse(json!({"failOnErrors": value, "Operations": [delete]})).unwrap().fail_on_errors;
    assert_eq!(limit(json!(null)), None);
    assert_eq!(limit(json!(0)), Some(1));
    assert_eq!(limit(json!(3)), Some(3));
}

#[test]
fn a_group_waits_for_the_users_that_follow_it() {
    assert_eq!(plan(json!([group("g", &["b", "a"]), user("a", json!({})), user("b", json!({}))])), "1 2 0");
}

#[test]
fn without_references_to_later_operations_nothing_moves() {
    let delete = json!({"method": "DELETE", "path": "/Users/7"});
    let patch = json!({"method": "PATCH", "path": "/Groups/bulkId:g", "data": []});
    assert_eq!(plan(json!([delete, user("a", json!({})), group("g", &["a"]), patch])), "0 1 2 3");
}

#[test]
fn whoever_refers_to_each_other_is_created_together() {
    let manager = |id: &str| json!({"urn:x:User": {"manager": {"value": format!("bulkId:{id}")}}});
    assert_eq!(plan(json!([user("a", manager("b")), user("b", manager("a"))])), "[0 1]");
    assert_eq!(plan(json!([group("g", &["h"]), group("x", &["g"]), group("h", &["g"])])), "[0 2] 1");
    assert_eq!(plan(json!([group("g", &["g"])])), "[0]");
}

#[test]
fn a_reference_is_found_wherever_it_may_stand() {
    let a = user("a", json!({}));
    for data in [
        json!({"members": [{"value": "bulkId:a"}]}),
        json!({"Members": ["bulkId:a"]}),
        json!({"members": [{"$REF": "https://x/v2/Users/bulkId:a"}]}),
        json!({"manager": "BulkId:a"}),
        json!({"urn:x:User": {"Manager": "bulkId:a"}}),
        json!({"urn:x:2.0:User:manager": "bulkId:a"}),
    ] {
        let put = json!({"method": "PUT", "path": "/Groups/7", "data": data});
        assert_eq!(plan(json!([put, a])), "1 0", "{data}");
    }
    for operation in [
        json!({"op": "add", "path": "members", "value": [{"value": "bulkId:a"}]}),
        json!({"op": "add", "path": "members", "value": ["bulkId:a"]}),
        json!({"op": "add", "path": "urn:x:2.0:User:manager", "Value": "bulkId:a"}),
        json!({"op": "add", "path": "manager.value", "value": "bulkId:a"}),
        json!({"op": "add", "path": "manager.$ref", "value": "../Users/bulkId:a"}),
        json!({"op": "remove", "Path": "members[value eq \"bulkId:a\"]"}),
        json!({"op": "add", "value": {"manager.value": "bulkId:a"}}),
        json!({"op": "add", "value": {"urn:x:2.0:User": {"manager": "bulkId:a"}}}),
        json!({"op": "remove", "path": "", "value": {"members[value eq \"bulkId:a\"]": null}}),
    ] {
        let patch =
            json!({"method": "PATCH", "path": "/Groups/7", "data": {"operations": [operation.clone()]}});
        assert_eq!(plan(json!([patch, a])), "1 0", "{operation}");
    }
    for path in ["/Users/bulkId:a", "/Users/bulkId%3Aa"] {
        assert_eq!(plan(json!([{"method": "DELETE", "path": path}, a])), "1 0");
    }
}

#[test]
fn any_other_text_is_what_it_is() {
    let data = json!({"title": "bulkId:nobody", "displayName": "Users/bulkId:nobody", "nickName": ["bulkId:nobody"],
        "manager": {"displayName": "bulkId:nobody"}, "emails": [{"display": "bulkId:nobody"}]});
    let put = json!({"method": "PUT", "path": "/Users/7", "data": data});
    assert!(matches!(single(put).action, Ok(Action::Replace { data: read, .. }) if read == data));
    let operations = json!([
        {"op": "add", "path": "title", "value": "bulkId:nobody"},
        {"op": "add", "path": "emails[type eq \"work\"].display", "value": "bulkId:nobody"},
        {"op": "add", "value": "bulkId:nobody"},
        {"op": "add", "value": {"title": "bulkId:nobody", "bulkId:nobody": 1}},
    ]);
    let patch = json!({"method": "PATCH", "path": "/Users/7", "data": {"Operations": operations}});
    let Ok(Action::Patch { data, .. }) = single(patch).action else { panic!("refused") };
    assert_eq!(data["Operations"], operations);
}

#[test]
fn what_an_operation_refers_to_is_replaced_by_its_id() {
    let data = json!({"Operations": [{"op": "remove", "path": "members[value eq \"bulkId:a\"]"},
        {"op": "add", "value": {"members": [{"value": "bulkId:a", "$ref": "../Users/bulkId:a"}]}},
        {"op": "add", "value": {"members[value eq \"bulkId:a\"].type": "User", "title": "bulkId:a"}}]});
    let patch = json!({"method": "PATCH", "path": "/Groups/bulkId:g", "data": data});
    let steps = bulk(json!([user("a", json!({})), group("g", &[]), patch])).into_steps();
    let Some(Step::One(operation)) = steps.last() else { panic!("{steps:?}") };
    let mut operation = operation.clone();
    let ids = [("a".to_owned(), Uuid::from_u128(1)), ("g".to_owned(), Uuid::from_u128(2))];
    assert_eq!(operation.resolve(&HashMap::from(ids)), Ok(()));
    let Ok(Action::Patch { target, data, .. }) = operation.action else { panic!("{operation:?}") };
    assert_eq!(target.id, Uuid::from_u128(2).to_string());
    insta::assert_snapshot!(data, @r#"{"Operations":[{"op":"remove","path":"members[value eq \"00000000-0000-0000-0000-000000000001\"]"},{"op":"add","value":{"members":[{"value":"00000000-0000-0000-0000-000000000001","$ref":"../Users/00000000-0000-0000-0000-000000000001"}]}},{"op":"add","value":{"members[value eq \"00000000-0000-0000-0000-000000000001\"].type":"User","title":"bulkId:a"}}]}"#);
}

#[test]
fn a_reference_to_what_was_not_created_is_a_conflict() {
    let steps =
        bulk(json!([{"method": "POST", "path": "/Users", "bulkId": "a"}, group("g", &["a"])])).into_steps();
    let [Step::One(malformed), Step::One(group)] = &steps[..] else { panic!("{steps:?}") };
    assert!(malformed.action.is_err());
    let mut group = group.clone();
    insta::assert_snapshot!(line(&group.resolve(&HashMap::new()).unwrap_err()), @"409 -: 'bulkId:a' was not created: mend its operation and send both again");
}

#[test]
fn a_chain_of_as_many_operations_as_there_may_be_is_planned_from_its_end() {
    let mut operations: Vec<_> =
        (0..999).map(|at| group(&format!("{at}"), &[&format!("{}", at + 1)])).collect();
    operations.push(group("999", &[]));
    let order: Vec<_> = (0..1_000).rev().map(|at| at.to_string()).collect();
    assert_eq!(plan(Value::Array(operations)), order.join(" "));
}

/// Operations that create groups 0.. and change others, each of which refers to some of those groups.
fn operations() -> impl Strategy<Value = Vec<Value>> {
    let references =
        proptest::collection::vec((any::<bool>(), proptest::collection::vec(0..10_usize, 0..4)), 1..10);
    references.prop_map(|sent| {
        let is_created = |at: &usize| sent.get(*at).is_some_and(|(creates, _)| *creates);
        let operation = |(at, (creates, references)): (usize, &(bool, Vec<usize>))| {
            let names: Vec<_> = references.iter().filter(|at| is_created(at)).map(usize::to_string).collect();
            let mut operation = group(&at.to_string(), &names.iter().map(String::as_str).collect::<Vec<_>>());
            if !*creates {
                operation["method"] = json!("PUT");
                operation["path"] = json!(
                    names.first().map_or("/Groups/7".to_owned(), |name| format!("/Groups/bulkId:{name}"))
                );
            }
            operation
        };
        sent.iter().enumerate().map(operation).collect()
    })
}

proptest! {
    #[test]
    fn whatever_is_referred_to_is_there_when_its_turn_comes(operations in operations()) {
        let mut ids = HashMap::new();
        let mut done = HashSet::new();
        for step in bulk(json!(operations)).into_steps() {
            let circle = match step {
                Step::One(operation) => vec![operation],
                Step::Together(circle) => circle,
            };
            let is_circle = circle.len() > 1;
            for operation in &circle {
                prop_assert!(done.insert(operation.position));
                let id = Uuid::from_u128(operation.position as u128);
                if operation.method.as_deref() == Some("POST") {
                    ids.insert(operation.position.to_string(), id);
                } else {
                    prop_assert!(!is_circle);
                }
            }
            for mut operation in circle {
                prop_assert_eq!(operation.resolve(&ids), Ok(()));
                let shown = format!("{:?}", operation.action);
                prop_assert!(!shown.contains("bulkId:"), "{}", shown);
            }
        }
        prop_assert_eq!(done.len(), operations.len());
    }

    #[test]
    fn any_json_is_read_or_refused(text in r#"(\{|\}|\[|\]|,|:|"Operations":|"method":|"path":|"POST"|"/Users"|"bulkId:a"|"data":|1|null){0,16}"#) {
        if let Ok(body) = serde_json::from_str(&text) {
            let _ = parse(body).map(BulkRequest::into_steps);
        }
    }
}
