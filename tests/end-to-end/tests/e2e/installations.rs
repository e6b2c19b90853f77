//! Two installations in one cluster and on one database, and customers with more than one connection.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt as _};
use product::{Customer, SYSTEM_NAMESPACE};
use serde_json::json;
use sqlx::Row as _;

use crate::direct::to_server;
use crate::events::told;
use crate::neighbour::{
    Neighbour, TENANT, are_older, looked_at_everything, of_class, remove_class, through_ingress,
};
use crate::people::{create_user, status, users};
use crate::world::{SOON, World, eventually};

/// Each operator makes and heals what is of its own classes. The versions of all objects of the other one stay as they
/// are while it looks at every tenant of the cluster.
pub(crate) async fn two_installations_side_by_side_leave_each_other_alone(world: &World) {
    let second = Neighbour::start(world, "second").await;
    let ours = world.tenant("side-first", json!({})).await;
    let theirs = second.tenant(world, "side-second", json!({})).await;
    let (ours_name, theirs_name) = ("tenant.side-first.side-first", "tenant.side-second.tenant");
    for (namespace, has, lacks) in
        [(SYSTEM_NAMESPACE, ours_name, theirs_name), (second.site.namespace.as_str(), theirs_name, ours_name)]
    {
        assert!(ingress(world, namespace, has).await.is_some(), "{has} in {namespace}");
        assert!(ingress(world, namespace, lacks).await.is_none(), "{lacks} in {namespace}");
    }
    let served_by = async |namespace: &str, name: &str| {
        world.tenants(namespace).get(name).await.unwrap().status.and_then(|status| status.controller_name)
    };
    assert_eq!(served_by("side-second", TENANT).await, second.site.controller_name);
    assert_eq!(served_by("side-first", "side-first").await.as_deref(), Some("scim-operator.io/operator"));

    // The routes of each lead to its own servers: those of the other one know no such tenant.
    let our_server = &world.installation.servers()[0];
    assert_eq!(status(&ours.connection().unwrap()).await, 200);
    assert_eq!(status(&through_ingress(world, &theirs)).await, 200);
    assert_eq!(status(&to_server(our_server, &theirs)).await, 401);
    assert_eq!(status(&second.direct(&ours)).await, 401);

    for operator in world.installation.operators() {
        operator.stop().await;
    }
    let before = objects_of(world, &ours, SYSTEM_NAMESPACE, "default").await;
    second.operator.stop().await;
    second.operator.start().await.unwrap();
    looked_at_everything(world, &second.operator).await;
    assert_eq!(objects_of(world, &ours, SYSTEM_NAMESPACE, "default").await, before);

    second.operator.stop().await;
    let namespace = second.site.namespace.as_str();
    let before = objects_of(world, &theirs, namespace, "second").await;
    let operators = world.installation.operators();
    operators[0].start().await.unwrap();
    looked_at_everything(world, &operators[0]).await;
    assert_eq!(objects_of(world, &theirs, namespace, "second").await, before);
    operators[1].start().await.unwrap();

    second.operator.start().await.unwrap();
    world.delete_tenant("side-second", TENANT).await;
    assert!(ingress(world, namespace, theirs_name).await.is_none());
    remove_class(world, &second.site).await;
    second.end().await;
    assert_eq!(status(&ours.connection().unwrap()).await, 200);
}

/// What two clusters with different ids see of each other on one database, which is nothing. A second API server would
/// add nothing here: it is the registry that keeps them apart, by `--installation`. Both have a tenant of the same namespace
/// and name, one after the other, and the sweeps and audits of both go over it.
pub(crate) async fn two_installations_on_one_database_do_not_see_each_other(world: &World) {
    let second = Neighbour::start(world, "neighbour").await;
    let first_operator = &world.installation.operators()[0];
    world.namespace("same-key", json!({"class": "neighbour"})).await;
    world.redeclare("same-key", TENANT, json!({})).await;
    let ours = world.customer("same-key", TENANT).await;
    create_user(&ours.connection().unwrap(), "ada").await;
    world.delete_tenant("same-key", TENANT).await;
    let theirs = second.tenant(world, "same-key", json!({})).await;
    assert_eq!(
        users(&through_ingress(world, &theirs)).await,
        0,
        "retained data of another installation is not taken up"
    );
    assert_eq!(rows(world, "same-key").await, ["demo retained", "neighbour active"]);
    assert_eq!(schemas(world, "same-key").await.len(), 2);

    for operator in world.installation.operators() {
        operator.stop().await;
    }
    first_operator.start().await.unwrap();
    looked_at_everything(world, first_operator).await;
    second.operator.stop().await;
    second.operator.start().await.unwrap();
    looked_at_everything(world, &second.operator).await;
    world.installation.operators()[1].start().await.unwrap();
    assert_eq!(rows(world, "same-key").await, ["demo retained", "neighbour active"]);
    let connection = through_ingress(world, &theirs);
    assert_eq!(status(&connection).await, 200);
    assert_eq!(status(&connection.with_token(&ours.token)).await, 401);
    assert_eq!(status(&ours.connection().unwrap().with_token(&theirs.token)).await, 401);

    // Delete drops what is its own.
    world.redeclare("same-key", TENANT, of_class("neighbour", json!({"deletionPolicy": "Delete"}))).await;
    world.condition("same-key", TENANT, "Ready", "True", "Connected").await;
    world.delete_tenant("same-key", TENANT).await;
    assert_eq!(rows(world, "same-key").await, ["demo retained"]);
    are_older(world, "same-key").await;
    world.redeclare("same-key", TENANT, json!({})).await;
    let again = world.customer("same-key", TENANT).await;
    assert_eq!(users(&again.connection().unwrap()).await, 1);
    remove_class(world, &second.site).await;
    second.end().await;
}

/// Handed over, not half, and taken up again when it comes back.
pub(crate) async fn a_tenant_moves_to_a_class_of_another_installation_and_back(world: &World) {
    let second = Neighbour::start(world, "mover").await;
    let our_server = &world.installation.servers()[0];
    let name = format!("tenant.moved.{TENANT}");
    world.namespace("moved", json!({"class": "mover"})).await;
    world.redeclare("moved", TENANT, json!({})).await;
    let first = world.customer("moved", TENANT).await;
    create_user(&first.connection().unwrap(), "ada").await;
    are_older(world, "moved").await;
    world.redeclare("moved", TENANT, of_class("mover", json!({}))).await;
    let moved = second.customer(world, "moved").await;
    assert_ne!(moved.token, first.token);
    assert_eq!(
        users(&through_ingress(world, &moved)).await,
        0,
        "a connection of its own, with an empty schema"
    );
    let gone = async || ingress(world, SYSTEM_NAMESPACE, &name).await.is_none();
    eventually("the first one's route is gone", gone).await;
    eventually("its token has ended", async || status(&to_server(our_server, &first)).await == 401).await;
    assert_eq!(rows(world, "moved").await, ["demo retained", "mover active"]);
    eventually("an Event tells it", async || told(world, "moved", "HandedOver").await).await;

    world.redeclare("moved", TENANT, json!({})).await;
    let back = Customer::when_ready(&world.client, "moved", TENANT, SOON).await.unwrap();
    assert_ne!(back.token, moved.token);
    let old = to_server(our_server, &first);
    eventually("its token of before works again", async || status(&old).await == 200).await;
    back.reachable(SOON).await.unwrap();
    eventually("until the new one is used", async || status(&old).await == 401).await;
    assert_eq!(users(&back.connection().unwrap()).await, 1, "the first one takes its data up");
    let gone = async || ingress(world, &second.site.namespace, &name).await.is_none();
    eventually("the second one's route is gone", gone).await;
    eventually("its token has ended", async || status(&second.direct(&moved)).await == 401).await;
    assert_eq!(rows(world, "moved").await, ["demo active", "mover retained"]);

    are_older(world, "moved").await;
    world.redeclare("moved", TENANT, of_class("mover", json!({}))).await;
    let again = second.customer(world, "moved").await;
    world.delete_tenant("moved", TENANT).await;
    assert_eq!(rows(world, "moved").await, ["demo retained", "mover retained"]);
    for (namespace, connection) in [
        (SYSTEM_NAMESPACE, to_server(our_server, &back)),
        (second.site.namespace.as_str(), second.direct(&again)),
    ] {
        assert!(ingress(world, namespace, &name).await.is_none(), "a route is left in {namespace}");
        eventually("no token works any more", async || status(&connection).await == 401).await;
    }
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "moved");
    assert!(secrets.get_opt(&again.secret_name).await.unwrap().is_none());
    remove_class(world, &second.site).await;
    second.end().await;
}

/// A tenant that is deleted in the moment in which it moves: neither operator waits for the other.
pub(crate) async fn a_tenant_that_is_deleted_while_it_moves_goes(world: &World) {
    let second = Neighbour::start(world, "hasty").await;
    for stopped in ["neither", "first", "second"] {
        let namespace = format!("hasty-{stopped}");
        world.namespace(&namespace, json!({"class": "hasty"})).await;
        world.redeclare(&namespace, TENANT, json!({})).await;
        world.customer(&namespace, TENANT).await;
        if stopped == "first" {
            for operator in world.installation.operators() {
                operator.stop().await;
            }
        } else if stopped == "second" {
            second.operator.stop().await;
        }
        world.redeclare(&namespace, TENANT, of_class("hasty", json!({}))).await;
        world.tenants(&namespace).delete(TENANT, &DeleteParams::default()).await.unwrap();
        if stopped == "first" {
            for operator in world.installation.operators() {
                operator.start().await.unwrap();
            }
        }
        world.tenant_is_gone(&namespace, TENANT).await;
        if stopped == "second" {
            second.operator.start().await.unwrap();
        }
        eventually("no row is active", async || {
            rows(world, &namespace).await.iter().all(|row| !row.ends_with("active"))
        })
        .await;
        let name = format!("tenant.{namespace}.{TENANT}");
        eventually("no route is left", async || {
            ingress(world, SYSTEM_NAMESPACE, &name).await.is_none()
                && ingress(world, &second.site.namespace, &name).await.is_none()
        })
        .await;
    }
    remove_class(world, &second.site).await;
    second.end().await;
}

/// Two directories of one customer, or one that moves: each connection is a tenant of its own.
pub(crate) async fn several_connections_of_a_customer_have_nothing_in_common(world: &World) {
    let names = ["berlin", "vienna"];
    world.namespace("several", json!({})).await;
    for name in names {
        world.redeclare("several", name, json!({"deletionPolicy": "Delete"})).await;
    }
    let [berlin, vienna] =
        [world.customer("several", names[0]).await, world.customer("several", names[1]).await];
    assert_ne!(berlin.token, vienna.token);
    assert_eq!([&*berlin.secret_name, &*vienna.secret_name], ["berlin-scim", "vienna-scim"]);
    let schemas = [world.schema("several", names[0]).await, world.schema("several", names[1]).await];
    assert_ne!(schemas[0], schemas[1]);
    let (to_berlin, to_vienna) = (berlin.connection().unwrap(), vienna.connection().unwrap());
    create_user(&to_berlin, "ada").await;
    create_user(&to_vienna, "ada").await;
    create_user(&to_vienna, "grace").await;
    assert_eq!([users(&to_berlin).await, users(&to_vienna).await], [1, 2]);
    assert_eq!(
        status(&to_berlin.with_token(&vienna.token)).await,
        401,
        "a token is good at its own connection"
    );

    world.delete_tenant("several", "berlin").await;
    assert!(!world.schema_exists(&schemas[0]).await);
    eventually("its token has ended", async || status(&to_berlin).await == 401).await;
    assert_eq!(users(&to_vienna).await, 2, "the other one stays as it was");
    assert_eq!(world.customer("several", "vienna").await.token, vienna.token);
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "several");
    assert!(secrets.get_opt("berlin-scim").await.unwrap().is_none());
}

async fn ingress(world: &World, namespace: &str, name: &str) -> Option<Ingress> {
    Api::namespaced(world.client.clone(), namespace).get_opt(name).await.unwrap()
}

/// Name and version of everything that an operator of this installation writes for the customer and its class.
async fn objects_of(
    world: &World,
    customer: &Customer,
    system: &str,
    class: &str,
) -> Vec<(String, Option<String>)> {
    let tenant = world.tenants(&customer.namespace).get(&customer.name).await.unwrap();
    let class = world.classes().get(class).await.unwrap();
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), &customer.namespace);
    let secret = secrets.get(&customer.secret_name).await.unwrap();
    let mut objects = vec![
        (tenant.name_any(), tenant.resource_version()),
        (class.name_any(), class.resource_version()),
        (secret.name_any(), secret.resource_version()),
    ];
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), system);
    let ingresses = ingresses.list(&ListParams::default()).await.unwrap();
    // Of other tenants of the world nothing is said: what they went through before may end only now.
    let concerns = |name: &String| name.starts_with("host.") || name.contains(&customer.namespace);
    let ingresses = ingresses.iter().map(|ingress| (ingress.name_any(), ingress.resource_version()));
    objects.extend(ingresses.filter(|(name, _)| concerns(name)));
    let rows = sqlx::query(
        "SELECT installation || id || state || schema_version || owner_uid || md5(configuration::text) AS row,
                (SELECT string_agg(generation || kind || coalesce(revoked_at::text, ''), ' ' ORDER BY generation)
                   FROM scim_control.credentials WHERE tenant_id = id) AS credentials
           FROM scim_control.tenants WHERE namespace = $1 ORDER BY id",
    )
    .bind(customer.namespace.clone())
    .fetch_all(&mut world.database().await)
    .await
    .unwrap();
    objects.extend(rows.iter().map(|row| (row.get("row"), row.get("credentials"))));
    objects
}

/// `<installation> <state>` of every row of the namespace, tombstones left out.
async fn rows(world: &World, namespace: &str) -> Vec<String> {
    let statement = "SELECT installation || ' ' || state FROM scim_control.tenants \
                     WHERE namespace = $1 AND state <> 'deleted' ORDER BY 1";
    sqlx::query_scalar(statement)
        .bind(namespace.to_owned())
        .fetch_all(&mut world.database().await)
        .await
        .unwrap()
}

async fn schemas(world: &World, namespace: &str) -> Vec<String> {
    let statement = "SELECT nspname::text FROM pg_namespace JOIN scim_control.tenants ON nspname = 'tenant_' || id \
                     WHERE namespace = $1";
    sqlx::query_scalar(statement)
        .bind(namespace.to_owned())
        .fetch_all(&mut world.database().await)
        .await
        .unwrap()
}
