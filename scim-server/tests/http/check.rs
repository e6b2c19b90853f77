//! `scim-server check`: a healthy tenant passes, an ill one is told apart, and nobody is left behind.

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use scim_server::check::{self, CheckArguments, CheckError};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, time::sleep};

use crate::{program::free_address, server::Scene};

#[tokio::test]
async fn a_healthy_tenant_passes_every_step_and_nobody_is_left() {
    let scene = Scene::start().await;
    let (ended, lines) = check_scene(&scene, scene.tenant.token.expose()).await;
    ended.unwrap();
    insta::assert_snapshot!(lines, @"
    ok   read what the server can do (200)
    ok   ask with a wrong token (401)
    ok   create a user (201)
    ok   find the user by its name (200)
    ok   deactivate the user (200)
    ok   read the user, who is inactive (200)
    ok   remove the user (204)
    ok   look for the user, who is gone (404)
    ");
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 0);
}

#[tokio::test]
async fn a_token_that_is_not_the_tenants_fails_and_is_not_shown() {
    let scene = Scene::start().await;
    let (ended, lines) = check_scene(&scene, "scim_of_somebody_else").await;
    assert!(matches!(ended, Err(CheckError::Failed)));
    insta::assert_snapshot!(lines, @"FAIL read what the server can do: expected 200, got 401; the request carries no valid credential for this address");
}

#[tokio::test]
async fn what_the_application_requires_besides_is_named() {
    let required = json!({"required": ["title"]});
    let scene = Scene::with_profile(serde_json::from_value(required).unwrap()).await;
    let (ended, lines) = check_scene(&scene, scene.tenant.token.expose()).await;
    assert!(matches!(ended, Err(CheckError::Failed)));
    let failed = lines.lines().last().unwrap();
    assert!(failed.starts_with("FAIL create a user: expected 201, got 400; "), "{lines}");
    assert!(failed.contains("title"), "{lines}");
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 0);
}

#[tokio::test]
async fn a_user_is_removed_also_when_a_step_fails_in_between() {
    let removed = Arc::new(AtomicUsize::new(0));
    let address = free_address();
    serve_badly(&address, removed.clone()).await;
    let (ended, lines) = check_at(&address).await;
    assert!(matches!(ended, Err(CheckError::Failed)));
    insta::assert_snapshot!(lines, @"
    ok   read what the server can do (200)
    ok   ask with a wrong token (401)
    ok   create a user (201)
    ok   find the user by its name (200)
    FAIL deactivate the user: expected 200 or 204, got 400; no
    ok   remove the user (204)
    ");
    assert_eq!(removed.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_server_that_is_about_to_start_is_waited_for() {
    let address = free_address();
    let checking = tokio::spawn({
        let address = address.clone();
        async move { check_at(&address).await.1 }
    });
    sleep(Duration::from_millis(700)).await;
    serve_badly(&address, Arc::default()).await;
    assert!(checking.await.unwrap().starts_with("ok   read what the server can do (200)"));
}

#[tokio::test]
async fn the_program_checks_whatever_its_environment_says_of_serving() {
    let scene = Scene::start().await;
    let url = "https://scim.example.com/customer-test/nobody/scim/v2";
    for (url, code) in [(scene.scim.base.as_str(), 0), (url, 1)] {
        let directory = connection(url, scene.tenant.token.expose());
        let server = format!("http://{}", scene.server.address);
        let path = directory.path().to_owned();
        let program = move || {
            Command::new(env!("CARGO_BIN_EXE_scim-server"))
                .args(["check", "--server", &server, "--directory"])
                .arg(path)
                .envs([("RUST_LOG", "info"), ("SCIM_TRUSTED_PROXIES", "10.0.0.0/8")])
                .output()
                .unwrap()
        };
        let output = tokio::task::spawn_blocking(program).await.unwrap();
        let [said, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert_eq!(output.status.code(), Some(code), "{said}{error}");
        assert!(!format!("{said}{error}").contains(scene.tenant.token.expose()));
        assert_eq!(error.is_empty(), code == 0, "{error}");
    }
}

async fn check_scene(scene: &Scene, token: &str) -> (Result<(), CheckError>, String) {
    let path = scene.scim.base.split_once("/customer").unwrap().1;
    let directory = connection(&format!("https://scim.example.com/customer{path}"), token);
    let (ended, lines) = check_in(directory.path(), &scene.server.address.to_string()).await;
    assert!(!lines.contains(token), "{lines}");
    (ended, lines)
}

async fn check_at(address: &str) -> (Result<(), CheckError>, String) {
    let directory = connection("https://scim.example.com/a/b/scim/v2", "scim_token");
    check_in(directory.path(), address).await
}

/// The lines behind the first one, which says where.
async fn check_in(directory: &Path, address: &str) -> (Result<(), CheckError>, String) {
    let server = Some(format!("http://{address}").parse().unwrap());
    let arguments = CheckArguments { directory: directory.to_owned(), server };
    let mut lines = Vec::new();
    let ended = check::run(&arguments, &mut lines).await;
    let lines = String::from_utf8(lines).unwrap();
    let (first, lines) = lines.split_once('\n').unwrap();
    assert!(first.starts_with(&format!("checks http://{address}/")), "{first}");
    (ended, lines.to_owned())
}

fn connection(url: &str, token: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("tenantURL"), url).unwrap();
    std::fs::write(directory.path().join("token"), token).unwrap();
    directory
}

/// A server that can do everything but PATCH.
async fn serve_badly(address: &str, removed: Arc<AtomicUsize>) {
    let create = async |Json(mut user): Json<Value>| {
        user["id"] = json!("1");
        (StatusCode::CREATED, Json(user))
    };
    let list = async |headers: axum::http::HeaderMap| {
        let is_let_in = headers["authorization"] == "Bearer scim_token";
        let status = if is_let_in { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        (status, Json(json!({"Resources": [{"id": "1"}]})))
    };
    let refuse = async || (StatusCode::BAD_REQUEST, Json(json!({"detail": "no"})));
    let remove = async move || {
        removed.fetch_add(1, Ordering::Relaxed);
        StatusCode::NO_CONTENT
    };
    let router = Router::new()
        .route(
            "/a/b/scim/v2/ServiceProviderConfig",
            get(async || Json(json!({"patch": {"supported": true}}))),
        )
        .route("/a/b/scim/v2/Users", post(create).get(list))
        .route("/a/b/scim/v2/Users/{id}", axum::routing::patch(refuse).delete(remove));
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
}
