//! The requests of Okta: [okta] its SCIM 2.0 reference, [spec] its published test.

use serde_json::{Value, json};

use crate::server::Scene;

fn barbara() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "barbara@example.com",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [{"primary": true, "value": "barbara@example.com", "type": "work"}],
        "displayName": "Barbara Jensen",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true
    })
}

#[tokio::test]
async fn the_credentials_are_tested_by_a_page_of_two() {
    let scene = Scene::start().await;
    for number in 0..3 {
        scene.scim.create("/Users", json!({"userName": format!("user-{number}")})).await;
    }
    let page = scene.scim.get("/Users?startIndex=1&count=2").await;
    assert_eq!(page.body["totalResults"], 3);
    assert_eq!(page.body["itemsPerPage"], 2);
    assert_eq!(scene.scim.get("/Groups?startIndex=1&count=100").await.body["totalResults"], 0);
}

#[tokio::test]
async fn a_user_is_matched_created_once_and_never_shows_its_password() {
    let scene = Scene::start().await;
    let query = "?filter=userName%20eq%20%22barbara@example.com%22&startIndex=1&count=100";
    assert_eq!(scene.scim.get(&format!("/Users{query}")).await.body["totalResults"], 0);
    let created = scene.scim.post("/Users", barbara()).await;
    assert_eq!(created.status, 201);
    assert!(!created.body.to_string().contains("1mz050nq"));
    let again = scene.scim.post("/Users", barbara()).await;
    assert_eq!((again.status.as_u16(), &again.body["scimType"]), (409, &json!("uniqueness")));
    assert_eq!(scene.scim.get(&format!("/Users{query}")).await.ids(), [created.id()]);
}

#[tokio::test]
async fn a_user_is_deactivated_by_a_put_of_what_was_read() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.scim.create("/Users", barbara()).await);
    let mut user = scene.scim.get(&path).await.body;
    user["active"] = json!(false);
    user["groups"] = json!([]);
    user["title"] = json!("");
    user["nickName"] = Value::Null;
    let replaced = scene.scim.put(&path, user).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(replaced.body["active"], false);
    assert_eq!(replaced.body["displayName"], "Barbara Jensen");
    assert_eq!(
        scene.scim.filter("/Users", "userName eq \"barbara@example.com\"").await.body["totalResults"],
        1
    );
}

#[tokio::test]
async fn a_user_is_deactivated_by_a_patch_without_path() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.scim.create("/Users", barbara()).await);
    let operations = json!([{"op": "replace", "value": {"active": false}}]);
    assert_eq!(scene.scim.patch(&path, operations).await.body["active"], false);
}

#[tokio::test]
async fn a_group_is_renamed_and_changed_in_its_members() {
    let scene = Scene::start().await;
    let user = scene.scim.create("/Users", barbara()).await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Test SCIMv2",
        "members": []
    });
    let id = scene.scim.create("/Groups", body).await;
    let path = format!("/Groups/{id}");
    let rename = json!([{"op": "replace", "value": {"id": id, "displayName": "Renamed"}}]);
    assert_eq!(scene.scim.patch(&path, rename).await.status, 204);
    let change = json!([
        {"op": "remove", "path": "members[value eq \"018f0000-0000-7000-8000-000000000000\"]"},
        {"op": "add", "path": "members", "value": [{"value": user, "display": "barbara@example.com"}]}
    ]);
    assert_eq!(scene.scim.patch(&path, change).await.status, 204);
    let group = scene.scim.get(&path).await.body;
    assert_eq!((&group["displayName"], &group["members"][0]["value"]), (&json!("Renamed"), &json!(user)));
    let push = json!([{"op": "replace", "path": "members", "value": []}]);
    assert_eq!(scene.scim.patch(&path, push).await.status, 204);
    assert_eq!(scene.scim.get(&path).await.body["members"], Value::Null);
    assert_eq!(scene.scim.delete(&path).await.status, 204);
}

#[tokio::test]
async fn errors_have_the_form_that_the_published_test_wants() {
    let scene = Scene::start().await;
    let unknown = scene.scim.get("/Users/010101001010101011001010101011").await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["status"]), (404, &json!("404")));
    let mut stranger = scene.scim.clone();
    stranger.token = None;
    let refused = stranger.get("/Users").await;
    assert_eq!((refused.status.as_u16(), &refused.body["status"]), (401, &json!("401")));
    let missing =
        scene.scim.post("/Users", json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]})).await;
    assert_eq!(missing.status, 400);
}
