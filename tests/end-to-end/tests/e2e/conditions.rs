//! A tenant that cannot work says so, in one reconcile, and does not retry hot.

use std::time::Duration;

use http::Method;
use identity_provider::Request;
use serde_json::{Value, json};

use crate::events::told;
use crate::metrics::reconciles;
use crate::world::{World, eventually};

pub(crate) async fn what_cannot_work_says_so_in_a_condition(world: &World) {
    world.apply_file("examples/platform-entra/class.yaml").await;
    world.namespace("cannot-work", json!({"example.com/application": "platform"})).await;
    let not_allowed = json!({"className": "envoy"});
    world.apply_file("examples/envoy-entra/class.yaml").await;
    let extension = |attributes: Value| json!({"profile": {"extensions": [{"urn": "urn:example:x", "resource": "User", "attributes": attributes}]}});
    let twice = extension(json!([{"name": "badge", "type": "string"}, {"name": "Badge", "type": "string"}]));
    let mut fixed = extension(json!([{"name": "badge", "type": "string"}]));
    fixed["className"] = json!("platform");
    let cases = [
        ("unknown-class", json!({"className": "nowhere"}), "ClassNotFound", "nowhere"),
        ("not-allowed", not_allowed, "NamespaceNotAllowed", "envoy"),
        ("bad-schema", twice, "InvalidProfile", "adge"),
        ("fixed-profile", fixed, "ProfileFixed", "platform"),
    ];
    for (name, spec, reason, names) in cases {
        world.redeclare("cannot-work", name, spec).await;
        let message = world.condition("cannot-work", name, "Accepted", "False", reason).await;
        assert!(message.contains(names), "{name}: {message}");
        world.condition("cannot-work", name, "Ready", "False", reason).await;
        world.condition("cannot-work", name, "Stalled", "True", reason).await;
    }
    world
        .redeclare("cannot-work", "policy", json!({"className": "platform", "deletionPolicy": "Delete"}))
        .await;
    world.condition("cannot-work", "policy", "Ready", "True", "Connected").await;

    let before = (resource_versions(world).await, reconciles(world).await);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = (resource_versions(world).await, reconciles(world).await);
    assert_eq!(after.0, before.0, "nothing is written again");
    assert!(
        after.1 - before.1 < 20.0,
        "nothing is retried hot: {} reconciles in five seconds",
        after.1 - before.1
    );
    assert!(told(world, "cannot-work", "ClassNotFound").await, "an Event tells it, too");
    world.delete_namespace("cannot-work").await;
}

async fn resource_versions(world: &World) -> Vec<Option<String>> {
    let tenants = world.tenants("cannot-work").list(&kube::api::ListParams::default()).await.unwrap();
    let stalled =
        tenants.items.into_iter().filter(|tenant| tenant.metadata.name.as_deref() != Some("policy"));
    stalled.map(|tenant| tenant.metadata.resource_version).collect()
}

pub(crate) async fn an_invalid_edit_is_reported_and_the_last_configuration_goes_on_serving(world: &World) {
    let customer = world.tenant("invalid-edit", json!({})).await;
    world.redeclare("invalid-edit", "invalid-edit", json!({"className": "nowhere"})).await;
    world.condition("invalid-edit", "invalid-edit", "Accepted", "False", "ClassNotFound").await;
    let request = Request::new(Method::GET, "/Users");
    customer.connection().unwrap().send(request).await.unwrap().expect(&[200]).unwrap();
    world
        .redeclare("invalid-edit", "invalid-edit", json!({"displayName": "mended", "className": "default"}))
        .await;
    world.condition("invalid-edit", "invalid-edit", "Ready", "True", "Connected").await;
}

pub(crate) async fn a_class_that_serves_everybody_without_being_the_default_is_refused(world: &World) {
    let class = json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": "everybody"},
        "spec": {"url": "https://scim.example.com", "route": {"kind": "Ingress"}, "allowedNamespaces": {"from": "All"}},
    });
    world.apply(&class.to_string()).await;
    let accepted = async || {
        let class = world.classes().get("everybody").await.unwrap();
        let conditions = class.status.map(|status| status.conditions).unwrap_or_default();
        conditions
            .into_iter()
            .find(|condition| condition.type_ == "Accepted")
            .map(|condition| (condition.status, condition.reason))
    };
    let refused = Some(("False".to_owned(), "SelectorRequired".to_owned()));
    eventually("the class is refused", async || accepted().await == refused).await;
    world.classes().delete("everybody", &kube::api::DeleteParams::default()).await.unwrap();
}

pub(crate) async fn a_change_of_the_class_reaches_its_tenants(world: &World) {
    let class = |profile: Value| {
        json!({
            "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": "changing"},
            "spec": {
                "url": "https://scim.example.com", "route": {"kind": "Ingress"}, "profile": profile,
                "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": "changing"}}},
            },
        })
    };
    world.apply(&class(json!({})).to_string()).await;
    world.namespace("changing", json!({"class": "changing"})).await;
    world.redeclare("changing", "tenant", json!({"className": "changing"})).await;
    let connection = world.customer("changing", "tenant").await.connection().unwrap();
    let groups = async || {
        let request = Request::new(Method::GET, "/Groups");
        connection.send(request).await.unwrap().response.status
    };
    assert_eq!(groups().await, 200);
    world.apply(&class(json!({"groups": "Disabled"})).to_string()).await;
    eventually("groups are switched off without a restart", async || groups().await == 404).await;
}
