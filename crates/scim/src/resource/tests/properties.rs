//! What holds for every body.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    Catalog, GroupBody, PatchRequest, Resource,
    fixtures::{CUSTOM, catalog, groups, platform, user_body, users},
};

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

    #[test]
    fn a_change_of_the_profile_makes_no_document_unreadable_and_loses_nothing(body in bodies(), name in "[a-z]{1,3}") {
        let Ok(stored) = Resource::parse(users(&platform()), body) else { return Ok(()) };
        let catalog = changed();
        let changed = users(&catalog);
        let fitting = stored.fitting(changed);
        prop_assert_eq!(Resource::from_stored(fitting.clone()).fitting(changed), fitting);
        let _ = stored.comparable(changed);
        let _ = stored.unique_values(changed);
        let operations = json!({"Operations": [{"op": "replace", "path": "nickName", "value": name}]});
        let after = PatchRequest::parse(changed, operations).unwrap().apply(changed, stored.clone()).unwrap();
        let mut expected = stored.into_document();
        expected.insert("nickName".to_owned(), json!(name));
        prop_assert_eq!(after.into_document(), expected);
    }
}

/// A profile with the same schema, and everything in it of another type.
fn changed() -> Catalog {
    catalog(json!({
        "required": ["title", "emails.type", "addresses.country"],
        "attributes": [{"path": "emails.type", "canonicalValues": ["other"], "enforce": true}],
        "extensions": [{"urn": CUSTOM, "resource": "User", "attributes": [
            {"name": "folders", "type": "complex", "multiValued": true, "subAttributes": [{"name": "value"}]},
            {"name": "badge", "type": "string", "multiValued": true, "uniqueness": "server"},
            {"name": "hired", "type": "integer"},
            {"name": "ratio", "type": "boolean", "mutability": "immutable"},
            {"name": "origin", "type": "dateTime", "mutability": "immutable"},
            {"name": "desks", "type": "complex", "subAttributes": [{"name": "value", "type": "integer"}]}
        ]}]
    }))
}
