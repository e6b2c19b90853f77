//! Whatever a client sends, it gets a 4xx with a SCIM error that says what to mend, and nothing is changed.

mod heads;
mod queries;
mod values;

use std::time::Duration;

use database::testing::TestDatabase;
use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::server::{Client, Scene, Settings, TestServer, answer};

/// The status, `scimType`, and a part of `detail` that must come back.
type Refusal = (u16, Option<&'static str>, &'static str);

async fn check(scim: &Client, request: reqwest::RequestBuilder, what: &str, refusal: Refusal) {
    let (status, scim_type, detail) = refusal;
    let answer = answer(request).await;
    assert_eq!(answer.status.as_u16(), status, "{what}: {answer:?}");
    assert_eq!(answer.body["scimType"].as_str(), scim_type, "{what}: {answer:?}");
    assert!(answer.detail().contains(detail), "{what}: {answer:?}");
    let users = scim.get("/Users").await;
    assert_eq!(users.body["totalResults"], 1, "{what} has changed something");
    assert_eq!(users.resources()[0]["userName"], "ada", "{what} has changed something");
}

#[tokio::test]
async fn a_body_that_is_no_scim_is_refused() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    scim.create("/Users", json!({"userName": "ada"})).await;
    let syntax = Some("invalidSyntax");
    let deep = format!("{{\"userName\": \"bob\", \"x\": {}{}}}", "[".repeat(40), "]".repeat(40));
    let value = Some("invalidValue");
    let huge = format!("{{\"userName\": \"bob\", \"x\": [{}0]}}", "0,".repeat(100_000));
    let cases: &[(&str, &[u8], Refusal)] = &[
        ("nothing", b"", (400, syntax, "the body is empty")),
        ("no JSON", b"{\"userName\": bob}", (400, syntax, "userName (line 1 column 14)")),
        ("half a JSON", b"{\"userName\": \"bob\"", (400, syntax, "line 1 column 18")),
        ("JSON and more", b"{\"userName\": \"bob\"} {}", (400, syntax, "line 1 column 21: trailing")),
        ("a list", b"[]", (400, syntax, "object")),
        ("a string", b"\"userName\"", (400, syntax, "object")),
        (
            "a name twice",
            b"{\"userName\": \"bob\", \"userName\": \"eve\"}",
            (400, syntax, "'userName' and 'userName' are the same name"),
        ),
        (
            "a name twice in another case",
            b"{\"name\": {\"givenName\": \"Bob\", \"GivenName\": \"Eve\"}}",
            (400, syntax, "name (line 1 column 41): 'givenName' and 'GivenName' are the same name"),
        ),
        (
            "no UTF-8",
            b"{\"userName\": \"b\xff\"}",
            (400, syntax, "userName (line 1 column 16): the text is not UTF-8"),
        ),
        ("UTF-16", b"\xff\xfe{\0}\0", (400, syntax, "line 1 column 1")),
        (
            "U+0000",
            b"{\"userName\": \"b\\u0000\"}",
            (400, value, "userName (line 1 column 22): the text holds the character U+0000"),
        ),
        ("U+0000 as a name", b"{\"\\u0000\": 1}", (400, value, "U+0000")),
        (
            "a lone surrogate",
            b"{\"emails\": [{\"value\": \"\\ud800\"}]}",
            (400, syntax, "emails[0].value (line 1 column"),
        ),
        (
            "half a pair of surrogates",
            b"{\"userName\": \"\\ud800x\"}",
            (400, syntax, "half a surrogate pair"),
        ),
        ("too many levels", deep.as_bytes(), (400, syntax, "x[0][0][0]")),
        ("too many values", huge.as_bytes(), (400, syntax, "more than 100000 values")),
        (
            "a number out of range",
            b"{\"userName\": 1e999}",
            (400, value, "userName (line 1 column 18): the number does not fit"),
        ),
        (
            "2^64",
            b"{\"userName\": 18446744073709551616}",
            (400, value, "userName (line 1 column 33): the number does not fit"),
        ),
        ("-0", b"{\"userName\": -0}", (400, value, "userName must be a string, not 0")),
    ];
    for (what, body, refusal) in cases {
        let request = scim.request(Method::POST, "/Users").header("Content-Type", "application/scim+json");
        check(scim, request.body(body.to_vec()), what, *refusal).await;
    }
}

#[tokio::test]
async fn other_paths_methods_and_media_types_are_refused() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let user = format!("/Users/{ada}");
    let cases: &[(Method, &str, Refusal)] = &[
        (Method::GET, "//", (404, None, "endpoint")),
        (Method::GET, "/Users//", (404, None, "resource")),
        (Method::GET, "/.search/x", (404, None, "endpoint")),
        (Method::GET, "/users", (404, None, "endpoint")),
        (Method::GET, "/Users/a/b", (404, None, "endpoint")),
        (Method::GET, "/Users/ada", (404, None, "resource")),
        (Method::GET, "/Users/%ff", (404, None, "resource")),
        (Method::GET, "/Users/%00", (404, None, "resource")),
        (Method::GET, "/Users/%zz", (404, None, "resource")),
        (Method::GET, "/Users/%", (404, None, "resource")),
        (Method::GET, "/Users/'%20or%20'1'%3D'1", (404, None, "resource")),
        (Method::GET, "/Users/%2e%2e%2fGroups", (404, None, "resource")),
        (Method::GET, "/Groups/%00", (404, None, "resource")),
        (Method::GET, "/Users/018f0000-0000-7000-8000-000000000000", (404, None, "resource")),
        (Method::DELETE, "/Users/ada", (404, None, "resource")),
        (Method::GET, "/Schemas/urn:nobody", (404, None, "resource")),
        (Method::GET, "/ResourceTypes/Robot", (404, None, "resource")),
        (Method::POST, "", (405, None, "method")),
        (Method::DELETE, "/", (405, None, "method")),
        (Method::GET, "/.search", (405, None, "method")),
        (Method::PUT, "/Users/.search", (405, None, "method")),
        (Method::DELETE, "/Users", (405, None, "method")),
        (Method::DELETE, "/Users/", (405, None, "method")),
        (Method::PATCH, "/Users", (405, None, "method")),
        (Method::POST, &user, (405, None, "method")),
        (Method::PUT, "/Schemas", (405, None, "method")),
        (Method::OPTIONS, "/Users", (405, None, "method")),
        (Method::GET, "/Schemas?filter=name+eq+%22User%22", (403, None, "filter")),
        (Method::GET, "/ResourceTypes?filter=name+eq+%22User%22", (403, None, "filter")),
        (Method::POST, "/Users", (415, None, "application/scim+json")),
        (Method::POST, "/.search", (415, None, "application/scim+json")),
        (Method::POST, "/Bulk", (415, None, "application/scim+json")),
        (Method::POST, "/Groups/.search", (415, None, "application/scim+json")),
        (Method::PUT, &user, (415, None, "application/scim+json")),
        (Method::PATCH, &user, (415, None, "application/scim+json")),
    ];
    for (method, path, refusal) in cases {
        let request = scim.request(method.clone(), path).header("Content-Type", "text/plain").body("{}");
        check(scim, request, &format!("{method} {path}"), *refusal).await;
    }
    let not_allowed = scim.delete("/Users").await;
    assert_eq!(not_allowed.header("allow"), Some("GET,HEAD,POST"));
}

#[tokio::test]
async fn too_long_a_body_is_refused() {
    let database = TestDatabase::start().await;
    let mut settings = Settings::default();
    settings.limits.body = 10_000;
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&database.tenant().await);
    let long = json!({"userName": "bob", "title": "x".repeat(10_000)});
    let answer = scim.post("/Users", long.clone()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.detail().contains("10000 bytes"), "{answer:?}");
    let title = "x".repeat(9_000);
    assert_eq!(scim.post("/Users", json!({"userName": "bob", "title": title})).await.status, 201);
}

#[tokio::test]
async fn megabytes_are_refused_with_an_answer_and_not_with_a_broken_connection() {
    let scene = Scene::start().await;
    let long = json!({"userName": "x".repeat(8 * 1024 * 1024)});
    for _ in 0..5 {
        assert_eq!(scene.scim.post("/Users", long.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_a_request_that_took_too_long() {
    let database = TestDatabase::start().await;
    let mut settings = Settings::default();
    settings.limits.request_timeout = Duration::from_secs(2);
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&database.tenant().await);
    let start = futures::stream::iter([Ok::<_, std::io::Error>("{\"userName\": ")]);
    let body = reqwest::Body::wrap_stream(start.chain(futures::stream::pending()));
    let request = scim.request(Method::POST, "/Users").header("Content-Type", "application/scim+json");
    assert_eq!(answer(request.body(body)).await.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_body_without_end_is_refused_once_it_is_too_long() {
    let database = TestDatabase::start().await;
    let mut settings = Settings::default();
    settings.limits.body = 10_000;
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&database.tenant().await);
    let start = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(" ".repeat(4_000))).take(3);
    let body = reqwest::Body::wrap_stream(start.chain(futures::stream::pending()));
    let request = scim.request(Method::POST, "/Users").header("Content-Type", "application/scim+json");
    assert_eq!(answer(request.body(body)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_id_in_a_form_that_was_never_issued_is_the_id_of_nothing() {
    let scene = Scene::start().await;
    let id = scene.scim.create("/Users", json!({"userName": "ada"})).await;
    let others = [id.to_uppercase(), id.replace('-', ""), format!("%7B{id}%7D"), format!("urn:uuid:{id}")];
    for other in others {
        assert_eq!(scene.scim.get(&format!("/Users/{other}")).await.status, 404, "{other}");
        assert_eq!(scene.scim.delete(&format!("/Users/{other}")).await.status, 404, "{other}");
    }
    assert_eq!(scene.scim.get(&format!("/Users/{id}")).await.status, 200);
}
