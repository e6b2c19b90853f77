//! PATCH without the flag, which is the default of every job that exists: one operation for each attribute, `Add`,
//! `Replace` and `Remove`, text for booleans. Sources as in `entra`.

use scim::{Kind, Profile, profile::Extension};
use serde_json::{Value, json};

use super::{entra, test_user};
use crate::{
    providers::{Connection, ENTERPRISE, GROUP, USER},
    server::Scene,
};

/// A user without anything but a name, its path, and the connection.
async fn scene() -> (Scene, Connection, String) {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let id = entra.create("/Users", json!({"schemas": [USER], "userName": "ada"})).await;
    (scene, entra, format!("/Users/{id}"))
}

/// [dev]; simpleidserver/SimpleIdServer#808, thomaspoignant/scim-patch#176, ssoready/ssoready#249.
#[tokio::test]
async fn entra_creates_an_element_by_a_value_path_that_matches_none() {
    for op in ["Add", "Replace"] {
        let (_scene, entra, path) = scene().await;
        let operations = json!([
            {"op": op, "path": "emails[type eq \"work\"].value", "value": "ada@example.com"},
            {"op": op, "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 5550100"},
        ]);
        entra.change(&path, operations).await;
        let user = entra.read(&path).await;
        assert_eq!(user["emails"], json!([{"type": "work", "value": "ada@example.com"}]), "{op}");
        assert_eq!(user["phoneNumbers"], json!([{"type": "mobile", "value": "+1 5550100"}]), "{op}");
    }
}

/// Sources as above: several operations, in one request and in the next, fill one element.
#[tokio::test]
async fn entra_fills_one_new_element_by_several_operations() {
    let (_scene, entra, path) = scene().await;
    let operations = json!([
        {"op": "Add", "path": "addresses[type eq \"work\"].streetAddress", "value": "Main Street 1"},
        {"op": "Add", "path": "addresses[type eq \"work\"].locality", "value": "Berlin"},
        {"op": "Replace", "path": "addresses[type eq \"work\"].country", "value": "DE"},
    ]);
    entra.change(&path, operations).await;
    let next = json!([{"op": "Add", "path": "addresses[type eq \"work\"].postalCode", "value": "10115"}]);
    entra.change(&path, next).await;
    let address = json!([{
        "type": "work", "streetAddress": "Main Street 1", "locality": "Berlin", "country": "DE", "postalCode": "10115",
    }]);
    assert_eq!(entra.read(&path).await["addresses"], address);
}

/// [attr] "Single app role": a value path on `primary`, whose value is text.
#[tokio::test]
async fn entra_writes_the_primary_role_by_a_value_path() {
    let (_scene, entra, path) = scene().await;
    for role in ["Admin", "User"] {
        let operations = json!([
            {"op": "Replace", "path": "roles[primary eq \"True\"].value", "value": role},
            {"op": "Replace", "path": "roles[primary eq \"True\"].display", "value": role},
        ]);
        entra.change(&path, operations).await;
        let expected = json!([{"primary": true, "value": role, "display": role}]);
        assert_eq!(entra.read(&path).await["roles"], expected);
    }
}

/// [attr] `AppRoleAssignmentsComplex`: JSON in a text in a PATCH, `display` or `displayName` and a text as `primary`
/// in a POST.
#[tokio::test]
async fn entra_writes_roles_as_json_in_a_text() {
    let (_scene, entra, path) = scene().await;
    let role =
        r#"{"id":"06b07648-ecfe-589f-9d2f-6325724a46ee","value":"Admin","displayName":"Administrator"}"#;
    entra.change(&path, json!([{"op": "Add", "path": "roles", "value": [{"value": role}]}])).await;
    let expected = json!([{"value": "Admin", "display": "Administrator"}]);
    assert_eq!(entra.read(&path).await["roles"], expected);
    let mut body = test_user();
    body["roles"] = json!([{"primary": "True", "type": "WindowsAzureActiveDirectoryRole", "value": "Admin",
        "displayName": "Administrator"}]);
    let created = entra.read(&format!("/Users/{}", entra.create("/Users", body).await)).await;
    let expected = json!([{"primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "Admin",
        "display": "Administrator"}]);
    assert_eq!(created["roles"], expected);
}

/// [attr] `AssertiveAppRoleAssignmentsComplex`: the whole list each time.
#[tokio::test]
async fn entra_replaces_all_roles_at_once() {
    let (_scene, entra, path) = scene().await;
    for names in [vec!["Admin", "User"], vec!["User"], vec![]] {
        let roles = names.iter().map(|name| json!({"value": name, "display": name})).collect::<Vec<_>>();
        entra.change(&path, json!([{"op": "Replace", "path": "roles", "value": roles}])).await;
        let user = entra.read(&path).await;
        let roles = user["roles"].as_array().cloned().unwrap_or_default();
        let values = roles.iter().map(|role| role["value"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(values, names);
    }
}

/// MicrosoftDocs/azure-docs#42220: jobs from before 2018.
#[tokio::test]
async fn entra_wraps_single_texts_in_lists_of_objects() {
    let (_scene, entra, path) = scene().await;
    let department = format!("{ENTERPRISE}:department");
    let operations = json!([
        {"op": "Replace", "path": "displayName", "value": [{"$ref": null, "value": "Ada"}]},
        {"op": "Add", "path": "name.givenName", "value": [{"$ref": null, "value": "Augusta"}]},
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": [{"$ref": null, "value": "ada@example.com"}]},
        {"op": "Add", "path": department, "value": [{"$ref": null, "value": "Engines"}]},
        {"op": "Replace", "path": "active", "value": [{"$ref": null, "value": "False"}]},
    ]);
    entra.change(&path, operations).await;
    let user = entra.read(&path).await;
    assert_eq!((&user["displayName"], &user["name"]["givenName"]), (&json!("Ada"), &json!("Augusta")));
    assert_eq!(user["emails"][0]["value"], "ada@example.com");
    assert_eq!(user[ENTERPRISE]["department"], "Engines");
    assert_eq!(user["active"], false);
}

fn platform() -> Profile {
    let attributes = json!([
        {"name": "folders", "type": "string", "multiValued": true},
        {"name": "badge", "type": "integer"},
        {"name": "remote", "type": "boolean"},
    ]);
    let extension = Extension {
        urn: "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName".to_owned(),
        resource: Kind::User,
        attributes: serde_json::from_value(attributes).unwrap(),
        additional_attributes: None,
    };
    Profile { extensions: vec![extension], ..Profile::default() }
}

/// Captain-P-Goldfish/SCIM-SDK#516: a multi-valued text as objects; [dev] "custom extension": the URN ends in the
/// attribute's name, and `2.0` in it is no place to split at.
#[tokio::test]
async fn entra_writes_an_applications_own_extension() {
    const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName";
    let scene = Scene::with_profile(platform()).await;
    let entra = entra(&scene);
    let mut body = test_user();
    body[EXTENSION] = json!({"folders": ["a"], "badge": 7, "remote": "True"});
    let path = format!("/Users/{}", entra.create("/Users", body).await);
    let operations = json!([
        {"op": "Add", "path": format!("{EXTENSION}:folders"), "value": [{"value": "b"}, {"value": "c"}]},
        {"op": "Replace", "path": format!("{EXTENSION}:badge"), "value": 8},
        {"op": "Replace", "path": format!("{EXTENSION}:remote"), "value": "False"},
    ]);
    entra.change(&path, operations).await;
    let expected = json!({"folders": ["a", "b", "c"], "badge": 8, "remote": false});
    assert_eq!(entra.read(&path).await[EXTENSION], expected);
}

/// How Entra writes such a name in a POST is not documented; both ways must lead to the attribute.
#[tokio::test]
async fn entra_may_write_an_extension_attribute_under_its_whole_name() {
    const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName";
    let scene = Scene::with_profile(platform()).await;
    let entra = entra(&scene);
    let mut body = test_user();
    body[format!("{EXTENSION}:badge")] = json!(7);
    body[format!("{ENTERPRISE}:department")] = json!("Engines");
    let user = entra.read(&format!("/Users/{}", entra.create("/Users", body).await)).await;
    assert_eq!(user[EXTENSION]["badge"], 7);
    assert_eq!(user[ENTERPRISE]["department"], "Engines");
}

/// [dev] example 5: the path has no URN, and the value is a list with a URL.
#[tokio::test]
async fn entra_writes_the_manager_under_its_bare_name() {
    let (scene, entra, path) = scene().await;
    let boss = entra.create("/Users", json!({"schemas": [USER], "userName": "boss"})).await;
    let url = format!("{}/Users/{boss}", scene.scim.base);
    for value in [json!([{"$ref": url, "value": boss}]), json!([{"$ref": null, "value": boss}]), json!(boss)]
    {
        entra.change(&path, json!([{"op": "Add", "path": "manager", "value": value}])).await;
        assert_eq!(entra.read(&path).await[ENTERPRISE]["manager"]["value"], boss, "{value}");
        entra.change(&path, json!([{"op": "Remove", "path": "manager"}])).await;
        assert_eq!(entra.read(&path).await[ENTERPRISE]["manager"], Value::Null);
    }
}

/// AzureAD/SCIMReferenceCode#87: a Remove may bring the value that goes; it is not written.
#[tokio::test]
async fn entra_removes_with_a_value_beside() {
    let (_scene, entra, path) = scene().await;
    let operations = json!([
        {"op": "Add", "path": "title", "value": "Engineer"},
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "ada@example.com"},
        {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+1 5550100"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 5550101"},
    ]);
    entra.change(&path, operations).await;
    let user = entra.read(&path).await;
    assert_eq!(
        (&user["title"], &user["emails"][0]["value"]),
        (&json!("Engineer"), &json!("ada@example.com"))
    );
    let operations = json!([
        {"op": "Remove", "path": "title", "value": "Engineer"},
        {"op": "Remove", "path": "emails[type eq \"work\"].value", "value": "ada@example.com"},
        {"op": "Remove", "path": "phoneNumbers[type eq \"work\"].value", "value": ""},
    ]);
    entra.change(&path, operations).await;
    let user = entra.read(&path).await;
    assert_eq!(user["title"], Value::Null);
    assert!(!user["emails"].to_string().contains("ada@example.com"), "{user}");
    assert!(!user["phoneNumbers"].to_string().contains("5550100"), "{user}");
    assert!(user["phoneNumbers"].to_string().contains("5550101"), "{user}");
}

/// [how]: what was cleared in the source is removed, whether it was ever written or not.
#[tokio::test]
async fn entra_removes_what_is_not_there() {
    let (_scene, entra, path) = scene().await;
    let operations = json!([
        {"op": "Add", "path": "nickName", "value": "ada"},
        {"op": "Add", "path": "name.familyName", "value": "King"},
        {"op": "Add", "path": "emails[type eq \"home\"].value", "value": "ada@example.org"},
        {"op": "Add", "path": format!("{ENTERPRISE}:division"), "value": "Analytical"},
    ]);
    entra.change(&path, operations).await;
    let before = entra.read(&path).await;
    assert_eq!((&before["nickName"], &before[ENTERPRISE]["division"]), (&json!("ada"), &json!("Analytical")));
    let operations = json!([
        {"op": "Remove", "path": "title"},
        {"op": "Remove", "path": "name.givenName"},
        {"op": "Remove", "path": "emails[type eq \"work\"].value"},
        {"op": "Remove", "path": "addresses[type eq \"work\"]"},
        {"op": "Remove", "path": format!("{ENTERPRISE}:department")},
    ]);
    entra.change(&path, operations).await;
    assert_eq!(entra.read(&path).await, before, "nothing beside is touched, nor is the version");
}

/// The other side of both: what a Remove lists must be something that can be in the list.
#[tokio::test]
async fn a_remove_that_lists_what_names_nothing_is_refused() {
    let (_scene, entra, path) = scene().await;
    let email = json!([{"op": "Add", "path": "emails", "value": [{"value": "ada@example.com"}]}]);
    entra.change(&path, email).await;
    let id = path.trim_start_matches("/Users/");
    let body = json!({"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": id}]});
    let group = format!("/Groups/{}", entra.create("/Groups", body).await);
    for (resource, name, value) in [(&path, "emails", json!(5)), (&group, "members", json!({}))] {
        let before = entra.read(resource).await;
        let refused = entra.patch(resource, json!([{"op": "Remove", "path": name, "value": value}])).await;
        assert_eq!((refused.status.as_u16(), &refused.body["scimType"]), (400, &json!("invalidValue")));
        assert!(refused.detail().contains(name), "{refused:?}");
        assert_eq!(entra.read(resource).await, before);
    }
}

/// The validator and several services' logs: the same operation in three cases.
#[tokio::test]
async fn entra_writes_operations_in_any_case() {
    let (_scene, entra, path) = scene().await;
    for (op, value) in [("add", "a"), ("Add", "b"), ("ADD", "c"), ("Replace", "d"), ("REPLACE", "e")] {
        entra.change(&path, json!([{"op": op, "path": "DisplayName", "value": value}])).await;
        assert_eq!(entra.read(&path).await["displayName"], value);
    }
    entra.change(&path, json!([{"op": "REMOVE", "path": "displayname"}])).await;
    assert_eq!(entra.read(&path).await["displayName"], Value::Null);
}

/// [dev] "Update User" with a second address; RFC 7644 §3.5.2: a new primary element is the only one.
#[tokio::test]
async fn entra_makes_another_email_primary() {
    let (_scene, entra, path) = scene().await;
    for (kind, value) in [("work", "ada@example.com"), ("home", "ada@example.org")] {
        let email = json!([{"type": kind, "primary": true, "value": value}]);
        entra.change(&path, json!([{"op": "Add", "path": "emails", "value": email}])).await;
    }
    let user = entra.read(&path).await;
    let emails = user["emails"].as_array().unwrap();
    assert_eq!(emails.len(), 2, "{user}");
    let primary = emails.iter().filter(|email| email["primary"] == true);
    assert_eq!(primary.map(|email| &email["value"]).collect::<Vec<_>>(), ["ada@example.org"]);
}
