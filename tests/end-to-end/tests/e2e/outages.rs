//! Parts that are taken away, and come back.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::DeleteParams;
use product::SYSTEM_NAMESPACE;
use serde_json::json;

use crate::events::told;
use crate::people::{create_user, list_users, status, users};
use crate::world::{SOON, World, eventually};

/// What of a tenant is there, in the order in which it comes, and goes in the opposite one.
#[derive(Clone, Copy, Debug)]
enum Trace {
    Finalizer,
    Row,
    Credential,
    Secret,
    Ingress,
}

const TRACES: [Trace; 5] = [Trace::Finalizer, Trace::Row, Trace::Credential, Trace::Secret, Trace::Ingress];

/// kill -9 as soon as each trace of a new tenant is there, and as soon as each one of a deleted tenant is gone;
/// whatever was half done is finished.
pub(crate) async fn an_operator_killed_at_any_time_ends_in_the_same_state(world: &World) {
    let operators = world.installation.operators();
    operators[1].stop().await;
    world.tenant("killed-before", json!({})).await; // the first operator leads and knows its tenants
    let mut half_done = 0;
    for trace in TRACES {
        let name = format!("killed-{trace:?}").to_lowercase();
        world.declare(&name, json!({"deletionPolicy": "Delete"})).await;
        at_once("it is there", async || is_there(world, trace, &name).await).await;
        operators[0].kill().await;
        half_done += usize::from(!is_ready(world, &name).await);
        operators[0].start().await.unwrap();
        let customer = world.customer(&name, &name).await;
        assert_eq!(rows(world, &name).await, 1, "{name}");
        is_whole(world, &name, &customer.token).await;
        list_users(&customer.connection().unwrap()).await.expect(&[200]).unwrap();
    }
    println!("killed: {half_done} of {} kills left a tenant half made; each one was finished", TRACES.len());
    assert!(half_done > 0, "the kills came too late to show anything");
    for trace in TRACES {
        let name = format!("killed-{trace:?}").to_lowercase();
        let schema = world.schema(&name, &name).await;
        world.tenants(&name).delete(&name, &DeleteParams::default()).await.unwrap();
        at_once("it is gone", async || !is_there(world, trace, &name).await).await;
        operators[0].kill().await;
        operators[0].start().await.unwrap();
        world.tenant_is_gone(&name, &name).await;
        assert!(!world.schema_exists(&schema).await, "{name}: Delete, though the operator was killed");
        assert!(
            !is_there(world, Trace::Ingress, &name).await && !is_there(world, Trace::Secret, &name).await
        );
    }
    operators[1].start().await.unwrap();
}

/// Waits without a pause: what comes next takes milliseconds.
async fn at_once(what: &str, is_so: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < SOON, "not so after {}s: {what}", SOON.as_secs());
    }
}

async fn is_there(world: &World, trace: Trace, name: &str) -> bool {
    match trace {
        Trace::Finalizer => {
            let tenant = world.tenants(name).get_opt(name).await.unwrap();
            tenant.is_some_and(|tenant| tenant.metadata.finalizers.is_some())
        }
        Trace::Row => rows(world, name).await == 1,
        Trace::Credential => credentials(world, name).await > 0,
        Trace::Secret => {
            let secrets: Api<Secret> = Api::namespaced(world.client.clone(), name);
            secrets.get_opt(&format!("{name}-scim")).await.unwrap().is_some()
        }
        Trace::Ingress => {
            let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
            ingresses.get_opt(&format!("tenant.{name}.{name}")).await.unwrap().is_some()
        }
    }
}

async fn is_ready(world: &World, name: &str) -> bool {
    let status = world.tenants(name).get(name).await.unwrap().status;
    let mut conditions = status.into_iter().flat_map(|status| status.conditions);
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

async fn rows(world: &World, namespace: &str) -> i64 {
    let statement = "SELECT count(*) FROM scim_control.tenants WHERE namespace = $1 AND state = 'active'";
    let query = sqlx::query_scalar(statement).bind(namespace.to_owned());
    query.fetch_one(&mut world.database().await).await.unwrap()
}

async fn credentials(world: &World, namespace: &str) -> i64 {
    let statement = "SELECT count(*) FROM scim_control.credentials JOIN scim_control.tenants ON id = tenant_id \
                     WHERE namespace = $1 AND state = 'active'";
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

/// For a minute, as after a failed upgrade of a control plane.
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
    while begin.elapsed() < Duration::from_mins(1) {
        create_user(&connection, &format!("user-{served}")).await;
        served += 1;
    }
    println!("outage: {served} users created while operator and API server were away, no request failed");
    stack.api_server().start().await.unwrap();
    for operator in world.installation.operators() {
        operator.start().await.unwrap();
    }
    assert_eq!(users(&connection).await, served);
    world.tenant("after-the-outage", json!({})).await;
}

pub(crate) async fn without_postgresql_the_server_says_503_and_recovers_by_itself(world: &World) {
    let connection = world.tenant("no-database", json!({})).await.connection().unwrap();
    let other = world.tenant("recovers", json!({})).await.connection().unwrap();
    let postgresql = world.installation.stack().postgresql();
    postgresql.stop().await;
    let exchange = list_users(&connection).await;
    assert_eq!(exchange.response.status, 503, "{}", exchange.response.text);
    assert!(exchange.response.retry_after.is_some(), "it says when to come back");
    assert_eq!(exchange.response.json.unwrap()["status"], "503");

    world.tenants("no-database").delete("no-database", &DeleteParams::default()).await.unwrap();
    world.condition("no-database", "no-database", "Ready", "False", "DeletionWaits").await;
    eventually("an Event tells that the deletion waits", async || {
        told(world, "no-database", "DeletionWaits").await
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
    eventually("the server recovers by itself", async || status(&other).await == 200).await;
    world.tenant_is_gone("no-database", "no-database").await;
    world.customer("waits-for-database", "waits-for-database").await;
}
