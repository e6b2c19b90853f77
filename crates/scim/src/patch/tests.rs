//! Tests of PATCH: the forms that identity providers send, what they do, and what is refused how.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

mod conditions;
mod limits;
mod members;
mod properties;
mod refusals;
mod removals;

use serde_json::{Value, json};

use crate::fixtures::{CUSTOM, ENTERPRISE, METADATA, patched, user};

/// What one operation makes of a user with these attributes.
fn after(attributes: Value, operation: Value) -> Value {
    after_all(attributes, json!([operation]))
}

fn after_all(attributes: Value, operations: Value) -> Value {
    Value::Object(patched(&user(attributes), operations).unwrap().into_document())
}

fn untouched(attributes: Value) -> Value {
    Value::Object(user(attributes).into_document())
}

#[test]
fn op_is_the_same_in_any_case() {
    for op in ["replace", "Replace", "REPLACE", "Add"] {
        assert_eq!(
            after(json!({}), json!({"op": op, "path": "Title", "value": "Countess"}))["title"],
            "Countess"
        );
    }
    assert_eq!(after(json!({"title": "x"}), json!({"Op": "Remove", "Path": "TITLE"})), untouched(json!({})));
}

#[test]
fn booleans_may_be_strings() {
    assert_eq!(
        after(json!({}), json!({"op": "Replace", "path": "active", "value": "False"}))["active"],
        false
    );
    assert_eq!(after(json!({}), json!({"op": "replace", "value": {"active": "False"}}))["active"], false);
}

#[test]
fn an_urn_path_is_not_split_at_its_dots() {
    let path = format!("{ENTERPRISE}:department");
    assert_eq!(
        after(json!({}), json!({"op": "Add", "path": path, "value": "R&D"}))[ENTERPRISE]["department"],
        "R&D"
    );
    let path = "urn:ietf:params:scim:schemas:core:2.0:User:name.middleName";
    assert_eq!(after(json!({}), json!({"op": "Add", "path": path, "value": "K"}))["name"]["middleName"], "K");
    let path = format!("{CUSTOM}:folders");
    let folders = |value: Value| {
        after(json!({}), json!({"op": "Add", "path": path, "value": value}))[CUSTOM]["folders"].clone()
    };
    assert_eq!(folders(json!(["a", "b"])), json!(["a", "b"]));
    assert_eq!(folders(json!([{"value": "a"}, {"value": "b"}])), json!(["a", "b"]));
    assert_eq!(folders(json!("a")), json!(["a"]));
}

#[test]
fn a_replace_without_path_takes_dotted_names_and_urns() {
    let after = after(
        json!({"title": "x", "nickName": "y"}),
        json!({"op": "replace", "value": {
            "displayName": "Ada L.",
            "name.givenName": "Augusta",
            "title": null,
            "emails[type eq \"work\"].value": "augusta@example.com",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "R&D",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"division": "Engines", "manager": {"value": "42"}},
            "urn:ietf:params:scim:schemas:extension:2.0:Metadata:region": 5
        }}),
    );
    insta::assert_json_snapshot!(after, @r#"
    {
      "userName": "Ada@Example.com",
      "name": {
        "givenName": "Augusta",
        "familyName": "Lovelace"
      },
      "emails": [
        {
          "value": "augusta@example.com",
          "type": "work",
          "primary": true
        }
      ],
      "nickName": "y",
      "active": true,
      "displayName": "Ada L.",
      "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "department": "R&D",
        "division": "Engines",
        "manager": {
          "value": "42"
        }
      },
      "urn:ietf:params:scim:schemas:extension:2.0:Metadata": {
        "region": "5"
      }
    }
    "#);
}

#[test]
fn a_value_without_path_may_nest_dotted_names_and_filters_under_an_urn() {
    let core = "urn:ietf:params:scim:schemas:core:2.0:User";
    for op in ["Add", "replace"] {
        let value = json!({
            ENTERPRISE: {"manager.value": "42", "Department": "R&D"},
            core: {"name.middleName": "K", "title": "Countess"},
            format!("{core}:phoneNumbers[type eq \"mobile\"].value"): "2",
            format!("{}:folders", CUSTOM.to_uppercase()): ["a"]
        });
        let after = after(json!({}), json!({"op": op, "value": value}));
        assert_eq!(after[ENTERPRISE], json!({"manager": {"value": "42"}, "department": "R&D"}));
        assert_eq!((&after["name"]["middleName"], &after["title"]), (&json!("K"), &json!("Countess")));
        assert_eq!(after["phoneNumbers"], json!([{"type": "mobile", "value": "2"}]));
        assert_eq!(after[CUSTOM], json!({"folders": ["a"]}));
    }
}

#[test]
fn an_element_is_found_by_several_comparisons_and_names_in_any_case() {
    let attributes = json!({"emails": [{"value": "a", "type": "other"}, {"value": "b", "type": "other", "primary": true}]});
    for path in [
        "emails[Type eq \"other\" and Primary eq \"True\"].Value",
        "EMAILS[type eq \"OTHER\" and primary eq true].value",
    ] {
        let after = after(attributes.clone(), json!({"op": "Replace", "path": path, "value": "c"}));
        assert_eq!(
            after["emails"],
            json!([{"value": "a", "type": "other"}, {"value": "c", "type": "other", "primary": true}])
        );
    }
}

#[test]
fn what_is_read_only_is_ignored_in_a_value_without_path() {
    let attributes =
        json!({"id": "x", "meta": {}, "groups": [{"value": "y"}], "schemas": ["urn:x"], "title": "x"});
    assert_eq!(
        after(json!({}), json!({"op": "replace", "value": attributes})),
        untouched(json!({"title": "x"}))
    );
}

#[test]
fn an_add_on_an_absent_value_path_creates_the_element() {
    for op in ["add", "Replace"] {
        let path = "phoneNumbers[type eq \"mobile\"].value";
        let after = after(json!({}), json!({"op": op, "path": path, "value": "2"}));
        assert_eq!(after["phoneNumbers"], json!([{"type": "mobile", "value": "2"}]));
    }
}

#[test]
fn several_operations_fill_one_element() {
    let set = |part: &str, value: &str| json!({"op": "Add", "path": format!("addresses[type eq \"work\"].{part}"), "value": value});
    let operations = json!([
        set("country", "GB"),
        set("locality", "London"),
        set("streetAddress", "12 St James's Square")
    ]);
    assert_eq!(
        after_all(json!({"addresses": [{"type": "home", "country": "FR"}]}), operations)["addresses"],
        json!([
            {"type": "home", "country": "FR"},
            {"type": "work", "country": "GB", "locality": "London", "streetAddress": "12 St James's Square"}
        ])
    );
}

#[test]
fn a_created_element_keeps_the_spelling_of_its_filter() {
    let path = "addresses[type eq \"Head Office\" and country eq \"GB\"].locality";
    let after = after(json!({}), json!({"op": "add", "path": path, "value": "London"}));
    assert_eq!(after["addresses"], json!([{"type": "Head Office", "country": "GB", "locality": "London"}]));
}

#[test]
fn an_existing_element_is_changed_in_place() {
    let phones = json!({"phoneNumbers": [{"type": "work", "value": "1"}, {"type": "Mobile", "value": "2", "display": "x"}]});
    let operation = json!({"op": "Replace", "path": "phoneNumbers[type eq \"mobile\"].Value", "value": "3"});
    assert_eq!(
        after(phones, operation)["phoneNumbers"],
        json!([{"type": "work", "value": "1"}, {"type": "Mobile", "value": "3", "display": "x"}])
    );
}

#[test]
fn a_role_is_found_and_made_by_a_quoted_boolean() {
    let set = |value: &str| json!({"op": "Add", "path": "roles[primary eq \"True\"].value", "value": value});
    let operations = json!([set("User"), set("Admin"), {"op": "Add", "path": "roles[primary eq \"True\"].displayName", "value": "Administrator"}]);
    assert_eq!(
        after_all(json!({}), operations)["roles"],
        json!([{"primary": true, "value": "Admin", "display": "Administrator"}])
    );
}

#[test]
fn roles_arrive_as_json_in_a_string() {
    let role = |name: &str| json!({"value": format!("{{\"id\":\"06b0\",\"value\":\"{name}\",\"displayName\":\"{name} role\"}}")});
    let operation = json!({"op": "Add", "path": "roles", "value": [role("25"), role("26")]});
    assert_eq!(
        after(
            json!({"roles": [{"value": "25", "display": "25 role", "type": "App", "primary": false}]}),
            operation
        )["roles"],
        json!([{"value": "25", "display": "25 role", "type": "App", "primary": false}, {"value": "26", "display": "26 role"}])
    );
}

#[test]
fn a_manager_arrives_in_many_forms_and_goes_with_an_empty_one() {
    let path = format!("{ENTERPRISE}:manager");
    let set = |value: Value| json!({"op": "Replace", "path": path, "value": value});
    for value in [
        json!("42"),
        json!({"value": "42"}),
        json!([{"$ref": "http://x/Users/42", "value": "42"}]),
        json!([{"value": "42"}]),
    ] {
        assert_eq!(after(json!({}), set(value))[ENTERPRISE]["manager"], json!({"value": "42"}));
    }
    for value in [
        json!(""),
        json!(null),
        json!({"value": ""}),
        json!({"value": null}),
        json!([]),
        json!([{"$ref": null, "value": ""}]),
    ] {
        assert_eq!(after(json!({ENTERPRISE: {"manager": "42"}}), set(value)), untouched(json!({})));
    }
    let part = json!({"op": "Add", "path": format!("{path}.value"), "value": "43"});
    assert_eq!(
        after(json!({ENTERPRISE: {"manager": "42"}}), part)[ENTERPRISE]["manager"],
        json!({"value": "43"})
    );
}

#[test]
fn a_string_in_a_list_of_one_object_is_that_string() {
    let operation =
        json!({"op": "Replace", "path": "displayName", "value": [{"$ref": null, "value": "Ada"}]});
    assert_eq!(after(json!({}), operation)["displayName"], "Ada");
}

#[test]
fn null_and_empty_strings_remove_what_is_optional() {
    let attributes = json!({"title": "x", ENTERPRISE: {"department": "R&D"}});
    for nothing in [json!(""), json!(null)] {
        for op in ["Add", "Replace"] {
            let operations = json!([
                {"op": op, "path": "title", "value": nothing},
                {"op": op, "path": "nickName", "value": nothing},
                {"op": op, "path": "phoneNumbers[type eq \"fax\"].value", "value": nothing},
                {"op": op, "value": {format!("{ENTERPRISE}:department"): nothing}}
            ]);
            assert_eq!(after_all(attributes.clone(), operations), untouched(json!({})));
        }
        let part = json!({"op": "Replace", "path": "addresses[type eq \"work\"].country", "value": nothing});
        let addresses = json!({"addresses": [{"type": "work", "country": "GB"}]});
        assert_eq!(after(addresses, part), untouched(json!({})));
    }
}

#[test]
fn nothing_added_to_a_list_or_a_complex_value_takes_nothing_away() {
    let attributes = json!({
        "name": {"givenName": "Ada", "familyName": "Lovelace", "middleName": "K"},
        "phoneNumbers": [{"type": "work", "value": "1"}, {"type": "fax", "value": "2"}],
        CUSTOM: {"folders": ["a"], "desks": [{"value": "x", "floors": [1]}]},
        ENTERPRISE: {"manager": {"value": "42"}}
    });
    let folders = format!("{CUSTOM}:folders");
    let floors = format!("{CUSTOM}:desks.floors");
    let manager = format!("{ENTERPRISE}:manager");
    for nothing in [json!(""), json!(null)] {
        for path in [
            "phoneNumbers",
            "phoneNumbers[type eq \"work\"]",
            "phoneNumbers.value",
            "phoneNumbers[type eq \"work\"].value",
            "name",
            "name[givenName eq \"Ada\"]",
            &folders,
            &floors,
            &manager,
        ] {
            for operation in [
                json!({"op": "add", "path": path, "value": nothing}),
                json!({"op": "Add", "value": {path: nothing}}),
            ] {
                assert_eq!(after(attributes.clone(), operation), untouched(attributes.clone()), "{path}");
            }
        }
        let replaced = json!({"op": "replace", "path": "phoneNumbers", "value": nothing});
        assert!(after(attributes.clone(), replaced).get("phoneNumbers").is_none());
    }
}

#[test]
fn an_extension_goes_and_comes_as_a_whole() {
    let attributes = json!({ENTERPRISE: {"department": "R&D", "division": "x"}});
    assert_eq!(after(attributes.clone(), json!({"op": "remove", "path": ENTERPRISE})), untouched(json!({})));
    assert_eq!(
        after(attributes.clone(), json!({"op": "replace", "value": {ENTERPRISE: null}})),
        untouched(json!({}))
    );
    let operation = json!({"op": "add", "path": ENTERPRISE, "value": {"department": "Sales"}});
    assert_eq!(after(attributes, operation)[ENTERPRISE], json!({"department": "Sales", "division": "x"}));
}

#[test]
fn nothing_added_to_an_extension_leaves_it() {
    let attributes = json!({ENTERPRISE: {"department": "R&D"}});
    for operation in [
        json!({"op": "add", "path": ENTERPRISE, "value": null}),
        json!({"op": "Add", "path": ENTERPRISE, "value": {}}),
        json!({"op": "add", "value": {ENTERPRISE: ""}}),
    ] {
        assert_eq!(after(attributes.clone(), operation), untouched(attributes.clone()));
    }
}

#[test]
fn an_extension_may_name_its_own_schema() {
    let value = json!({"schemas": [ENTERPRISE], "department": "R&D"});
    let added = after(json!({}), json!({"op": "add", "path": ENTERPRISE, "value": value}));
    assert_eq!(added[ENTERPRISE], json!({"department": "R&D"}));
}

#[test]
fn an_additional_attribute_is_any_name_under_its_urn() {
    let set =
        |key: &str, value: Value| json!({"op": "Add", "path": format!("{METADATA}:{key}"), "value": value});
    let operations =
        json!([set("region", json!("EMEA")), set("Shoe.Size", json!(42)), set("REGION", json!(true))]);
    let after = after_all(json!({}), operations);
    assert_eq!(after[METADATA], json!({"region": "true", "Shoe.Size": "42"}));
    let operations =
        json!([set("region", json!("x")), {"op": "remove", "path": format!("{METADATA}:Region")}]);
    assert_eq!(after_all(json!({}), operations), untouched(json!({})));
    let operations =
        json!([set("größe", json!("x")), {"op": "remove", "path": format!("{METADATA}:GRÖSSE")}]);
    assert_eq!(after_all(json!({}), operations), untouched(json!({})));
}

#[test]
fn setting_primary_clears_it_on_the_others() {
    let attributes =
        json!({"emails": [{"value": "a", "type": "work", "primary": true}, {"value": "b", "type": "home"}]});
    let expected = json!([{"value": "a", "type": "work", "primary": false}, {"value": "b", "type": "home", "primary": true}]);
    for operation in [
        json!({"op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True"}),
        json!({"op": "add", "path": "emails", "value": [{"value": "b", "type": "home", "primary": true}]}),
        json!({"op": "add", "path": "emails[type eq \"home\"]", "value": {"primary": true}}),
        json!({"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "b", "primary": true}}),
    ] {
        assert_eq!(after(attributes.clone(), operation)["emails"], expected);
    }
    let operation = json!({"op": "add", "value": {"emails": {"value": "c", "primary": true}}});
    assert_eq!(after(attributes, operation)["emails"][0]["primary"], false);
}

#[test]
fn elements_that_become_the_same_become_one() {
    let attributes = json!({"emails": [
        {"value": "a", "type": "work"}, {"value": "b", "type": "Work", "display": "B", "primary": true}, {"value": "a", "type": "home"}
    ]});
    let replace = |path: &str, value: &str| {
        after(attributes.clone(), json!({"op": "replace", "path": path, "value": value}))["emails"].clone()
    };
    assert_eq!(
        replace("emails[type eq \"work\"].value", "same"),
        json!([{"value": "same", "type": "work", "display": "B", "primary": true}, {"value": "a", "type": "home"}])
    );
    assert_eq!(
        replace("emails[type eq \"home\"].type", "work"),
        json!([{"value": "a", "type": "work"}, {"value": "b", "type": "Work", "display": "B", "primary": true}])
    );
}

#[test]
fn an_add_does_not_double_equal_values() {
    let attributes = json!({"roles": [{"value": "Admin", "type": "App"}], CUSTOM: {"folders": ["a"]}});
    let operations = json!([
        {"op": "add", "path": "roles", "value": [{"value": "admin", "type": "app"}, {"value": "User"}, {"value": "USER"}]},
        {"op": "add", "path": "addresses", "value": [{"country": "GB"}, {"country": "gb"}]},
        {"op": "add", "path": format!("{CUSTOM}:folders"), "value": ["A", "b", "B"]}
    ]);
    let after = after_all(attributes, operations);
    assert_eq!(after["roles"], json!([{"value": "admin", "type": "app"}, {"value": "USER"}]));
    assert_eq!(after["addresses"], json!([{"country": "gb"}]));
    assert_eq!(after[CUSTOM]["folders"], json!(["a", "b"]));
}

#[test]
fn a_replace_sets_a_whole_list() {
    let attributes = json!({"roles": [{"value": "Admin"}, {"value": "User"}]});
    let replace =
        |value: Value| after(attributes.clone(), json!({"op": "Replace", "path": "roles", "value": value}));
    assert_eq!(replace(json!([{"value": "ReadOnly"}]))["roles"], json!([{"value": "ReadOnly"}]));
    assert_eq!(replace(json!([])), untouched(json!({})));
    assert_eq!(
        after(attributes.clone(), json!({"op": "add", "path": "roles", "value": []})),
        untouched(attributes)
    );
}

#[test]
fn a_complex_value_changes_only_the_parts_that_it_names() {
    for op in ["add", "replace"] {
        let operation =
            json!({"op": op, "path": "name", "value": {"GivenName": "Augusta", "middleName": "Ada"}});
        assert_eq!(
            after(json!({}), operation)["name"],
            json!({"givenName": "Augusta", "familyName": "Lovelace", "middleName": "Ada"})
        );
    }
}

#[test]
fn parts_with_several_values_are_lists_of_their_own() {
    let attributes = json!({CUSTOM: {"desks": [{"value": "A1", "floors": [1]}]}});
    let operation =
        json!({"op": "add", "path": format!("{CUSTOM}:desks[value eq \"a1\"].floors"), "value": [1, 2]});
    assert_eq!(after(attributes, operation)[CUSTOM]["desks"], json!([{"value": "A1", "floors": [1, 2]}]));
}

#[test]
fn a_password_is_accepted_and_discarded() {
    assert_eq!(
        after(json!({}), json!({"op": "replace", "value": {"password": "secret"}})),
        untouched(json!({}))
    );
    assert_eq!(
        after(json!({}), json!({"op": "replace", "path": "password", "value": "secret"})),
        untouched(json!({}))
    );
}

#[test]
fn a_disabled_user_is_disabled_whatever_else_its_profile_requires_by_now() {
    let stored = crate::Resource::from_stored(
        serde_json::from_value(json!({"userName": "ada", "active": true})).unwrap(),
    );
    let disabled = patched(&stored, json!([{"op": "replace", "path": "active", "value": false}])).unwrap();
    assert!(!disabled.is_active());
}

#[test]
fn an_account_whose_active_is_removed_has_none_and_is_disabled() {
    for operation in [
        json!({"op": "remove", "path": "active"}),
        json!({"op": "replace", "path": "active", "value": null}),
        json!({"op": "add", "value": {"active": ""}}),
    ] {
        let disabled = patched(&user(json!({})), json!([operation])).unwrap();
        assert!(!disabled.is_active());
        assert!(crate::fixtures::passes(&disabled, "not (active pr)"));
    }
}
