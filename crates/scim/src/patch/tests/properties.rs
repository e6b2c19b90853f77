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
        "members[display sw \"a\" and not ($ref eq \"x/Users/a\")]",
        "roles[type eq \"a\"].type",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders[value eq \"a\"]",
        "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:desks[value eq \"a\"].floors",
        "urn:ietf:params:scim:schemas:extension:2.0:Metadata:key",
        "name[familyName eq \"Lovelace\"].middleName",
        "name[middleName eq \"a\" and familyName eq \"b\"]",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager[value eq \"a\"].value",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager[value eq \"a\"]",
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

/// One change of a user, as Entra writes it without and with `aadOptscim062020`.
#[derive(Clone, Debug)]
struct Change {
    path: &'static str,
    value: Value,
}

impl Change {
    fn without_flag(&self, op: &str, is_wrapped: bool) -> Value {
        let value = match &self.value {
            Value::Bool(true) => json!("True"),
            Value::Bool(false) => json!("False"),
            Value::String(text) if is_wrapped => json!([{"$ref": null, "value": text}]),
            other => other.clone(),
        };
        json!({"op": op, "path": self.path, "value": value})
    }

    fn has_a_filter(&self) -> bool {
        self.path.contains('[')
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let texts =
        prop_oneof![4 => "[a-z]{1,5}".prop_map(Value::from), 1 => Just(json!("")), 1 => Just(Value::Null)];
    let paths = vec![
        "title",
        "displayName",
        "externalId",
        "name.middleName",
        "emails[type eq \"work\"].value",
        "emails[type eq \"home\"].value",
        "phoneNumbers[type eq \"mobile\"].value",
        "addresses[type eq \"work\"].country",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "urn:ietf:params:scim:schemas:extension:2.0:Metadata:key",
    ];
    let text = (prop::sample::select(paths), texts).prop_map(|(path, value)| Change { path, value });
    let active = any::<bool>().prop_map(|active| Change { path: "active", value: json!(active) });
    prop::collection::vec(prop_oneof![5 => text, 1 => active], 1..8).prop_map(|mut changes| {
        let mut seen = std::collections::HashSet::new();
        changes.retain(|change| seen.insert(change.path));
        changes
    })
}

proptest! {
    #[test]
    fn both_of_entras_dialects_say_the_same(changes in changes(), op in prop::sample::select(vec!["add", "replace"]), is_wrapped: bool) {
        let without_flag: Value = changes.iter().map(|change| change.without_flag(op, is_wrapped)).collect();
        let filtered = changes.iter().filter(|change| change.has_a_filter());
        let mut with_flag: Vec<_> =
            filtered.map(|change| json!({"op": op, "path": change.path, "value": change.value})).collect();
        let others = changes.iter().filter(|change| !change.has_a_filter());
        let others: serde_json::Map<_, _> =
            others.map(|change| (change.path.to_owned(), change.value.clone())).collect();
        with_flag.push(json!({"op": op, "value": others}));
        let sorted = |result: Result<Resource, crate::Error>| {
            result.map(|resource| resource.comparable(users(&platform()))).map_err(|error| (error.status, error.scim_type))
        };
        prop_assert_eq!(sorted(patched(&start(), without_flag)), sorted(patched(&start(), json!(with_flag))));
    }

    #[test]
    fn the_order_of_names_does_not_matter(values in prop::collection::vec(prop::option::of(values()), 12), op in prop::sample::select(vec!["add", "replace"])) {
        let names = [
            "emails[type eq \"work\"].value", "emails", "emails.display", "name.middleName", "name", "manager",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "title",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "active",
            "urn:ietf:params:scim:schemas:extension:2.0:Metadata:key",
            "urn:ietf:params:scim:schemas:extension:2.0:Metadata:KEY",
        ];
        let said = names.into_iter().zip(values).filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let said: serde_json::Map<_, _> = said.collect();
        let reversed: serde_json::Map<_, _> = said.clone().into_iter().rev().collect();
        let after = |said| {
            let after = patched(&start(), json!([{"op": op, "value": Value::Object(said)}]));
            after.map(|after| after.comparable(users(&platform()))).map_err(|error| error.status)
        };
        prop_assert_eq!(after(said), after(reversed));
    }

    #[test]
    fn an_add_and_a_remove_of_the_same_values_restore(
        values in prop::collection::vec(("[a-z]{1,2}", prop::option::of("[xy]")), 0..4),
        path in prop::sample::select(vec!["roles", "phoneNumbers", "entitlements", "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName:folders"]),
    ) {
        let is_simple = path.ends_with("folders");
        let elements: Value = values.iter().map(|(value, kind)| match kind {
            Some(kind) if !is_simple => json!({"value": value, "type": kind}),
            _ => json!(value),
        }).collect();
        let list = json!([{"op": "add", "path": path, "value": elements}, {"op": "remove", "path": path, "value": elements}]);
        prop_assert_eq!(patched(&start(), list), Ok(start()));
    }

    #[test]
    fn a_removal_of_listed_values_never_takes_others(kept in "[a-m]{1,3}", gone in "[n-z]{1,3}") {
        let list = json!([
            {"op": "add", "path": "roles", "value": [kept, gone]},
            {"op": "remove", "path": "roles", "value": [{"value": gone}, {"value": "0"}]}
        ]);
        let after = patched(&start(), list).unwrap();
        prop_assert_eq!(after.document().get("roles"), Some(&json!([{"value": kept}])));
    }

    #[test]
    fn no_list_of_operations_makes_it_panic_and_what_comes_out_is_valid(list in prop::collection::vec(operations(), 1..6)) {
        let catalog = platform();
        let _ = PatchRequest::parse(groups(&catalog), json!({"Operations": list}));
        let before = start();
        if let Ok(after) = patched(&before, json!(list)) {
            let mut document = after.document().clone();
            let read = Resource::parse(users(&catalog), Value::Object(document.clone())).unwrap();
            // A body that is silent on it makes an account active.
            document.entry("active").or_insert(json!(true));
            prop_assert_eq!(read.document(), &document);
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
