//! People who come back: disabled since, or deleted.

use scim::{Profile, profile::ReturningUsers};
use serde_json::{Value, json};

use crate::server::{Client, Scene};

async fn with(returning_users: ReturningUsers) -> Scene {
    Scene::with_profile(Profile { returning_users, ..Profile::default() }).await
}

fn ada() -> Value {
    json!({"userName": "ada@example.com", "title": "Countess", "externalId": "1"})
}

/// A user who is in a group; its path.
async fn member(scim: &Client) -> String {
    let id = scim.create("/Users", ada()).await;
    scim.create("/Groups", json!({"displayName": "Staff", "members": [{"value": id}]})).await;
    format!("/Users/{id}")
}

async fn disable(scim: &Client, path: &str) {
    let disable = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(scim.patch(path, disable).await.status, 200);
}

#[tokio::test]
async fn a_disabled_user_is_in_the_way_unless_the_profile_revives() {
    let scene = with(ReturningUsers::Conflict).await;
    let path = member(&scene.scim).await;
    disable(&scene.scim, &path).await;
    let again = scene.scim.post("/Users", ada()).await;
    assert_eq!((again.status.as_u16(), &again.body["scimType"]), (409, &json!("uniqueness")));
    assert_eq!(scene.scim.get(&path).await.body["active"], false);
}

#[tokio::test]
async fn a_disabled_user_who_is_created_again_is_the_same_as_the_body_says() {
    let scene = with(ReturningUsers::Revive).await;
    let scim = &scene.scim;
    let path = member(scim).await;
    disable(scim, &path).await;
    let before = scim.get(&path).await;
    let revived = scim.post("/Users", json!({"userName": "Ada@example.com", "nickName": "Ada"})).await;
    assert_eq!(revived.status, 201, "{revived:?}");
    assert_eq!(format!("/Users/{}", revived.id()), path);
    assert_eq!(revived.header("location"), before.body["meta"]["location"].as_str());
    assert_eq!(revived.body["active"], true);
    assert_eq!(revived.body["title"], Value::Null);
    assert_eq!(revived.body["groups"], before.body["groups"]);
    assert_eq!(revived.body["meta"]["created"], before.body["meta"]["created"]);
    assert_ne!(revived.header("etag"), before.header("etag"));
    assert_eq!(scim.get(&path).await.body, revived.body);
}

#[tokio::test]
async fn whoever_is_active_or_is_created_disabled_does_not_return() {
    let scene = with(ReturningUsers::Revive).await;
    let path = member(&scene.scim).await;
    assert_eq!(scene.scim.post("/Users", ada()).await.status, 409, "the user is active");
    disable(&scene.scim, &path).await;
    let disabled = json!({"userName": "ada@example.com", "active": false});
    assert_eq!(scene.scim.post("/Users", disabled).await.status, 409, "the body says that it is not");
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 1);
}

#[tokio::test]
async fn a_deleted_user_returns_under_the_id_from_before_if_the_profile_says_so() {
    for (returning_users, is_same) in [(ReturningUsers::Conflict, false), (ReturningUsers::Revive, true)] {
        let scene = with(returning_users).await;
        let scim = &scene.scim;
        let path = member(scim).await;
        let tag = scim.get(&path).await.header("etag").unwrap().to_owned();
        assert_eq!(scim.delete(&path).await.status, 204);
        assert_eq!(scim.get(&path).await.status, 404);
        let created = scim.post("/Users", json!({"userName": "ADA@example.com"})).await;
        assert_eq!(created.status, 201, "{created:?}");
        assert_eq!(format!("/Users/{}", created.id()) == path, is_same);
        assert_eq!(created.body["groups"], Value::Null, "its memberships were deleted with it");
        assert_eq!(created.body["title"], Value::Null);
        if is_same {
            assert_ne!(created.header("etag"), Some(tag.as_str()), "a tag is given once");
        }
    }
}

#[tokio::test]
async fn of_two_who_bring_somebody_back_at_once_one_succeeds() {
    let scene = with(ReturningUsers::Revive).await;
    let path = member(&scene.scim).await;
    for delete in [false, true] {
        if delete {
            scene.scim.delete(&path).await;
        } else {
            disable(&scene.scim, &path).await;
        }
        let answers = futures::future::join_all((0..4).map(|_| scene.scim.post("/Users", ada()))).await;
        let created = answers.iter().filter(|answer| answer.status == 201).count();
        let refused = answers.iter().filter(|answer| answer.status == 409).count();
        assert_eq!((created, refused), (1, 3), "{answers:?}");
        assert_eq!(scene.scim.get(&path).await.body["active"], true);
    }
}
