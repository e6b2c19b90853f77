//! Members of a group in PATCH.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Value, json};

use crate::{
    Kind, MemberChange, MemberReference, PatchRequest, Resource,
    fixtures::{groups, plain},
};

const ADA: &str = "26118915-6090-4610-87e4-49d8ca9f808d";
const BOB: &str = "902c246b-6245-4190-8e05-00816be7344a";

fn changes(operations: Value) -> Vec<MemberChange> {
    request(operations).member_changes().to_vec()
}

fn request(operations: Value) -> PatchRequest {
    PatchRequest::parse(groups(&plain()), json!({"Operations": operations})).unwrap()
}

fn member(id: &str) -> MemberReference {
    MemberReference { id: id.parse().unwrap(), kind: None }
}

#[test]
fn members_are_added_as_objects_and_as_strings() {
    let expected = vec![MemberChange::Add(vec![member(ADA), member(BOB)])];
    assert_eq!(
        changes(
            json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": ADA}, {"value": BOB}]}])
        ),
        expected
    );
    assert_eq!(changes(json!([{"op": "add", "path": "Members", "value": [ADA, BOB, ADA]}])), expected);
    assert_eq!(
        changes(json!([{"op": "add", "value": {"members": [ADA, {"Value": BOB, "display": "Bob"}]}}])),
        expected
    );
    assert_eq!(
        changes(json!([{"op": "add", "path": "members", "value": {"value": ADA}}])),
        vec![MemberChange::Add(vec![member(ADA)])]
    );
}

#[test]
fn a_member_may_say_its_kind() {
    let expected = MemberReference { kind: Some(Kind::Group), ..member(ADA) };
    assert_eq!(
        changes(json!([{"op": "add", "path": "members", "value": [{"value": ADA, "type": "Group"}]}])),
        vec![MemberChange::Add(vec![expected])]
    );
}

#[test]
fn a_remove_with_values_removes_those_only() {
    let expected = vec![MemberChange::Remove(vec![member(ADA)])];
    assert_eq!(changes(json!([{"op": "Remove", "path": "members", "value": [{"value": ADA}]}])), expected);
    assert_eq!(
        changes(json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": ADA}]}])),
        expected
    );
    assert_eq!(changes(json!([{"op": "remove", "path": "members", "value": ADA}])), expected);
    assert_eq!(
        changes(json!([{"op": "remove", "path": "members", "value": []}])),
        vec![MemberChange::Remove(vec![])]
    );
}

#[test]
fn a_remove_with_values_may_say_their_kind() {
    let expected = MemberReference { kind: Some(Kind::Group), ..member(ADA) };
    assert_eq!(
        changes(json!([{"op": "Remove", "path": "members", "value": [{"value": ADA, "type": "group"}]}])),
        vec![MemberChange::Remove(vec![expected])]
    );
}

#[test]
fn a_value_may_say_members_again() {
    let value = json!({"members": [{"value": ADA}]});
    let change = |op: &str| changes(json!([{"op": op, "path": "members", "value": value}]));
    assert_eq!(change("add"), vec![MemberChange::Add(vec![member(ADA)])]);
    assert_eq!(change("remove"), vec![MemberChange::Remove(vec![member(ADA)])]);
    assert_eq!(change("replace"), vec![MemberChange::Replace(vec![member(ADA)])]);
}

#[test]
fn a_remove_of_nothing_and_of_strangers_removes_nobody() {
    for value in [
        json!([]),
        json!([null, ""]),
        json!(""),
        json!({"members": ""}),
        json!("bob"),
        json!([{"value": "42"}]),
    ] {
        assert_eq!(
            changes(json!([{"op": "remove", "path": "members", "value": value}])),
            vec![MemberChange::Remove(vec![])]
        );
    }
}

#[test]
fn a_member_by_url_alone_is_the_one_with_the_id_at_its_end() {
    for value in [
        json!({"$ref": format!("https://x/Users/{ADA}")}),
        json!({"$ref": format!("../Users/{ADA}"), "value": null}),
    ] {
        assert_eq!(
            changes(json!([{"op": "add", "path": "members", "value": [value]}])),
            vec![MemberChange::Add(vec![member(ADA)])]
        );
        assert_eq!(
            changes(json!([{"op": "remove", "path": "members", "value": [value]}])),
            vec![MemberChange::Remove(vec![member(ADA)])]
        );
    }
}

#[test]
fn a_remove_without_values_removes_all() {
    for operation in [
        json!({"op": "Remove", "path": "members"}),
        json!({"op": "remove", "path": "members", "value": null}),
        json!({"op": "remove", "path": "members", "value": {"members": null}}),
    ] {
        assert_eq!(changes(json!([operation])), vec![MemberChange::RemoveAll]);
    }
}

#[test]
fn a_remove_by_filter_removes_what_it_names() {
    let remove = |filter: String| changes(json!([{"op": "remove", "path": format!("members[{filter}]")}]));
    assert_eq!(remove(format!("value eq \"{ADA}\"")), vec![MemberChange::Remove(vec![member(ADA)])]);
    assert_eq!(
        remove(format!("Value Eq \"{ADA}\" or value eq \"{BOB}\"")),
        vec![MemberChange::Remove(vec![member(ADA), member(BOB)])]
    );
    assert_eq!(
        remove(format!(
            "value eq \"{ADA}\" and type eq \"User\" or type eq \"group\" and value eq \"{BOB}\""
        )),
        vec![MemberChange::Remove(vec![
            MemberReference { kind: Some(Kind::User), ..member(ADA) },
            MemberReference { kind: Some(Kind::Group), ..member(BOB) }
        ])]
    );
    assert_eq!(
        remove(format!("value eq \"{ADA}\" and type eq \"Robot\"")),
        vec![MemberChange::Remove(vec![])]
    );
    assert_eq!(remove("value eq \"42\"".to_owned()), vec![MemberChange::Remove(vec![])]);
    assert_eq!(remove("type eq \"user\"".to_owned()), vec![MemberChange::RemoveOfKind(Kind::User)]);
}

#[test]
fn a_remove_by_any_other_filter_is_left_to_the_store() {
    let remove = |filter: &str| changes(json!([{"op": "remove", "path": format!("members[{filter}]")}]));
    for (filter, expected) in [
        ("display sw \"Ada\"", "display sw \"ada\""),
        ("value ne \"A\" and not (type eq \"Group\")", "not (value eq \"A\") and not (type eq \"group\")"),
        ("value pr", "value pr"),
        ("type eq \"User\" or display co \"x\"", "type eq \"user\" or display co \"x\""),
        ("$ref ne \"https://x/Groups/A\"", "not (value eq \"A\" and type eq \"group\")"),
    ] {
        let [MemberChange::RemoveWhere(filter)] = &*remove(filter) else { panic!("{filter}") };
        assert_eq!(filter.to_string(), expected);
    }
}

#[test]
fn a_remove_by_url_is_one_by_the_id_at_its_end() {
    let remove =
        |url: &str| changes(json!([{"op": "remove", "path": format!("members[$ref eq \"{url}\"]")}]));
    let of_user = MemberReference { kind: Some(Kind::User), ..member(ADA) };
    assert_eq!(remove(&format!("https://x/Users/{ADA}")), vec![MemberChange::Remove(vec![of_user])]);
    assert_eq!(remove(ADA), vec![MemberChange::Remove(vec![member(ADA)])]);
}

#[test]
fn okta_removes_and_adds_in_one_request_in_order() {
    assert_eq!(
        changes(json!([
            {"op": "remove", "path": format!("members[value eq \"{ADA}\"]")},
            {"op": "add", "path": "members", "value": [{"value": BOB, "display": "bob@example.com"}]}
        ])),
        vec![MemberChange::Remove(vec![member(ADA)]), MemberChange::Add(vec![member(BOB)])]
    );
}

#[test]
fn a_replace_sets_the_members_with_and_without_path() {
    assert_eq!(
        changes(json!([{"op": "replace", "path": "members", "value": [{"value": ADA}]}])),
        vec![MemberChange::Replace(vec![member(ADA)])]
    );
    assert_eq!(
        changes(json!([{"op": "replace", "path": "members", "value": []}])),
        vec![MemberChange::Replace(vec![])]
    );
    assert_eq!(
        changes(json!([{"op": "replace", "value": {"members": [ADA]}}])),
        vec![MemberChange::Replace(vec![member(ADA)])]
    );
    assert_eq!(changes(json!([{"op": "add", "value": {"members": null}}])), vec![]);
}

#[test]
fn a_rename_with_the_id_in_its_value_changes_no_members() {
    let request = request(json!([{"op": "replace", "value": {"id": ADA, "displayName": "Renamed"}}]));
    assert_eq!(request.member_changes(), []);
    assert!(request.changes_attributes());
    let catalog = plain();
    let group = Resource::parse(groups(&catalog), json!({"displayName": "Analysts"})).unwrap();
    assert_eq!(request.apply(groups(&catalog), group).unwrap().display_name(), Some("Renamed"));
}

#[test]
fn a_change_of_members_alone_changes_no_attributes() {
    assert!(!request(json!([{"op": "Add", "path": "members", "value": [ADA]}])).changes_attributes());
}
