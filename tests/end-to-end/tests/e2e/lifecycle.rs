//! The dangerous path: what stays and what goes when a tenant, a namespace or a class is deleted.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use product::{Customer, SYSTEM_NAMESPACE};
use serde_json::json;

use crate::people::{create_user, status, users};
use crate::world::{World, eventually};

async fn ingress_exists(world: &World, namespace: &str, name: &str) -> bool {
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    ingresses.get_opt(&format!("tenant.{namespace}.{name}")).await.unwrap().is_some()
}

async fn secret_exists(world: &World, customer: &Customer) -> bool {
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), &customer.namespace);
    secrets.get_opt(&customer.secret_name).await.unwrap().is_some()
}

pub(crate) async fn retained_data_is_taken_up_again(world: &World) {
    let customer = world.tenant("retained", json!({"deletionPolicy": "Retain"})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("retained", "retained").await;
    world.delete_tenant("retained", "retained").await;
    assert!(world.schema_exists(&schema).await);
    assert!(!ingress_exists(world, "retained", "retained").await);
    eventually("the Secret is collected", async || !secret_exists(world, &customer).await).await;
    let refused = async || status(&customer.connection().unwrap()).await == 401;
    eventually("a retained tenant serves nobody", refused).await;

    let again = world.tenant("retained", json!({})).await;
    assert_eq!(world.schema("retained", "retained").await, schema);
    assert_eq!(users(&again.connection().unwrap()).await, 1, "who was there is there again");
}

pub(crate) async fn deleted_data_is_gone(world: &World) {
    let customer = world.tenant("deleted", json!({"deletionPolicy": "Delete"})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("deleted", "deleted").await;
    world.delete_tenant("deleted", "deleted").await;
    assert!(!world.schema_exists(&schema).await);
    assert!(!ingress_exists(world, "deleted", "deleted").await);

    let again = world.tenant("deleted", json!({})).await;
    assert_eq!(users(&again.connection().unwrap()).await, 0);
}

/// Never valid, invalid later, and with a class that is gone: deleting asks for none of them.
pub(crate) async fn a_tenant_that_was_never_valid_is_deleted_at_once(world: &World) {
    world.declare("never-valid", json!({"className": "nowhere"})).await;
    world.condition("never-valid", "never-valid", "Accepted", "False", "ClassNotFound").await;
    world.delete_tenant("never-valid", "never-valid").await;

    for (name, policy, stays) in [("invalid-retain", "Retain", true), ("invalid-delete", "Delete", false)] {
        world.tenant(name, json!({"deletionPolicy": policy})).await;
        let schema = world.schema(name, name).await;
        world.redeclare(name, name, json!({"className": "nowhere", "deletionPolicy": policy})).await;
        world.condition(name, name, "Accepted", "False", "ClassNotFound").await;
        world.delete_tenant(name, name).await;
        assert_eq!(world.schema_exists(&schema).await, stays, "{policy} of a tenant that became invalid");
        assert!(!ingress_exists(world, name, name).await);
    }
}

pub(crate) async fn a_terminating_namespace_takes_its_tenants_along(world: &World) {
    for (name, policy, stays) in [("ending-retain", "Retain", true), ("ending-delete", "Delete", false)] {
        world.tenant(name, json!({"deletionPolicy": policy})).await;
        world.redeclare(name, "invalid", json!({"className": "nowhere"})).await;
        let schema = world.schema(name, name).await;
        world.delete_namespace(name).await;
        assert_eq!(world.schema_exists(&schema).await, stays, "{policy} in a terminating namespace");
        assert!(!ingress_exists(world, name, name).await);
    }
}

pub(crate) async fn retained_data_is_not_handed_to_a_namespace_of_the_same_name(world: &World) {
    let customer = world.tenant("same-name", json!({"deletionPolicy": "Retain"})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("same-name", "same-name").await;
    world.delete_namespace("same-name").await;
    world.declare("same-name", json!({"deletionPolicy": "Delete"})).await;
    world.condition("same-name", "same-name", "DatabaseReady", "False", "OwnedByAnother").await;
    world.delete_tenant("same-name", "same-name").await;
    assert!(world.schema_exists(&schema).await, "deleting the stranger keeps the data that was never its");
}

/// Also the way out of a deletion that waits for PostgreSQL.
pub(crate) async fn a_tenant_whose_finalizer_was_taken_by_force_loses_access(world: &World) {
    let customer = world.tenant("by-force", json!({})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    for operator in world.installation.operators() {
        operator.stop().await;
    }
    world.tenants("by-force").delete("by-force", &DeleteParams::default()).await.unwrap();
    let nothing = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    world.tenants("by-force").patch("by-force", &PatchParams::default(), &nothing).await.unwrap();
    world.tenant_is_gone("by-force", "by-force").await;
    for operator in world.installation.operators() {
        operator.start().await.unwrap();
    }
    let connection = customer.connection().unwrap();
    eventually("its token ends", async || status(&connection).await == 401).await;
    eventually("its route goes", async || !ingress_exists(world, "by-force", "by-force").await).await;
    let again = world.tenant("by-force", json!({})).await;
    assert_eq!(users(&again.connection().unwrap()).await, 1, "its data was retained");
}

pub(crate) async fn a_foreign_ingress_is_never_touched(world: &World) {
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    let name = "tenant.foreign-ingress.foreign-ingress";
    let foreign: Ingress = serde_json::from_value(json!({
        "metadata": {"name": name},
        "spec": {"defaultBackend": {"service": {"name": "mine", "port": {"number": 80}}}},
    }))
    .unwrap();
    let spec = ingresses.create(&PostParams::default(), &foreign).await.unwrap().spec;
    world.declare("foreign-ingress", json!({})).await;
    world.condition("foreign-ingress", "foreign-ingress", "RouteReady", "False", "RouteNameTaken").await;
    world.delete_tenant("foreign-ingress", "foreign-ingress").await;
    assert_eq!(ingresses.get(name).await.unwrap().spec, spec);
    ingresses.delete(name, &DeleteParams::default()).await.unwrap();
}

pub(crate) async fn a_class_in_use_waits_for_its_tenants(world: &World) {
    world
        .apply(&json!({
            "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": "in-use"},
            "spec": {
                "url": "https://scim.example.com", "route": {"kind": "Ingress"},
                "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": "in-use"}}},
            },
        }).to_string())
        .await;
    world.namespace("in-use", json!({"class": "in-use"})).await;
    world.redeclare("in-use", "tenant", json!({"className": "in-use"})).await;
    let customer = world.customer("in-use", "tenant").await;
    world.classes().delete("in-use", &DeleteParams::default()).await.unwrap();
    create_user(&customer.connection().unwrap(), "ada").await;
    assert!(
        world.classes().get_opt("in-use").await.unwrap().is_some(),
        "it waits, and its tenants are served"
    );
    world.delete_tenant("in-use", "tenant").await;
    eventually("the class is gone", async || world.classes().get_opt("in-use").await.unwrap().is_none())
        .await;
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    ingresses
        .get("host.localhost")
        .await
        .expect("the catch-all of a host stays as long as a class has that host");
}

pub(crate) async fn an_ingress_deleted_by_hand_comes_back(world: &World) {
    let customer = world.tenant("no-ingress", json!({})).await;
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    let name = "tenant.no-ingress.no-ingress";
    let before = ingresses.get(name).await.unwrap();
    ingresses.delete(name, &DeleteParams::default()).await.unwrap();
    eventually("the Ingress is there again", async || {
        ingresses
            .get_opt(name)
            .await
            .unwrap()
            .is_some_and(|now| now.metadata.uid != before.metadata.uid && now.spec == before.spec)
    })
    .await;
    assert_eq!(users(&customer.connection().unwrap()).await, 0);
}
