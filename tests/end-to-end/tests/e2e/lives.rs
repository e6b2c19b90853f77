//! What people do to a tenant that lives: suspend it, pause it, undo its deletion, move it, look at it as GitOps tools do.

use std::time::{Duration, Instant};

use http::Method;
use identity_provider::Request;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::direct::to_each_server;
use crate::events::told;
use crate::people::{create_user, status, users};
use crate::world::{AUDITED, World, eventually, eventually_within};

/// Within a second after the registry says so, which `Ready`'s reason tells.
pub(crate) async fn a_suspended_tenant_is_told_to_come_back_and_keeps_its_data(world: &World) {
    let customer = world.tenant("suspended", json!({})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let servers = to_each_server(world, &customer, &customer.handed.credential());
    world.redeclare("suspended", "suspended", json!({"suspend": true})).await;
    world.condition("suspended", "suspended", "Ready", "True", "Suspended").await;
    let begin = Instant::now();
    for server in &servers {
        while status(server).await != 503 {
            assert!(begin.elapsed() < Duration::from_secs(1), "a server goes on serving a suspended tenant");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    println!("suspended: every server follows {:?} after the condition", begin.elapsed());
    let refused = servers[0].send(Request::new(Method::GET, "/Users")).await.unwrap().response;
    assert!(refused.retry_after.is_some(), "it says when to come back");
    let stranger = servers[0].with_token("scim_wrong");
    assert_eq!(status(&stranger).await, 401, "who has no token learns nothing of it");
    world.redeclare("suspended", "suspended", json!({})).await;
    for server in &servers {
        eventually("it is served again", async || status(server).await == 200).await;
    }
    assert_eq!(users(&customer.connection().unwrap()).await, 1);
}

pub(crate) async fn a_paused_tenant_is_left_alone_and_can_be_deleted(world: &World) {
    let customer = world.tenant("paused", json!({})).await;
    world.annotate("paused", "paused", "scim-operator.io/paused", "true").await;
    let tenants = world.tenants("paused");
    let paused = async || {
        let status = tenants.get("paused").await.unwrap().status.unwrap();
        status.conditions.iter().any(|condition| condition.type_ == "Paused" && condition.status == "True")
    };
    eventually("it says that it is paused", paused).await;
    let patch = Patch::Merge(json!({"spec": {"suspend": true}}));
    tenants.patch("paused", &PatchParams::default(), &patch).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let tenant = tenants.get("paused").await.unwrap();
    assert_ne!(
        tenant.status.unwrap().observed_generation,
        tenant.metadata.generation,
        "what was declared meanwhile is not said to be observed"
    );
    assert_eq!(status(&customer.connection().unwrap()).await, 200);
    let resumed = Patch::Merge(json!({"metadata": {"annotations": {"scim-operator.io/paused": null}}}));
    tenants.patch("paused", &PatchParams::default(), &resumed).await.unwrap();
    world.condition("paused", "paused", "Ready", "True", "Suspended").await;
    eventually("and no more", async || !paused().await).await;

    world.annotate("paused", "paused", "scim-operator.io/paused", "true").await;
    eventually("it is paused again", paused).await;
    world.delete_tenant("paused", "paused").await;
}

pub(crate) async fn a_delayed_deletion_can_be_undone_and_else_happens(world: &World) {
    let spec = json!({"deletionPolicy": "Delete", "deletionDelay": "24h"});
    let customer = world.tenant("delayed", spec.clone()).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("delayed", "delayed").await;
    world.delete_tenant("delayed", "delayed").await;
    let connection = customer.connection().unwrap();
    eventually("access ends at once", async || status(&connection).await == 401).await;
    assert!(told(world, "delayed", "DataDeletionScheduled").await);
    let again = world.tenant("delayed", spec).await;
    assert_eq!(
        users(&again.connection().unwrap()).await,
        1,
        "made again within the time, it takes its data up"
    );

    world.delete_tenant("delayed", "delayed").await;
    // A day later, for PostgreSQL.
    sqlx::query("UPDATE scim_control.tenants SET drop_after = now() WHERE namespace = 'delayed'")
        .execute(&mut world.database().await)
        .await
        .unwrap();
    for operator in world.installation.operators() {
        operator.stop().await;
        operator.start().await.unwrap();
    }
    eventually("its schema is dropped", async || !world.schema_exists(&schema).await).await;
}

/// A class that adopts gives the data of a namespace to the one that has the name now, with its tokens.
pub(crate) async fn a_class_may_let_a_namespace_of_the_same_name_adopt_the_data(world: &World) {
    let class = |retained_data: &str| {
        json!({
            "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": "adopting"},
            "spec": {
                "url": "https://scim.example.com", "route": {"kind": "Ingress"}, "retainedData": retained_data,
                "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": "adopting"}}},
            },
        })
    };
    world.apply(&class("Refuse").to_string()).await;
    world.namespace("adopted", json!({"class": "adopting"})).await;
    world.redeclare("adopted", "tenant", json!({"className": "adopting"})).await;
    let customer = world.customer("adopted", "tenant").await;
    create_user(&customer.connection().unwrap(), "ada").await;
    world.delete_namespace("adopted").await;
    world.namespace("adopted", json!({"class": "adopting"})).await;
    world.redeclare("adopted", "tenant", json!({"className": "adopting"})).await;
    world.condition("adopted", "tenant", "DatabaseReady", "False", "OwnedByAnother").await;
    world.apply(&class("Adopt").to_string()).await;
    world.condition("adopted", "tenant", "Ready", "True", "Connected").await;
    let pasted = customer.connection().unwrap();
    eventually("the token that was pasted works again", async || status(&pasted).await == 200).await;
    // The Secret was gone with the namespace: there is a new token, whose use ends the old one.
    let adopted = world.customer("adopted", "tenant").await;
    assert_eq!(users(&adopted.connection().unwrap()).await, 1, "and so does the new one");
    eventually("an Event tells it", async || told(world, "adopted", "DataAdopted").await).await;
    world.apply(&class("Refuse").to_string()).await;
}

/// A database that is older than the cluster: the token that was pasted is registered again, and what was revoked meanwhile
/// is revoked again.
pub(crate) async fn a_restored_database_takes_the_tokens_of_the_secrets_up(world: &World) {
    let customer = world.tenant("restored", json!({})).await;
    world.annotate("restored", "restored", "scim-operator.io/rotate-token", "1").await;
    eventually("there is a second token", async || {
        world.customer("restored", "restored").await.token != customer.token
    })
    .await;
    let pasted = world.customer("restored", "restored").await;
    let connection = pasted.connection().unwrap();
    assert_eq!(status(&connection).await, 200);
    eventually("status tells of it", async || world.generation("restored", "restored").await == 2).await;
    for statement in [
        "DELETE FROM scim_control.credentials c USING scim_control.tenants t
          WHERE t.id = c.tenant_id AND t.namespace = 'restored' AND generation = 2",
        "UPDATE scim_control.credentials c SET first_used_at = NULL, last_used_at = NULL FROM scim_control.tenants t
          WHERE t.id = c.tenant_id AND t.namespace = 'restored'",
    ] {
        sqlx::query(statement).execute(&mut world.database().await).await.unwrap();
    }
    eventually_within(AUDITED, "the pasted token works again", async || status(&connection).await == 200)
        .await;
    let now = world.customer("restored", "restored").await;
    assert_eq!(now.token, pasted.token, "nobody has to paste anything");
}
