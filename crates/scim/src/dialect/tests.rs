//! What each identity provider sends, as far as public sources say, and what becomes of it. What Entra sends in a PATCH
//! is in `crate::patch`'s tests.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Value, json};

use crate::{
    Catalog, GroupBody, MemberChange, MemberReference, PatchRequest, Resource,
    fixtures::{CUSTOM, ENTERPRISE, catalog, groups, line, patched, plain, platform, user, users},
};

const ADA: &str = "26118915-6090-4610-87e4-49d8ca9f808d";
const BOB: &str = "902c246b-6245-4190-8e05-00816be7344a";

fn user_of(catalog: &Catalog, body: Value) -> Value {
    Value::Object(Resource::parse(users(catalog), body).unwrap().into_document())
}

fn group_of(body: Value) -> GroupBody {
    GroupBody::parse(groups(&plain()), body).unwrap()
}

fn group_patch(operations: Value) -> PatchRequest {
    PatchRequest::parse(groups(&plain()), json!({"Operations": operations})).unwrap()
}

fn member(id: &str) -> MemberReference {
    MemberReference { id: id.parse().unwrap(), kind: None }
}

#[test]
fn entra_creates_a_user_with_meta_empty_roles_and_nulls_for_what_nobody_knows() {
    let said = user_of(
        &plain(),
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "UserName": "ada@example.com",
            "active": true,
            "department": null,
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Ada Lovelace", "givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"Primary": true, "type": "work", "value": "ada@example.com"}],
            "roles": []
        }),
    );
    insta::assert_json_snapshot!(said, @r#"
    {
      "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
      "userName": "ada@example.com",
      "active": true,
      "name": {
        "formatted": "Ada Lovelace",
        "givenName": "Ada",
        "familyName": "Lovelace"
      },
      "emails": [
        {
          "primary": true,
          "type": "work",
          "value": "ada@example.com"
        }
      ]
    }
    "#);
}

#[test]
fn entra_creates_a_group_with_a_schema_of_its_own() {
    let group = group_of(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group",
                    "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Analysts",
        "meta": {"resourceType": "Group"}
    }));
    assert_eq!(group.resource.display_name(), Some("Analysts"));
    assert_eq!(group.members, None);
}

#[test]
fn okta_puts_a_whole_user_back_with_what_is_read_only_and_what_is_empty() {
    let body = |active: bool| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": ADA,
            "userName": "ada@example.com",
            "name": {"givenName": "Ada", "middleName": "", "familyName": "Lovelace"},
            "emails": [{"primary": true, "value": "ada@example.com", "type": "work", "display": "ada@example.com"}],
            "phoneNumbers": [{"primary": true, "type": "work", "value": null}],
            "nickName": null,
            "locale": "",
            "password": "1mz050nq",
            "groups": [{"value": BOB, "display": "Analysts"}],
            "active": active,
            "meta": {"resourceType": "User", "location": "https://x/Users/1", "version": "W/\"7\""}
        })
    };
    let before = Resource::parse(users(&plain()), body(true)).unwrap();
    let after = before.replaced_by(users(&plain()), Resource::parse(users(&plain()), body(false)).unwrap());
    insta::assert_json_snapshot!(after.unwrap().document(), @r#"
    {
      "userName": "ada@example.com",
      "name": {
        "givenName": "Ada",
        "familyName": "Lovelace"
      },
      "emails": [
        {
          "primary": true,
          "value": "ada@example.com",
          "type": "work",
          "display": "ada@example.com"
        }
      ],
      "active": false
    }
    "#);
}

#[test]
fn okta_disables_a_user_and_sets_a_password_without_path() {
    let before = user(json!({}));
    let after = patched(&before, json!([{"op": "replace", "value": {"active": false}}])).unwrap();
    assert!(!after.is_active());
    let after = patched(&before, json!([{"op": "replace", "value": {"password": "t1meMa$heen"}}])).unwrap();
    assert_eq!(after, before);
}

#[test]
fn okta_renames_and_empties_a_group_without_path() {
    let value =
        json!({"id": BOB, "displayName": "Analysts", "urn:okta:custom:group:1.0": {"description": "x"}});
    let request = group_patch(json!([{"op": "replace", "value": value}]));
    assert_eq!(request.member_changes(), []);
    let before = group_of(json!({"displayName": "Staff"})).resource;
    assert_eq!(request.apply(groups(&plain()), before).unwrap().display_name(), Some("Analysts"));
    let request = group_patch(json!([{"op": "replace", "value": {"members": []}}]));
    assert_eq!(request.member_changes(), [MemberChange::Replace(vec![])]);
}

#[test]
fn okta_puts_a_whole_group() {
    let group = group_of(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": BOB,
        "displayName": "Analysts",
        "members": [{"value": ADA, "display": "ada@example.com", "$ref": null, "type": null}],
        "meta": {"resourceType": "Group"}
    }));
    assert_eq!(group.members, Some(vec![member(ADA)]));
}

#[test]
fn onelogin_fills_its_template_with_texts_under_urns_of_scim_1() {
    for urn in ["urn:scim:schemas:extension:enterprise:1.0", "urn:scim:schemas:extension:enterprise:2.0"] {
        let said = user_of(
            &platform(),
            json!({
                "schemas": ["urn:scim:schemas:core:1.0", "urn:scim:schemas:core:2.0", urn],
                "id": null,
                "userName": "ada@example.com",
                "name": {"familyName": "Lovelace", "givenName": "Ada", "formatted": "Ada Lovelace"},
                "emails": {"value": "ada@example.com", "type": "work", "primary": "true"},
                "title": "",
                "active": "true",
                urn: {"department": "Analysis", "manager": {"managerId": "42", "displayName": "Babbage"}},
                CUSTOM: {"badge": "7"}
            }),
        );
        assert_eq!(said["active"], true);
        assert_eq!(said["emails"], json!([{"value": "ada@example.com", "type": "work", "primary": true}]));
        assert_eq!(said[ENTERPRISE], json!({"department": "Analysis", "manager": {"value": "42"}}));
        assert_eq!(said[CUSTOM], json!({"badge": 7}));
        let operation = json!([{"op": "replace", "path": format!("{urn}:department"), "value": "Engines"}]);
        let after = patched(&user(json!({})), operation).unwrap();
        assert_eq!(after.document()[ENTERPRISE], json!({"department": "Engines"}));
    }
}

#[test]
fn an_old_urn_that_a_profile_has_given_to_a_schema_is_that_schema() {
    let urn = "urn:scim:schemas:extension:enterprise:1.0";
    let profile = json!({"extensions": [{"urn": urn, "resource": "User", "attributes": [{"name": "team"}]}]});
    let said = user_of(&catalog(profile), json!({"userName": "ada", format!("{urn}:team"): "x"}));
    assert_eq!(said[urn], json!({"team": "x"}));
}

#[test]
fn google_names_the_core_schema_of_scim_1_too() {
    let body = json!({
        "schemas": ["urn:scim:schemas:core:1.0", "urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada@example.com",
        "emails": [{"primary": true, "value": "ada@example.com", "type": "work"}],
        "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "active": true
    });
    assert_eq!(user_of(&plain(), body)["displayName"], "Ada Lovelace");
}

#[test]
fn authentik_patches_with_the_whole_group_and_one_operation_for_each_member() {
    let whole = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": BOB, "externalId": "42",
        "displayName": "Analysts", "meta": null
    });
    let request = group_patch(json!([{"op": "replace", "path": null, "value": whole}]));
    assert_eq!(request.member_changes(), []);
    let before = group_of(json!({"displayName": "Staff"})).resource;
    assert_eq!(request.apply(groups(&plain()), before).unwrap().external_id(), Some("42"));
    let request = group_patch(json!([
        {"op": "add", "path": "members", "value": [{"value": ADA}]},
        {"op": "remove", "path": "members", "value": [{"value": BOB}]}
    ]));
    assert_eq!(
        request.member_changes(),
        [MemberChange::Add(vec![member(ADA)]), MemberChange::Remove(vec![member(BOB)])]
    );
}

#[test]
fn keycloak_puts_members_by_relative_urls() {
    let members = json!([{"value": ADA, "$ref": format!("Users/{ADA}"), "display": "ada"}]);
    let group = group_of(json!({"displayName": "Analysts", "externalId": "42", "members": members}));
    assert_eq!(group.members, Some(vec![member(ADA)]));
}

#[test]
fn keycloak_writes_the_value_without_path_as_a_text() {
    let text = json!({"schemas": [], "displayName": "Analysts"}).to_string();
    let request = group_patch(json!([{"op": "replace", "value": text}]));
    let before = group_of(json!({"displayName": "Staff"})).resource;
    assert_eq!(request.apply(groups(&plain()), before).unwrap().display_name(), Some("Analysts"));
    for text in ["x", "{\"title\": \"a\", \"Title\": \"b\"}", "{\"title\": ", "[1]"] {
        let error = patched(&user(json!({})), json!([{"op": "replace", "value": text}])).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(line(&error), @"400 invalidSyntax: Operations[0]: an operation without 'path' needs an object of attributes as 'value'");
        }
    }
}

#[test]
fn unknown_attributes_with_a_value_are_refused_whoever_sends_them() {
    for name in ["shoeSize", "urn:okta:custom:user:1.0", "urn:scim:schemas:extension:custom:1.0"] {
        let body = json!({"userName": "ada", name: {"x": "y"}});
        let error = Resource::parse(users(&plain()), body).unwrap_err();
        assert!(error.status == 400 && error.detail.contains(name), "{error}");
    }
}
