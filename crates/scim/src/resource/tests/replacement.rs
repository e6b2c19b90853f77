//! What a PUT leaves as it is.

use serde_json::{Value, json};

use crate::{
    Resource,
    fixtures::{CUSTOM, catalog, line, platform, user, users},
};

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
