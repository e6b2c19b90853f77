//! What the operator tells in Events.

use k8s_openapi::api::core::v1::Event;
use kube::Api;
use kube::api::ListParams;

use crate::world::World;

/// Whether an Event in this namespace has this reason.
pub(crate) async fn told(world: &World, namespace: &str, reason: &str) -> bool {
    all(world, namespace).await.iter().any(|event| event.reason.as_deref() == Some(reason))
}

/// Whether an Event that is a warning has it.
pub(crate) async fn warned(world: &World, namespace: &str, reason: &str) -> bool {
    let is_warning = |event: &Event| event.type_.as_deref() == Some("Warning");
    let all = all(world, namespace).await;
    all.iter().any(|event| event.reason.as_deref() == Some(reason) && is_warning(event))
}

async fn all(world: &World, namespace: &str) -> Vec<Event> {
    let events: Api<Event> = Api::namespaced(world.client.clone(), namespace);
    events.list(&ListParams::default()).await.unwrap().items
}
