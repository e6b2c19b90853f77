//! Documents that were stored under another profile: shown as far as they fit, and never lost by a write of something else.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Map, Value, json};

use crate::{
    Catalog, EntityTag, PatchRequest, Projection, Resource, Version,
    fixtures::{CUSTOM, METADATA, catalog, line, plain, user, users},
    resource::Identity,
};

/// A profile whose extension has these attributes.
fn with(attributes: Value) -> Catalog {
    catalog(json!({"extensions": [{"urn": CUSTOM, "resource": "User", "attributes": attributes}]}))
}

/// A user with these attributes of the extension, as they were stored once.
fn stored(custom: Value) -> Resource {
    let document = json!({"userName": "ada", "active": true, "dropped": {"deep": [1]}, CUSTOM: custom});
    Resource::from_stored(serde_json::from_value(document).unwrap())
}

/// What an answer holds.
fn shown(catalog: &Catalog, resource: &Resource) -> Map<String, Value> {
    let identity = Identity {
        id: uuid::Uuid::from_u128(1),
        created: "2026-01-31T08:00:00Z".parse().unwrap(),
        last_modified: "2026-01-31T08:00:00Z".parse().unwrap(),
        tag: EntityTag::new(Version::new(1), None),
    };
    let mut shown = users(catalog).represent(resource, &identity, "https://scim.example.com");
    Projection::default().apply(users(catalog), &mut shown);
    shown
}

fn patched(catalog: &Catalog, resource: &Resource, operation: Value) -> Result<Resource, crate::Error> {
    let request = PatchRequest::parse(users(catalog), json!({"Operations": [operation]}))?;
    request.apply(users(catalog), resource.clone())
}

fn disabled(catalog: &Catalog, resource: &Resource) -> Resource {
    let disabled = patched(catalog, resource, json!({"op": "replace", "path": "active", "value": false}));
    disabled.unwrap()
}

#[test]
fn attributes_that_a_profile_no_longer_has_are_kept_but_neither_shown_nor_compared() {
    let user = user(json!({CUSTOM: {"folders": ["a"]}, METADATA: {"region": "EMEA"}}));
    let catalog = plain();
    assert_eq!(user.comparable(users(&catalog)).get(CUSTOM), None);
    let shown = shown(&catalog, &user);
    assert_eq!((shown.get(CUSTOM), shown.get(METADATA)), (None, None));
    assert_eq!(shown["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
    let after = disabled(&catalog, &user);
    assert_eq!(after.document()[CUSTOM], json!({"folders": ["a"]}));
    assert_eq!(after.document()[METADATA], json!({"region": "EMEA"}));
}

#[test]
fn what_fits_no_more_is_hidden_and_what_fits_is_shown() {
    for (definition, value, fitting) in [
        (json!({"type": "integer"}), json!("x"), None),
        (json!({"type": "integer"}), json!(4.5), None),
        (json!({"type": "decimal"}), json!(4), Some(json!(4))),
        (json!({"type": "boolean"}), json!("true"), None),
        (json!({"type": "dateTime"}), json!("yesterday"), None),
        (json!({"type": "dateTime"}), json!("2026-01-31T08:00:00Z"), Some(json!("2026-01-31T08:00:00Z"))),
        (json!({"type": "binary"}), json!("no base64!"), None),
        (json!({"type": "reference"}), json!("x"), Some(json!("x"))),
        (json!({"type": "string"}), json!({"value": "x"}), None),
        (json!({"type": "string"}), json!(["x"]), Some(json!("x"))),
        (json!({"type": "string"}), json!(["x", "y"]), None),
        (json!({"multiValued": true}), json!("x"), Some(json!(["x"]))),
        (json!({"multiValued": true}), json!(["x", 5, {"value": "y"}]), Some(json!(["x"]))),
        (json!({"canonicalValues": ["a"], "enforce": true}), json!("x"), Some(json!("x"))),
        (
            json!({"type": "complex", "subAttributes": [{"name": "a"}, {"name": "b", "type": "integer"}]}),
            json!({"a": "x", "b": "y", "c": "z"}),
            Some(json!({"a": "x"})),
        ),
        (json!({"type": "complex", "subAttributes": [{"name": "a"}]}), json!("x"), None),
    ] {
        let mut named = definition.clone();
        named["name"] = json!("it");
        let catalog = with(json!([named]));
        let before = stored(json!({"it": value}));
        let of =
            |document: Map<String, Value>| document.get(CUSTOM).and_then(|custom| custom.get("it")).cloned();
        assert_eq!(of(shown(&catalog, &before)), fitting, "{definition} {value}");
        assert_eq!(
            of(before.comparable(users(&catalog))).is_some(),
            fitting.is_some(),
            "{definition} {value}"
        );
        assert_eq!(of(disabled(&catalog, &before).into_document()), Some(value));
    }
}

#[test]
fn what_fits_no_more_stays_until_it_is_written() {
    let catalog = with(json!([{"name": "size", "type": "integer"}, {"name": "other"}]));
    let before = stored(json!({"size": "large", "other": "x"}));
    let path = format!("{CUSTOM}:size");
    let after =
        patched(&catalog, &before, json!({"op": "replace", "path": format!("{CUSTOM}:other"), "value": "y"}));
    assert_eq!(after.unwrap().document()[CUSTOM], json!({"size": "large", "other": "y"}));
    let after = patched(&catalog, &before, json!({"op": "replace", "path": path, "value": 42}));
    assert_eq!(after.unwrap().document()[CUSTOM], json!({"size": 42, "other": "x"}));
    let after = patched(&catalog, &before, json!({"op": "remove", "path": path}));
    assert_eq!(after.unwrap().document()[CUSTOM], json!({"other": "x"}));
}

#[test]
fn a_list_with_what_fits_no_more_can_be_changed() {
    let catalog = with(json!([{"name": "desks", "type": "complex", "multiValued": true,
        "subAttributes": [{"name": "value"}, {"name": "type"}]}]));
    let before = stored(json!({"desks": ["A1", {"value": "B2", "type": "x", "floor": 3}]}));
    let path = format!("{CUSTOM}:desks[value eq \"B2\"].type");
    let after = patched(&catalog, &before, json!({"op": "replace", "path": path, "value": "y"})).unwrap();
    assert_eq!(after.document()[CUSTOM]["desks"], json!(["A1", {"value": "B2", "type": "y", "floor": 3}]));
    assert_eq!(shown(&catalog, &after)[CUSTOM]["desks"], json!([{"value": "B2", "type": "y"}]));
}

#[test]
fn what_is_required_since_may_stay_missing_but_not_in_what_is_set_anew() {
    let stored = user(json!({}));
    let catalog = catalog(json!({"required": ["title", "emails.display"]}));
    assert!(!disabled(&catalog, &stored).is_active());
    let value = json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "x"});
    assert!(patched(&catalog, &stored, value).is_ok());
    let list = json!({"op": "replace", "path": "emails", "value": [{"value": "x"}]});
    insta::assert_snapshot!(line(&patched(&catalog, &stored, list).unwrap_err()), @"400 invalidValue: Operations[0]: emails[0].display is required: give it a value");
}

#[test]
fn a_value_that_is_enforced_away_can_be_removed_by_name() {
    let catalog =
        with(json!([{"name": "sites", "multiValued": true, "canonicalValues": ["a"], "enforce": true}]));
    let before = stored(json!({"sites": ["a", "old"]}));
    let operation = json!({"op": "remove", "path": format!("{CUSTOM}:sites"), "value": ["old"]});
    let after = patched(&catalog, &before, operation).unwrap();
    assert_eq!(after.document()[CUSTOM], json!({"sites": ["a"]}));
}

#[test]
fn an_immutable_value_of_another_type_may_be_replaced_once() {
    let catalog = with(json!([{"name": "origin", "type": "integer", "mutability": "immutable"}]));
    let before = stored(json!({"origin": "x"}));
    let set = |before: &Resource, value: u8| {
        let path = format!("{CUSTOM}:origin");
        patched(&catalog, before, json!({"op": "replace", "path": path, "value": value}))
    };
    let after = set(&before, 1).unwrap();
    assert_eq!(after.document()[CUSTOM], json!({"origin": 1}));
    insta::assert_snapshot!(line(&set(&after, 2).unwrap_err()), @"400 mutability: Operations[0]: urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:origin is immutable and has a value: leave it as it is");
}

#[test]
fn a_put_keeps_what_its_client_cannot_know_of() {
    let catalog = with(json!([{"name": "kept"}, {"name": "size", "type": "integer"}]));
    let before = stored(json!({"kept": "x", "size": "large", "dropped": "y"}));
    let new = Resource::parse(users(&catalog), json!({"userName": "ada", "title": "Countess"})).unwrap();
    let after = before.replaced_by(users(&catalog), new).unwrap();
    assert_eq!(
        Value::Object(after.into_document()),
        json!({"userName": "ada", "title": "Countess", "active": true, "dropped": {"deep": [1]},
               CUSTOM: {"dropped": "y"}})
    );
}
