//! Bearer tokens and passwords: which of them work, for whom, and until when.

use std::time::Duration;

use database::{
    registry::{HandledAnnotations, Issue, NewCredential, Overlap},
    testing::{TestDatabase, TestTenant, basic, bearer_token, execute, token},
};
use tenancy::{CredentialKind, Token, TokenDigest};
use tokio::time::sleep;

use crate::server::{Client, Scene, TestServer, until_status};

const REPLACEMENT: Issue = Issue::Replacement(Overlap::UntilUsed);

async fn with_password(database: &TestDatabase, tenant: &TestTenant) -> Token {
    let password = token();
    database.issue(tenant, &basic("scim", &password), REPLACEMENT).await;
    password
}

async fn status(client: &Client) -> u16 {
    client.get("/Users").await.status.as_u16()
}

#[tokio::test]
async fn a_password_works_with_its_user_name_and_as_a_bearer_token() {
    let scene = Scene::start().await;
    let password = with_password(&scene.database, &scene.tenant).await;
    assert_eq!(scene.scim.get_as("scim", password.expose()).await.status, 200);
    assert_eq!(status(&scene.scim.with_token(password.expose())).await, 200);
}

#[tokio::test]
async fn a_password_works_for_its_user_and_tenant_alone() {
    let scene = Scene::start().await;
    let password = with_password(&scene.database, &scene.tenant).await;
    let other = scene.database.tenant().await;
    let others_password = with_password(&scene.database, &other).await;
    for (user_name, password) in [
        ("", password.expose()),
        ("SCIM", password.expose()),
        ("scim:", password.expose()),
        ("scim", ""),
        ("scim", "wrong"),
        ("scim", others_password.expose()),
        ("scim", scene.tenant.token.expose()),
        (password.expose(), "scim"),
    ] {
        let answer = scene.scim.get_as(user_name, password).await;
        assert_eq!(answer.status, 401, "{user_name}");
    }
    assert_eq!(status(&scene.scim.with_token("scim")).await, 401);
    assert_eq!(scene.scim.get_as("scim", password.expose()).await.status, 200);
}

#[tokio::test]
async fn the_old_one_works_until_the_new_one_is_used_whatever_kind_they_are() {
    let scene = Scene::start().await;
    let other_server = TestServer::start(&scene.database).await;
    let password = with_password(&scene.database, &scene.tenant).await;
    for client in [&scene.scim, &other_server.client(&scene.tenant)] {
        assert_eq!(status(client).await, 200);
    }
    assert_eq!(scene.scim.get_as("scim", password.expose()).await.status, 200);
    assert_eq!(status(&scene.scim).await, 401, "here at once");
    let elsewhere = other_server.client(&scene.tenant);
    until_status(401, async || elsewhere.get("/Users").await).await;
}

#[tokio::test]
async fn an_overlap_of_a_certain_time_ends_then_and_not_before() {
    let scene = Scene::start().await;
    let new = token();
    let overlap = Overlap::For(Duration::from_hours(1));
    scene.database.issue(&scene.tenant, &bearer_token(&new), Issue::Replacement(overlap)).await;
    assert_eq!(status(&scene.scim.with_token(new.expose())).await, 200);
    assert_eq!(status(&scene.scim).await, 200, "although the new one was used");
    let mut superuser = scene.database.administrator().await;
    let sooner = "UPDATE scim_control.credentials SET valid_until = clock_timestamp() + interval '500 ms' \
                  WHERE valid_until IS NOT NULL";
    execute(&mut superuser, sooner).await.unwrap();
    assert_eq!(status(&scene.scim).await, 200);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(status(&scene.scim).await, 401, "the server knows the end and needs not be told");
    assert_eq!(status(&scene.scim.with_token(new.expose())).await, 200);
}

#[tokio::test]
async fn a_revoked_password_ends_on_every_replica() {
    let scene = Scene::start().await;
    let password = with_password(&scene.database, &scene.tenant).await;
    let servers = [TestServer::start(&scene.database).await, TestServer::start(&scene.database).await];
    let clients = servers.each_ref().map(|server| server.client(&scene.tenant));
    for client in &clients {
        assert_eq!(client.get_as("scim", password.expose()).await.status, 200);
    }
    let (id, handled) = (scene.tenant.registered.id, HandledAnnotations::default());
    scene.database.registry.revoke(id, scene.tenant.owner, &handled).await.unwrap();
    for client in &clients {
        until_status(401, async || client.get_as("scim", password.expose()).await).await;
    }
}

#[tokio::test]
async fn a_token_that_was_brought_may_look_like_a_jwt() {
    let scene = Scene::start().await;
    for text in
        ["eyJh.eyJp.c2ln", "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJhIiwiYXVkIjoiYiIsImV4cCI6MX0.c2ln"]
    {
        let brought = NewCredential {
            kind: CredentialKind::BearerToken,
            digest: TokenDigest::of(text),
            principal: None,
            trust: None,
        };
        scene.database.issue(&scene.tenant, &brought, REPLACEMENT).await;
        assert_eq!(status(&scene.scim.with_token(text)).await, 200, "{text}");
    }
}

#[tokio::test]
async fn two_tenants_may_bring_the_same_token() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let (shared, one, other) = (token(), database.tenant().await, database.tenant().await);
    for tenant in [&one, &other] {
        database.issue(tenant, &bearer_token(&shared), REPLACEMENT).await;
    }
    let [one, other] = [&one, &other].map(|tenant| server.client(tenant).with_token(shared.expose()));
    let id = one.create("/Users", serde_json::json!({"userName": "ada"})).await;
    assert_eq!(other.get(&format!("/Users/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_refusal_names_both_schemes() {
    let scene = Scene::start().await;
    let refused = scene.scim.with_token("scim_wrong").get("/Users").await;
    let schemes: Vec<_> = refused.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(schemes, ["Bearer realm=\"scim\"", "Basic realm=\"scim\", charset=\"UTF-8\""]);
    insta::assert_json_snapshot!(refused.body, @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:api:messages:2.0:Error"
          ],
          "status": "401",
          "detail": "the request carries no valid credential for this address"
        }
        "#);
}
