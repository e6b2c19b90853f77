//! Tests of resources: what a body becomes, and what is refused how.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fixtures::{
    CUSTOM, ENTERPRISE, METADATA, catalog, groups, line, passes, plain, platform, user, user_body, users,
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
    let said = user(json!({METADATA: {"Größe": "EMEA"}, format!("{METADATA}:GRÖSSE"): "APAC"}));
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
fn what_does_not_fit_is_refused_by_name() {
    insta::assert_snapshot!(refusal(json!([])), @"400 invalidSyntax: the body must be a JSON object with the attributes of a User");
    insta::assert_snapshot!(refusal_of(json!({"shoeSize": 42})), @"400 invalidSyntax: User has no attribute 'shoeSize': /Schemas lists the attributes there are");
    insta::assert_snapshot!(refusal_of(json!({"name": {"middle": "x", "givenName": "a", "familyName": "b"}})), @"400 invalidSyntax: name has no sub-attribute 'middle': it has formatted, familyName, givenName, middleName, honorificPrefix, honorificSuffix");
    insta::assert_snapshot!(refusal_of(json!({"emails": [{"value": "x", "kind": "x"}]})), @"400 invalidSyntax: emails has no sub-attribute 'kind': it has value, display, type, primary");
    insta::assert_snapshot!(refusal_of(json!({"urn:example:none": {"a": 1}})), @"400 invalidSyntax: User has no schema for 'urn:example:none': its schemas are urn:ietf:params:scim:schemas:core:2.0:User, urn:ietf:params:scim:schemas:extension:enterprise:2.0:User, urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName, urn:ietf:params:scim:schemas:extension:2.0:Metadata");
    insta::assert_snapshot!(refusal_of(json!({ENTERPRISE: "x"})), @"400 invalidSyntax: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User must be an object of its attributes");
    insta::assert_snapshot!(refusal_of(json!({ENTERPRISE: {"team": "x"}})), @"400 invalidSyntax: User has no attribute 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:team': /Schemas lists the attributes there are");
    insta::assert_snapshot!(refusal_of(json!({"title": 5})), @"400 invalidValue: title must be a string, not 5");
    insta::assert_snapshot!(refusal_of(json!({"title": ["a", "b"]})), @"400 invalidValue: title must be a string, not a list");
    insta::assert_snapshot!(refusal_of(json!({"active": "maybe"})), @"400 invalidValue: active must be true or false, not 'maybe'");
    insta::assert_snapshot!(refusal_of(json!({"active": 1})), @"400 invalidValue: active must be true or false, not 1");
    insta::assert_snapshot!(refusal_of(json!({"name": "Ada"})), @"400 invalidValue: name must be an object of sub-attributes, not 'Ada'");
    insta::assert_snapshot!(refusal_of(json!({"emails": [5]})), @"400 invalidValue: emails must be an object of sub-attributes, not 5");
    insta::assert_snapshot!(refusal_of(json!({"addresses": ["Main Street"]})), @"400 invalidValue: addresses must be an object of sub-attributes, not 'Main Street'");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"badge": 4.5}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:badge must be a number without fraction, not 4.5");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"ratio": "4"}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:ratio must be a number, not '4'");
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"hired": "2026-01-31"}})), @r#"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:hired must be a date-time such as "2026-01-31T08:00:00Z", not '2026-01-31'"#);
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"key": "not base64!"}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:key must be a string in base64, not 'not base64!'");
    insta::assert_snapshot!(refusal_of(json!({"title": "a\u{0}b"})), @"400 invalidValue: title holds the character U+0000: leave it out");
}

#[test]
fn several_primaries_are_refused() {
    let emails = json!([{"value": "a", "primary": true}, {"value": "b", "primary": "True"}]);
    insta::assert_snapshot!(refusal_of(json!({"emails": emails})), @"400 invalidValue: emails has several primary values: leave primary true on one");
}

#[test]
fn enforced_values_are_exact() {
    assert_eq!(document(json!({"userType": "Premium"}))["userType"], "Premium");
    insta::assert_snapshot!(refusal_of(json!({"userType": "premium"})), @"400 invalidValue: userType must be exactly one of Premium, Standard, not 'premium'");
}

#[test]
fn what_is_required_must_be_there() {
    insta::assert_snapshot!(refusal(json!({})), @"400 invalidValue: userName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"userName": ""})), @"400 invalidValue: userName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"name": {"givenName": "Ada"}})), @"400 invalidValue: name.familyName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"name": null})), @"400 invalidValue: name.familyName is required: give it a value");
    insta::assert_snapshot!(refusal_of(json!({"emails": []})), @"400 invalidValue: emails is required: give it a value");
    let catalog = plain();
    insta::assert_snapshot!(line(&Resource::parse(groups(&catalog), json!({"externalId": "x"})).unwrap_err()), @"400 invalidValue: displayName is required: give it a value");
}

#[test]
fn what_is_too_large_is_refused() {
    insta::assert_snapshot!(refusal_of(json!({"userName": "x".repeat(1025)})), @"400 invalidValue: userName is longer than 1024 characters: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"externalId": "ä".repeat(1025)})), @"400 invalidValue: externalId is longer than 1024 characters: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"emails": [{"value": "x".repeat(1025)}]})), @"400 invalidValue: emails.value is longer than 1024 characters: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"title": "x".repeat(64 * 1024 + 1)})), @"400 invalidValue: title is longer than 65536 bytes: shorten it");
    insta::assert_snapshot!(refusal_of(json!({"roles": vec!["x"; 251]})), @"400 invalidValue: roles has more than 250 values: send fewer");
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"x".repeat(257): 1}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… is a name of more than 256 characters: shorten it");
    let nested = (0..17).fold(json!(1), |inner, _| json!([inner]));
    insta::assert_snapshot!(refusal_of(json!({"title": nested})), @"400 invalidSyntax: the body has more than 16 levels of lists and objects");
    let many: Vec<_> =
        (0..17).map(|number| json!(format!("{number}{}", "x".repeat(64 * 1024 - 2)))).collect();
    insta::assert_snapshot!(refusal_of(json!({CUSTOM: {"folders": many}})), @"400 invalidValue: the resource would be larger than 1048576 bytes: shorten its values");
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
    insta::assert_snapshot!(refusal(json!([{"value": "42"}])), @"400 invalidValue: members.value '42' is not the id of a user or group here");
    insta::assert_snapshot!(refusal(json!([{"display": "Ada"}])), @r#"400 invalidValue: members holds an object without the string 'value': write {"value": "<id>"}"#);
    insta::assert_snapshot!(refusal(json!([5])), @r#"400 invalidValue: members holds neither a string nor an object: write {"value": "<id>"}"#);
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
      "externalId": "X-1",
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
fn attributes_that_a_profile_no_longer_has_are_kept_but_not_compared() {
    let user = user(json!({CUSTOM: {"folders": ["a"]}}));
    let catalog = plain();
    let comparable = user.comparable(users(&catalog));
    assert_eq!(comparable.get(CUSTOM), None);
    assert!(user.document().contains_key(CUSTOM));
}

#[test]
fn a_put_cannot_change_what_is_immutable() {
    let catalog = platform();
    let old = user(json!({CUSTOM: {"origin": "Entra"}}));
    let put = |attributes: Value| old.replaced_by(users(&catalog), user(attributes));
    assert!(put(json!({CUSTOM: {"origin": "Entra", "badge": 1}})).is_ok());
    insta::assert_snapshot!(line(&put(json!({CUSTOM: {"origin": "Okta"}})).unwrap_err()), @"400 mutability: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:origin is immutable and has a value: leave it as it is");
    assert!(user(json!({})).replaced_by(users(&catalog), old).is_ok());
}

#[test]
fn a_put_that_is_silent_on_what_is_immutable_leaves_it() {
    let old = user(json!({CUSTOM: {"origin": "Entra", "badge": 1}}));
    for body in [json!({}), json!({CUSTOM: {"origin": null}})] {
        let new = old.replaced_by(users(&platform()), user(body)).unwrap();
        assert_eq!(new.document().get(CUSTOM), Some(&json!({"origin": "Entra"})));
    }
}

#[test]
fn a_put_that_is_silent_on_an_immutable_part_leaves_that() {
    let catalog = catalog(json!({"extensions": [{"urn": CUSTOM, "resource": "User", "attributes": [
        {"name": "desk", "type": "complex", "subAttributes": [
            {"name": "building", "mutability": "immutable"}, {"name": "floor"}
        ]}
    ]}]}));
    let user = |desk: Value| {
        Resource::parse(users(&catalog), json!({"userName": "ada", CUSTOM: {"desk": desk}})).unwrap()
    };
    let old = user(json!({"building": "A", "floor": "1"}));
    let put = |desk: Value| old.replaced_by(users(&catalog), user(desk));
    let desk = |new: Resource| new.document().get(CUSTOM).cloned();
    assert_eq!(
        desk(put(json!({"floor": "2"})).unwrap()),
        Some(json!({"desk": {"floor": "2", "building": "A"}}))
    );
    assert_eq!(desk(put(json!(null)).unwrap()), Some(json!({"desk": {"building": "A"}})));
    insta::assert_snapshot!(line(&put(json!({"building": "B"})).unwrap_err()), @"400 mutability: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:desk.building is immutable and has a value: leave it as it is");
}

#[test]
fn a_put_that_is_silent_on_active_leaves_it() {
    let put =
        |old: &Resource, attributes: Value| old.replaced_by(users(&platform()), user(attributes)).unwrap();
    let disabled = user(json!({"active": false}));
    assert!(!put(&disabled, json!({})).is_active());
    assert!(!put(&disabled, json!({"active": null})).is_active());
    assert!(put(&disabled, json!({"active": true})).is_active());
    assert!(put(&user(json!({})), json!({})).is_active());
    assert!(!put(&user(json!({})), json!({"active": false})).is_active());
    let unsaid = Resource::from_stored(
        disabled
            .document()
            .iter()
            .filter(|(name, _)| *name != "active")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    );
    assert!(!put(&unsaid, json!({})).document().contains_key("active"));
}

#[test]
fn names_that_differ_in_case_alone_are_refused() {
    insta::assert_snapshot!(refusal_of(json!({"USERNAME": "b"})), @"400 invalidSyntax: 'userName' and 'USERNAME' are the same name: send one of them");
    insta::assert_snapshot!(refusal_of(json!({"name": {"familyName": "a", "FamilyName": "b"}})), @"400 invalidSyntax: 'familyName' and 'FamilyName' are the same name: send one of them");
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"größe": "1", "GRÖSSE": "2"}})), @"400 invalidSyntax: 'größe' and 'GRÖSSE' are the same name: send one of them");
    let (small, large) = ("a".repeat(50), "A".repeat(50));
    insta::assert_snapshot!(refusal_of(json!({small: 1, large: 2})), @"400 invalidSyntax: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' and 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA…' are the same name: send one of them");
}

#[test]
fn a_name_that_no_path_can_hold_is_refused() {
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"shoe[size]": "42"}})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:shoe[size] is no name that a path can hold: leave out brackets, quotes and control characters");
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"a\"": "x"}})), @r#"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:a\" is no name that a path can hold: leave out brackets, quotes and control characters"#);
    insta::assert_snapshot!(refusal_of(json!({METADATA: {"a\n": "x"}})), @r"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:a\n is no name that a path can hold: leave out brackets, quotes and control characters");
    insta::assert_snapshot!(refusal_of(json!({format!("{METADATA}:b]"): "x"})), @"400 invalidValue: urn:ietf:params:scim:schemas:extension:2.0:Metadata:b] is no name that a path can hold: leave out brackets, quotes and control characters");
    assert_eq!(document(json!({METADATA: {"a[": null}})), document(json!({})));
}

#[test]
fn a_key_fits_into_an_index() {
    let wide = "\u{20000}";
    assert!(Resource::parse(users(&platform()), user_body(json!({"userName": wide.repeat(500)}))).is_ok());
    for (name, attributes) in [
        ("userName", json!({"userName": wide.repeat(501)})),
        ("externalId", json!({"externalId": wide.repeat(501)})),
    ] {
        assert_eq!(
            refusal_of(attributes),
            format!("400 invalidValue: {name} is longer than 2000 bytes in UTF-8: shorten it")
        );
    }
    let catalog = plain();
    insta::assert_snapshot!(line(&Resource::parse(groups(&catalog), json!({"displayName": wide.repeat(501)})).unwrap_err()), @"400 invalidValue: displayName is longer than 2000 bytes in UTF-8: shorten it");
    // Folding makes three of U+0390, and so six bytes of two.
    let grows = "\u{390}".repeat(400);
    insta::assert_snapshot!(refusal_of(json!({"userName": grows})), @"400 invalidValue: userName is longer than 2000 bytes in UTF-8: shorten it");
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
        "location": "https://scim.example.com/ns/acme/scim/v2/Users/26118915-6090-4610-87e4-49d8ca9f808d"
      }
    }
    "#);
}

/// JSON of the kind that clients send, and worse.
fn bodies() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "userName",
        "Active",
        "name",
        "givenName",
        "emails",
        "value",
        "type",
        "primary",
        "members",
        "groups",
        "manager",
        "$ref",
        "roles",
        "schemas",
        "id",
        "meta",
        "addresses",
        "name.givenName",
        "emails[type eq \"work\"].value",
        "x",
        "[",
        "",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:2.0:Metadata",
        "urn:ietf:params:scim:schemas:extension:2.0:Metadata:k",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName",
        "folders",
        "desks",
        "urn:",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(True|x|\\{\"value\":\"a\"\\}|.{0,3})".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|parts| Value::Object(
                parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    });
    tree.prop_map(|tree| match tree {
        Value::Object(_) => user_body(tree),
        other => other,
    })
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic_and_what_is_read_is_read_again_the_same(body in bodies()) {
        let catalog = platform();
        let _ = GroupBody::parse(groups(&catalog), body.clone());
        if let Ok(resource) = Resource::parse(users(&catalog), body) {
            let again = Resource::parse(users(&catalog), Value::Object(resource.document().clone()));
            prop_assert_eq!(again.as_ref(), Ok(&resource));
        }
    }
}
