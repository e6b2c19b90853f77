//! A cluster that is another one than the registry knows: by mistake, or built anew in the place of one that is lost.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use product::{Customer, OperatorOptions, Program};
use serde_json::json;

use crate::neighbour::{
    Neighbour, TENANT, are_older, class, install, of_class, options, remove_class, through_ingress,
};
use crate::people::{create_user, status, users};
use crate::world::{SOON, World, eventually};

const TAKEN: &str = "InstallationTaken";

/// Two clusters that were given the same `--installation`. The other one is played by its mark in the registry.
pub(crate) async fn an_installation_of_another_cluster_is_refused_until_it_is_taken_over(world: &World) {
    let neighbour = Neighbour::start(world, "taken").await;
    let customer = neighbour.tenant(world, "taken", json!({})).await;
    let leaving = neighbour.tenant(world, "taken-leaving", json!({})).await;
    create_user(&through_ingress(world, &customer), "ada").await;
    let own = bound(world, "taken").await;
    let other = bind_to_another(world, "taken").await;
    let before = registered(world, "taken").await;

    // One that runs learns it at its next write, one that is started at once.
    world.redeclare("taken", TENANT, of_class("taken", json!({"displayName": "Edited"}))).await;
    let message = world.condition("taken", TENANT, "DatabaseReady", "False", TAKEN).await;
    assert!(message.contains(&other), "it says whose it is: {message}");
    neighbour.operator.stop().await;
    neighbour.operator.start().await.unwrap();
    neighbour.declare(world, "taken-new", json!({})).await;
    world.condition("taken-new", TENANT, "DatabaseReady", "False", TAKEN).await;
    world.annotate("taken", TENANT, "scim-operator.io/revoke-tokens", "1").await;
    // A deletion waits for nobody else's registry.
    world.delete_tenant("taken-leaving", TENANT).await;
    assert_eq!(registered(world, "taken").await, before, "what is another cluster's is not written");
    assert_eq!(status(&through_ingress(world, &customer)).await, 200, "what is served is served on");
    assert_eq!(status(&neighbour.direct(&leaving)).await, 200, "it is the other cluster's");
    neighbour.operator.stop().await;

    // Somebody who names the wrong one has not made sure.
    let wrong = take_over(world, &neighbour, &own).await;
    neighbour.declare(world, "taken-wrong", json!({})).await;
    world.condition("taken-wrong", TENANT, "DatabaseReady", "False", TAKEN).await;
    assert_eq!(registered(world, "taken").await, before);
    wrong.stop().await;

    let operator = take_over(world, &neighbour, &other).await;
    for namespace in ["taken", "taken-new", "taken-wrong"] {
        let customer = neighbour.customer(world, namespace).await;
        assert_eq!(status(&through_ingress(world, &customer)).await, 200);
    }
    assert_eq!(bound(world, "taken").await, own);
    let revoked = neighbour.direct(&customer);
    eventually("what was asked meanwhile is done", async || status(&revoked).await == 401).await;
    let left = neighbour.direct(&leaving);
    eventually("what was deleted meanwhile is retained", async || status(&left).await == 401).await;
    let customer = neighbour.customer(world, "taken").await;
    assert_eq!(users(&through_ingress(world, &customer)).await, 1);
    operator.stop().await;
    neighbour.end().await;
}

/// Everything that was in the cluster comes again with another UID, as GitOps would apply it, and without the Secrets.
pub(crate) async fn a_cluster_that_was_built_anew_takes_up_the_data_of_the_old_one(world: &World) {
    let neighbour = Neighbour::start(world, "rebuilt").await;
    let namespaces = ["rebuilt-one", "rebuilt-two"];
    let mut customers = Vec::new();
    for namespace in namespaces {
        let customer = neighbour.tenant(world, namespace, json!({})).await;
        create_user(&neighbour.direct(&customer), "ada").await;
        are_older(world, namespace).await;
        customers.push(customer);
    }
    neighbour.operator.stop().await;
    for namespace in namespaces {
        let nothing = Patch::Merge(json!({"metadata": {"finalizers": null}}));
        world.tenants(namespace).patch(TENANT, &PatchParams::default(), &nothing).await.unwrap();
    }
    let nothing = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    world.classes().patch("rebuilt", &PatchParams::default(), &nothing).await.unwrap();
    remove_class(world, &neighbour.site).await;
    delete_namespaces(world, &[&namespaces[..], &["rebuilt-system"]].concat()).await;
    let old = bind_to_another(world, "rebuilt").await;

    install(world, &neighbour.site).await;
    neighbour.route(world).await;
    class(world, &neighbour.site, json!({})).await;
    for namespace in namespaces {
        neighbour.declare(world, namespace, json!({})).await;
    }
    let refused = world.installation.add_operator(&options(&neighbour.site)).await.unwrap();
    for namespace in namespaces {
        let message = world.condition(namespace, TENANT, "DatabaseReady", "False", TAKEN).await;
        assert!(message.contains(&old), "{message}");
    }
    refused.stop().await;

    let operator = take_over(world, &neighbour, &old).await;
    for namespace in namespaces {
        world.condition(namespace, TENANT, "DatabaseReady", "False", "OwnedByAnother").await;
    }
    for customer in &customers {
        let served = status(&neighbour.direct(customer)).await;
        assert_eq!(served, 200, "nobody's access ends before somebody has decided");
    }

    class(world, &neighbour.site, json!({"retainedData": "Adopt"})).await;
    for old in &customers {
        let new = Customer::when_ready(&world.client, &old.namespace, TENANT, SOON).await.unwrap();
        assert_ne!(new.token, old.token, "the Secret of before is lost");
        let with_old = neighbour.direct(old);
        assert_eq!(users(&with_old).await, 1, "the identity provider notices nothing");
        neighbour.customer(world, &old.namespace).await;
        assert_eq!(users(&through_ingress(world, &new)).await, 1);
        eventually("the old token ends when the new one is used", async || status(&with_old).await == 401)
            .await;
    }
    class(world, &neighbour.site, json!({"retainedData": "Refuse"})).await;
    for namespace in namespaces {
        neighbour.customer(world, namespace).await;
    }
    assert_eq!(registered(world, "rebuilt").await.len(), namespaces.len(), "under the same schemas");
    operator.stop().await;
    neighbour.end().await;
}

async fn delete_namespaces(world: &World, names: &[&str]) {
    let namespaces: Api<Namespace> = Api::all(world.client.clone());
    for name in names {
        namespaces.delete(name, &DeleteParams::default()).await.unwrap();
    }
    for name in names {
        eventually("the namespace is gone", async || namespaces.get_opt(name).await.unwrap().is_none()).await;
    }
}

/// An operator that comes in the place of this cluster's.
async fn take_over(world: &World, neighbour: &Neighbour, cluster: &str) -> Program {
    let arguments = vec![format!("--take-over-cluster={cluster}")];
    let options = OperatorOptions { arguments, ..options(&neighbour.site) };
    world.installation.add_operator(&options).await.unwrap()
}

/// The cluster that the registry knows.
async fn bound(world: &World, installation: &str) -> String {
    let query =
        sqlx::query_scalar("SELECT cluster::text FROM scim_control.installations WHERE installation = $1")
            .bind(installation.to_owned());
    query.fetch_one(&mut world.database().await).await.unwrap()
}

/// Makes the registry know another one, and answers with its UID.
async fn bind_to_another(world: &World, installation: &str) -> String {
    let query = sqlx::query_scalar(
        "UPDATE scim_control.installations SET cluster = gen_random_uuid() WHERE installation = $1 RETURNING cluster::text",
    )
    .bind(installation.to_owned());
    query.fetch_one(&mut world.database().await).await.unwrap()
}

/// What operators write of each tenant of the installation.
async fn registered(world: &World, installation: &str) -> Vec<String> {
    let query = sqlx::query_scalar(
        "SELECT concat_ws(' ', id, namespace, namespace_uid, owner_uid, state, schema_version, drop_after, configuration,
                          handled_annotations,
                          (SELECT string_agg(concat_ws(' ', generation, kind, encode(digest, 'hex'), revoked_at), ' ')
                             FROM scim_control.credentials WHERE tenant_id = id))
           FROM scim_control.tenants WHERE installation = $1 AND state <> 'deleted' ORDER BY id",
    )
    .bind(installation.to_owned());
    query.fetch_all(&mut world.database().await).await.unwrap()
}
