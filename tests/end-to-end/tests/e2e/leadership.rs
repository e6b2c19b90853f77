//! Two operators: one has the lease, and when it goes the other takes over.

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::ListParams;
use product::SYSTEM_NAMESPACE;
use serde_json::json;

use crate::world::{World, eventually};

async fn holder(world: &World) -> Option<String> {
    let leases: Api<Lease> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    let leases = leases.list(&ListParams::default()).await.unwrap();
    leases.items.into_iter().find_map(|lease| lease.spec?.holder_identity).filter(|holder| !holder.is_empty())
}

pub(crate) async fn two_operators_at_once_are_harmless(world: &World) {
    eventually("one of them leads", async || holder(world).await.is_some()).await;
    let first = holder(world).await.unwrap();
    let operators = world.installation.operators();
    let leads = usize::from(first.contains("scim-operator-2"));
    operators[leads].stop().await;
    eventually("the other one leads", async || holder(world).await.is_some_and(|holder| holder != first))
        .await;
    world.tenant("second-leader", json!({})).await;
    operators[leads].start().await.unwrap();
    world.tenant("still-one-leader", json!({})).await;
}
