//! Rippling, "Custom App". [workos] workos.com/docs, "Rippling SCIM": what the administrator ticks and maps. What it
//! sends is not documented; the bodies are those of RFC 7644.

use serde_json::json;

use super::{Connection, GROUP, SCIM, USER, members};
use crate::server::Scene;

fn rippling(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM, &[])
}

/// [workos]: externalId, the primary email and the name are what is mapped; a request that failed is sent again.
#[tokio::test]
async fn rippling_creates_a_user_once_however_often_it_tries() {
    let scene = Scene::start().await;
    let rippling = rippling(&scene);
    let body = json!({
        "schemas": [USER], "userName": "ada@example.com", "externalId": "5f3b", "active": true,
        "emails": [{"value": "ada@example.com", "primary": true}],
        "name": {"givenName": "Ada", "familyName": "King"},
    });
    rippling.create_bystanders().await;
    let id = rippling.create("/Users", body.clone()).await;
    assert_eq!(rippling.post("/Users", body).await.status, 409);
    let found = rippling.get("/Users?filter=emails[primary eq true].value eq \"ada@example.com\"").await;
    assert_eq!(found.ids(), [&id]);
}

/// A termination: `active: false`, later perhaps DELETE.
#[tokio::test]
async fn rippling_deactivates_and_deletes_a_user() {
    let scene = Scene::start().await;
    let rippling = rippling(&scene);
    let path =
        format!("/Users/{}", rippling.create("/Users", json!({"schemas": [USER], "userName": "ada"})).await);
    rippling.change(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    assert_eq!(rippling.read(&path).await["active"], false);
    assert_eq!((rippling.delete(&path).await, rippling.get(&path).await.status.as_u16()), (204, 404));
}

/// [workos]: "groups, pagination, delete groups and PATCH groups" are ticked.
#[tokio::test]
async fn rippling_pages_patches_and_deletes_groups() {
    let scene = Scene::start().await;
    let rippling = rippling(&scene);
    let user = rippling.create("/Users", json!({"schemas": [USER], "userName": "ada"})).await;
    for name in ["a", "b", "c"] {
        rippling.create("/Groups", json!({"schemas": [GROUP], "displayName": name})).await;
    }
    let page = rippling.get("/Groups?startIndex=3&count=2").await;
    assert_eq!((page.ids().len(), &page.body["totalResults"]), (1, &json!(3)));
    let path = format!("/Groups/{}", page.ids()[0]);
    rippling.change(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    assert_eq!(members(&rippling.read(&path).await), [&user]);
    assert_eq!((rippling.delete(&path).await, rippling.get(&path).await.status.as_u16()), (204, 404));
}
