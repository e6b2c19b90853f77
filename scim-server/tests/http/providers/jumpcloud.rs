//! JumpCloud, "Custom SCIM Identity Management". [support] jumpcloud.com/support, "Identity Management using a Custom
//! SCIM Integration"; [2138] Infisical/infisical#2138; [remove] app.uni-moni.com, "SSO setup: JumpCloud".

use serde_json::{Value, json};

use super::{Connection, ENTERPRISE, GROUP, SCIM, USER, members};
use crate::server::Scene;

fn jumpcloud(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM, &[("Accept", "application/scim+json")])
}

fn test_user() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "jumpcloud.test@example.com",
        "externalId": "6512f0c2a1b2c3d4e5f60718",
        "active": true,
        "displayName": "",
        "name": {"givenName": "JumpCloud", "familyName": "Test", "middleName": "", "formatted": "JumpCloud Test"},
        "emails": [{"value": "jumpcloud.test@example.com", "type": "work", "primary": true}],
        "phoneNumbers": [], "addresses": [],
        ENTERPRISE: {"employeeNumber": "", "department": ""},
    })
}

/// [support]: saving the connection looks for the test user, creates it and a test group, changes both, and deletes
/// both again.
#[tokio::test]
async fn jumpcloud_activates_by_creating_and_deleting_a_test_user_and_group() {
    let scene = Scene::start().await;
    let jumpcloud = jumpcloud(&scene);
    jumpcloud.create_bystanders().await;
    let query = "?filter=userName%20eq%20%22jumpcloud.test@example.com%22";
    assert_eq!(jumpcloud.get(&format!("/Users{query}")).await.resources().len(), 0);
    let id = jumpcloud.create("/Users", test_user()).await;
    let user = format!("/Users/{id}");
    let mut body = test_user();
    body["id"] = json!(id);
    body["title"] = json!("Test");
    assert_eq!(jumpcloud.put(&user, body.clone()).await.body["title"], "Test");
    let group = json!({"schemas": [GROUP], "displayName": "JumpCloud Test Group", "members": []});
    let group = format!("/Groups/{}", jumpcloud.create("/Groups", group).await);
    jumpcloud.change(&group, json!([{"op": "add", "path": "members", "value": [{"value": id}]}])).await;
    assert_eq!(members(&jumpcloud.read(&group).await), [&id]);
    body["active"] = json!(false);
    assert_eq!(jumpcloud.put(&user, body).await.body["active"], false);
    assert_eq!((jumpcloud.delete(&group).await, jumpcloud.delete(&user).await), (204, 204));
    assert_eq!(
        (jumpcloud.get(&group).await.status, jumpcloud.get(&user).await.status.as_u16()),
        (404.try_into().unwrap(), 404)
    );
}

/// [2138]: the same members are added again and again.
#[tokio::test]
async fn jumpcloud_repeats_the_adding_of_members() {
    let scene = Scene::start().await;
    let jumpcloud = jumpcloud(&scene);
    let ada = jumpcloud.create("/Users", test_user()).await;
    let bob = jumpcloud.create("/Users", json!({"schemas": [USER], "userName": "bob"})).await;
    let group = json!({"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": ada}]});
    let path = format!("/Groups/{}", jumpcloud.create("/Groups", group).await);
    let all = json!([{"value": ada}, {"value": bob}, {"value": bob}]);
    let add = json!([{"op": "add", "path": "members", "value": all}]);
    jumpcloud.change(&path, add.clone()).await;
    let first = jumpcloud.read(&path).await;
    assert_eq!(members(&first), [&ada, &bob]);
    jumpcloud.change(&path, add).await;
    assert_eq!(jumpcloud.read(&path).await, first);
}

/// [remove]: the member who leaves is the operation's value, not part of its path.
#[tokio::test]
async fn jumpcloud_removes_a_member_by_value() {
    let scene = Scene::start().await;
    let jumpcloud = jumpcloud(&scene);
    let ada = jumpcloud.create("/Users", test_user()).await;
    let bob = jumpcloud.create("/Users", json!({"schemas": [USER], "userName": "bob"})).await;
    let all = json!([{"value": ada}, {"value": bob}]);
    let group = json!({"schemas": [GROUP], "displayName": "Engineers", "members": all});
    let path = format!("/Groups/{}", jumpcloud.create("/Groups", group).await);
    jumpcloud.change(&path, json!([{"op": "remove", "path": "members", "value": [{"value": ada}]}])).await;
    assert_eq!(members(&jumpcloud.read(&path).await), [&bob]);
}

/// Test data of a SCIM library for JumpCloud: one operation for each attribute, each with a path.
#[tokio::test]
async fn jumpcloud_replaces_attributes_one_by_one() {
    let scene = Scene::start().await;
    let jumpcloud = jumpcloud(&scene);
    let path = format!("/Users/{}", jumpcloud.create("/Users", test_user()).await);
    let operations = json!([
        {"op": "replace", "path": "name.givenName", "value": "John"},
        {"op": "replace", "path": "name.familyName", "value": "Doe"},
        {"op": "replace", "path": "active", "value": false},
    ]);
    jumpcloud.change(&path, operations).await;
    let user = jumpcloud.read(&path).await;
    assert_eq!((&user["name"]["givenName"], &user["name"]["familyName"]), (&json!("John"), &json!("Doe")));
    assert_eq!(user["active"], false);
}
