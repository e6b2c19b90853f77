//! The schemas of a live tenant change: at once, without a restart, and nothing stored is lost.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use scim::{
    Profile,
    profile::{Groups, Narrowing, ReturningUsers},
    schema::Uniqueness,
};
use scim_server::derivation::{self, Times};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::server::{Answer, Scene, answer, reconfigure};

const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName";

fn extended() -> Profile {
    serde_json::from_value(json!({
        "extensions": [
            {"urn": EXTENSION, "resource": "User", "attributes": [{"name": "folders", "type": "string", "multiValued": true}]},
        ],
    }))
    .unwrap()
}

/// Writes the profile into the registry as the operator does, and waits until the server serves by it.
async fn change(scene: &Scene, profile: Profile, is_served: impl Fn(&Answer) -> bool, path: &str) {
    reconfigure(&scene.database, &scene.tenant, |configuration| configuration.profile = profile).await;
    until(scene, is_served, path).await;
}

async fn until(scene: &Scene, is_there: impl Fn(&Answer) -> bool, path: &str) {
    let waiting = async {
        while !is_there(&scene.scim.get(path).await) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), waiting).await.unwrap();
}

fn has_schemas(count: usize) -> impl Fn(&Answer) -> bool {
    move |answer| answer.resources().len() == count
}

#[tokio::test]
async fn an_extension_comes_goes_and_comes_back_with_what_was_stored() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let body = json!({"userName": "ada", EXTENSION: {"folders": ["Shared", "Private"]}});
    assert_eq!(scim.post("/Users", body.clone()).await.status, 400, "nobody knows the schema yet");

    change(&scene, extended(), has_schemas(4), "/Schemas").await;
    let types = scim.get("/ResourceTypes/User").await;
    assert_eq!(types.body["schemaExtensions"].as_array().unwrap().len(), 2);
    assert_eq!(scim.get(&format!("/Schemas/{EXTENSION}")).await.body["attributes"][0]["name"], "folders");
    let path = format!("/Users/{}", scim.create("/Users", body.clone()).await);
    let with = scim.get(&path).await.body;
    assert_eq!(with[EXTENSION], body[EXTENSION]);
    let filter = format!("{EXTENSION}:folders eq \"shared\"");
    assert_eq!(scim.filter("/Users", &filter).await.resources(), std::slice::from_ref(&with));
    let projected = scim.get(&format!("{path}?attributes={EXTENSION}:folders")).await;
    assert_eq!(projected.body[EXTENSION], body[EXTENSION]);

    change(&scene, Profile::default(), has_schemas(3), "/Schemas").await;
    let without = scim.get(&path).await;
    assert_eq!((without.status.as_u16(), &without.body[EXTENSION]), (200, &Value::Null));
    assert_eq!(without.body["schemas"].as_array().unwrap().len(), 1);
    assert_eq!(scim.filter("/Users", &filter).await.body["scimType"], "invalidFilter");
    let title = json!([{"op": "add", "path": "title", "value": "Countess"}]);
    assert_eq!(scim.patch(&path, title).await.status, 200, "it is written as ever");

    change(&scene, extended(), has_schemas(4), "/Schemas").await;
    let back = scim.get(&path).await;
    assert_eq!(back.body[EXTENSION], body[EXTENSION]);
    assert_eq!(back.body["title"], "Countess");
}

#[tokio::test]
async fn what_was_stored_before_is_found_by_the_new_schema() {
    let scene = Scene::with_profile(extended()).await;
    let scim = &scene.scim;
    let user = |name: &str| json!({"userName": name, "nickName": "Ada", EXTENSION: {"folders": ["Shared"]}});
    let ada = scim.create("/Users", user("ada")).await;
    let filter = |folder: &str| format!("/Users?filter={EXTENSION}:folders+eq+%22{folder}%22");
    assert_eq!(scim.get(&filter("SHARED")).await.ids(), [&ada]);

    let connection = scene.database.server.clone();
    let view = scene.database.view();
    let watched = view.clone();
    tokio::spawn(async move { watched.run(std::future::pending()).await });
    let times = Times { look: Duration::from_millis(20), between_passes: Duration::from_millis(50) };
    tokio::spawn(async move { derivation::run(view, &connection, Arc::default(), times).await });

    let mut exact = extended();
    exact.extensions[0].attributes[0].case_exact = true;
    let narrowing = Narrowing {
        path: "nickName".to_owned(),
        uniqueness: Some(Uniqueness::Server),
        ..Narrowing::default()
    };
    exact.attributes.push(narrowing);
    let is_found = |count: usize| move |answer: &Answer| answer.body["totalResults"] == count;
    change(&scene, exact, is_found(0), &filter("SHARED")).await;
    until(&scene, is_found(1), &filter("Shared")).await;
    let taken = async {
        while scim.post("/Users", user("bob")).await.status != 409 {
            let bob = scim.filter("/Users", "userName eq \"bob\"").await;
            scim.delete(&format!("/Users/{}", bob.ids()[0])).await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), taken).await.unwrap();
    assert_eq!(scim.put(&format!("/Users/{ada}"), user("ada")).await.status, 200, "it is nobody else's");
}

#[tokio::test]
async fn groups_that_are_disabled_are_kept_and_nobody_sees_them() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let user = scim.create("/Users", json!({"userName": "ada"})).await;
    let group = scim.create("/Groups", json!({"displayName": "Staff", "members": [{"value": user}]})).await;
    let path = format!("/Users/{user}");
    let before = scim.get(&path).await.body;
    assert_eq!(before["groups"][0]["value"], group);

    let disabled = Profile { groups: Groups::Disabled, ..Profile::default() };
    change(&scene, disabled, has_schemas(2), "/Schemas").await;
    assert_eq!(scim.get(&path).await.body["groups"], Value::Null);
    assert_eq!(scim.get(&format!("{path}?attributes=groups")).await.body["groups"], Value::Null);
    assert_eq!(scim.get("").await.ids(), [&user]);
    assert_eq!(
        scim.filter("/Users", &format!("groups eq \"{group}\"")).await.body["scimType"],
        "invalidFilter"
    );

    change(&scene, Profile::default(), has_schemas(3), "/Schemas").await;
    assert_eq!(scim.get(&path).await.body, before);
}

#[tokio::test]
async fn any_setting_of_the_profile_is_followed() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let path = format!("/Users/{}", scim.create("/Users", json!({"userName": "ada"})).await);
    scim.patch(&path, json!([{"op": "replace", "path": "active", "value": false}])).await;
    assert_eq!(scim.post("/Users", json!({"userName": "ada"})).await.status, 409);
    let mut profile = extended();
    profile.returning_users = ReturningUsers::Revive;
    profile.required = vec!["title".to_owned()];
    change(&scene, profile, has_schemas(4), "/Schemas").await;
    let missing = scim.post("/Users", json!({"userName": "ada"})).await;
    assert_eq!(missing.status, 400);
    assert!(missing.detail().contains("title"), "{missing:?}");
    assert_eq!(scim.get(&path).await.status, 200, "what is stored is read as ever");
    let revived = scim.post("/Users", json!({"userName": "ada", "title": "Countess"})).await;
    assert_eq!(format!("/Users/{}", revived.id()), path);
}

#[tokio::test]
async fn where_groups_go_the_version_of_a_user_tells_nothing_of_them() {
    let revive = Profile { returning_users: ReturningUsers::Revive, ..Profile::default() };
    let scene = Scene::with_profile(revive.clone()).await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    scim.create("/Groups", json!({"displayName": "Staff", "members": [{"value": ada}]})).await;
    let path = format!("/Users/{ada}");
    assert_ne!(scim.get(&path).await.header("etag"), Some("W/\"1\""));

    let without_groups = Profile { groups: Groups::Disabled, ..revive };
    change(&scene, without_groups, |answer| answer.status == 404, "/Groups").await;
    assert_eq!(scim.get(&path).await.header("etag"), Some("W/\"1\""));
    assert_eq!(scim.get("/Users").await.resources()[0]["meta"]["version"], "W/\"1\"");
    let request = scim.request(Method::PUT, &path).header("If-None-Match", "W/\"1\"");
    let request = request.header("Content-Type", "application/scim+json");
    let refused = answer(request.body(json!({"userName": "ada", "title": "x"}).to_string())).await;
    assert_eq!(refused.status, 412, "{refused:?}");
    let disabled = scim.put(&path, json!({"userName": "ada", "active": false})).await;
    assert_eq!(disabled.header("etag"), Some("W/\"2\""));
    let revived = scim.post("/Users", json!({"userName": "ada"})).await;
    assert_eq!((revived.header("etag"), revived.id()), (Some("W/\"3\""), ada));
}
