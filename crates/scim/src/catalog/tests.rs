//! Tests of catalogs: which profiles work, and what is wrong with the others.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Value, json};

use super::*;
use crate::{
    fixtures::{CUSTOM, ENTERPRISE, platform},
    schema::Uniqueness,
};

fn refusal(profile: Value) -> String {
    let profile: Profile = serde_json::from_value(profile).unwrap();
    Catalog::new(&profile).unwrap_err().to_string()
}

fn refusal_of_extension(urn: &str, attributes: Value) -> String {
    refusal(json!({"extensions": [{"urn": urn, "resource": "User", "attributes": attributes}]}))
}

fn refusal_of_attribute(attribute: Value) -> String {
    refusal_of_extension("urn:example:x", json!([attribute]))
}

#[test]
fn a_profile_narrows_attributes_and_adds_schemas() {
    let catalog = platform();
    let definition = |path: &str| catalog.user().attribute(path).unwrap().definition().clone();
    assert!(
        definition("name.givenName").required && definition("name").required && definition("emails").required
    );
    assert_eq!(definition("userType").canonical_values, ["Premium", "Standard"]);
    assert!(definition("userType").enforce);
    assert_eq!(definition("emails.value").uniqueness, Uniqueness::Server);
    assert!(definition(&format!("{CUSTOM}:folders")).multi_valued);
    assert!(definition(&format!("{CUSTOM}:key")).case_exact);
}

#[test]
fn a_profile_may_narrow_extensions_and_groups() {
    let catalog = crate::fixtures::catalog(json!({
        "required": [format!("{ENTERPRISE}:department"), "urn:ietf:params:scim:schemas:core:2.0:Group:externalId"],
        "attributes": [{"path": "externalId", "uniqueness": "server"}]
    }));
    assert!(catalog.user().attribute(&format!("{ENTERPRISE}:department")).unwrap().definition().required);
    let group = catalog.resource_type(Kind::Group).unwrap();
    assert!(group.attribute("externalId").unwrap().definition().required);
    assert_eq!(group.attribute("externalId").unwrap().definition().uniqueness, Uniqueness::None);
    assert_eq!(catalog.user().attribute("externalId").unwrap().definition().uniqueness, Uniqueness::Server);
}

#[test]
fn groups_can_be_disabled() {
    let catalog = crate::fixtures::catalog(json!({"groups": "Disabled"}));
    assert_eq!(catalog.resource_type(Kind::Group), None);
    assert_eq!(catalog.resource_types().count(), 1);
}

#[test]
fn paths_that_cannot_be_narrowed_are_refused() {
    insta::assert_snapshot!(refusal(json!({"required": ["shoeSize"]})), @"the path 'shoeSize' names no attribute that the profile has");
    insta::assert_snapshot!(refusal(json!({"required": ["id"]})), @"'id' cannot be narrowed: it is readOnly");
    insta::assert_snapshot!(refusal(json!({"required": [format!("{ENTERPRISE}:manager.displayName")]})), @"'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName' cannot be narrowed: it is readOnly");
    insta::assert_snapshot!(refusal(json!({"required": ["password"]})), @"'password' cannot be narrowed: it is writeOnly");
    insta::assert_snapshot!(refusal(json!({"required": ["urn:ietf:params:scim:schemas:core:2.0:Group:members"]})), @"'urn:ietf:params:scim:schemas:core:2.0:Group:members' cannot be narrowed: members come and go by themselves");
    insta::assert_snapshot!(refusal(json!({"attributes": [{"path": "userType", "enforce": true}]})), @"'userType' cannot be narrowed: enforce needs canonicalValues");
    insta::assert_snapshot!(refusal(json!({"attributes": [{"path": "active", "canonicalValues": ["x"]}]})), @"'active' cannot be narrowed: only strings have canonicalValues");
    insta::assert_snapshot!(refusal(json!({"attributes": [{"path": "emails", "uniqueness": "server"}]})), @"'emails' cannot be narrowed: complex and boolean attributes cannot be unique: name a sub-attribute such as emails.value");
    insta::assert_snapshot!(refusal(json!({"attributes": [{"path": "userName", "uniqueness": "none"}]})), @"'userName' cannot be narrowed: its schema says that it is unique");
    let path = "urn:ietf:params:scim:schemas:core:2.0:Group:externalId";
    insta::assert_snapshot!(refusal(json!({"attributes": [{"path": path, "uniqueness": "server"}]})), @"'urn:ietf:params:scim:schemas:core:2.0:Group:externalId' cannot be narrowed: only attributes of User can be unique");
}

#[test]
fn urns_that_cannot_be_used_are_refused() {
    insta::assert_snapshot!(refusal_of_extension("Metadata", json!([])), @"the extension 'Metadata' cannot be used: it is not a URN such as urn:ietf:params:scim:schemas:extension:2.0:Name");
    insta::assert_snapshot!(refusal_of_extension("urn:example: x", json!([])), @"the extension 'urn:example: x' cannot be used: it is not a URN such as urn:ietf:params:scim:schemas:extension:2.0:Name");
    insta::assert_snapshot!(refusal_of_extension(&ENTERPRISE.to_uppercase(), json!([])), @"the extension 'URN:IETF:PARAMS:SCIM:SCHEMAS:EXTENSION:ENTERPRISE:2.0:USER' cannot be used: another schema has this URN");
    insta::assert_snapshot!(refusal_of_extension("urn:ietf:params:scim:schemas:core:2.0", json!([])), @"the extension 'urn:ietf:params:scim:schemas:core:2.0' cannot be used: 'urn:ietf:params:scim:schemas:core:2.0:User' and it begin alike, so that paths would be ambiguous");
    insta::assert_snapshot!(refusal_of_extension("urn:ietf:params:SCIM:api:messages:2.0:Metadata", json!([])), @"the extension 'urn:ietf:params:SCIM:api:messages:2.0:Metadata' cannot be used: 'urn:ietf:params:scim:api:' begins the names of messages, such as ListResponse");
    let twice = json!({"urn": "urn:example:x", "resource": "User"});
    insta::assert_snapshot!(refusal(json!({"extensions": [twice, twice]})), @"the extension 'urn:example:x' cannot be used: another schema has this URN");
}

#[test]
fn attributes_that_cannot_be_used_are_refused() {
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "shoe size"})), @"the attribute 'shoe size' of 'urn:example:x' cannot be used: a name is a letter, then letters, digits, '-' and '_', or $ref");
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "a", "type": "complex"})), @"the attribute 'a' of 'urn:example:x' cannot be used: a complex attribute needs subAttributes");
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "a", "subAttributes": [{"name": "b"}]})), @"the attribute 'a' of 'urn:example:x' cannot be used: only a complex attribute has subAttributes");
    let nested = json!({"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]});
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "a", "type": "complex", "subAttributes": [nested]})), @"the attribute 'a.b' of 'urn:example:x' cannot be used: a sub-attribute cannot be complex");
    let twice = json!([{"name": "b"}, {"name": "B"}]);
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "a", "type": "complex", "subAttributes": twice})), @"the attribute 'a.B' of 'urn:example:x' cannot be used: it is defined twice");
    insta::assert_snapshot!(refusal_of_extension("urn:example:x", twice), @"the attribute 'B' of 'urn:example:x' cannot be used: it is defined twice");
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "a", "mutability": "writeOnly"})), @"the attribute 'a' of 'urn:example:x' cannot be used: writeOnly is not supported, since nothing could read it");
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "a", "mutability": "readOnly"})), @"the attribute 'a' of 'urn:example:x' cannot be used: readOnly is not supported, since nothing could write it");
    insta::assert_snapshot!(refusal_of_attribute(json!({"name": "a", "enforce": true})), @"the attribute 'a' of 'urn:example:x' cannot be used: enforce needs canonicalValues");
    let group = json!({"urn": "urn:example:x", "resource": "Group", "attributes": [{"name": "a", "uniqueness": "server"}]});
    insta::assert_snapshot!(refusal(json!({"extensions": [group]})), @"the attribute 'a' of 'urn:example:x' cannot be used: only attributes of User can be unique");
}
