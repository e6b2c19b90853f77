//! Whatever a client sends, it gets a 4xx with a SCIM error that says what to mend, and nothing is changed.

use std::time::Duration;

use database::testing::TestDatabase;
use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

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
    let cases: &[(&str, &[u8], Refusal)] = &[
        ("nothing", b"", (400, syntax, "line 1 column 0")),
        ("no JSON", b"{\"userName\": bob}", (400, syntax, "line 1 column 14")),
        ("half a JSON", b"{\"userName\": \"bob\"", (400, syntax, "line 1 column 18")),
        (
            "JSON and more",
            b"{\"userName\": \"bob\"} {}",
            (400, syntax, "trailing characters at line 1 column 21"),
        ),
        ("a list", b"[]", (400, syntax, "object")),
        ("a string", b"\"userName\"", (400, syntax, "object")),
        (
            "a key twice",
            b"{\"userName\": \"bob\", \"userName\": \"eve\"}",
            (400, syntax, "\"userName\" is there twice"),
        ),
        ("no UTF-8", b"{\"userName\": \"b\xff\"}", (400, syntax, "line 1 column")),
        ("U+0000", b"{\"userName\": \"b\\u0000\"}", (400, syntax, "U+0000")),
        ("a lone surrogate", b"{\"userName\": \"\\ud800\"}", (400, syntax, "line 1 column")),
        ("half a pair of surrogates", b"{\"userName\": \"\\ud800x\"}", (400, syntax, "line 1 column")),
        ("too many levels", deep.as_bytes(), (400, syntax, "nested too deeply")),
        ("a number out of range", b"{\"userName\": 1e999}", (400, syntax, "number out of range")),
    ];
    for (what, body, refusal) in cases {
        let request = scim.request(Method::POST, "/Users").header("Content-Type", "application/scim+json");
        check(scim, request.body(body.to_vec()), what, *refusal).await;
    }
}

#[tokio::test]
async fn a_resource_that_does_not_fit_is_refused_with_the_attributes_name() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    scim.create("/Users", json!({"userName": "ada"})).await;
    let long = "x".repeat(2000);
    let cases: &[(&str, Value, Refusal)] = &[
        ("without a name", json!({"displayName": "Bob"}), (400, Some("invalidValue"), "userName")),
        ("with an empty name", json!({"userName": ""}), (400, Some("invalidValue"), "userName")),
        ("with a name too long", json!({"userName": long}), (400, Some("invalidValue"), "userName")),
        ("with a number for a text", json!({"userName": "bob", "title": {}}), (400, None, "title")),
        ("with an unknown attribute", json!({"userName": "bob", "shoeSize": 42}), (400, None, "shoeSize")),
        ("with a text for a boolean", json!({"userName": "bob", "active": "perhaps"}), (400, None, "active")),
        ("twice", json!({"userName": "ADA"}), (409, Some("uniqueness"), "userName")),
    ];
    for (what, body, (status, scim_type, detail)) in cases {
        let answer = scim.post("/Users", body.clone()).await;
        assert_eq!(answer.status.as_u16(), *status, "{what}: {answer:?}");
        assert!(answer.detail().contains(detail), "{what}: {answer:?}");
        if scim_type.is_some() {
            assert_eq!(answer.body["scimType"].as_str(), *scim_type, "{what}: {answer:?}");
        }
        assert_eq!(scim.get("/Users").await.body["totalResults"], 1, "{what}");
    }
}

#[tokio::test]
async fn other_paths_methods_and_media_types_are_refused() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let user = format!("/Users/{ada}");
    let cases: &[(Method, &str, Refusal)] = &[
        (Method::GET, "", (404, None, "endpoint")),
        (Method::GET, "/", (404, None, "endpoint")),
        (Method::GET, "/Me", (404, None, "endpoint")),
        (Method::POST, "/Bulk", (404, None, "endpoint")),
        (Method::GET, "/users", (404, None, "endpoint")),
        (Method::GET, "/Users/a/b", (404, None, "endpoint")),
        (Method::GET, "/Users/ada", (404, None, "resource")),
        (Method::GET, "/Users/%ff", (404, None, "resource")),
        (Method::GET, "/Users/018f0000-0000-7000-8000-000000000000", (404, None, "resource")),
        (Method::DELETE, "/Users/ada", (404, None, "resource")),
        (Method::GET, "/Schemas/urn:nobody", (404, None, "resource")),
        (Method::GET, "/ResourceTypes/Robot", (404, None, "resource")),
        (Method::DELETE, "/Users", (405, None, "method")),
        (Method::PATCH, "/Users", (405, None, "method")),
        (Method::POST, &user, (405, None, "method")),
        (Method::PUT, "/Schemas", (405, None, "method")),
        (Method::OPTIONS, "/Users", (405, None, "method")),
        (Method::GET, "/Schemas?filter=name+eq+%22User%22", (403, None, "filter")),
        (Method::GET, "/ResourceTypes?filter=name+eq+%22User%22", (403, None, "filter")),
        (Method::POST, "/Users", (415, None, "application/scim+json")),
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
async fn a_query_that_cannot_be_read_is_refused_with_the_parameters_name() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    scim.create("/Users", json!({"userName": "ada"})).await;
    let filter = Some("invalidFilter");
    let cases: &[(&str, Refusal)] = &[
        ("startIndex=one", (400, Some("invalidValue"), "startIndex")),
        ("count=1.5", (400, Some("invalidValue"), "count")),
        ("count=1&count=2", (400, Some("invalidValue"), "count")),
        ("filter=%ff", (400, filter, "filter")),
        ("filter=userName+eq+%22%00%22", (400, filter, "filter")),
        ("filter=userName", (400, filter, "")),
        ("filter=userName+is+%22ada%22", (400, filter, "is")),
        ("filter=userName+eq+ada", (400, filter, "")),
        ("filter=shoeSize+eq+%22ada%22", (400, filter, "shoeSize")),
        ("filter=(userName+eq+%22ada%22", (400, filter, "")),
        ("filter=userName+eq+%22ada%22+and", (400, filter, "")),
        ("filter=active+gt+true", (400, filter, "active")),
        ("filter=userName+eq+%22%5Cu0000%22", (400, filter, "")),
    ];
    for (query, refusal) in cases {
        check(scim, scim.request(Method::GET, &format!("/Users?{query}")), query, *refusal).await;
    }
    let deep = format!("{}userName pr{}", "(".repeat(500), ")".repeat(500));
    assert_eq!(scim.filter("/Users", &deep).await.status, 400);
    let long = format!("userName eq \"{}\"", "x".repeat(10_000));
    assert_eq!(scim.filter("/Users", &long).await.status, 400);
}

#[tokio::test]
async fn a_patch_that_cannot_be_applied_is_refused_as_a_whole() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let replace = |path: &str, value: Value| json!({"op": "replace", "path": path, "value": value});
    let title = replace("title", json!("Countess"));
    let cases: &[(&str, Value, Option<&str>)] = &[
        ("no operations", json!([]), None),
        ("an unknown operation", json!([title, {"op": "move", "path": "title"}]), Some("invalidSyntax")),
        ("an unknown attribute", json!([title, replace("shoeSize", json!(42))]), None),
        ("a malformed path", json!([title, replace("emails[", json!("x"))]), None),
        ("a malformed filter", json!([title, replace("emails[type eq]", json!("x"))]), Some("invalidFilter")),
        ("a read-only attribute", json!([title, replace("groups", json!([{"value": "x"}]))]), None),
        ("a wrong type", json!([title, replace("active", json!("perhaps"))]), None),
        ("a removal without path", json!([title, {"op": "remove"}]), Some("noTarget")),
        ("a removal of the required", json!([title, {"op": "remove", "path": "userName"}]), None),
        ("no list", json!({"op": "replace"}), None),
    ];
    for (what, operations, scim_type) in cases {
        let answer = scim.patch(&format!("/Users/{ada}"), operations.clone()).await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        if scim_type.is_some() {
            assert_eq!(answer.body["scimType"].as_str(), *scim_type, "{what}: {answer:?}");
        }
        let user = scim.get(&format!("/Users/{ada}")).await.body;
        assert_eq!(user["title"], Value::Null, "{what} was applied in part");
        assert_eq!(user["userName"], "ada", "{what}");
    }
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
