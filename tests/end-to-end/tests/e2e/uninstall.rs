//! `scim-operator uninstall`: nothing is left that only an operator could take away, and everything that a customer has stays.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{DeleteParams, ListParams};
use kube::{Api, ResourceExt as _};
use product::{Customer, Manifest, SYSTEM_NAMESPACE};
use serde_json::json;

use crate::neighbour::{Neighbour, TENANT, remove_class, through_ingress};
use crate::people::{create_user, status, users};
use crate::run::{Ended, account, run};
use crate::world::{World, eventually};

const OPERATOR: &str = "scim-operator";

/// A second installation goes and comes again, while the world's goes on beside it.
pub(crate) async fn an_operator_that_goes_leaves_nothing_that_blocks_and_takes_everything_up_when_it_comes_again(
    world: &World,
) {
    let neighbour = Neighbour::start(world, "leaving").await;
    let system = neighbour.site.namespace.as_str();
    let ours = world.tenant("staying", json!({})).await;
    let stays = neighbour.tenant(world, "leaving-one", json!({})).await;
    neighbour.tenant(world, "leaving-two", json!({"deletionPolicy": "Delete"})).await;
    neighbour.tenant(world, "leaving-three", json!({"deletionPolicy": "Delete"})).await;
    create_user(&through_ingress(world, &stays), "ada").await;
    let deleted = world.schema("leaving-three", TENANT).await;
    deployment(world, system).await;
    rights(world, system).await;
    let secret = secret(world, &stays).await;

    // The kubelet, which ends the Pods, is played here: until then the operator works, and nothing is taken away.
    let (ended, ()) = tokio::join!(uninstall(world, &neighbour), async {
        eventually("the Deployment has no replicas", async || replicas(world, system).await == Some(0)).await;
        assert_eq!(finalizers(world, "leaving-one").await.len(), 1, "as long as the operator works");
        neighbour.operator.stop().await;
        world.tenants("leaving-three").delete(TENANT, &DeleteParams::default()).await.unwrap();
    });
    let log = ended.expect_success();
    assert!(log.contains("was being deleted and goes now"), "{log}");
    world.tenant_is_gone("leaving-three", TENANT).await;
    assert!(world.schema_exists(&deleted).await, "nobody has asked for it to be dropped for good");
    assert_eq!(finalizers(world, "leaving-one").await, [""; 0]);
    let class = world.classes().get("leaving").await.unwrap();
    assert_eq!(class.finalizers(), [""; 0]);
    assert_eq!(ingresses(world, system).await, 0);
    assert_eq!(self::secret(world, &stays).await, secret, "the Secret is as it was");
    assert_eq!(users(&neighbour.direct(&stays)).await, 1, "and so is what it opens");
    world.delete_namespace("leaving-two").await;

    assert_eq!(finalizers(world, "staying").await.len(), 1, "what is another installation's is left alone");
    assert_eq!(status(&ours.connection().unwrap()).await, 200);
    assert!(ingresses(world, SYSTEM_NAMESPACE).await > 0);
    assert!(world.classes().get("default").await.unwrap().finalizers().len() == 1);
    uninstall(world, &neighbour).await.expect_success();

    neighbour.operator.start().await.unwrap();
    let again = neighbour.customer(world, "leaving-one").await;
    assert_eq!(again.token, stays.token, "nobody pastes anything");
    assert_eq!(users(&through_ingress(world, &again)).await, 1);
    let held = async || finalizers(world, "leaving-one").await.len() == 1;
    eventually("the finalizer is there again", held).await;
    eventually("what went without an operator is retained", async || {
        states(world, "leaving-two").await == ["retained"]
            && states(world, "leaving-three").await == ["retained"]
    })
    .await;
    world.delete_tenant("leaving-one", TENANT).await;
    remove_class(world, &neighbour.site).await;
    neighbour.end().await;
}

/// Nothing is taken away from under an operator that works; whoever looks is told what to do.
pub(crate) async fn an_operator_that_does_not_end_keeps_its_finalizers(world: &World) {
    let neighbour = Neighbour::start(world, "stubborn").await;
    let system = neighbour.site.namespace.as_str();
    neighbour.tenant(world, "stubborn", json!({})).await;
    rights(world, system).await;
    let log = uninstall(world, &neighbour).await.expect_failure();
    assert!(log.contains("the Deployment of the operator is gone already"), "{log}");
    assert!(log.contains(&format!("kubectl get lease scim-operator -n {system}")), "{log}");
    assert_eq!(finalizers(world, "stubborn").await.len(), 1);
    world.delete_tenant("stubborn", TENANT).await;
    remove_class(world, &neighbour.site).await;
    neighbour.end().await;
}

async fn uninstall(world: &World, neighbour: &Neighbour) -> Ended {
    let site = &neighbour.site;
    let arguments = [
        "uninstall".to_owned(),
        format!("--installation={}", site.id),
        format!("--controller-name={}", site.controller_name.as_deref().unwrap()),
        format!("--server-namespace={}", site.namespace),
        format!("--deployment={OPERATOR}"),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(world, &site.namespace, "uninstall", &arguments).await
}

/// What the command needs, and no more.
async fn rights(world: &World, namespace: &str) {
    let here = json!([
        {"apiGroups": ["apps"], "resources": ["deployments/scale"], "resourceNames": [OPERATOR], "verbs": ["patch"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [OPERATOR],
         "verbs": ["get", "update"]},
        {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["list", "delete"]},
        {"apiGroups": ["gateway.networking.k8s.io"], "resources": ["httproutes"], "verbs": ["list", "delete"]},
    ]);
    let everywhere = json!([{
        "apiGroups": ["scim-operator.io"], "resources": ["scimtenants", "scimtenantclasses"], "verbs": ["list", "patch"],
    }]);
    account(world, namespace, "uninstall", here, everywhere).await;
}

/// The operator's Deployment. Nobody runs it: no controller of Deployments is here.
async fn deployment(world: &World, namespace: &str) {
    let labels = json!({"app": OPERATOR});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": OPERATOR, "namespace": namespace},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "operator", "image": "scim-operator"}]},
            },
        },
    });
    Manifest::parse("deployment", &deployment.to_string()).unwrap().apply(&world.client).await.unwrap();
}

async fn replicas(world: &World, namespace: &str) -> Option<i32> {
    let deployments: Api<Deployment> = Api::namespaced(world.client.clone(), namespace);
    deployments.get(OPERATOR).await.unwrap().spec?.replicas
}

async fn finalizers(world: &World, namespace: &str) -> Vec<String> {
    let name = if namespace == "staying" { "staying" } else { TENANT };
    world.tenants(namespace).get(name).await.unwrap().finalizers().to_vec()
}

async fn ingresses(world: &World, namespace: &str) -> usize {
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), namespace);
    ingresses.list(&ListParams::default()).await.unwrap().items.len()
}

/// UID and version of the customer's Secret.
async fn secret(world: &World, customer: &Customer) -> (Option<String>, Option<String>) {
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), &customer.namespace);
    let secret = secrets.get(&customer.secret_name).await.unwrap();
    (secret.uid(), secret.resource_version())
}

/// The state of each of the namespace's rows in the registry.
async fn states(world: &World, namespace: &str) -> Vec<String> {
    sqlx::query_scalar("SELECT state FROM scim_control.tenants WHERE namespace = $1 AND state <> 'deleted'")
        .bind(namespace.to_owned())
        .fetch_all(&mut world.database().await)
        .await
        .unwrap()
}
