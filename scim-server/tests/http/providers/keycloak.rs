//! SCIM clients for Keycloak. [libre] mitodl/keycloak-scim (`ScimClient.java`, `UserAdapter.java`,
//! `GroupAdapter.java`); [goldfish] Captain-P-Goldfish/scim-for-keycloak.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Connection, GROUP, PATCH, SCIM, USER, members};
use crate::server::Scene;

fn keycloak(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM, &[("Accept", "application/scim+json, application/json")])
}

fn ada() -> Value {
    json!({
        "schemas": [USER],
        "externalId": "3e07f3dd-1a2b-4c3d-8e9f-001122334455",
        "userName": "ada",
        "displayName": "Ada King",
        "active": true,
        "emails": [{"primary": true, "value": "ada@example.com"}],
        "roles": [{"value": "admin"}],
    })
}

/// [libre]: a change is a PUT of the whole user with a relative `meta.location`.
#[tokio::test]
async fn keycloak_puts_a_whole_user_with_a_relative_location() {
    let scene = Scene::start().await;
    let keycloak = keycloak(&scene);
    let created = keycloak.post("/Users", ada()).await;
    let id = created.id();
    let mut body = ada();
    body["id"] = json!(id);
    body["meta"] = json!({"location": format!("Users/{id}")});
    body["active"] = json!(false);
    body["roles"] = json!([]);
    let path = format!("/Users/{id}");
    let replaced = keycloak.put(&path, body).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    let user = keycloak.read(&path).await;
    assert_eq!((&user["active"], &user["roles"]), (&json!(false), &Value::Null));
    assert_eq!(user["meta"]["location"], created.body["meta"]["location"]);
    assert!(user["meta"]["location"].as_str().unwrap().starts_with("https://"), "{user}");
    assert_eq!(keycloak.delete(&path).await, 204);
}

/// [libre]: members are the whole list, each with a relative `$ref`.
#[tokio::test]
async fn keycloak_puts_a_whole_group_with_relative_references() {
    let scene = Scene::start().await;
    let keycloak = keycloak(&scene);
    let user = keycloak.post("/Users", ada()).await.body;
    let body = json!({"schemas": [GROUP], "externalId": "9a", "displayName": "Engineers"});
    let id = keycloak.create("/Groups", body.clone()).await;
    let path = format!("/Groups/{id}");
    let mut whole = body;
    whole["id"] = json!(id);
    whole["meta"] = json!({"location": format!("Groups/{id}")});
    let user_id = user["id"].as_str().unwrap();
    whole["members"] = json!([{"value": user_id, "$ref": format!("Users/{user_id}")}]);
    whole["displayName"] = json!("Builders");
    assert_eq!(keycloak.put(&path, whole).await.status, 200);
    let group = keycloak.read(&path).await;
    assert_eq!((&group["displayName"], members(&group)), (&json!("Builders"), vec![user_id]));
    assert_eq!(group["members"][0]["$ref"], user["meta"]["location"]);
    assert!(group["meta"]["location"].as_str().unwrap().starts_with("https://"), "{group}");
}

/// [libre] "sync-import": all resources without any parameter.
#[tokio::test]
async fn keycloak_imports_without_parameters() {
    let scene = Scene::start().await;
    let keycloak = keycloak(&scene);
    let ada = keycloak.create("/Users", ada()).await;
    let bob = keycloak.create("/Users", json!({"schemas": [USER], "userName": "bob"})).await;
    let body = json!({"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": ada}]});
    let group = keycloak.create("/Groups", body).await;
    let all = keycloak.get("/Users").await;
    assert_eq!((all.ids(), &all.body["totalResults"]), (vec![&*ada, &*bob], &json!(2)));
    assert_eq!(all.resources()[0]["emails"][0]["value"], "ada@example.com");
    let all = keycloak.get("/Groups").await;
    assert_eq!((all.ids(), members(&all.resources()[0])), (vec![&*group], vec![&*ada]));
}

/// [goldfish] #172, "incremental": remove by value path and add; Captain-P-Goldfish/SCIM-SDK#833: `type` beside the
/// value.
#[tokio::test]
async fn keycloak_patches_members_with_their_type() {
    let scene = Scene::start().await;
    let keycloak = keycloak(&scene);
    let ada = keycloak.create("/Users", ada()).await;
    let bob = keycloak.create("/Users", json!({"schemas": [USER], "userName": "bob"})).await;
    let path = format!("/Groups/{}", keycloak.create("/Groups", json!({"displayName": "Engineers"})).await);
    let both = json!([{"value": ada, "type": "User"}, {"value": bob, "type": "User"}]);
    keycloak.change(&path, json!([{"op": "replace", "path": "members", "value": both}])).await;
    assert_eq!(members(&keycloak.read(&path).await), [&ada, &bob]);
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    keycloak.change(&path, remove).await;
    assert_eq!(members(&keycloak.read(&path).await), [&bob]);
}

/// [goldfish] #172: the value of a PATCH without a path is the group as JSON in a text.
#[tokio::test]
async fn keycloak_writes_the_value_of_a_patch_as_json_in_a_text() {
    let scene = Scene::start().await;
    let keycloak = keycloak(&scene);
    let user = keycloak.create("/Users", ada()).await;
    let path = format!("/Groups/{}", keycloak.create("/Groups", json!({"displayName": "old"})).await);
    let group =
        json!({"schemas": [GROUP], "externalId": "9a", "displayName": "example/developers"}).to_string();
    let operations = json!([
        {"op": "replace", "value": group},
        {"op": "add", "path": "members", "value": [{"value": user, "type": "User"}]},
    ]);
    let body = json!({"schemas": [PATCH], "Operations": operations});
    let changed = keycloak.send(Method::PATCH, &path, Some(body)).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    let read = keycloak.read(&path).await;
    assert_eq!((&read["displayName"], &read["externalId"]), (&json!("example/developers"), &json!("9a")));
    assert_eq!(members(&read), [&user]);
}
