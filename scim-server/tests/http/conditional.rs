//! Conditional requests (RFC 7644, section 3.14): nobody overwrites what they have not seen, and nobody reads twice what
//! has not changed.

use reqwest::{Method, StatusCode};
use scim::{Profile, profile::PatchResponse};
use serde_json::{Value, json};

use crate::server::{Answer, Client, Scene, answer};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn title(title: &str) -> Value {
    json!({"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": title}]})
}

fn display_name(name: &str) -> Value {
    json!({"schemas": [PATCH], "Operations": [{"op": "replace", "path": "displayName", "value": name}]})
}

async fn send(
    scim: &Client,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let mut request = scim.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.header("Content-Type", "application/scim+json").body(body.to_string());
    }
    answer(request).await
}

fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("no tag: {answer:?}")).to_owned()
}

#[tokio::test]
async fn every_answer_with_one_resource_tells_its_version_and_its_place() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    for (endpoint, body) in
        [("/Users", json!({"userName": "ada"})), ("/Groups", json!({"displayName": "ada"}))]
    {
        let created = scim.post(endpoint, body.clone()).await;
        let path = format!("{endpoint}/{}", created.id());
        let answers = [
            scim.get(&path).await,
            scim.get(&format!("{path}?attributes=meta")).await,
            scim.put(&path, body).await,
            scim.patch(
                &format!("{path}?attributes=meta"),
                json!([{"op": "add", "path": "externalId", "value": "1"}]),
            )
            .await,
        ];
        for answer in answers.iter().chain([&created]) {
            assert!(answer.status.is_success(), "{answer:?}");
            assert_eq!(answer.header("etag"), answer.body["meta"]["version"].as_str(), "{answer:?}");
            assert_eq!(
                answer.header("content-location"),
                answer.body["meta"]["location"].as_str(),
                "{answer:?}"
            );
        }
        assert_eq!(created.header("location"), created.header("content-location"));
    }
}

#[tokio::test]
async fn a_version_counts_changes_and_nothing_else() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let created = scim.post("/Users", json!({"userName": "ada", "title": "Countess"})).await;
    let path = format!("/Users/{}", created.id());
    assert_eq!(tag(&created), "W/\"1\"");
    let same = scim.put(&path, json!({"userName": "ada", "title": "Countess"})).await;
    assert_eq!((tag(&same), &same.body["meta"]), ("W/\"1\"".to_owned(), &created.body["meta"]));
    let changed = send(scim, Method::PATCH, &path, &[], Some(title("Engineer"))).await;
    assert_eq!(tag(&changed), "W/\"2\"");
    assert_eq!(tag(&scim.get(&path).await), "W/\"2\"");
}

#[tokio::test]
async fn a_change_that_is_answered_without_a_body_still_tells_the_version() {
    let profile = Profile { patch_response: PatchResponse::NoContent, ..Profile::default() };
    let scene = Scene::with_profile(profile).await;
    let user = format!("/Users/{}", scene.scim.create("/Users", json!({"userName": "ada"})).await);
    let group = format!("/Groups/{}", scene.scim.create("/Groups", json!({"displayName": "Staff"})).await);
    for (path, body) in [(user, title("Engineer")), (group, display_name("Crew"))] {
        let changed = send(&scene.scim, Method::PATCH, &path, &[], Some(body)).await;
        assert_eq!((changed.status, tag(&changed)), (StatusCode::NO_CONTENT, "W/\"2\"".to_owned()));
        assert_eq!(tag(&scene.scim.get(&path).await), tag(&changed));
    }
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let created = scim.post("/Users", json!({"userName": "ada"})).await;
    let path = format!("/Users/{}", created.id());
    let known = tag(&created);
    for value in [known.as_str(), "*", "W/\"99\", W/\"1\"", "\"1\""] {
        let unchanged = send(scim, Method::GET, &path, &[("If-None-Match", value)], None).await;
        assert_eq!((unchanged.status, &unchanged.body), (StatusCode::NOT_MODIFIED, &Value::Null), "{value}");
        assert_eq!(tag(&unchanged), known);
        assert_eq!(unchanged.header("content-location"), created.header("content-location"));
    }
    let lines = [("If-None-Match", "W/\"99\""), ("If-None-Match", known.as_str())];
    assert_eq!(send(scim, Method::GET, &path, &lines, None).await.status, StatusCode::NOT_MODIFIED);
    send(scim, Method::PATCH, &path, &[], Some(title("Engineer"))).await;
    let changed = send(scim, Method::GET, &path, &[("If-None-Match", &known)], None).await;
    assert_eq!((changed.status, &changed.body["title"]), (StatusCode::OK, &json!("Engineer")));
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_refused() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let user = format!("/Users/{}", scim.create("/Users", json!({"userName": "ada"})).await);
    let group = format!("/Groups/{}", scim.create("/Groups", json!({"displayName": "Staff"})).await);
    for round in 0..5 {
        for (path, bodies) in [
            (&user, [title(&format!("one {round}")), title(&format!("two {round}"))]),
            (&group, [display_name(&format!("one {round}")), display_name(&format!("two {round}"))]),
        ] {
            let seen = tag(&scim.get(path).await);
            let seen = [("If-Match", seen.as_str())];
            let changes = bodies.map(|body| send(scim, Method::PATCH, path, &seen, Some(body)));
            let answers = futures::future::join_all(changes).await;
            let refused = answers.iter().filter(|answer| answer.status == StatusCode::PRECONDITION_FAILED);
            let made = answers.iter().filter(|answer| answer.status.is_success());
            assert_eq!((made.count(), refused.count()), (1, 1), "{answers:?}");
        }
    }
}

#[tokio::test]
async fn a_change_of_another_version_changes_nothing() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let user = scim.post("/Users", json!({"userName": "ada"})).await;
    let group = scim.post("/Groups", json!({"displayName": "ada"})).await;
    for (created, path, body, patch) in [
        (&user, format!("/Users/{}", user.id()), json!({"userName": "eve"}), title("Engineer")),
        (&group, format!("/Groups/{}", group.id()), json!({"displayName": "eve"}), display_name("eve")),
    ] {
        let current = tag(created);
        let conditions = [
            ("If-Match", "W/\"99\""),
            ("If-Match", "W/\"never\""),
            ("If-None-Match", &current),
            ("If-None-Match", "*"),
        ];
        for condition in conditions {
            for (method, body) in [
                (Method::PUT, Some(body.clone())),
                (Method::PATCH, Some(patch.clone())),
                (Method::DELETE, None),
            ] {
                let refused = send(scim, method.clone(), &path, &[condition], body).await;
                assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{method} {path} {condition:?}");
            }
        }
        assert_eq!(scim.get(&path).await.body, created.body);
        let ahead = send(scim, Method::GET, &path, &[("If-Match", "W/\"99\"")], None).await;
        assert_eq!(ahead.status, StatusCode::PRECONDITION_FAILED);

        let replaced = send(scim, Method::PUT, &path, &[("If-Match", &current)], Some(body)).await;
        assert_eq!(replaced.status, StatusCode::OK);
        let several = format!("W/\"99\", {}", tag(&replaced));
        let removed = send(scim, Method::DELETE, &path, &[("If-Match", &several)], None).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
        assert_eq!(
            send(scim, Method::DELETE, &path, &[("If-Match", "*")], None).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn the_groups_of_a_user_are_of_its_tag_but_nothing_that_a_change_overwrites() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let created = scim.post("/Users", json!({"userName": "ada"})).await;
    let path = format!("/Users/{}", created.id());
    let group = json!({"displayName": "Staff", "members": [{"value": created.id()}]});
    scim.create("/Groups", group).await;
    let before = tag(&created);
    let read = send(scim, Method::GET, &path, &[("If-None-Match", &before)], None).await;
    assert_eq!(read.status, StatusCode::OK, "the groups have changed");
    assert_ne!(tag(&read), before);
    assert_eq!(read.body["meta"]["version"], tag(&read));
    assert_eq!(read.body["meta"]["lastModified"], created.body["meta"]["lastModified"]);
    let again = send(scim, Method::GET, &path, &[("If-None-Match", &tag(&read))], None).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let changed = send(scim, Method::PATCH, &path, &[("If-Match", &before)], Some(title("Engineer"))).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
}

#[tokio::test]
async fn a_member_who_comes_or_is_deleted_is_a_change_of_the_group() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let user = scim.create("/Users", json!({"userName": "ada"})).await;
    let path = format!("/Groups/{}", scim.create("/Groups", json!({"displayName": "Staff"})).await);
    let first = tag(&scim.get(&path).await);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
    let second = tag(&scim.patch(&path, add.clone()).await);
    assert_ne!(second, first);
    assert_eq!(tag(&scim.patch(&path, add).await), second, "adding again changes nothing");
    scim.delete(&format!("/Users/{user}")).await;
    assert_ne!(tag(&scim.get(&path).await), second);
}

#[tokio::test]
async fn a_condition_that_cannot_be_read_is_refused() {
    let scene = Scene::start().await;
    let path = format!("/Users/{}", scene.scim.create("/Users", json!({"userName": "ada"})).await);
    for (name, value) in
        [("If-Match", "1"), ("If-Match", ""), ("If-None-Match", "W/1"), ("If-None-Match", "\"1")]
    {
        let refused = send(&scene.scim, Method::DELETE, &path, &[(name, value)], None).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name}: {value}");
        assert!(refused.detail().contains(name), "{refused:?}");
    }
    assert_eq!(scene.scim.get(&path).await.status, StatusCode::OK);
}
