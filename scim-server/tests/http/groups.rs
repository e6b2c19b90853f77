//! Groups, and their members, who are never listed unless somebody asks.

use scim::{Profile, profile::PatchResponse};
use serde_json::{Value, json};

use crate::server::Scene;

fn members(resource: &Value) -> Vec<String> {
    let members = resource["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<_> = members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

async fn users(scene: &Scene, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(scene.scim.create("/Users", json!({"userName": format!("user-{number}")})).await);
    }
    ids.sort();
    ids
}

#[tokio::test]
async fn a_group_is_created_with_its_members() {
    let scene = Scene::start().await;
    let users = users(&scene, 2).await;
    let body = json!({"displayName": "Engineers", "members": [{"value": users[0]}, {"value": users[1]}]});
    let created = scene.scim.post("/Groups", body).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(members(&created.body), users);
    let base = scene.tenant.registered.configuration.tenant_url.as_str();
    let location = format!("{base}/Groups/{}", created.id());
    assert_eq!(created.header("location"), Some(location.as_str()));
    let read = scene.scim.get(&format!("/Groups/{}", created.id())).await;
    assert_eq!(members(&read.body), users);
    let member = &read.body["members"][0];
    assert_eq!(member["$ref"], format!("{base}/Users/{}", member["value"].as_str().unwrap()));
    assert_eq!(member["type"], "User");
    let user = scene.scim.get(&format!("/Users/{}", users[0])).await;
    assert_eq!(user.body["groups"][0]["value"], created.id());
    assert_eq!(user.body["groups"][0]["display"], "Engineers");
}

#[tokio::test]
async fn a_change_of_a_group_is_answered_without_a_body_so_that_no_big_membership_is_listed() {
    let scene = Scene::start().await;
    let users = users(&scene, 3).await;
    let path = format!("/Groups/{}", scene.scim.create("/Groups", json!({"displayName": "Engineers"})).await);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": users[0]}, {"value": users[1]}]}]);
    let changed = scene.scim.patch(&path, add.clone()).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    assert_eq!(members(&scene.scim.get(&path).await.body), users[..2]);
    assert_eq!(scene.scim.patch(&path, add).await.status, 204, "adding again is no error");
    assert_eq!(members(&scene.scim.get(&path).await.body), users[..2]);
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", users[0])}]);
    assert_eq!(scene.scim.patch(&path, remove).await.status, 204);
    assert_eq!(members(&scene.scim.get(&path).await.body), users[1..2]);
    let replace = json!([{"op": "replace", "path": "members", "value": [{"value": users[2]}]}]);
    assert_eq!(scene.scim.patch(&path, replace).await.status, 204);
    assert_eq!(members(&scene.scim.get(&path).await.body), users[2..]);
}

#[tokio::test]
async fn a_change_of_a_group_answers_with_what_was_asked_for() {
    let scene =
        Scene::with_profile(Profile { patch_response: PatchResponse::NoContent, ..Profile::default() }).await;
    let users = users(&scene, 1).await;
    let path = format!("/Groups/{}", scene.scim.create("/Groups", json!({"displayName": "Engineers"})).await);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": users[0]}]}]);
    let asked = scene.scim.patch(&format!("{path}?attributes=members"), add.clone()).await;
    assert_eq!(asked.status, 200);
    assert_eq!(members(&asked.body), users);
    assert_eq!(asked.body["displayName"], Value::Null);
    let asked = scene.scim.patch(&format!("{path}?excludedAttributes=members"), add).await;
    assert_eq!(asked.body["displayName"], "Engineers");
    assert_eq!(asked.body["members"], Value::Null);
}

#[tokio::test]
async fn a_replaced_group_keeps_its_members_only_if_they_are_named() {
    let scene = Scene::start().await;
    let users = users(&scene, 2).await;
    let body = json!({"displayName": "Engineers", "members": [{"value": users[0]}]});
    let path = format!("/Groups/{}", scene.scim.create("/Groups", body).await);
    let body = json!({"displayName": "Builders", "members": [{"value": users[1]}]});
    let replaced = scene.scim.put(&path, body).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(replaced.body["displayName"], "Builders");
    assert_eq!(members(&replaced.body), users[1..]);
    let replaced = scene.scim.put(&path, json!({"displayName": "Builders", "members": []})).await;
    assert_eq!(members(&replaced.body), Vec::<String>::new());
}

#[tokio::test]
async fn a_removed_group_is_gone_and_its_members_stay() {
    let scene = Scene::start().await;
    let users = users(&scene, 1).await;
    let body = json!({"displayName": "Engineers", "members": [{"value": users[0]}]});
    let path = format!("/Groups/{}", scene.scim.create("/Groups", body).await);
    assert_eq!(scene.scim.delete(&path).await.status, 204);
    assert_eq!(scene.scim.get(&path).await.status, 404);
    let user = scene.scim.get(&format!("/Users/{}", users[0])).await;
    assert_eq!(user.status, 200);
    assert_eq!(user.body["groups"], Value::Null);
}

#[tokio::test]
async fn members_who_do_not_exist_are_refused() {
    let scene = Scene::start().await;
    let never = "018f0000-0000-7000-8000-000000000000";
    let body = json!({"displayName": "Ghosts", "members": [{"value": never}]});
    let refused = scene.scim.post("/Groups", body).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.detail().contains(never), "{refused:?}");
    assert_eq!(scene.scim.get("/Groups").await.body["totalResults"], 0);
}

#[tokio::test]
async fn changes_of_one_group_at_the_same_time_all_last() {
    let scene = Scene::start().await;
    let users = users(&scene, 12).await;
    let path = format!("/Groups/{}", scene.scim.create("/Groups", json!({"displayName": "Engineers"})).await);
    let additions = users.iter().map(|id| {
        let add = json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
        let (scim, path) = (scene.scim.clone(), path.clone());
        async move { scim.patch(&path, add).await.status }
    });
    let statuses = futures::future::join_all(additions).await;
    assert!(statuses.iter().all(|status| *status == 204), "{statuses:?}");
    assert_eq!(members(&scene.scim.get(&path).await.body), users);
}
