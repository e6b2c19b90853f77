//! A release from `helm install` to `helm uninstall`, with a customer who notices nothing of what happens between.

use std::time::Duration;

use control_plane::INGRESS_CLASS;
use crds::{ScimTenant, ScimTenantClass};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{DeleteParams, ListParams};
use product::chart::{self, CHART};
use product::{Customer, repository};
use serde_json::{Value, json};

use crate::hooks::{self, Hook};
use crate::people::{create_user, status, users};
use crate::running::Running;
use crate::world::{Cluster, SOON, World, eventually, within};

const RELEASE: &str = "scim-operator";
const SYSTEM: &str = "release-system";
const CUSTOMER: &str = "release-customer";
/// How long a customer's way through the ingress controller may take to be there.
const ROUTED: Duration = Duration::from_secs(30);

/// Install, first customer, `helm test`, upgrade, rollback, uninstall, and nothing that holds a namespace up.
pub(crate) async fn a_release_lives_from_install_to_uninstall(cluster: &Cluster) {
    let world = cluster.world().await;
    for namespace in [SYSTEM, CUSTOMER] {
        world.namespace(namespace).await;
    }
    let databases = world.database_secrets(SYSTEM).await;
    let first = values(world, &databases, json!({}));
    helm(world, "install", &first).await;
    let running = Running::start(world, SYSTEM).await;
    assert!(running.arguments().contains(&"--max-body=1048576".to_owned()), "{:?}", running.arguments());
    let tenant = json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenant",
        "metadata": {"name": "acme", "namespace": CUSTOMER}, "spec": {"displayName": "Acme"},
    });
    eventually("the definitions are served", async || {
        product::Manifest::of("tenant", vec![tenant.clone()]).apply(&world.client).await.is_ok()
    })
    .await;
    let customer = Customer::when_ready(&world.client, CUSTOMER, "acme", SOON).await.unwrap();
    customer.reachable(ROUTED).await.unwrap();
    create_user(&customer.connection().unwrap(), "ada").await;
    helm_test(world, &running).await;
    running.stop().await;

    let changed =
        json!({"server": {"maxBody": 2_000_000}, "defaultClass": {"spec": {"limits": {"maxPageSize": 7}}}});
    helm(world, "upgrade", &values(world, &databases, changed)).await;
    let running = Running::start(world, SYSTEM).await;
    assert!(running.arguments().contains(&"--max-body=2000000".to_owned()), "{:?}", running.arguments());
    eventually("the class is as the new values say", async || page(world).await == 7).await;
    still_serves(world, &customer, 1).await;
    running.stop().await;

    run_helm(world, &["rollback", RELEASE, "1"], "").await;
    let running = Running::start(world, SYSTEM).await;
    assert!(running.arguments().contains(&"--max-body=1048576".to_owned()), "{:?}", running.arguments());
    eventually("the class is as before", async || page(world).await != 7).await;
    still_serves(world, &customer, 1).await;

    Box::pin(uninstall(world, running, &first)).await;
    nothing_holds_namespaces_up(world).await;
}

/// What is installed, with these changes.
fn values(world: &World, databases: &Value, changes: Value) -> Value {
    let mut values = json!({
        "database": {"embedded": {"enabled": false}},
        "databases": databases,
        "operator": {"auditInterval": "5s"},
        "server": {
            "shutdown": {"delay": "0s"},
            "trustedProxies": [world.stack.machine_address().to_string()],
        },
        "defaultClass": {"create": true, "spec": {
            "url": world.local_url(),
            "route": {"kind": "Ingress", "ingress": {"className": INGRESS_CLASS}},
        }},
    });
    merge(&mut values, changes);
    values
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(fields.entry(name).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change,
    }
}

async fn helm(world: &World, verb: &str, values: &Value) {
    let chart = repository().join(CHART);
    let arguments = [verb, RELEASE, &chart.display().to_string(), "--values", "-"];
    run_helm(world, &arguments, &values.to_string()).await;
}

/// Hooks are run by this test: their Pods would wait for a kubelet.
async fn run_helm(world: &World, arguments: &[&str], input: &str) -> String {
    let mut helm = world.stack.helm().unwrap();
    helm.args(arguments).args(["--namespace", SYSTEM]);
    if ["install", "upgrade", "rollback", "uninstall"].contains(&arguments[0]) {
        helm.arg("--no-hooks");
    }
    chart::run(&mut helm, input).await.unwrap()
}

/// The longest page that the class allows.
async fn page(world: &World) -> u16 {
    let classes: Api<ScimTenantClass> = Api::all(world.client.clone());
    classes.get("default").await.unwrap().spec.limits.max_page_size
}

/// The same token, and the same people.
async fn still_serves(world: &World, customer: &Customer, people: u64) {
    customer.reachable(ROUTED).await.unwrap();
    assert_eq!(users(&customer.connection().unwrap()).await, people);
    let now = Customer::when_ready(&world.client, CUSTOMER, "acme", SOON).await.unwrap();
    assert_eq!((now.token, now.tenant_url), (customer.token.clone(), customer.tenant_url.clone()));
}

/// What `helm test` runs. The Service is what leads to the server: here it is asked by its address.
async fn helm_test(world: &World, running: &Running) {
    let hook = Hook::of_release(world, SYSTEM, RELEASE, "test").await;
    hook.apply(world).await;
    let pod = hook.pod(world, None).await;
    for container in pod.containers() {
        let mut launch = pod.launch(&container).await.unwrap();
        let service = format!("--server=http://{RELEASE}-server.{SYSTEM}.svc:80");
        for argument in launch.arguments.iter_mut().filter(|argument| **argument == service) {
            *argument = format!("--server=http://{}", running.servers[0].1);
        }
        let output = pod.run(&launch).await.unwrap();
        assert!(output.status.success(), "{container} {launch:?}: {}", hooks::said(&output));
    }
    hook.remove(world).await;
}

async fn uninstall(world: &World, running: Running, values: &Value) {
    let hook = Hook::of_release(world, SYSTEM, RELEASE, "pre-delete").await;
    hook.apply(world).await;
    let pod = hook.pod(world, None).await;
    let launch = pod.launch("uninstall").await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(world.client.clone(), SYSTEM);
    let replicas = async || deployments.get(RELEASE).await.unwrap().spec.unwrap().replicas;
    let kubelet = async {
        eventually("the operator is scaled to nothing", async || replicas().await == Some(0)).await;
        running.stop().await;
    };
    let (output, ()) = tokio::join!(pod.run(&launch), kubelet);
    let output = output.unwrap();
    assert!(output.status.success(), "{}", hooks::said(&output));
    hook.remove(world).await;
    run_helm(world, &["uninstall", RELEASE], "").await;
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM);
    assert!(ingresses.list(&ListParams::default()).await.unwrap().items.is_empty(), "a route is left");
    let tenants: Api<ScimTenant> = Api::namespaced(world.client.clone(), CUSTOMER);
    let tenant = tenants.get("acme").await.unwrap();
    assert_eq!(tenant.metadata.finalizers, None, "tenants stay, and nothing holds them");

    // Whoever installs again has the customer as before.
    helm(world, "install", values).await;
    let running = Running::start(world, SYSTEM).await;
    let customer = Customer::when_ready(&world.client, CUSTOMER, "acme", SOON).await.unwrap();
    customer.reachable(ROUTED).await.unwrap();
    assert_eq!(status(&customer.connection().unwrap()).await, 200);
    assert_eq!(users(&customer.connection().unwrap()).await, 1);
    let hook = Hook::of_release(world, SYSTEM, RELEASE, "pre-delete").await;
    hook.apply(world).await;
    running.stop().await;
    let output = hook.pod(world, None).await.run(&launch).await.unwrap();
    assert!(output.status.success(), "{}", hooks::said(&output));
    hook.remove(world).await;
    run_helm(world, &["uninstall", RELEASE], "").await;
}

async fn nothing_holds_namespaces_up(world: &World) {
    let namespaces: Api<Namespace> = Api::all(world.client.clone());
    for namespace in [CUSTOMER, SYSTEM] {
        namespaces.delete(namespace, &DeleteParams::default()).await.unwrap();
    }
    for namespace in [CUSTOMER, SYSTEM] {
        let is_gone = async || namespaces.get_opt(namespace).await.unwrap().is_none();
        assert!(within(Duration::from_mins(1), is_gone).await, "{namespace} is still there");
    }
    let classes: Api<ScimTenantClass> = Api::all(world.client.clone());
    classes.delete("default", &DeleteParams::default()).await.unwrap();
    eventually("the class is gone", async || classes.get_opt("default").await.unwrap().is_none()).await;
}
