//! A user's life: created, read, replaced, changed, removed (RFC 7644, sections 3.3 to 3.6).

use scim::{Profile, profile::PatchResponse};
use serde_json::{Value, json};

use crate::server::Scene;

fn ada() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada@example.com",
        "externalId": "4711",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
        "password": "correct horse battery staple",
    })
}

#[tokio::test]
async fn a_created_user_comes_back_with_its_place() {
    let scene = Scene::start().await;
    let created = scene.scim.post("/Users", ada()).await;
    assert_eq!(created.status, 201);
    let base = &scene.tenant.registered.configuration.tenant_url;
    let location = format!("{base}/Users/{}", created.id());
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(created.body["meta"]["location"], location);
    assert_eq!(created.body["meta"]["resourceType"], "User");
    assert_eq!(created.body["meta"]["created"], created.body["meta"]["lastModified"]);
    assert_eq!(created.body["name"]["familyName"], "Lovelace");
    assert_eq!(created.body["password"], Value::Null);
    let read = scene.scim.get(&format!("/Users/{}", created.id())).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.body, created.body);
}

#[tokio::test]
async fn the_place_is_that_of_the_configuration_whatever_host_was_called() {
    let scene = Scene::start().await;
    let request = scene.scim.request(reqwest::Method::GET, "/Users").header("Host", "evil.example");
    let listed = crate::server::answer(request.header("X-Forwarded-Host", "evil.example")).await;
    assert!(!listed.body.to_string().contains("evil"));
    let request = scene.scim.request(reqwest::Method::POST, "/Users").header("Host", "evil.example");
    let request = request.header("Content-Type", "application/json").body(ada().to_string());
    let created = crate::server::answer(request).await;
    assert!(created.header("location").unwrap().starts_with("https://scim.example.com/"));
}

#[tokio::test]
async fn a_replaced_user_is_what_was_sent_and_no_more() {
    let scene = Scene::start().await;
    let id = scene.scim.create("/Users", ada()).await;
    let path = format!("/Users/{id}");
    let replaced = scene.scim.put(&path, json!({"userName": "ada@example.com", "title": "Countess"})).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(replaced.body["title"], "Countess");
    assert_eq!(replaced.body["name"], Value::Null);
    assert_eq!(replaced.body["id"], id);
    assert_eq!(scene.scim.get(&path).await.body, replaced.body);
}

#[tokio::test]
async fn a_change_answers_with_the_resource() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.scim.create("/Users", ada()).await);
    let operations = json!([{"op": "replace", "path": "name.givenName", "value": "Augusta"}]);
    let changed = scene.scim.patch(&path, operations).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["name"]["givenName"], "Augusta");
    assert_eq!(scene.scim.get(&path).await.body, changed.body);
}

#[tokio::test]
async fn a_change_answers_without_a_body_where_the_profile_says_so_unless_attributes_are_asked_for() {
    let profile = Profile { patch_response: PatchResponse::NoContent, ..Profile::default() };
    let scene = Scene::with_profile(profile).await;
    let path = format!("/Users/{}", scene.scim.create("/Users", ada()).await);
    let operations = json!([{"op": "replace", "path": "active", "value": false}]);
    let changed = scene.scim.patch(&path, operations.clone()).await;
    assert_eq!(changed.status, 204);
    assert_eq!(scene.scim.get(&path).await.body["active"], false);
    let asked = scene.scim.patch(&format!("{path}?attributes=active"), operations).await;
    assert_eq!(asked.status, 200);
    assert_eq!(asked.body["active"], false);
    assert_eq!(asked.body["userName"], Value::Null);
}

#[tokio::test]
async fn a_removed_user_is_gone_and_its_name_is_free() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.scim.create("/Users", ada()).await);
    assert_eq!(scene.scim.delete(&path).await.status, 204);
    assert_eq!(scene.scim.delete(&path).await.status, 404);
    assert_eq!(scene.scim.get(&path).await.status, 404);
    assert_eq!(scene.scim.put(&path, ada()).await.status, 404);
    assert_eq!(scene.scim.patch(&path, json!([{"op": "remove", "path": "title"}])).await.status, 404);
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 0);
    assert_eq!(scene.scim.post("/Users", ada()).await.status, 201);
}

#[tokio::test]
async fn a_name_is_taken_in_any_case_and_by_a_change_too() {
    let scene = Scene::start().await;
    scene.scim.create("/Users", ada()).await;
    let again = scene.scim.post("/Users", json!({"userName": "ADA@example.com"})).await;
    assert_eq!(again.status, 409);
    assert_eq!(again.body["scimType"], "uniqueness");
    let bob = format!("/Users/{}", scene.scim.create("/Users", json!({"userName": "bob"})).await);
    let operations = json!([{"op": "replace", "path": "userName", "value": "ada@example.com"}]);
    assert_eq!(scene.scim.patch(&bob, operations).await.status, 409);
    assert_eq!(scene.scim.put(&bob, ada()).await.status, 409);
    assert_eq!(scene.scim.get(&bob).await.body["userName"], "bob");
}

#[tokio::test]
async fn a_head_request_is_answered_like_a_get_without_the_body() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.scim.create("/Users", ada()).await);
    let head = scene.scim.request(reqwest::Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.text().await.unwrap(), "");
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let scene = Scene::start().await;
    let created = scene.scim.post("/Users/", ada()).await;
    assert_eq!(created.status, 201);
    let path = format!("/Users/{}", created.id());
    assert_eq!(scene.scim.get(&format!("{path}/")).await.body, created.body);
    let listing = scene.scim.get("/Users/?filter=userName+pr").await;
    assert_eq!(listing.body, scene.scim.get("/Users?filter=userName+pr").await.body);
    assert_eq!(scene.scim.delete(&format!("{path}/")).await.status, 204);
}
