//! Which attributes come back: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use serde_json::{Value, json};

use crate::server::Scene;

fn names(resource: &Value) -> Vec<&str> {
    let mut names: Vec<_> = resource.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn only_what_was_asked_for_comes_back_with_what_always_does() {
    let scene = Scene::start().await;
    let body = json!({
        "userName": "ada", "title": "Countess", "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "type": "work"}],
    });
    let path = format!("/Users/{}", scene.scim.create("/Users", body).await);
    let cases = [
        ("attributes=userName", vec!["id", "schemas", "userName"]),
        ("attributes=USERNAME,emails.type", vec!["emails", "id", "schemas", "userName"]),
        ("attributes=urn:ietf:params:scim:schemas:core:2.0:User:title", vec!["id", "schemas", "title"]),
        ("excludedAttributes=name,emails,title,active,meta", vec!["id", "schemas", "userName"]),
    ];
    for (query, expected) in cases {
        assert_eq!(names(&scene.scim.get(&format!("{path}?{query}")).await.body), expected, "{query}");
        assert_eq!(
            names(&scene.scim.get(&format!("/Users?{query}")).await.resources()[0]),
            expected,
            "{query}"
        );
    }
    let part = scene.scim.get(&format!("{path}?attributes=name.givenName,emails.type")).await.body;
    assert_eq!(part["name"], json!({"givenName": "Ada"}));
    assert_eq!(part["emails"], json!([{"type": "work"}]));
}

#[tokio::test]
async fn writes_answer_with_what_was_asked_for_too() {
    let scene = Scene::start().await;
    let created =
        scene.scim.post("/Users?attributes=userName", json!({"userName": "ada", "title": "x"})).await;
    assert_eq!(names(&created.body), ["id", "schemas", "userName"]);
    assert!(created.header("location").is_some());
    let path = format!("/Users/{}?excludedAttributes=title,meta,active", created.id());
    let replaced = scene.scim.put(&path, json!({"userName": "ada", "title": "y"})).await;
    assert_eq!(names(&replaced.body), ["id", "schemas", "userName"]);
}

#[tokio::test]
async fn members_are_left_out_where_they_are_excluded() {
    let scene = Scene::start().await;
    let user = scene.scim.create("/Users", json!({"userName": "ada"})).await;
    let body = json!({"displayName": "Engineers", "members": [{"value": user}]});
    let path = format!("/Groups/{}", scene.scim.create("/Groups", body).await);
    let without = scene.scim.get(&format!("{path}?excludedAttributes=members")).await.body;
    assert_eq!((&without["displayName"], &without["members"]), (&json!("Engineers"), &Value::Null));
    let listed = scene.scim.get("/Groups?excludedAttributes=members").await;
    assert_eq!(listed.resources()[0]["members"], Value::Null);
    assert_eq!(scene.scim.get("/Groups").await.resources()[0]["members"][0]["value"], user);
}
