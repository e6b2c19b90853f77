//! Two operators: one has the lease, and when it goes the other takes over.

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::ListParams;
use product::SYSTEM_NAMESPACE;
use serde_json::json;

use crate::metrics;
use crate::world::{World, eventually};

async fn holder(world: &World) -> Option<String> {
    let leases: Api<Lease> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    let leases = leases.list(&ListParams::default()).await.unwrap();
    leases.items.into_iter().find_map(|lease| lease.spec?.holder_identity).filter(|holder| !holder.is_empty())
}

pub(crate) async fn two_operators_at_once_are_harmless(world: &World) {
    eventually("one of them leads", async || holder(world).await.is_some()).await;
    eventually("and only one works", async || (leaders(world).await - 1.0).abs() < f64::EPSILON).await;
    let first = holder(world).await.unwrap();
    let operators = world.installation.operators();
    let leads = usize::from(first.contains("scim-operator-2"));
    operators[leads].stop().await;
    eventually("the other one leads", async || holder(world).await.is_some_and(|holder| holder != first))
        .await;
    world.tenant("second-leader", json!({})).await;
    operators[leads].start().await.unwrap();
    assert!((leaders(world).await - 1.0).abs() < f64::EPSILON, "still one leader");
}

pub(crate) async fn when_the_leader_is_lost_the_other_one_takes_over(world: &World) {
    let operators = world.installation.operators();
    eventually("one of them leads", async || holder(world).await.is_some()).await;
    let first = holder(world).await.unwrap();
    let lost = usize::from(first.contains("scim-operator-2"));
    operators[lost].kill().await;
    let begin = std::time::Instant::now();
    eventually("the other one leads", async || holder(world).await.is_some_and(|holder| holder != first))
        .await;
    println!("leadership: taken over {:?} after the leader was killed", begin.elapsed());
    world.tenant("after-the-loss", json!({})).await;
    operators[lost].start().await.unwrap();
}

/// How many operators say that they reconcile.
async fn leaders(world: &World) -> f64 {
    let mut leaders = 0.0;
    for operator in world.installation.operators() {
        leaders += metrics::sum(operator, "leader_election_master_status", "").await;
    }
    leaders
}
