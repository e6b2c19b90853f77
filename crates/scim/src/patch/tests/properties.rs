//! What holds for every PATCH.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    PatchRequest, Resource,
    fixtures::{groups, patched, platform, user, users},
};

fn start() -> Resource {
    user(json!({
        "title": "Countess",
        "phoneNumbers": [{"type": "work", "value": "1", "primary": true}, {"type": "fax", "value": "2"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Analysis"}
    }))
}

fn paths() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "title",
        "displayName",
        "active",
        "name",
        "name.middleName",
        "emails",
        "emails[type eq \"home\"]",
        "emails[type eq \"work\"].value",
        "phoneNumbers",
        "phoneNumbers[type eq \"mobile\"].value",
        "phoneNumbers[type eq \"fax\"].primary",
        "phoneNumbers.display",
        "addresses[type eq \"work\"].country",
        "roles[primary eq \"True\"].value",
        "roles",
        "userName",
        "id",
        "groups",
        "members",
        "members[value eq \"26118915-6090-4610-87e4-49d8ca9f808d\"]",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders[value eq \"a\"]",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:desks[value eq \"a\"].floors",
        "urn:ietf:params:scim:schemas:extension:2.0:Metadata:key",
        "nothing",
    ])
}

fn values() -> impl Strategy<Value = Value> {
    let simple = prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        any::<bool>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        "[abAB]{1,2}".prop_map(Value::from),
        Just(json!("True")),
    ];
    let object = (simple.clone(), prop::sample::select(vec!["work", "home", "fax", "mobile"]), any::<bool>())
        .prop_map(|(value, kind, primary)| json!({"value": value, "type": kind, "primary": primary}));
    let element = prop_oneof![simple, object, Just(json!({"middleName": "x", "familyName": "y"}))];
    prop_oneof![element.clone(), prop::collection::vec(element, 0..4).prop_map(Value::from)]
}

fn operations() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "Replace", "Remove"]);
    let with_path = (op.clone(), paths(), values())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}));
    let without_path = (op, prop::collection::vec((paths(), values()), 0..4)).prop_map(|(op, attributes)| {
        let attributes: serde_json::Map<_, _> =
            attributes.into_iter().map(|(path, value)| (path.to_owned(), value)).collect();
        json!({"op": op, "value": attributes})
    });
    prop_oneof![3 => with_path, 1 => without_path]
}

proptest! {
    #[test]
    fn no_list_of_operations_makes_it_panic_and_what_comes_out_is_valid(list in prop::collection::vec(operations(), 1..6)) {
        let catalog = platform();
        let _ = PatchRequest::parse(groups(&catalog), json!({"Operations": list}));
        let before = start();
        if let Ok(after) = patched(&before, json!(list)) {
            let read = Resource::parse(users(&catalog), Value::Object(after.document().clone()));
            let read = read.map(|mut read| {
                if !after.document().contains_key("active") {
                    read.document.shift_remove("active");
                }
                read
            });
            prop_assert_eq!(read.as_ref(), Ok(&after));
        }
        prop_assert_eq!(before, start());
    }

    #[test]
    fn a_replace_is_idempotent(path in paths(), value in values()) {
        let operation = json!([{"op": "replace", "path": path, "value": value}]);
        if let Ok(once) = patched(&start(), operation.clone()) {
            prop_assert_eq!(patched(&once, operation), Ok(once));
        }
    }

    #[test]
    fn an_add_is_idempotent(path in paths(), value in values()) {
        let operation = json!([{"op": "add", "path": path, "value": value}]);
        if let Ok(once) = patched(&start(), operation.clone()) {
            prop_assert_eq!(patched(&once, operation), Ok(once));
        }
    }

    #[test]
    fn an_add_and_a_remove_of_the_same_restore(value in "[a-z]{1,8}", position in 0usize..6) {
        let (add, remove) = [
            ("displayName", "displayName"),
            ("name.middleName", "name.middleName"),
            ("addresses[type eq \"work\"].country", "addresses[type eq \"work\"].country"),
            ("phoneNumbers[type eq \"mobile\"].value", "phoneNumbers[type eq \"mobile\"]"),
            ("urn:ietf:params:scim:schemas:extension:2.0:Metadata:key", "urn:ietf:params:scim:schemas:extension:2.0:Metadata"),
            ("urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders",
             "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders[value pr]"),
        ][position];
        let list = json!([{"op": "add", "path": add, "value": value}, {"op": "remove", "path": remove}]);
        prop_assert_eq!(patched(&start(), list), Ok(start()));
    }

    #[test]
    fn no_path_makes_the_parser_panic(path in "([a-z$.:]|\\[|\\]|\"| |emails|type|eq|urn:|ß|\\\\){0,30}") {
        let _ = patched(&start(), json!([{"op": "add", "path": path, "value": "x"}]));
    }

    #[test]
    fn a_list_that_fails_changes_nothing(list in prop::collection::vec(operations(), 0..4)) {
        let before = start();
        let mut list = list;
        list.push(json!({"op": "remove", "path": "userName"}));
        prop_assert!(patched(&before, json!(list)).is_err());
        prop_assert_eq!(before, start());
    }
}
