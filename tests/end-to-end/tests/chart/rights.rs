//! Each right that the chart gives is needed: without it, and without nothing else, something is refused. With all of them
//! nothing is.

use std::time::Instant;

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt as _};
use product::chart;
use serde_json::{Value, json};

use crate::hooks::{Hook, said};
use crate::life::{Ended, Life};
use crate::rules::{Right, rights, without};
use crate::world::{Cluster, World, eventually};

/// Of an operator of the whole cluster, and of an operator of one namespace.
pub(crate) async fn every_right_of_the_operator_is_needed(cluster: &Cluster) {
    let world = cluster.world().await;
    prepare(world).await;
    let (all, few) =
        (Life::install(world, "all", None).await, Life::install(world, "few", Some("few-customers")).await);
    let (of_all, of_few) = tokio::join!(needed(world, &all), needed(world, &few));
    let findings = [of_all, of_few].concat();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

async fn prepare(world: &World) {
    world.definitions().await;
    world.stack.install_gateway_api().await.unwrap();
}

/// What is wrong with the operator's roles.
async fn needed(world: &World, life: &Life<'_>) -> Vec<String> {
    let begin = Instant::now();
    let ended = life.live(|_| false).await;
    let mut findings = Vec::new();
    let denied = life.proxy.denied();
    if ended != Ok(()) || !denied.is_empty() {
        return vec![format!("{}: with all rights, {ended:?}; refused: {denied:?}", life.name)];
    }
    let objects: Vec<_> = life.objects.iter().filter(|object| !chart::is_hook(object)).cloned().collect();
    let account = format!("system:serviceaccount:{}:{}", life.system, life.name);
    let rights = rights(&objects);
    for right in &rights {
        let (whole, less) = without(&objects, right);
        replace(world, &account, right, less, false).await;
        let ended = life.live(|denied| denied.iter().any(|one| right.is(one))).await;
        let denied = life.proxy.denied();
        if ended != Err(Ended::Enough) || !right.is_all_of(&denied) {
            findings.push(format!("{right} is not needed: {ended:?}; refused: {denied:?}"));
        }
        replace(world, &account, right, whole, true).await;
    }
    println!("{}: {} rights in {:?}", life.name, rights.len(), begin.elapsed());
    findings
}

/// Replaces a role, and waits until the API server judges by it.
async fn replace(world: &World, account: &str, right: &Right, role: Value, allows: bool) {
    world.apply(vec![role]).await;
    let (resource, subresource) = match right.resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (right.resource.as_str(), None),
    };
    let attributes = ResourceAttributes {
        verb: Some(right.verb.clone()),
        group: Some(right.group.clone()),
        resource: Some(resource.to_owned()),
        subresource,
        namespace: right.namespace.clone(),
        name: right.name.clone(),
        ..ResourceAttributes::default()
    };
    let spec = SubjectAccessReviewSpec {
        user: Some(account.to_owned()),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
    let reviews: Api<SubjectAccessReview> = Api::all(world.client.clone());
    eventually("the role is in force", async || {
        let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
        answer.status.is_some_and(|status| status.allowed) == allows
    })
    .await;
}

/// Of the Jobs that run before an install and an uninstall, and of `helm test`.
pub(crate) async fn every_right_of_a_hook_is_needed(cluster: &Cluster) {
    let world = cluster.world().await;
    prepare(world).await;
    let mut findings = Vec::new();
    for (name, watches) in [("hooked", None), ("hooked-few", Some("hooked-few-customers"))] {
        let life = Life::install(world, name, watches).await;
        let left = Left::of(&life).await;
        let hook = Hook::among(&life.objects, &life.system, "pre-delete");
        findings.extend(
            hook_needs(world, &life, &hook, async |right| left.again(world, &life, right).await).await,
        );
        if watches.is_none() {
            let operator = life.operator().await;
            let hook = Hook::among(&life.objects, &life.system, "test");
            let alone = format!("{name}-test");
            let anew = async |_| life.take_away("ScimTenant", Some(&life.customers), &alone).await;
            findings.extend(hook_needs(world, &life, &hook, anew).await);
            operator.stop().await;
        }
    }
    let life = Life::install(world, "embedding", None).await;
    let rendered =
        chart::render("embedding", &life.system, &json!({"fullnameOverride": "embedding"})).await.unwrap();
    let hook = Hook::among(rendered.objects(), &life.system, "pre-install");
    let secrets: Api<k8s_openapi::api::core::v1::Secret> =
        Api::namespaced(world.client.clone(), &life.system);
    let anew = async |right: Option<Right>| {
        drop(secrets.delete("embedding-postgresql", &kube::api::DeleteParams::default()).await);
        // Only what lacks a key is patched.
        if right.is_none_or(|right| right.verb == "patch") {
            let secret = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"server-password": "known"},
                                "metadata": {"name": "embedding-postgresql", "namespace": life.system}});
            world.apply(vec![secret]).await;
        }
    };
    findings.extend(hook_needs(world, &life, &hook, anew).await);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// What is wrong with a hook's roles. `anew` makes what it finds when it runs.
async fn hook_needs(
    world: &World,
    life: &Life<'_>,
    hook: &Hook,
    anew: impl AsyncFn(Option<Right>),
) -> Vec<String> {
    hook.apply(world).await;
    let account = hook.objects.iter().find(|object| object["kind"] == "ServiceAccount").unwrap();
    let account =
        format!("system:serviceaccount:{}:{}", life.system, account["metadata"]["name"].as_str().unwrap());
    let mut findings = Vec::new();
    anew(None).await;
    let (ended, denied) = run(world, life, hook).await;
    if ended.is_err() || !denied.is_empty() {
        findings.push(format!("with all rights: {ended:?}; refused: {denied:?}"));
    }
    for right in &rights(&hook.objects) {
        let (whole, less) = without(&hook.objects, right);
        anew(Some(right.clone())).await;
        replace(world, &account, right, less, false).await;
        let (ended, denied) = run(world, life, hook).await;
        if ended.is_ok() || !right.is_all_of(&denied) {
            findings.push(format!("{right} is not needed: {ended:?}; refused: {denied:?}"));
        }
        replace(world, &account, right, whole, true).await;
    }
    hook.remove(world).await;
    findings
}

/// Runs the containers of a hook one after the other until one fails, and tells what was refused.
async fn run(
    world: &World,
    life: &Life<'_>,
    hook: &Hook,
) -> (Result<(), String>, std::collections::BTreeSet<product::Denied>) {
    life.proxy.reset();
    let pod = hook.pod(world, Some(&life.proxy.url())).await;
    for container in pod.containers().iter().filter(|container| *container != "check") {
        let launch = pod.launch(container).await.unwrap();
        let command = pod.run(&launch);
        tokio::pin!(command);
        // A command that waits for what it may not do would wait for minutes.
        let output = loop {
            tokio::select! {
                output = &mut command => break Some(output.unwrap()),
                () = tokio::time::sleep(std::time::Duration::from_millis(200)) => {
                    if !life.proxy.denied().is_empty() { break None }
                }
            }
        };
        match output {
            None => return (Err("it waits".to_owned()), life.proxy.denied()),
            Some(output) if !output.status.success() => return (Err(said(&output)), life.proxy.denied()),
            Some(_) => {}
        }
    }
    (Ok(()), life.proxy.denied())
}

/// What an operator leaves that is gone: finalizers and routes.
struct Left {
    finalizers: Vec<(&'static str, Option<String>, String, Vec<String>)>,
    routes: Vec<Value>,
}

impl Left {
    /// After an operator has made two tenants Ready.
    async fn of(life: &Life<'_>) -> Self {
        life.declare("by-ingress", life.name).await;
        life.declare("by-gateway", &format!("{}-gateway", life.name)).await;
        life.forget_lease().await;
        let operator = life.operator().await;
        for tenant in ["by-ingress", "by-gateway"] {
            eventually("it is ready", async || life.is_ready(tenant).await).await;
        }
        operator.stop().await;
        let mut left = Self { finalizers: Vec::new(), routes: Vec::new() };
        for (kind, namespace) in [("ScimTenant", Some(life.customers.clone())), ("ScimTenantClass", None)] {
            let objects = life.api(kind, namespace.as_deref()).list(&ListParams::default()).await.unwrap();
            for object in objects.items.into_iter().filter(|object| object.metadata.finalizers.is_some()) {
                let finalizers = object.finalizers().to_vec();
                if object.name_any().starts_with(life.name) || namespace.is_some() {
                    left.finalizers.push((kind, namespace.clone(), object.name_any(), finalizers));
                }
            }
        }
        for kind in ["Ingress", "HTTPRoute"] {
            let routes = life.api(kind, Some(&life.system)).list(&ListParams::default()).await.unwrap();
            for route in routes.items {
                let version =
                    if kind == "Ingress" { "networking.k8s.io/v1" } else { "gateway.networking.k8s.io/v1" };
                left.routes.push(json!({
                    "apiVersion": version, "kind": kind, "spec": route.data["spec"],
                    "metadata": {"name": route.name_any(), "namespace": life.system, "labels": route.labels(),
                                 "annotations": route.annotations()},
                }));
            }
        }
        assert!(!left.finalizers.is_empty() && left.routes.len() > 1);
        left
    }

    /// As an operator that was just stopped leaves it, with a Lease that nobody holds; without one where it is to be made.
    async fn again(&self, world: &World, life: &Life<'_>, right: Option<Right>) {
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": {},
                           "metadata": {"name": life.name, "namespace": life.system}});
        life.forget_lease().await;
        if right.is_none_or(|right| right.resource != "leases" || right.verb != "create") {
            world.apply(vec![lease]).await;
        }
        for (kind, namespace, name, finalizers) in &self.finalizers {
            let patch = json!({"metadata": {"finalizers": finalizers}});
            let api = life.api(kind, namespace.as_deref());
            api.patch(name, &kube::api::PatchParams::default(), &kube::api::Patch::Merge(patch))
                .await
                .unwrap();
        }
        world.apply(self.routes.clone()).await;
    }
}
