//! Tokens: revoked, rotated, lost, and Secrets that are not ours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;

use crate::direct::to_each_server;
use crate::people::status;
use crate::secrets::renewed_token;
use crate::world::{World, eventually};

/// Measured from the moment of the revocation in the registry, by PostgreSQL's clock, and shown from the annotation, too.
pub(crate) async fn revoked_tokens_end_on_every_server_within_a_second(world: &World) {
    let customer = world.tenant("revoked", json!({})).await;
    let servers = to_each_server(world, &customer, &customer.handed.credential());
    for server in &servers {
        assert_eq!(status(server).await, 200);
    }
    let annotated = Instant::now();
    let id: i64 = tenant_id(world, "revoked").await;
    world.annotate("revoked", "revoked", "scim-operator.io/revoke-tokens", "1").await;
    let watches = servers.into_iter().map(|server| async move {
        let server = Arc::new(server);
        while status(&server).await == 200 {
            assert!(annotated.elapsed() < Duration::from_secs(10), "the revoked token still works");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Instant::now()
    });
    let ended = futures::future::join_all(watches).await;
    let revoked = Instant::now().checked_sub(since_revocation(world, id).await).unwrap();
    let after: Vec<Duration> = ended.iter().map(|ended| ended.saturating_duration_since(revoked)).collect();
    let after_annotation: Vec<Duration> = ended.iter().map(|ended| *ended - annotated).collect();
    println!(
        "revoked: refused by the servers {after:?} after the revocation, {after_annotation:?} after the annotation"
    );
    assert!(after.iter().all(|after| *after < Duration::from_secs(1)), "{after:?}");
    let renewed = renewed_token(world, &customer).await;
    assert_eq!(status(&customer.connection().unwrap().with_token(&renewed)).await, 200);
}

pub(crate) async fn a_rotated_token_ends_when_the_new_one_is_used(world: &World) {
    let customer = world.tenant("rotated", json!({})).await;
    let old = customer.connection().unwrap();
    world.annotate("rotated", "rotated", "scim-operator.io/rotate-token", "spring").await;
    let new = old.with_token(&renewed_token(world, &customer).await);
    assert_eq!(status(&old).await, 200, "nobody has pasted the new token yet");
    assert_eq!(status(&new).await, 200);
    eventually("the old token ends", async || status(&old).await == 401).await;
    let generation = async || world.generation("rotated", "rotated").await;
    eventually("status tells the second generation", async || generation().await == 2).await;

    world.annotate("rotated", "rotated", "scim-operator.io/rotate-token", "spring").await;
    world.redeclare("rotated", "rotated", json!({"displayName": "touched"})).await;
    world.condition("rotated", "rotated", "Ready", "True", "Connected").await;
    assert_eq!(generation().await, 2, "a value that was handled does nothing again");
}

pub(crate) async fn a_lost_secret_is_made_again_with_a_new_token(world: &World) {
    let customer = world.tenant("lost-secret", json!({})).await;
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "lost-secret");
    secrets.delete(&customer.secret_name, &DeleteParams::default()).await.unwrap();
    let renewed = renewed_token(world, &customer).await;
    let old = customer.connection().unwrap();
    assert_eq!(status(&old).await, 200, "the identity provider goes on with the old token");
    assert_eq!(status(&old.with_token(&renewed)).await, 200);
    eventually("the old token ends", async || status(&old).await == 401).await;
}

pub(crate) async fn a_foreign_secret_is_never_touched(world: &World) {
    world.namespace("foreign-secret", json!({})).await;
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "foreign-secret");
    let foreign: Secret = serde_json::from_value(json!({
        "metadata": {"name": "acme-scim"}, "stringData": {"token": "mine"},
    }))
    .unwrap();
    let before = secrets.create(&PostParams::default(), &foreign).await.unwrap();
    world.redeclare("foreign-secret", "acme", json!({})).await;
    let message =
        world.condition("foreign-secret", "acme", "CredentialsReady", "False", "SecretNameTaken").await;
    assert!(message.contains("acme-scim"), "{message}");
    assert_eq!(secrets.get("acme-scim").await.unwrap(), before);

    world
        .redeclare(
            "foreign-secret",
            "acme",
            json!({"authentication": {"bearerToken": {"secretName": "another"}}}),
        )
        .await;
    let customer = world.customer("foreign-secret", "acme").await;
    assert_eq!(customer.secret_name, "another");
    world.delete_tenant("foreign-secret", "acme").await;
    assert_eq!(
        secrets.get("acme-scim").await.unwrap(),
        before,
        "deleting the loser keeps what was never its"
    );
}

/// A leak does not wait for a spec that can be carried out.
pub(crate) async fn tokens_are_revoked_also_when_the_secret_cannot_be_written(world: &World) {
    let customer = world.tenant("leaked", json!({})).await;
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "leaked");
    let foreign: Secret = serde_json::from_value(json!({"metadata": {"name": "taken"}})).unwrap();
    secrets.create(&PostParams::default(), &foreign).await.unwrap();
    let taken = json!({"authentication": {"bearerToken": {"secretName": "taken"}}});
    world.redeclare("leaked", "leaked", taken).await;
    world.condition("leaked", "leaked", "CredentialsReady", "False", "SecretNameTaken").await;
    let connection = customer.connection().unwrap();
    assert_eq!(status(&connection).await, 200);
    world.annotate("leaked", "leaked", "scim-operator.io/revoke-tokens", "leak").await;
    eventually("the leaked token ends", async || status(&connection).await == 401).await;

    let free = json!({"authentication": {"bearerToken": {"secretName": "free"}}});
    world.redeclare("leaked", "leaked", free).await;
    let renewed = world.customer("leaked", "leaked").await;
    assert_eq!(status(&renewed.connection().unwrap()).await, 200);
    assert_eq!(status(&connection).await, 401);
}

pub(crate) async fn a_secret_of_another_name_holds_the_same_token(world: &World) {
    let customer = world.tenant("renamed-secret", json!({})).await;
    let another = json!({"authentication": {"bearerToken": {"secretName": "another"}}});
    world.redeclare("renamed-secret", "renamed-secret", another).await;
    eventually("the Secret has its new name", async || {
        world.customer("renamed-secret", "renamed-secret").await.secret_name == "another"
    })
    .await;
    assert_eq!(world.customer("renamed-secret", "renamed-secret").await.token, customer.token);
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "renamed-secret");
    eventually("the old Secret is gone", async || {
        secrets.get_opt(&customer.secret_name).await.unwrap().is_none()
    })
    .await;
}

async fn tenant_id(world: &World, namespace: &str) -> i64 {
    let statement = "SELECT id FROM scim_control.tenants WHERE namespace = $1 AND state = 'active'";
    let query = sqlx::query_scalar(statement).bind(namespace.to_owned());
    query.fetch_one(&mut world.database().await).await.unwrap()
}

async fn since_revocation(world: &World, id: i64) -> Duration {
    let statement = "SELECT extract(epoch FROM clock_timestamp() - max(revoked_at))::float8 \
                     FROM scim_control.credentials WHERE tenant_id = $1";
    let query = sqlx::query_scalar(statement).bind(id);
    Duration::from_secs_f64(query.fetch_one(&mut world.database().await).await.unwrap())
}
