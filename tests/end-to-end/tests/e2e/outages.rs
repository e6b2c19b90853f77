//! Parts that are taken away, and come back.

use std::time::{Duration, Instant};

use http::Method;
use identity_provider::{Connection, Request};
use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::world::{World, eventually};

async fn list(connection: &Connection) -> identity_provider::Exchange {
    connection.send(Request::new(Method::GET, "/Users").query("count=1")).await.unwrap()
}

const ROUNDS: u64 = 10;

/// kill -9 at moments that walk through the reconcile of a new tenant; whatever was half done is finished.
pub(crate) async fn an_operator_killed_at_any_time_ends_in_the_same_state(world: &World) {
    let operators = world.installation.operators();
    operators[1].stop().await;
    let mut half_done = 0;
    for round in 0..ROUNDS {
        let name = format!("killed-{round}");
        world.declare(&name, json!({"deletionPolicy": "Delete"})).await;
        tokio::time::sleep(Duration::from_millis(round * 12)).await;
        operators[0].kill().await;
        half_done += usize::from(rows(world, &name).await == 1 && !is_ready(world, &name).await);
        operators[0].start().await.unwrap();
        let customer = world.customer(&name, &name).await;
        let schema = world.schema(&name, &name).await;
        assert_eq!(rows(world, &name).await, 1, "{name}");
        assert!(world.schema_exists(&schema).await);
        is_whole(world, &name, &customer.token).await;
        list(&customer.connection().unwrap()).await.expect(&[200]).unwrap();
    }
    println!("killed: {half_done} of {ROUNDS} kills left a tenant half done; each one was finished");
    for round in 0..ROUNDS {
        let name = format!("killed-{round}");
        let schema = world.schema(&name, &name).await;
        world.tenants(&name).delete(&name, &DeleteParams::default()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(round * 8)).await;
        operators[0].kill().await;
        operators[0].start().await.unwrap();
        world.tenant_is_gone(&name, &name).await;
        assert!(!world.schema_exists(&schema).await, "{name}: Delete, though the operator was killed");
    }
    operators[1].start().await.unwrap();
}

async fn is_ready(world: &World, name: &str) -> bool {
    let status = world.tenants(name).get(name).await.unwrap().status;
    let mut conditions = status.into_iter().flat_map(|status| status.conditions);
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

async fn rows(world: &World, namespace: &str) -> i64 {
    let statement = "SELECT count(*) FROM scim_control.tenants WHERE namespace = $1";
    let query = sqlx::query_scalar(statement).bind(namespace.to_owned());
    query.fetch_one(&mut world.database().await).await.unwrap()
}

/// The finalizer is there, and the newest credential that is not revoked is the token in the Secret.
async fn is_whole(world: &World, name: &str, token: &str) {
    let tenant = world.tenants(name).get(name).await.unwrap();
    assert_eq!(tenant.metadata.finalizers, Some(vec!["scim-operator.io/tenant".to_owned()]));
    let statement = "SELECT digest FROM scim_control.credentials JOIN scim_control.tenants ON id = tenant_id \
                     WHERE namespace = $1 AND revoked_at IS NULL ORDER BY generation DESC LIMIT 1";
    let query = sqlx::query_scalar(statement).bind(name.to_owned());
    let digest: Vec<u8> = query.fetch_one(&mut world.database().await).await.unwrap();
    assert_eq!(
        digest,
        tenancy::TokenDigest::of(token).as_bytes().to_vec(),
        "{name}: the Secret holds the newest token"
    );
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
    let other = world.tenant("recovers", json!({})).await.connection().unwrap();
    let postgresql = world.installation.stack().postgresql();
    postgresql.stop().await;
    let exchange = list(&connection).await;
    assert_eq!(exchange.response.status, 503, "{}", exchange.response.text);
    assert!(exchange.response.retry_after.is_some(), "it says when to come back");
    assert_eq!(exchange.response.json.unwrap()["status"], "503");

    world.tenants("no-database").delete("no-database", &DeleteParams::default()).await.unwrap();
    world.condition("no-database", "no-database", "Ready", "False", "DeletionWaits").await;
    let events: Api<Event> = Api::namespaced(world.client.clone(), "no-database");
    eventually("an Event tells that the deletion waits", async || {
        let told = events.list(&ListParams::default()).await.unwrap();
        told.iter().any(|event| event.reason.as_deref() == Some("DeletionWaits"))
    })
    .await;
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
    eventually("the server recovers by itself", async || list(&other).await.response.status == 200).await;
    world.tenant_is_gone("no-database", "no-database").await;
    world.customer("waits-for-database", "waits-for-database").await;
}
