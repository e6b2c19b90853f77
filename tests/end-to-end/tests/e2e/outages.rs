//! Parts that are taken away, and come back.

use std::time::{Duration, Instant};

use http::Method;
use identity_provider::{Connection, Request};
use serde_json::json;

use crate::world::{World, eventually};

async fn list(connection: &Connection) -> identity_provider::Exchange {
    connection.send(Request::new(Method::GET, "/Users").query("count=1")).await.unwrap()
}

/// kill -9 at moments that walk through the reconcile of a new tenant; whatever was half done is finished.
pub(crate) async fn an_operator_killed_at_any_time_ends_in_the_same_state(world: &World) {
    let operators = world.installation.operators();
    operators[1].stop().await;
    for round in 0..8 {
        let name = format!("killed-{round}");
        world.declare(&name, json!({"deletionPolicy": "Delete"})).await;
        tokio::time::sleep(Duration::from_millis(round * 12)).await;
        operators[0].kill().await;
        operators[0].start().await.unwrap();
        let customer = world.customer(&name, &name).await;
        let schema = world.schema(&name, &name).await;
        let mut database = world.database().await;
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM scim_control.tenants WHERE namespace = $1")
            .bind(name.clone())
            .fetch_one(&mut database)
            .await
            .unwrap();
        assert_eq!(rows, 1, "{name}");
        assert!(world.schema_exists(&schema).await);
        list(&customer.connection().unwrap()).await.expect(&[200]).unwrap();
    }
    for round in 0..8 {
        let name = format!("killed-{round}");
        let schema = world.schema(&name, &name).await;
        world.tenants(&name).delete(&name, &kube::api::DeleteParams::default()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(round * 8)).await;
        operators[0].kill().await;
        operators[0].start().await.unwrap();
        world.tenant_is_gone(&name, &name).await;
        assert!(!world.schema_exists(&schema).await, "{name}: Delete, though the operator was killed");
    }
    operators[1].start().await.unwrap();
}

pub(crate) async fn scim_goes_on_while_operator_and_api_server_are_away(world: &World) {
    let customer = world.tenant("on-its-own", json!({})).await;
    let connection = customer.connection().unwrap();
    let stack = world.installation.stack();
    for operator in world.installation.operators() {
        operator.stop().await;
    }
    stack.api_server().stop().await;
    let begin = Instant::now();
    let mut served = 0;
    while begin.elapsed() < Duration::from_secs(5) {
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("user-{served}")});
        connection
            .send(Request::new(Method::POST, "/Users").json(&body))
            .await
            .unwrap()
            .expect(&[201])
            .unwrap();
        served += 1;
    }
    println!("outage: {served} users created while operator and API server were away, no request failed");
    stack.api_server().start().await.unwrap();
    for operator in world.installation.operators() {
        operator.start().await.unwrap();
    }
    assert_eq!(list(&connection).await.list().unwrap().0, served);
    world.tenant("after-the-outage", json!({})).await;
}

pub(crate) async fn without_postgresql_the_server_says_503_and_recovers_by_itself(world: &World) {
    let connection = world.tenant("no-database", json!({})).await.connection().unwrap();
    let postgresql = world.installation.stack().postgresql();
    postgresql.stop().await;
    let exchange = list(&connection).await;
    assert_eq!(exchange.response.status, 503, "{}", exchange.response.text);
    assert!(exchange.response.retry_after.is_some(), "it says when to come back");
    assert_eq!(exchange.response.json.unwrap()["status"], "503");

    world.declare("waits-for-database", json!({})).await;
    world
        .condition(
            "waits-for-database",
            "waits-for-database",
            "DatabaseReady",
            "False",
            "DatabaseUnavailable",
        )
        .await;
    postgresql.start().await.unwrap();
    eventually("the server recovers by itself", async || list(&connection).await.response.status == 200)
        .await;
    world.customer("waits-for-database", "waits-for-database").await;
}
