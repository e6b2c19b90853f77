//! PingOne and PingFederate as clients. [filter] docs.pingidentity.com, "SCIM filter expressions"; [settings] "SCIM
//! provisioner settings reference"; [management] "User and group management".

use serde_json::json;

use super::{Connection, GROUP, SCIM, USER, members};
use crate::server::Scene;

fn ping(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM, &[("Accept", "application/scim+json, application/json")])
}

/// [settings]: `userName eq` by default, `emails eq` for `workEmail`; [filter]: an expression of the administrator's,
/// in whatever case.
#[tokio::test]
async fn ping_matches_by_the_filter_that_the_administrator_wrote() {
    let scene = Scene::start().await;
    let ping = ping(&scene);
    ping.create_bystanders().await;
    let emails = json!([{"type": "work", "primary": true, "value": "ada@example.com"}]);
    let id = ping.create("/Users", json!({"schemas": [USER], "userName": "jsmith", "emails": emails})).await;
    for filter in [
        "userName eq \"jsmith\"",
        "username Eq \"JSmith\"",
        "emails eq \"ada@example.com\"",
        "emails Co \"@example.com\"",
        "emails.value EQ \"ADA@example.com\"",
        "emails[type eq \"work\" and value eq \"ada@example.com\"]",
    ] {
        assert_eq!(ping.get(&format!("/Users?filter={filter}")).await.ids(), [&id], "{filter}");
    }
}

/// [filter] has `email Co "%s"` as an example; SCIM has no such attribute, and the answer says so.
#[tokio::test]
async fn ping_is_told_that_email_is_no_attribute() {
    let scene = Scene::start().await;
    let refused = ping(&scene).get("/Users?filter=email Co \"ada@example.com\"").await;
    assert_eq!((refused.status.as_u16(), &refused.body["scimType"]), (400, &json!("invalidFilter")));
    assert!(refused.detail().contains("'email'"), "{refused:?}");
}

/// [management] "Provision disabled users"; updated by PUT, or by PATCH where that is chosen.
#[tokio::test]
async fn ping_creates_a_disabled_user_and_updates_it_by_put_or_patch() {
    let scene = Scene::start().await;
    let ping = ping(&scene);
    let body =
        json!({"schemas": [USER], "userName": "jsmith", "active": false, "name": {"familyName": "Smith"}});
    let path = format!("/Users/{}", ping.create("/Users", body).await);
    assert_eq!(ping.read(&path).await["active"], false);
    let mut whole = ping.read(&path).await;
    whole["active"] = json!(true);
    assert_eq!(ping.put(&path, whole).await.status, 200);
    let user = ping.read(&path).await;
    assert_eq!((&user["active"], &user["name"]["familyName"]), (&json!(true), &json!("Smith")));
    ping.change(&path, json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!(ping.read(&path).await["active"], false);
    assert_eq!(ping.delete(&path).await, 204);
}

/// [management] "Group name updates", "Group membership updates", "Group deletion".
#[tokio::test]
async fn ping_keeps_a_group_in_step() {
    let scene = Scene::start().await;
    let ping = ping(&scene);
    ping.create_bystanders().await;
    let user = ping.create("/Users", json!({"schemas": [USER], "userName": "jsmith"})).await;
    let group = ping.create("/Groups", json!({"schemas": [GROUP], "displayName": "Engineers"})).await;
    let path = format!("/Groups/{group}");
    assert_eq!(ping.get("/Groups?filter=displayName eq \"Engineers\"").await.ids(), [&group]);
    ping.change(&path, json!([{"op": "add", "path": "members", "value": [{"value": user}]}])).await;
    ping.change(&path, json!([{"op": "replace", "path": "displayName", "value": "Builders"}])).await;
    let read = ping.read(&path).await;
    assert_eq!((&read["displayName"], members(&read)), (&json!("Builders"), vec![&*user]));
    ping.change(&path, json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}])).await;
    assert!(members(&ping.read(&path).await).is_empty());
    assert_eq!((ping.delete(&path).await, ping.get(&path).await.status.as_u16()), (204, 404));
}

/// [settings] offers Basic authentication; this server takes bearer tokens only, and says so.
#[tokio::test]
async fn ping_with_basic_authentication_is_told_to_use_a_bearer_token() {
    let scene = Scene::start().await;
    let mut ping = ping(&scene);
    ping.scim.token = None;
    ping.headers = &[("Authorization", "Basic cGluZzpzZWNyZXQ=")];
    let refused = ping.get("/Users").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"), "{refused:?}");
}
