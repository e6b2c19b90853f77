//! A suspended tenant: told to those who are let in, on every replica, and its data is kept.

use serde_json::json;
use tenancy::Service;

use crate::{
    oauth::{TokenClient, with_secret},
    server::{Scene, TestServer, reconfigure, until_status},
};

async fn set(scene: &Scene, service: Service) {
    reconfigure(&scene.database, &scene.tenant, |configuration| configuration.service = service).await;
}

#[tokio::test]
async fn a_suspended_tenant_is_told_so_on_every_replica_within_a_second_and_keeps_its_data() {
    let scene = Scene::start().await;
    let other = TestServer::start(&scene.database).await;
    let clients = [&scene.server, &other].map(|server| server.client(&scene.tenant));
    let id = scene.scim.create("/Users", json!({"userName": "ada"})).await;
    let path = format!("/Users/{id}");
    set(&scene, Service::Suspended).await;
    for client in &clients {
        let refused = until_status(503, async || client.get(&path).await).await;
        assert_eq!(refused.header("retry-after"), Some("60"));
        insta::allow_duplicates! { insta::assert_json_snapshot!(refused.body, @r#"
            {
              "schemas": [
                "urn:ietf:params:scim:api:messages:2.0:Error"
              ],
              "status": "503",
              "detail": "the connection is suspended: its data is kept, and nothing is served until it is resumed"
            }
            "#) };
        for refused in [
            client.post("/Users", json!({"userName": "bob"})).await,
            client.delete(&path).await,
            client.get("/ServiceProviderConfig").await,
            client.get("/Nothing").await,
        ] {
            assert_eq!(refused.status, 503);
        }
        assert_eq!(client.with_token("scim_wrong").get(&path).await.status, 401);
    }
    set(&scene, Service::Active).await;
    for client in &clients {
        let served = until_status(200, async || client.get(&path).await).await;
        assert_eq!(served.body["userName"], "ada");
    }
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 1);
}

#[tokio::test]
async fn a_suspended_tenant_gets_no_access_tokens() {
    let scene = Scene::start().await;
    let (secret, _) = with_secret(&scene.database, &scene.tenant).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let token = client.token(&secret).await;
    set(&scene, Service::Suspended).await;
    let refused = until_status(503, async || client.by_secret(secret.expose()).await).await;
    assert_eq!(refused.header("retry-after"), Some("60"));
    insta::assert_json_snapshot!(refused.body, @r#"
        {
          "error": "temporarily_unavailable",
          "error_description": "the connection is suspended"
        }
        "#);
    assert_eq!(client.by_secret("wrong").await.status, 401);
    assert_eq!(scene.scim.with_token(&token).get("/Users").await.status, 503);
}
