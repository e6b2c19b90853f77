//! `/Me` (RFC 7644, section 3.11): a token is a connection's, not a person's.

use reqwest::Method;
use serde_json::json;

use crate::server::{Client, Scene};

#[tokio::test]
async fn nobody_is_me() {
    let scene = Scene::start().await;
    let stranger = Client { token: None, ..scene.scim.clone() };
    for path in ["/Me", "/Me/", "/Me/emails", "/Me?attributes=userName", "/Me/.search"] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = scene.scim.send(method.clone(), path, Some(json!({"userName": "ada"}))).await;
            assert_eq!(answer.status, 501, "{method} {path}: {answer:?}");
            assert!(answer.detail().contains("not a person's"), "{answer:?}");
            assert_eq!(stranger.send(method.clone(), path, None).await.status, 401, "{method} {path}");
        }
    }
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 0);
}
