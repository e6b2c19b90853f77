//! Tests of resources: what a body becomes, what is refused how, and what becomes of stored documents.

mod characteristics;
mod properties;
mod refusals;
mod replacement;
mod stored;

use serde_json::{Value, json};

use super::*;
use crate::fixtures::{
    CUSTOM, ENTERPRISE, METADATA, groups, line, passes, plain, platform, user, user_body, users,
};

fn document(attributes: Value) -> Value {
    Value::Object(user(attributes).into_document())
}

fn refusal(body: Value) -> String {
    line(&Resource::parse(users(&platform()), body).unwrap_err())
}

fn refusal_of(attributes: Value) -> String {
    refusal(user_body(attributes))
}

#[test]
fn a_body_keeps_its_values_and_gets_canonical_names() {
    let body = json!({
        "SCHEMAS": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "UserName": "Ada@Example.com",
        "NAME": {"GivenName": "Ada", "familyname": "Lovelace"},
        "Emails": [{"Value": "Ada@Example.com", "Type": "Work", "Primary": true}],
        "Active": false
    });
    let resource = Resource::parse(users(&platform()), body).unwrap();
    insta::assert_json_snapshot!(resource.document(), @r#"
    {
      "userName": "Ada@Example.com",
      "name": {
        "givenName": "Ada",
        "familyName": "Lovelace"
      },
      "emails": [
        {
          "value": "Ada@Example.com",
          "type": "Work",
          "primary": true
        }
      ],
      "active": false
    }
    "#);
    assert_eq!(resource.user_name(), Some("Ada@Example.com"));
    assert!(!resource.is_active());
}

#[test]
fn a_user_is_active_unless_the_body_says_otherwise() {
    assert!(user(json!({})).is_active());
    assert!(user(json!({"active": null})).is_active());
    assert!(!user(json!({"active": "False"})).is_active());
    assert!(!Resource::default().is_active());
}

#[test]
fn nulls_empty_strings_and_empty_lists_are_no_values() {
    let said = document(json!({
        "title": null, "nickName": "", "roles": [], "photos": [null, ""], "addresses": [{"country": null}],
        "phoneNumbers": [{"type": "work", "value": ""}, {"type": "mobile", "value": "2"}],
        "department": null, "noSuchThing": [{"deep": {"er": ""}}],
        ENTERPRISE: {"manager": {"value": ""}, "department": ""}
    }));
    assert_eq!(said, document(json!({"phoneNumbers": [{"type": "mobile", "value": "2"}]})));
}

#[test]
fn what_is_read_only_is_ignored() {
    let said = document(json!({
        "id": "x", "meta": {"created": "never", "version": 4}, "groups": [{"value": "x"}],
        "urn:ietf:params:scim:schemas:core:2.0:User:id": "x"
    }));
    assert_eq!(said, document(json!({})));
}

#[test]
fn a_password_is_accepted_and_discarded() {
    assert_eq!(document(json!({"password": "t1meMa$heen"})), document(json!({})));
    insta::assert_snapshot!(refusal_of(json!({"password": 5})), @"400 invalidValue: password must be a string, not 5");
}

#[test]
fn extensions_may_be_nested_flat_and_without_their_urn_in_schemas() {
    let nested = document(
        json!({ENTERPRISE: {"Department": "R&D", "manager": "42"}, CUSTOM: {"folders": ["a", "b"]}}),
    );
    let flat = document(json!({
        format!("{ENTERPRISE}:department"): "R&D", format!("{ENTERPRISE}:manager.value"): "42",
        format!("{}:folders", CUSTOM.to_lowercase()): ["a", "b"]
    }));
    assert_eq!(nested, flat);
    assert_eq!(nested.pointer(&format!("/{ENTERPRISE}/manager/value")), Some(&json!("42")));
}

#[test]
fn core_attributes_may_stand_under_their_urn() {
    let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
    assert_eq!(document(json!({urn: {"title": "Countess"}})), document(json!({"title": "Countess"})));
    assert_eq!(document(json!({format!("{urn}:name.middleName"): "K"}))["name"]["middleName"], "K");
}

#[test]
fn additional_attributes_are_kept_as_strings_whatever_arrives() {
    let said = user(json!({METADATA: {
        "region": "EMEA", "shoe.size": 42, "remote": true, "Ratio": 0.5, "list": ["a", "b"], "object": {"a": 1},
        "wrapped": [{"$ref": null, "value": "x"}], "single": ["y"], "none": null, "with space": "z"
    }}));
    insta::assert_json_snapshot!(said.document().get(METADATA), @r#"
    {
      "region": "EMEA",
      "shoe.size": "42",
      "remote": "true",
      "Ratio": "0.5",
      "list": "[\"a\",\"b\"]",
      "object": "{\"a\":1}",
      "wrapped": "x",
      "single": "y",
      "with space": "z"
    }
    "#);
}

#[test]
fn the_name_of_an_additional_attribute_is_the_same_in_any_case() {
    let said = user(json!({METADATA: {"Größe": "APAC"}, format!("{METADATA}:GRÖSSE"): "APAC"}));
    assert_eq!(said.document().get(METADATA), Some(&json!({"Größe": "APAC"})));
    assert_eq!(said.comparable(users(&platform())).get(METADATA), Some(&json!({"grösse": "apac"})));
    assert!(passes(&said, &format!("{METADATA}:größE eq \"apac\"")));
}

#[test]
fn wrapped_values_are_unwrapped() {
    assert_eq!(document(json!({"title": [{"$ref": null, "value": "x"}]}))["title"], "x");
    assert_eq!(
        document(json!({CUSTOM: {"folders": [{"value": "a"}, "b"]}}))[CUSTOM]["folders"],
        json!(["a", "b"])
    );
    assert_eq!(document(json!({CUSTOM: {"folders": "a"}}))[CUSTOM]["folders"], json!(["a"]));
    assert_eq!(document(json!({"roles": ["Admin"]}))["roles"], json!([{"value": "Admin"}]));
    assert_eq!(document(json!({"roles": {"value": "Admin"}}))["roles"], json!([{"value": "Admin"}]));
}

#[test]
fn a_manager_comes_as_a_string_an_object_a_list_or_a_url() {
    for manager in [
        json!("42"),
        json!({"value": "42"}),
        json!({"value": "42", "displayName": "Babbage", "$ref": "../Users/42"}),
        json!([{"$ref": "https://scim.example.com/Users/42", "value": "42"}]),
        json!([{"$ref": "https://scim.example.com/Users/42"}]),
        json!({"$ref": "https://scim.example.com/Users/42", "value": null}),
        json!({"$ref": "https://scim.example.com/Users/42", "managerId": ""}),
        json!({"managerId": "42"}),
    ] {
        let said = document(json!({ENTERPRISE: {"manager": manager}}));
        assert_eq!(said[ENTERPRISE]["manager"], json!({"value": "42"}));
    }
}

#[test]
fn roles_come_with_entras_names_and_as_json_in_a_string() {
    let said = document(json!({"roles": [
        {"value": "{\"id\":\"06b0\",\"value\":\"Admin\",\"displayName\":\"Administrator\"}"},
        {"id": "06b1", "value": "User", "displayName": "A user", "primary": "True"}
    ]}));
    insta::assert_json_snapshot!(said["roles"], @r#"
    [
      {
        "value": "Admin",
        "display": "Administrator"
      },
      {
        "value": "User",
        "display": "A user",
        "primary": true
      }
    ]
    "#);
}

#[test]
fn what_providers_send_along_is_ignored() {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group",
                    "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
                    "urn:okta:custom:group:1.0"],
        "displayName": "Analysts",
        "urn:okta:custom:group:1.0": {"description": "all of them"},
        "members": []
    });
    let catalog = plain();
    let group = GroupBody::parse(groups(&catalog), body).unwrap();
    assert_eq!(group.resource.document().len(), 1);
    assert_eq!(group.members, Some(vec![]));
}

#[test]
fn numbers_and_booleans_may_be_strings() {
    let said = document(json!({"active": "True", CUSTOM: {"badge": "7", "ratio": "0.5"}}));
    assert_eq!(said["active"], true);
    assert_eq!(said[CUSTOM], json!({"badge": 7, "ratio": 0.5}));
}

#[test]
fn equal_values_are_kept_once() {
    let said = document(json!({
        "emails": [{"value": "Ada@example.com", "type": "work"}, {"value": "ada@example.com", "type": "work", "primary": true},
                   {"value": "ada@example.com", "type": "home"}],
        CUSTOM: {"folders": ["a", "A", "b"]}
    }));
    assert_eq!(
        said["emails"],
        json!([
            {"value": "ada@example.com", "type": "work", "primary": true},
            {"value": "ada@example.com", "type": "home"}
        ])
    );
    assert_eq!(said[CUSTOM]["folders"], json!(["a", "b"]));
}

#[test]
fn members_come_apart_from_the_group() {
    let catalog = plain();
    let id = "26118915-6090-4610-87e4-49d8ca9f808d";
    let body = |members: Value| json!({"displayName": "Analysts", "Members": members});
    let members = |value: Value| GroupBody::parse(groups(&catalog), body(value)).unwrap().members;
    let reference = |kind| MemberReference { id: id.parse().unwrap(), kind };
    assert_eq!(
        members(json!([{"value": id, "display": "Ada", "type": "user"}, id])),
        Some(vec![reference(Some(Kind::User))])
    );
    assert_eq!(members(json!(id)), Some(vec![reference(None)]));
    assert_eq!(members(json!([])), Some(vec![]));
    assert_eq!(members(json!(null)), None);
    assert_eq!(GroupBody::parse(groups(&catalog), json!({"displayName": "x"})).unwrap().members, None);
    let refusal = |value: Value| line(&GroupBody::parse(groups(&catalog), body(value)).unwrap_err());
    insta::assert_snapshot!(refusal(json!([{"value": "42"}])), @"400 invalidValue: members[0].value '42' is not the id of a user or group here");
    insta::assert_snapshot!(refusal(json!([{"display": "Ada"}])), @r#"400 invalidValue: members[0] is an object without the string 'value': write {"value": "<id>"}"#);
    insta::assert_snapshot!(refusal(json!([5])), @r#"400 invalidValue: members[0] is neither a string nor an object: write {"value": "<id>"}"#);
}

#[test]
fn unique_values_are_folded_and_named_once() {
    let user = user(json!({
        "emails": [{"value": "Ada@Example.com", "type": "work"}, {"value": "ADA@example.com", "type": "home"}, {"value": "b"}],
        CUSTOM: {"badge": 7}
    }));
    let values: Vec<_> = user
        .unique_values(users(&platform()))
        .into_iter()
        .map(|value| format!("{} {}", value.path, value.folded))
        .collect();
    insta::assert_snapshot!(values.join("\n"), @r#"
    emails.value ada@example.com
    emails.value b
    urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge 7
    "#);
}

#[test]
fn the_comparable_form_is_folded_and_dated() {
    let user = user(json!({
        "externalId": "X-1", "x509Certificates": [{"value": "AAaa"}],
        ENTERPRISE: {"manager": {"value": "X"}}, CUSTOM: {"hired": "2026-01-31T09:00:00+01:00"}
    }));
    insta::assert_json_snapshot!(user.comparable(users(&platform())), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:user",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user",
        "urn:ietf:params:scim:schemas:extension:2.0:customextensionname"
      ],
      "userName": "ada@example.com",
      "name": {
        "givenName": "ada",
        "familyName": "lovelace"
      },
      "emails": [
        {
          "value": "ada@example.com",
          "type": "work",
          "primary": true
        }
      ],
      "externalId": "X-1",
      "x509Certificates": [
        {
          "value": "AAaa"
        }
      ],
      "active": true,
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "manager": {
          "value": "X"
        }
      },
      "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName": {
        "hired": "2026-01-31T08:00:00.000000000Z"
      },
      "meta": {
        "resourceType": "User"
      }
    }
    "#);
}

#[test]
fn a_date_that_never_comes_is_kept_as_it_was_written() {
    let never = "9999-12-31T23:59:59.999999999Z";
    let user = user(json!({CUSTOM: {"hired": never}}));
    assert_eq!(user.document().get(CUSTOM), Some(&json!({"hired": never})));
    for (filter, holds) in [("eq", true), ("ge", true), ("gt", false)] {
        assert_eq!(passes(&user, &format!("{CUSTOM}:hired {filter} \"{never}\"")), holds, "{filter}");
    }
    assert!(passes(&user, &format!("{CUSTOM}:hired gt \"2026-01-31T08:00:00Z\"")));
}

#[test]
fn an_answer_has_schemas_id_and_meta_in_the_schemas_order() {
    let identity = Identity {
        id: "26118915-6090-4610-87e4-49d8ca9f808d".parse().unwrap(),
        created: "2026-01-31T08:00:00Z".parse().unwrap(),
        last_modified: "2026-01-31T08:00:00.123456Z".parse().unwrap(),
        tag: crate::EntityTag::new(crate::Version::new(7), None),
    };
    let user = user(json!({"externalId": "x", ENTERPRISE: {"department": "R&D"}}));
    let shown = users(&platform()).represent(&user, &identity, "https://scim.example.com/ns/acme/scim/v2");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
      ],
      "id": "26118915-6090-4610-87e4-49d8ca9f808d",
      "externalId": "x",
      "userName": "Ada@Example.com",
      "name": {
        "givenName": "Ada",
        "familyName": "Lovelace"
      },
      "active": true,
      "emails": [
        {
          "value": "Ada@Example.com",
          "type": "work",
          "primary": true
        }
      ],
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "department": "R&D"
      },
      "meta": {
        "resourceType": "User",
        "created": "2026-01-31T08:00:00Z",
        "lastModified": "2026-01-31T08:00:00.123456Z",
        "location": "https://scim.example.com/ns/acme/scim/v2/Users/26118915-6090-4610-87e4-49d8ca9f808d",
        "version": "W/\"7\""
      }
    }
    "#);
}
