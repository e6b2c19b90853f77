//! What GitOps tools make of a tenant at each stage of its life: Flux by kstatus' own code, Argo CD by the script that is
//! shipped for it.

use control_plane::health::{Health, Judgement, Kstatus, judge};
use crds::{ScimTenant, ScimTenantClass};
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use serde_json::json;

use crate::world::{World, eventually};

async fn judged(world: &World, namespace: &str, name: &str) -> Judgement {
    let tenants: Api<DynamicObject> =
        Api::namespaced_with(world.client.clone(), namespace, &ApiResource::erase::<ScimTenant>(&()));
    judgement(world, &tenants, name).await
}

async fn judgement(world: &World, api: &Api<DynamicObject>, name: &str) -> Judgement {
    let object = serde_json::to_value(api.get(name).await.unwrap()).unwrap();
    let stack = world.installation.stack();
    judge(stack.installation(), &[object]).await.unwrap().remove(0)
}

async fn becomes(world: &World, stage: &str, name: &str, kstatus: Kstatus, argo: Health) {
    let so = async || {
        let found = judged(world, name, name).await;
        (found.kstatus, found.argo) == (kstatus, argo)
    };
    eventually(stage, so).await;
    println!("health: {stage}: {kstatus:?}, {argo:?}");
}

pub(crate) async fn gitops_tools_see_every_stage_of_a_tenants_life(world: &World) {
    let name = "staged";
    for operator in world.installation.operators() {
        operator.stop().await;
    }
    world.declare(name, json!({})).await;
    becomes(world, "nobody has seen it", name, Kstatus::InProgress, Health::Progressing).await;
    for operator in world.installation.operators() {
        operator.start().await.unwrap();
    }
    world.customer(name, name).await;
    becomes(world, "it is ready", name, Kstatus::Current, Health::Healthy).await;

    world.redeclare(name, name, json!({"className": "nowhere"})).await;
    world.condition(name, name, "Stalled", "True", "ClassNotFound").await;
    becomes(world, "its class is not there", name, Kstatus::Failed, Health::Degraded).await;
    world.redeclare(name, name, json!({"className": "default", "suspend": true})).await;
    world.condition(name, name, "Ready", "True", "Suspended").await;
    becomes(world, "it is suspended", name, Kstatus::Current, Health::Suspended).await;
    world.redeclare(name, name, json!({"className": "default"})).await;
    becomes(world, "it goes on", name, Kstatus::Current, Health::Healthy).await;

    world.annotate(name, name, "scim-operator.io/paused", "true").await;
    world.redeclare(name, name, json!({"className": "default", "displayName": "edited"})).await;
    becomes(world, "it is paused and edited", name, Kstatus::InProgress, Health::Suspended).await;
    let resumed = Patch::Merge(json!({"metadata": {"annotations": {"scim-operator.io/paused": null}}}));
    world.tenants(name).patch(name, &PatchParams::default(), &resumed).await.unwrap();
    becomes(world, "it is not paused any more", name, Kstatus::Current, Health::Healthy).await;

    let postgresql = world.installation.stack().postgresql();
    postgresql.stop().await;
    world.redeclare(name, name, json!({"className": "default", "displayName": "changed"})).await;
    world.condition(name, name, "DatabaseReady", "False", "DatabaseUnavailable").await;
    becomes(world, "PostgreSQL is away", name, Kstatus::InProgress, Health::Progressing).await;
    world.tenants(name).delete(name, &DeleteParams::default()).await.unwrap();
    world.condition(name, name, "Ready", "False", "DeletionWaits").await;
    becomes(world, "its deletion waits", name, Kstatus::Terminating, Health::Progressing).await;
    postgresql.start().await.unwrap();
    world.tenant_is_gone(name, name).await;
}

pub(crate) async fn gitops_tools_see_whether_a_class_is_accepted(world: &World) {
    let classes: Api<DynamicObject> =
        Api::all_with(world.client.clone(), &ApiResource::erase::<ScimTenantClass>(&()));
    let of = async |name: &str| {
        let found = judgement(world, &classes, name).await;
        (found.kstatus, found.argo)
    };
    eventually("the default class is well", async || {
        of("default").await == (Kstatus::Current, Health::Healthy)
    })
    .await;
    let class = json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": "sick"},
        "spec": {
            "url": "https://scim.example.com", "route": {"kind": "None"}, "database": "nowhere",
            "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"a": "b"}}},
        },
    });
    product::Manifest::parse("class", &class.to_string()).unwrap().apply(&world.client).await.unwrap();
    eventually("a class without a database is not", async || {
        of("sick").await == (Kstatus::Failed, Health::Degraded)
    })
    .await;
    world.classes().delete("sick", &DeleteParams::default()).await.unwrap();
}
