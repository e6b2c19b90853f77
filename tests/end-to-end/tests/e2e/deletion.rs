//! The deletion matrix: {Retain, Delete} in every state that a tenant can be in, and what is left of each
//! (docs/deletion.md). Each test makes a tenant of each policy, brings both into the state, deletes them and looks.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use product::{Customer, SYSTEM_NAMESPACE};
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::people::{create_user, status};
use crate::world::{World, eventually};

const POLICIES: [&str; 2] = ["Retain", "Delete"];

/// What the registry holds of a tenant whose ScimTenant is gone.
#[derive(Debug, PartialEq)]
enum Left {
    /// No row but, perhaps, a tombstone, and no schema.
    Nothing,
    /// A row that servers do not answer for, with its schema.
    Data,
}

fn name(state: &str, policy: &str) -> String {
    format!("{state}-{}", policy.to_lowercase())
}

fn spec(policy: &str) -> Value {
    json!({"deletionPolicy": policy})
}

async fn ready(world: &World, state: &str) -> Vec<Customer> {
    let mut customers = Vec::new();
    for policy in POLICIES {
        let customer = world.tenant(&name(state, policy), spec(policy)).await;
        create_user(&customer.connection().unwrap(), "ada").await;
        customers.push(customer);
    }
    customers
}

async fn delete(world: &World, state: &str) {
    for policy in POLICIES {
        let name = name(state, policy);
        world.tenants(&name).delete(&name, &DeleteParams::default()).await.unwrap();
    }
}

async fn gone(world: &World, state: &str) {
    for policy in POLICIES {
        let name = name(state, policy);
        world.tenant_is_gone(&name, &name).await;
    }
}

async fn left(world: &World, name: &str) -> Left {
    let rows = sqlx::query(
        "SELECT state, EXISTS (SELECT FROM pg_namespace WHERE nspname = 'tenant_' || id) AS has_schema
           FROM scim_control.tenants WHERE namespace = $1",
    )
    .bind(name.to_owned())
    .fetch_all(&mut world.database().await)
    .await
    .unwrap();
    let rows: Vec<(String, bool)> =
        rows.iter().map(|row| (row.get("state"), row.get("has_schema"))).collect();
    match rows.as_slice() {
        [] => Left::Nothing,
        [(state, false)] if state == "deleted" => Left::Nothing,
        [(state, true)] if state == "retained" => Left::Data,
        other => panic!("{name} left {other:?}"),
    }
}

/// Neither Ingress nor Secret of ours, and no token that works.
async fn nothing_is_left_outside(world: &World, name: &str) {
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    let route = format!("tenant.{name}.{name}");
    eventually("the route is gone", async || ingresses.get_opt(&route).await.unwrap().is_none()).await;
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), name);
    let secret = format!("{name}-scim");
    let ours = async || {
        let found = secrets.get_opt(&secret).await.unwrap();
        found.is_some_and(|secret| secret.metadata.owner_references.is_some())
    };
    eventually("the Secret is gone", async || !ours().await).await;
}

async fn refused(customers: &[Customer]) {
    for customer in customers {
        let connection = customer.connection().unwrap();
        eventually("its token ends", async || status(&connection).await == 401).await;
    }
}

/// With data, what the policy says is left.
async fn policies_were_followed(world: &World, state: &str) {
    for (policy, expected) in POLICIES.into_iter().zip([Left::Data, Left::Nothing]) {
        let name = name(state, policy);
        assert_eq!(left(world, &name).await, expected, "{name}");
        nothing_is_left_outside(world, &name).await;
    }
}

pub(crate) async fn of_a_tenant_that_was_never_reconciled_nothing_is_left(world: &World) {
    for operator in world.installation.operators() {
        operator.stop().await;
    }
    for policy in POLICIES {
        world.declare(&name("unseen", policy), spec(policy)).await;
    }
    delete(world, "unseen").await;
    gone(world, "unseen").await;
    for operator in world.installation.operators() {
        operator.start().await.unwrap();
    }
    world.tenant("seen-after-all", json!({})).await;
    for policy in POLICIES {
        assert_eq!(left(world, &name("unseen", policy)).await, Left::Nothing);
        nothing_is_left_outside(world, &name("unseen", policy)).await;
    }
}

pub(crate) async fn of_a_tenant_that_was_half_reconciled_the_policy_decides(world: &World) {
    let operators = world.installation.operators();
    operators[1].stop().await;
    world.tenant("half-before", json!({})).await; // the first operator leads
    for policy in POLICIES {
        let name = name("half", policy);
        world.declare(&name, spec(policy)).await;
        while rows(world, &name).await == 0 {}
        operators[0].kill().await;
        world.tenants(&name).delete(&name, &DeleteParams::default()).await.unwrap();
        operators[0].start().await.unwrap();
        world.tenant_is_gone(&name, &name).await;
    }
    operators[1].start().await.unwrap();
    policies_were_followed(world, "half").await;
}

pub(crate) async fn of_a_ready_tenant_the_policy_decides(world: &World) {
    let customers = ready(world, "was-ready").await;
    delete(world, "was-ready").await;
    gone(world, "was-ready").await;
    refused(&customers).await;
    policies_were_followed(world, "was-ready").await;
}

pub(crate) async fn of_a_tenant_in_conflict_the_policy_decides_and_the_other_object_stays(world: &World) {
    for policy in POLICIES {
        let name = name("conflict", policy);
        world.namespace(&name, json!({})).await;
        let secrets: Api<Secret> = Api::namespaced(world.client.clone(), &name);
        let foreign: Secret =
            serde_json::from_value(json!({"metadata": {"name": format!("{name}-scim")}})).unwrap();
        let foreign = secrets.create(&PostParams::default(), &foreign).await.unwrap();
        world.redeclare(&name, &name, spec(policy)).await;
        world.condition(&name, &name, "CredentialsReady", "False", "SecretNameTaken").await;
        world.delete_tenant(&name, &name).await;
        assert_eq!(secrets.get(&format!("{name}-scim")).await.unwrap(), foreign);
    }
    policies_were_followed(world, "conflict").await;
}

pub(crate) async fn of_a_tenant_with_an_invalid_spec_the_last_accepted_policy_decides(world: &World) {
    let customers = ready(world, "spoilt").await;
    for policy in POLICIES {
        let name = name("spoilt", policy);
        world.redeclare(&name, &name, json!({"className": "nowhere", "deletionPolicy": policy})).await;
        world.condition(&name, &name, "Accepted", "False", "ClassNotFound").await;
    }
    delete(world, "spoilt").await;
    gone(world, "spoilt").await;
    refused(&customers).await;
    policies_were_followed(world, "spoilt").await;
}

pub(crate) async fn of_a_terminating_namespace_the_policy_decides(world: &World) {
    let customers = ready(world, "terminating").await;
    for policy in POLICIES {
        world.delete_namespace(&name("terminating", policy)).await;
    }
    refused(&customers).await;
    policies_were_followed(world, "terminating").await;
}

pub(crate) async fn without_postgresql_a_deletion_waits_and_then_the_policy_decides(world: &World) {
    let customers = ready(world, "no-postgresql").await;
    let postgresql = world.installation.stack().postgresql();
    postgresql.stop().await;
    delete(world, "no-postgresql").await;
    for policy in POLICIES {
        let name = name("no-postgresql", policy);
        world.condition(&name, &name, "Ready", "False", "DeletionWaits").await;
    }
    postgresql.start().await.unwrap();
    gone(world, "no-postgresql").await;
    refused(&customers).await;
    policies_were_followed(world, "no-postgresql").await;
}

/// The one that leads is killed while it deletes; the other one, which never saw the tenants reconciled, finishes.
pub(crate) async fn when_the_operator_is_replaced_the_policy_decides(world: &World) {
    let customers = ready(world, "replaced").await;
    let operators = world.installation.operators();
    for operator in operators {
        operator.stop().await;
    }
    operators[0].start().await.unwrap();
    world.tenant("replaced-before", json!({})).await;
    delete(world, "replaced").await;
    operators[0].kill().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    operators[1].start().await.unwrap();
    gone(world, "replaced").await;
    operators[0].start().await.unwrap();
    refused(&customers).await;
    policies_were_followed(world, "replaced").await;
}

async fn rows(world: &World, namespace: &str) -> i64 {
    let query = sqlx::query_scalar("SELECT count(*) FROM scim_control.tenants WHERE namespace = $1")
        .bind(namespace.to_owned());
    query.fetch_one(&mut world.database().await).await.unwrap()
}
