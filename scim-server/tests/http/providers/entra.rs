//! Microsoft Entra ID. [dev] "Develop a SCIM endpoint", [compat] "SCIM 2.0 protocol compliance", [attr] "Customize
//! attribute mappings", [how] "How provisioning works", [known] "Known issues": learn.microsoft.com/entra/identity/
//! app-provisioning.

mod flag;
mod groups;
mod patch;
mod postman;
mod validator;

use serde_json::{Value, json};

use super::{Connection, ENTERPRISE, SCIM_UTF8, USER};
use crate::server::Scene;

fn entra(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM_UTF8, &[("Accept", "application/scim+json")])
}

/// [dev] "Create User", with the names and ids that Entra makes up.
fn test_user() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
        "active": true,
        "emails": [{"primary": true, "type": "work", "value": "Test_User_fd0ea19b@testuser.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
        "roles": []
    })
}

#[tokio::test]
async fn entra_tests_the_connection_by_a_user_who_does_not_exist() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let query = "?filter=userName+eq+%22018f8e51-0b6b-4b50-9b3c-111111111111%22";
    let found = entra.get(&format!("/Users{query}")).await;
    assert_eq!((found.status.as_u16(), &found.body["totalResults"]), (200, &json!(0)));
    assert_eq!(found.body["Resources"], json!([]));
}

#[tokio::test]
async fn entra_creates_finds_updates_disables_and_removes_a_user() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let id = entra.create("/Users", test_user()).await;
    let path = format!("/Users/{id}");
    // [dev] "Update User": several operations, one of them on a value path.
    let operations = json!([
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updatedEmail@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 5550100"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "R&D"},
    ]);
    assert_eq!(entra.patch(&path, operations).await.status, 200);
    let user = entra.read(&path).await;
    assert_eq!(user["emails"][0]["value"], "updatedEmail@example.com");
    assert_eq!(user["name"]["familyName"], "updatedFamilyName");
    assert_eq!(user["phoneNumbers"], json!([{"type": "mobile", "value": "+1 5550100"}]));
    assert_eq!(user[ENTERPRISE]["department"], "R&D");
    // [compat] without the flag, a boolean is text.
    entra.change(&path, json!([{"op": "Replace", "path": "active", "value": "False"}])).await;
    assert_eq!(entra.read(&path).await["active"], false);
    let query = "?filter=externalId+eq+%220a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef%22";
    assert_eq!(entra.get(&format!("/Users{query}")).await.ids(), [&id], "disabled users can be found");
    assert_eq!(entra.delete(&path).await, 204);
    assert_eq!(entra.delete(&path).await, 404);
}

/// [dev] "Get User by query" and [attr] "Matching": userName, externalId or a value path, whatever the case.
#[tokio::test]
async fn entra_finds_a_user_by_each_matching_attribute_in_any_case() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let id = entra.create("/Users", test_user()).await;
    let queries = [
        "userName+eq+%22TEST_user_AB6490EE-1e48-479e-a20b-2d77186b5dd1%22",
        "externalId+eq+%220a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef%22",
        "emails%5Btype+eq+%22work%22%5D.value+eq+%22test_user_FD0EA19B%40testuser.com%22",
        "emails[type eq \"work\"].value eq \"test_user_fd0ea19b@testuser.com\"",
        "userName+eq+%22test_user_ab6490ee-1e48-479e-a20b-2d77186b5dd1%22+and+active+eq+true",
    ];
    for query in queries {
        let found = entra.get(&format!("/Users?filter={query}")).await;
        assert_eq!(found.ids(), [&id], "{query}");
        assert_eq!(found.body["totalResults"], 1, "a number: {query}");
    }
    entra
        .change(&format!("/Users/{id}"), json!([{"op": "Replace", "path": "active", "value": "False"}]))
        .await;
    for query in &queries[..4] {
        assert_eq!(entra.get(&format!("/Users?filter={query}")).await.ids(), [&id], "disabled: {query}");
    }
    assert!(entra.get(&format!("/Users?filter={}", queries[4])).await.ids().is_empty());
}

/// [known] special characters in matching values; a space is `+`, a plus is `%2B`, an apostrophe is itself.
#[tokio::test]
async fn entra_finds_names_with_special_characters_exactly() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let mut ids = Vec::new();
    for name in ["a+b@example.com", "a b@example.com", "o'neil&sons@example.com", "ünal#1@example.com"] {
        ids.push(entra.create("/Users", json!({"schemas": [USER], "userName": name})).await);
    }
    let values =
        ["a%2Bb@example.com", "a+b@example.com", "o'neil%26sons@example.com", "%C3%BCnal%231@example.com"];
    for (value, id) in values.iter().zip(&ids) {
        let found = entra.get(&format!("/Users?filter=userName+eq+%22{value}%22")).await;
        assert_eq!(found.ids(), [id], "{value}");
    }
}

/// [dev] example 2: a POST names attributes without a value, also some that no schema has.
#[tokio::test]
async fn entra_sends_null_for_what_is_not_set() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let mut body = test_user();
    for name in ["displayName", "title", "department", "favouriteColour", "phoneNumbers", "password"] {
        body[name] = Value::Null;
    }
    body["name"]["middleName"] = Value::Null;
    body[ENTERPRISE] = json!({"employeeNumber": null, "manager": null, "department": "Engines"});
    let created = entra.post("/Users", body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let user = entra.read(&format!("/Users/{}", created.id())).await;
    assert!(!user.to_string().contains("null"), "{user}");
    assert_eq!(user[ENTERPRISE], json!({"department": "Engines"}));
}

/// apache/directory-scimple#1242, Captain-P-Goldfish/SCIM-SDK#686; the answer must be an object: a string breaks
/// Entra's reading of the whole user (Budibase/budibase#15369).
#[tokio::test]
async fn entra_writes_the_manager_as_text_and_reads_it_as_an_object() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let manager = entra.create("/Users", json!({"schemas": [USER], "userName": "boss"})).await;
    let mut body = test_user();
    body[ENTERPRISE] = json!({"manager": manager});
    let created = entra.post("/Users", body).await;
    assert_eq!(created.status, 201, "{created:?}");
    for user in [&created.body, &entra.read(&format!("/Users/{}", created.id())).await] {
        assert_eq!(user[ENTERPRISE]["manager"]["value"], manager, "{user}");
    }
}

/// [attr]: `schemas` need not name the extension whose data is there.
#[tokio::test]
async fn entra_leaves_the_extension_out_of_schemas() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let mut body = test_user();
    body["schemas"] = json!([USER]);
    body[ENTERPRISE] = json!({"department": "Engines"});
    let user = entra.read(&format!("/Users/{}", entra.create("/Users", body).await)).await;
    assert_eq!(user[ENTERPRISE]["department"], "Engines");
    assert!(user["schemas"].as_array().unwrap().contains(&json!(ENTERPRISE)), "{user}");
}

/// [dev] mapping table (`UserName`, `emails[type eq "other"].Value`), AzureAD/SCIMReferenceCode, Postman (`Primary`).
#[tokio::test]
async fn entra_writes_names_in_any_case() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let body = json!({
        "schemas": [USER, ENTERPRISE], "UserName": "ada", "Active": true, "DisplayName": "Ada",
        "Emails": [{"Primary": true, "Type": "work", "Value": "ada@example.com"}],
        ENTERPRISE: {"Department": "Engines"},
    });
    let path = format!("/Users/{}", entra.create("/Users", body).await);
    let other = json!([{"op": "Add", "path": "emails[type eq \"other\"].Value", "value": "ada@example.org"}]);
    entra.change(&path, other).await;
    let user = entra.read(&path).await;
    assert_eq!((&user["userName"], &user["displayName"]), (&json!("ada"), &json!("Ada")));
    assert_eq!(user["emails"][0], json!({"primary": true, "type": "work", "value": "ada@example.com"}));
    assert_eq!(user["emails"][1], json!({"type": "other", "value": "ada@example.org"}));
    assert_eq!(user[ENTERPRISE]["department"], "Engines");
}

/// [dev]: 409 with `uniqueness`; the second create has changed nothing.
#[tokio::test]
async fn entra_learns_that_a_user_name_is_taken() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create("/Users", test_user()).await;
    let mut again = test_user();
    again["userName"] = json!("TEST_USER_AB6490EE-1E48-479E-A20B-2D77186B5DD1");
    again["displayName"] = json!("somebody else");
    let refused = entra.post("/Users", again).await;
    assert_eq!((refused.status.as_u16(), &refused.body["scimType"]), (409, &json!("uniqueness")));
    let all = entra.get("/Users").await;
    assert_eq!(all.body["totalResults"], 1);
    assert_eq!(all.resources()[0]["displayName"], Value::Null);
}

/// [how]: blocked, unassigned or in the recycle bin is `active: false`; restored is `active: true`.
#[tokio::test]
async fn entra_enables_a_disabled_user_again() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let id = entra.create("/Users", test_user()).await;
    let path = format!("/Users/{id}");
    let query = "?filter=userName+eq+%22Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1%22";
    for (text, active) in [("False", false), ("False", false), ("True", true), ("true", true)] {
        entra.change(&path, json!([{"op": "Replace", "path": "active", "value": text}])).await;
        assert_eq!(entra.read(&path).await["active"], active, "{text}");
        let found = entra.get(&format!("/Users{query}")).await;
        assert_eq!((found.ids(), &found.resources()[0]["active"]), (vec![&*id], &json!(active)), "{text}");
    }
}

/// [how]: DELETE after 30 days in the recycle bin; then 404, absent from filters, and the name is free.
#[tokio::test]
async fn entra_deletes_for_good_and_creates_the_same_name_again() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let path = format!("/Users/{}", entra.create("/Users", test_user()).await);
    entra.change(&path, json!([{"op": "Replace", "path": "active", "value": "False"}])).await;
    assert_eq!(entra.delete(&path).await, 204);
    assert_eq!(entra.get(&path).await.status, 404);
    let enable = json!([{"op": "Replace", "path": "active", "value": "True"}]);
    assert_eq!(entra.patch(&path, enable).await.status, 404);
    let query = "?filter=userName+eq+%22Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1%22";
    assert_eq!(entra.get(&format!("/Users{query}")).await.body["Resources"], json!([]));
    entra.create("/Users", test_user()).await;
}

/// [dev] "Get a reference": `id eq … and manager eq …` with `attributes=id`.
#[tokio::test]
async fn entra_checks_a_reference_by_one_filter_on_id_and_manager() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let manager = entra.create("/Users", json!({"schemas": [USER], "userName": "boss"})).await;
    let id = entra.create("/Users", test_user()).await;
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    entra.change(&format!("/Users/{id}"), json!([{"op": "Add", "path": path, "value": manager}])).await;
    for name in ["manager", path] {
        let query = format!("attributes=id&filter=id+eq+%22{id}%22+and+{name}+eq+%22{manager}%22");
        let found = entra.get(&format!("/Users?{query}")).await;
        assert_eq!(found.ids(), [&id], "{found:?}");
        assert_eq!(found.resources()[0]["userName"], Value::Null);
        for query in [
            format!("id+eq+%22{id}%22+and+{name}+eq+%22{id}%22"),
            format!("id+eq+%22{manager}%22+and+{name}+eq+%22{manager}%22"),
        ] {
            let found = entra.get(&format!("/Users?attributes=id&filter={query}")).await;
            assert!(found.ids().is_empty(), "{query}: {found:?}");
        }
    }
}

/// [how]: an object that failed is tried again each cycle, so that the same write must do the same.
#[tokio::test]
async fn entra_repeats_a_write_without_another_effect() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let mut body = test_user();
    body["nickName"] = json!("ada");
    let created = entra.post("/Users", body).await;
    let path = format!("/Users/{}", created.id());
    let operations = json!([
        {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+1 5550100"},
        {"op": "Add", "path": "addresses[type eq \"work\"].country", "value": "DE"},
        {"op": "Replace", "path": "title", "value": "Engineer"},
        {"op": "Remove", "path": "nickName"},
    ]);
    entra.change(&path, operations.clone()).await;
    let first = entra.read(&path).await;
    assert_eq!(first["phoneNumbers"], json!([{"type": "work", "value": "+1 5550100"}]));
    assert_eq!(first["addresses"], json!([{"type": "work", "country": "DE"}]));
    assert_eq!((&first["title"], &first["nickName"]), (&json!("Engineer"), &Value::Null));
    assert_ne!(first["meta"]["version"], created.body["meta"]["version"]);
    entra.change(&path, operations).await;
    assert_eq!(
        entra.read(&path).await,
        first,
        "neither a value nor the version or the time of the last change"
    );
}
