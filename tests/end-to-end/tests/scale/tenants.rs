//! Many tenants, ten in a namespace.

use std::time::{Duration, Instant};

use control_plane::INGRESS_CLASS;
use crds::ScimTenant;
use futures::{StreamExt as _, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client};
use product::{Installation, Manifest};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

const IN_A_NAMESPACE: u32 = 10;
/// Requests to the API server at once.
const AT_ONCE: usize = 16;
const PATIENCE: Duration = Duration::from_mins(30);

/// The example's class.
pub(crate) async fn class(client: &Client, installation: &Installation) {
    let class = Manifest::read("examples/default-class.yaml").unwrap();
    class.reached_at(&installation.local_url(), INGRESS_CLASS, None).apply(client).await.unwrap();
}

/// Creates all of them, and waits for nothing.
pub(crate) async fn declare(client: &Client, count: u32) {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let create = PostParams::default();
    stream::iter(0..count.div_ceil(IN_A_NAMESPACE))
        .for_each_concurrent(AT_ONCE, async |number| {
            let namespace: Namespace =
                serde_json::from_value(json!({"metadata": {"name": name_of_namespace(number)}})).unwrap();
            namespaces.create(&create, &namespace).await.unwrap();
        })
        .await;
    stream::iter(0..count)
        .for_each_concurrent(AT_ONCE, async |number| {
            let tenants: Api<ScimTenant> =
                Api::namespaced(client.clone(), &name_of_namespace(number / IN_A_NAMESPACE));
            let name = format!("tenant-{}", number % IN_A_NAMESPACE);
            let tenant = serde_json::from_value(json!({"metadata": {"name": name}, "spec": {}})).unwrap();
            tenants.create(&create, &tenant).await.unwrap();
        })
        .await;
}

fn name_of_namespace(number: u32) -> String {
    format!("customer-{number}")
}

/// Waits until every one is Ready.
pub(crate) async fn all_ready(client: &Client, count: u32) {
    let tenants: Api<ScimTenant> = Api::all(client.clone());
    wait("Ready", async || {
        let all = tenants.list(&ListParams::default()).await.unwrap();
        all.iter().filter(|tenant| is_ready(tenant)).count() == usize::try_from(count).unwrap()
    })
    .await;
}

fn is_ready(tenant: &ScimTenant) -> bool {
    let mut conditions = tenant.status.iter().flat_map(|status| &status.conditions);
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Waits until the servers have noted of every tenant that its rows are of the form of its schemas.
pub(crate) async fn all_derived(database: &str) {
    let statement =
        "SELECT count(*) FROM scim_control.tenants WHERE state = 'active' AND derived_form IS NULL";
    wait("derived", async || {
        let mut connection = PgConnection::connect(database).await.unwrap();
        sqlx::query_scalar::<_, i64>(statement).fetch_one(&mut connection).await.unwrap() == 0
    })
    .await;
}

async fn wait(what: &str, is_so: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < PATIENCE, "not all are {what} after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
