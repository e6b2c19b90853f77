//! A settled tenant costs no write: not to Kubernetes, not to PostgreSQL.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crds::ScimTenant;
use kube::Api;
use kube::api::ListParams;
use serde_json::json;
use sqlx::Row as _;

use crate::metrics;
use crate::world::{World, eventually};

/// A restart reconciles everything. The first one brings what is counted now and then (users, last use) up to date;
/// the second finds nothing to write.
pub(crate) async fn a_settled_tenant_is_reconciled_without_a_write(world: &World) {
    world.tenant("settled", json!({})).await;
    every_tenant_is_derived(world).await;
    restart_operators(world).await;
    let (kubernetes, postgresql) = (kubernetes_writes(world).await, postgresql_writes(world).await);
    let reconciled = restart_operators(world).await;
    assert!(reconciled > 0.0, "a restart reconciles the tenants");
    assert_eq!(kubernetes_writes(world).await, kubernetes);
    assert_eq!(postgresql_writes(world).await, postgresql);
    println!("settled: {reconciled} reconciles, no write");
}

/// Waits until the servers have noted of every tenant that its rows are of the form of its schemas: a minute after it was
/// made.
async fn every_tenant_is_derived(world: &World) {
    let begin = Instant::now();
    let statement = "SELECT coalesce(string_agg(namespace, ', '), '') FROM scim_control.tenants \
                      WHERE state = 'active' AND installation = $1 AND derived_form IS NULL";
    loop {
        let query = sqlx::query_scalar(statement).bind(product::INSTALLATION_ID);
        let left: String = query.fetch_one(&mut world.database().await).await.unwrap();
        if left.is_empty() {
            return;
        }
        assert!(begin.elapsed() < Duration::from_mins(4), "the rows of some tenants are not derived: {left}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Stops both operators, starts the first, and waits until it is done with every tenant; how often it reconciled.
async fn restart_operators(world: &World) -> f64 {
    let operators = world.installation.operators();
    for operator in operators {
        operator.stop().await;
    }
    operators[0].start().await.unwrap();
    let reconciled = async || {
        let failed = metrics::sum(&operators[0], metrics::RECONCILED, "result=\"error\"").await;
        assert!(failed < 1.0, "{failed} reconciles failed");
        metrics::sum(&operators[0], metrics::RECONCILED, "result=\"success\"").await
    };
    let tenants =
        Api::<ScimTenant>::all(world.client.clone()).list(&ListParams::default()).await.unwrap().items.len();
    eventually("every tenant is reconciled", async || {
        reconciled().await >= f64::from(u32::try_from(tenants).unwrap())
    })
    .await;
    loop {
        let before = reconciled().await;
        tokio::time::sleep(Duration::from_secs(3)).await; // PostgreSQL's statistics lag by a second
        if reconciled().await <= before {
            break;
        }
    }
    operators[1].start().await.unwrap();
    reconciled().await
}

/// Writing requests to the API server, without leases (the leader's heartbeat) and dry runs.
async fn kubernetes_writes(world: &World) -> BTreeMap<String, f64> {
    let request = http::Request::get("/metrics").body(Vec::new()).unwrap();
    let text = world.client.request_text(request).await.unwrap();
    let ours = ["scimtenants", "scimtenantclasses", "secrets", "ingresses", "events"];
    metrics::parse(&text)
        .into_iter()
        .filter(|(name, _)| name.starts_with("apiserver_request_total"))
        .filter(|(name, _)| ours.iter().any(|resource| name.contains(&format!("resource=\"{resource}\""))))
        .filter(|(name, _)| {
            ["POST", "PUT", "PATCH", "APPLY", "DELETE"]
                .iter()
                .any(|verb| name.contains(&format!("verb=\"{verb}\"")))
        })
        .collect()
}

async fn postgresql_writes(world: &World) -> (i64, i64) {
    let statement = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint AS rows, \
                     (SELECT count(*) FROM pg_namespace) AS schemas FROM pg_stat_user_tables WHERE schemaname = 'scim_control'";
    let row = sqlx::query(statement).fetch_one(&mut world.database().await).await.unwrap();
    (row.get("rows"), row.get("schemas"))
}
