//! Two servers on one database: either may be asked.

use std::time::Duration;

use database::{
    registry::{HandledAnnotations, Issue},
    testing::{TestDatabase, bearer_token, token},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::server::{Client, TestServer};

#[tokio::test]
async fn what_is_written_through_one_is_read_through_the_other_at_once() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let servers = [TestServer::start(&database).await, TestServer::start(&database).await];
    let [one, other] = servers.each_ref().map(|server| server.client(&tenant));
    for number in 0..20 {
        let path =
            format!("/Users/{}", one.create("/Users", json!({"userName": format!("user-{number}")})).await);
        assert_eq!(other.get(&path).await.status, 200);
        let replaced = json!({"userName": format!("user-{number}"), "title": "Engineer"});
        assert_eq!(other.put(&path, replaced).await.status, 200);
        assert_eq!(one.get(&path).await.body["title"], "Engineer");
        if number % 2 == 0 {
            assert_eq!(one.delete(&path).await.status, 204);
            assert_eq!(other.get(&path).await.status, 404);
        }
    }
    assert_eq!(one.get("/Users").await.body, other.get("/Users").await.body);
}

#[tokio::test]
async fn a_tenant_that_was_just_registered_is_served_by_both() {
    let database = TestDatabase::start().await;
    let servers = [TestServer::start(&database).await, TestServer::start(&database).await];
    let known = database.tenant().await;
    assert_eq!(servers[0].client(&known).get("/Users").await.status, 200);
    for _ in 0..3 {
        let tenant = database.tenant().await;
        for server in &servers {
            assert_eq!(server.client(&tenant).get("/Users").await.status, 200);
        }
    }
}

#[tokio::test]
async fn revoked_tokens_stop_working_on_both_within_a_second() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let servers = [TestServer::start(&database).await, TestServer::start(&database).await];
    let clients = servers.each_ref().map(|server| server.client(&tenant));
    for client in &clients {
        assert_eq!(client.get("/Users").await.status, 200);
    }
    let new = token();
    let annotations = HandledAnnotations::default();
    let id = tenant.registered.id;
    let registry = &database.registry;
    registry.revoke(id, tenant.owner, &annotations).await.unwrap();
    database.issue(&tenant, &bearer_token(&new), Issue::First).await;
    let revoked = Instant::now();
    for client in &clients {
        while client.get("/Users").await.status != 401 {
            assert!(revoked.elapsed() < Duration::from_secs(1), "the token still works");
            sleep(Duration::from_millis(10)).await;
        }
        let renewed = Client { token: Some(new.expose().to_owned()), ..client.clone() };
        assert_eq!(renewed.get("/Users").await.status, 200);
    }
}
