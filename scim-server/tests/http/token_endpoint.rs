//! The token endpoint: client credentials for access tokens (RFC 6749).

use std::time::Duration;

use database::{
    registry::HandledAnnotations,
    testing::{TestDatabase, execute},
};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tenancy::Token;
use tokio::time::sleep;

use crate::{
    oauth::{TokenClient, access_token, answer, with_secret},
    outage::{Way, connect},
    server::{Scene, Settings, TestServer, reconfigure, until_status},
};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn a_secret_in_the_header_or_in_the_form_is_good_for_an_access_token() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let (id, secret) = (client.id.as_str(), secret.expose());
    for request in [
        client.request(&[GRANT]).basic_auth(id, Some(secret)),
        client.request(&[GRANT, ("scope", "scim"), ("client_id", id)]).basic_auth(id, Some(secret)),
        client.request(&[GRANT]).basic_auth(id.replace('.', "%2E"), Some(secret)),
        client.request(&[
            GRANT,
            ("client_id", id),
            ("client_secret", secret),
            ("resource", "a"),
            ("resource", "b"),
        ]),
        client
            .request(&[GRANT, ("client_id", id), ("client_secret", secret)])
            .header("Accept", "application/json"),
    ] {
        let mut answer = answer(request).await;
        let issued = access_token(&answer);
        assert!(Token::parse(&issued).is_ok(), "secret scanners know it");
        assert_eq!(scene.scim.with_token(&issued).get("/Users").await.status, 200);
        answer.body["access_token"] = json!("…");
        insta::allow_duplicates! { insta::assert_json_snapshot!(answer.body, @r#"
            {
              "access_token": "…",
              "token_type": "Bearer",
              "expires_in": 3600
            }
            "#) };
    }
}

/// An error in one line: what RFC 6749 asks for, and the headers that matter.
async fn told(request: RequestBuilder) -> String {
    let answer = answer(request).await;
    let headers = ["www-authenticate", "allow", "retry-after"];
    let headers =
        headers.map(|name| answer.header(name).map(|value| format!("{name}: {value} ")).unwrap_or_default());
    let [error, description] = ["error", "error_description"].map(|name| answer.body[name].as_str().unwrap());
    format!("{} {}{error}: {description}", answer.status.as_u16(), headers.concat())
}

#[tokio::test]
async fn every_wrong_request_is_told_what_is_wrong() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let (id, secret) = (("client_id", client.id.as_str()), ("client_secret", secret.expose()));
    let json = client.http.post(&client.url).header("Content-Type", "application/json");
    let of_method = |method| client.http.request(method, &client.url);
    let cases = [
        ("no body", client.raw(String::new())),
        ("another type", json.body("{}")),
        ("no type", client.http.post(&client.url).body("grant_type=client_credentials")),
        ("no grant", client.request(&[id, secret])),
        ("another grant", client.request(&[("grant_type", "password"), id, secret])),
        ("a repeated parameter", client.request(&[GRANT, id, secret, GRANT])),
        ("two ways", client.request(&[GRANT, id, secret]).basic_auth(id.1, Some(secret.1))),
        ("two clients", client.request(&[GRANT, ("client_id", "other")]).basic_auth(id.1, Some(secret.1))),
        ("a secret without an id", client.request(&[GRANT, secret])),
        ("an assertion without its type", client.request(&[GRANT, ("client_assertion", "a.b.c")])),
        ("no client", client.request(&[GRANT])),
        ("a wrong secret", client.request(&[GRANT, id, ("client_secret", "wrong")])),
        ("a bearer token", client.request(&[GRANT]).bearer_auth(scene.tenant.token.expose())),
        ("a scheme that is none", client.request(&[GRANT]).header("Authorization", "Basic %")),
        ("a long body", client.raw(format!("grant_type=client_credentials&x={}", "x".repeat(64 * 1024)))),
        ("GET", of_method(Method::GET)),
        ("PUT", of_method(Method::PUT)),
        ("DELETE", of_method(Method::DELETE)),
        ("OPTIONS", of_method(Method::OPTIONS)),
    ];
    let mut said = String::new();
    for (case, request) in cases {
        said.push_str(&[case, ": ", &told(request).await, "\n"].concat());
    }
    insta::assert_snapshot!(said, @r#"
        no body: 400 invalid_request: grant_type is missing
        another type: 400 invalid_request: the body must be of the type application/x-www-form-urlencoded
        no type: 400 invalid_request: the body must be of the type application/x-www-form-urlencoded
        no grant: 400 invalid_request: grant_type is missing
        another grant: 400 unsupported_grant_type: the only grant is client_credentials
        a repeated parameter: 400 invalid_request: a parameter is repeated
        two ways: 400 invalid_request: the client authenticates in more than one way
        two clients: 400 invalid_request: client_id is another one than that of the Authorization header
        a secret without an id: 400 invalid_request: client_id is missing
        an assertion without its type: 400 invalid_request: client_assertion_type is missing
        no client: 401 www-authenticate: Basic realm="scim" invalid_client: the client is unknown, or does not prove who it is
        a wrong secret: 401 www-authenticate: Basic realm="scim" invalid_client: the client is unknown, or does not prove who it is
        a bearer token: 401 www-authenticate: Basic realm="scim" invalid_client: the client is unknown, or does not prove who it is
        a scheme that is none: 401 www-authenticate: Basic realm="scim" invalid_client: the client is unknown, or does not prove who it is
        a long body: 413 invalid_request: the body must not be longer than 65536 bytes
        GET: 405 allow: POST invalid_request: tokens are asked for with POST
        PUT: 405 allow: POST invalid_request: tokens are asked for with POST
        DELETE: 405 allow: POST invalid_request: tokens are asked for with POST
        OPTIONS: 405 allow: POST invalid_request: tokens are asked for with POST
        "#);
}

#[tokio::test]
async fn who_does_not_prove_who_it_is_learns_nothing_else() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let other = scene.database.tenant().await;
    let (others_secret, _) = with_secret(&scene.database, &other).await;
    let bearer_only = TokenClient::new(&scene.server, &scene.database.tenant().await);
    let nobody =
        TokenClient { url: client.url.replace(scene.tenant.key.name.as_str(), "nobody"), ..client.clone() };
    let by = |client: &TokenClient, id: &str, secret: &str| {
        client.request(&[GRANT, ("client_id", id), ("client_secret", secret)])
    };
    let assertion = |assertion| {
        let kind = ("client_assertion_type", crate::oauth::ASSERTION_TYPE);
        client.request(&[GRANT, kind, ("client_assertion", assertion)])
    };
    let cases = [
        ("a wrong secret", by(&client, &client.id, "wrong")),
        ("a wrong secret in the header", client.request(&[GRANT]).basic_auth(&client.id, Some("wrong"))),
        ("a wrong id", by(&client, "other", secret.expose())),
        ("another tenant's secret", by(&client, &client.id, others_secret.expose())),
        ("a bearer token as the secret", by(&client, &client.id, scene.tenant.token.expose())),
        ("a tenant without secrets", by(&bearer_only, &bearer_only.id, secret.expose())),
        ("an unknown tenant", by(&nobody, &nobody.id, secret.expose())),
        ("an assertion that is none", assertion("x")),
        ("an assertion that nobody signed", assertion("eyJhbGciOiJub25lIn0.e30.")),
    ];
    let mut first: Option<(_, Vec<_>, _)> = None;
    for (case, request) in cases {
        let response = request.send().await.unwrap();
        let (status, mut headers) = (response.status(), response.headers().clone());
        headers.remove("x-request-id");
        headers.remove("date");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let answer = (status, headers, response.text().await.unwrap());
        assert_eq!(status, 401, "{case}");
        assert_eq!(first.get_or_insert_with(|| answer.clone()), &answer, "{case}");
    }
    assert_eq!(client.by_secret(secret.expose()).await.status, 200);
}

#[tokio::test]
async fn an_access_token_works_on_every_replica_at_once_and_for_its_tenant_alone() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let replica = TestServer::start(&scene.database).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let others = scene.server.client(&scene.database.tenant().await);
    for _ in 0..5 {
        let token = client.token(&secret).await;
        assert_eq!(replica.client(&scene.tenant).with_token(&token).get("/Users").await.status, 200);
        assert_eq!(others.with_token(&token).get("/Users").await.status, 401);
        assert_eq!(scene.scim.get_as(&client.id, &token).await.status, 401);
        assert_eq!(client.by_secret(&token).await.status, 401);
    }
}

#[tokio::test]
async fn a_client_secret_is_no_bearer_token_and_no_password() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    assert_eq!(scene.scim.with_token(secret.expose()).get("/Users").await.status, 401);
    assert_eq!(scene.scim.get_as(&client.id, secret.expose()).await.status, 401);
}

#[tokio::test]
async fn revoking_a_secret_ends_its_access_tokens_on_every_replica_within_a_second() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let replica = TestServer::start(&scene.database).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let token = client.token(&secret).await;
    let clients = [&scene.server, &replica].map(|server| server.client(&scene.tenant).with_token(&token));
    for client in &clients {
        assert_eq!(client.get("/Users").await.status, 200);
    }
    let (id, handled) = (scene.tenant.registered.id, HandledAnnotations::default());
    scene.database.registry.revoke(id, scene.tenant.owner, &handled).await.unwrap();
    for client in &clients {
        until_status(401, async || client.get("/Users").await).await;
    }
    assert_eq!(client.by_secret(secret.expose()).await.status, 401);
}

#[tokio::test]
async fn two_secrets_work_during_a_rotation_and_access_tokens_outlive_it() {
    let scene = Scene::start().await;
    let (old, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let by_old = client.token(&old).await;
    let (new, _) = with_secret(&scene.database, &scene.tenant).await;
    assert_eq!(client.by_secret(old.expose()).await.status, 200);
    let by_new = client.token(&new).await;
    assert_eq!(client.by_secret(old.expose()).await.status, 401, "the new one was used");
    for token in [&by_old, &by_new] {
        assert_eq!(scene.scim.with_token(token).get("/Users").await.status, 200);
    }
}

#[tokio::test]
async fn an_access_token_ends_by_the_clock_of_the_database() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    reconfigure(&scene.database, &scene.tenant, |configuration| configuration.access_token_seconds = 7200)
        .await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    until_status(200, async || {
        let answer = client.by_secret(secret.expose()).await;
        if answer.body["expires_in"] == 7200 { answer } else { client.by_secret("wrong").await }
    })
    .await;
    let token = client.token(&secret).await;
    let mut superuser = scene.database.administrator().await;
    let sooner = "UPDATE scim_control.access_tokens SET expires_at = clock_timestamp() + interval '1 s'";
    execute(&mut superuser, sooner).await.unwrap();
    // It has not seen the token with its old end.
    let later = TestServer::start(&scene.database).await;
    let later = later.client(&scene.tenant).with_token(&token);
    assert_eq!(later.get("/Users").await.status, 200);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(later.get("/Users").await.status, 401);
}

#[tokio::test]
async fn the_use_of_an_access_token_is_a_use_of_its_secret() {
    let scene = Scene::start().await;
    let (secret, generation) = with_secret(&scene.database, &scene.tenant).await;
    let token = TokenClient::new(&scene.server, &scene.tenant).token(&secret).await;
    assert_eq!(scene.scim.get("/Users").await.status, 401, "the bearer token of before has ended");
    let mut superuser = scene.database.administrator().await;
    execute(&mut superuser, "UPDATE scim_control.credentials SET last_used_at = NULL").await.unwrap();
    let replica = TestServer::start(&scene.database).await;
    assert_eq!(replica.client(&scene.tenant).with_token(&token).get("/Users").await.status, 200);
    for _ in 0..100 {
        let registered = scene.database.read(&scene.tenant).await;
        let credential = registered.credentials.iter().find(|one| one.generation == generation).unwrap();
        if credential.last_used_at.is_some() {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("the use was not noted");
}

#[tokio::test]
async fn without_the_database_a_client_is_told_to_wait() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let (secret, _) = with_secret(&database, &tenant).await;
    let mut way = Way::to(&database.server_url()).await;
    let server = TestServer::start_with(&connect(&way.url), Settings::default()).await;
    let client = TokenClient::new(&server, &tenant);
    let token = client.token(&secret).await;
    let scim = server.client(&tenant).with_token(&token);
    assert_eq!(scim.get("/Schemas").await.status, 200);
    way.block();
    for secret in [secret.expose(), "wrong"] {
        let refused = client.by_secret(secret).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, Some("5")), "{refused:?}");
        assert_eq!(refused.body["error"], "temporarily_unavailable");
    }
    assert_eq!(scim.get("/Schemas").await.status, 200, "what was issued works");
}

#[tokio::test]
async fn a_secret_that_was_revoked_a_moment_ago_gets_nothing() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    client.token(&secret).await;
    // No view has polled yet.
    let (id, handled) = (scene.tenant.registered.id, HandledAnnotations::default());
    scene.database.registry.revoke(id, scene.tenant.owner, &handled).await.unwrap();
    assert_eq!(client.by_secret(secret.expose()).await.status, 401);
}

#[tokio::test]
async fn the_endpoint_is_counted_by_its_path_alone() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let token = client.token(&secret).await;
    client.by_secret("wrong").await;
    let text = scene.server.exposition();
    for line in [
        "scim_requests_total{method=\"POST\",route=\"/oauth2/token\",status=\"200\"} 1",
        "scim_requests_total{method=\"POST\",route=\"/oauth2/token\",status=\"401\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    for told in [token.as_str(), secret.expose(), &client.id, "customer-test"] {
        assert!(!text.contains(told), "{told} is in {text}");
    }
}

#[tokio::test]
async fn a_secret_replaces_a_token_without_a_gap() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    assert_eq!(client.by_secret("wrong").await.status, 401);
    assert_eq!(scene.scim.get("/Users").await.status, 200, "nobody has the secret yet");
    let token = client.token(&secret).await;
    assert_eq!(scene.scim.get("/Users").await.status, 401);
    assert_eq!(scene.scim.with_token(&token).get("/Users").await.status, 200);
}
