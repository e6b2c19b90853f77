//! The heads of requests: media types, long headers, long URLs.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::server::{Scene, answer};

#[tokio::test]
async fn both_media_types_of_json_are_accepted() {
    let scene = Scene::start().await;
    let types = [
        "application/scim+json",
        "application/scim+json; charset=utf-8",
        "application/json",
        "application/json;charset=UTF-8",
    ];
    for (number, media_type) in types.iter().enumerate() {
        let request = scene.scim.request(Method::POST, "/Users").header("Content-Type", *media_type);
        let body = json!({"userName": format!("user-{number}")});
        assert_eq!(answer(request.body(body.to_string())).await.status, 201, "{media_type}");
    }
}

#[tokio::test]
async fn compressed_bodies_and_other_charsets_are_refused() {
    let scene = Scene::start().await;
    let headers = [
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "identity, deflate"),
        ("Content-Encoding", "br"),
        ("Content-Type", "application/scim+json; charset=utf-16"),
        ("Content-Type", "application/json; charset=iso-8859-1"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Type", "application/scim+json, text/plain"),
        ("Content-Type", ""),
    ];
    for (name, value) in headers {
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            let is_post = method == Method::POST;
            let path = if is_post { "/Users" } else { "/Users/018f0000-0000-7000-8000-000000000000" };
            let request = scene.scim.request(method, path).header(name, value);
            let request = match name {
                "Content-Type" => request,
                _ => request.header("Content-Type", "application/json"),
            };
            let refused = answer(request.body("{\"userName\": \"ada\"}")).await;
            assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{name}: {value}");
            assert!(refused.detail().contains("application/scim+json"), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn what_only_claims_to_be_plain_is_no_json() {
    let scene = Scene::start().await;
    let request = scene.scim.request(Method::POST, "/Users").header("Content-Type", "application/json");
    let gzip = b"\x1f\x8b\x08\x00";
    let refused = answer(request.body(gzip.to_vec())).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["scimType"], "invalidSyntax");
}

#[tokio::test]
async fn headers_of_a_hundred_kilobytes_are_refused() {
    let scene = Scene::start().await;
    let send = async |name: &str, value: String| {
        answer(scene.scim.request(Method::GET, "/Users").header(name, value)).await
    };
    let refused = send("X-Long", "x".repeat(100 * 1024)).await;
    assert_eq!(refused.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert!(refused.detail().contains("32768 bytes"), "{refused:?}");
    assert_eq!(send("If-None-Match", "W/\"1\",".repeat(10_000)).await.status, 431);
    assert_eq!(send("X-Long", "x".repeat(30 * 1024)).await.status, 200);
}

#[tokio::test]
async fn a_url_that_is_too_long_is_refused() {
    let scene = Scene::start().await;
    for path in [format!("/Users?x={}", "x".repeat(50 * 1024)), format!("/Users/{}", "x".repeat(50 * 1024))] {
        let refused = scene.scim.get(&path).await;
        assert_eq!(refused.status, StatusCode::URI_TOO_LONG);
        assert!(refused.detail().contains("49152 bytes"), "{refused:?}");
    }
    assert_eq!(scene.scim.get(&format!("/Users/{}", "x".repeat(40 * 1024))).await.status, 404);
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_without_a_look_into_the_request() {
    let scene = Scene::start().await;
    for token in ["x".repeat(30 * 1024), "' or 1=1 --".to_owned(), "%00".to_owned(), "é".to_owned()] {
        let mut stranger = scene.scim.clone();
        stranger.token = None;
        let request =
            stranger.request(Method::POST, "/Users").header("Authorization", format!("Bearer {token}"));
        let refused = answer(request.header("Content-Type", "text/plain").body("{")).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
}
