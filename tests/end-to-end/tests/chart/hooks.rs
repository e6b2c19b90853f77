//! Hooks of the chart: their objects in the cluster while they run, and their Pods as processes.

use std::process::Output;

use k8s_openapi::api::core::v1::{PodTemplateSpec, Secret};
use kube::Api;
use product::chart;
use product::{Manifest, Pod};
use serde_json::{Value, json};

use crate::world::{Cluster, World};

/// A hook: what it brings, and what it runs.
pub(crate) struct Hook {
    pub(crate) namespace: String,
    /// Accounts, roles and bindings.
    pub(crate) objects: Vec<Value>,
    template: PodTemplateSpec,
}

impl Hook {
    /// One of a release, as helm remembers it.
    pub(crate) async fn of_release(world: &World, namespace: &str, release: &str, event: &str) -> Self {
        let mut helm = world.stack.helm().unwrap();
        helm.args(["get", "hooks", release, "--namespace", namespace]);
        let text = chart::run(&mut helm, "").await.unwrap();
        Self::among(Manifest::parse("hooks", &text).unwrap().objects(), namespace, event)
    }

    /// One of these objects.
    pub(crate) fn among(objects: &[Value], namespace: &str, event: &str) -> Self {
        let concerns = |object: &&Value| {
            let events = object["metadata"]["annotations"]["helm.sh/hook"].as_str().unwrap_or_default();
            events.split(',').any(|one| one == event)
        };
        let (runs, objects): (Vec<Value>, Vec<Value>) = objects
            .iter()
            .filter(concerns)
            .cloned()
            .partition(|object| object["kind"] == "Job" || object["kind"] == "Pod");
        let [runs] = &runs[..] else { panic!("a hook runs one Pod, not {}", runs.len()) };
        let template = if runs["kind"] == "Job" { &runs["spec"]["template"] } else { runs };
        let template = json!({"metadata": {}, "spec": template["spec"]});
        let template = serde_json::from_value(template).unwrap();
        Self { namespace: namespace.to_owned(), objects, template }
    }

    /// Brings what it needs.
    pub(crate) async fn apply(&self, world: &World) {
        world.apply(self.objects.clone()).await;
    }

    /// Takes away what it brought.
    pub(crate) async fn remove(&self, world: &World) {
        for object in &self.objects {
            let mut kubectl = world.stack.kubectl().unwrap();
            let kind = object["kind"].as_str().unwrap().to_lowercase();
            kubectl.args(["delete", &kind, object["metadata"]["name"].as_str().unwrap()]);
            kubectl.args(["--namespace", object["metadata"]["namespace"].as_str().unwrap_or("default")]);
            assert!(kubectl.output().await.unwrap().status.success());
        }
    }

    /// Its Pod, with the token of its account.
    pub(crate) async fn pod(&self, world: &World, api_server: Option<&str>) -> Pod {
        let name = world.process_name("hook");
        Pod::prepare(&world.stack, &self.namespace, &name, &self.template, api_server).await.unwrap()
    }
}

/// What a program has said.
pub(crate) fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

/// By the hook that runs before each install and each upgrade.
pub(crate) async fn passwords_are_made_once(cluster: &Cluster) {
    const NAMESPACE: &str = "embedded";
    let world = cluster.world().await;
    world.namespace(NAMESPACE).await;
    let rendered = chart::render("scim-operator", NAMESPACE, &json!({})).await.unwrap();
    let hook = Hook::among(rendered.objects(), NAMESPACE, "pre-install");
    hook.apply(world).await;
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), NAMESPACE);
    let mut before = None;
    for _ in 0..2 {
        let pod = hook.pod(world, None).await;
        let output = pod.run(&pod.launch("generate-secret").await.unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let data = secrets.get("scim-operator-postgresql").await.unwrap().data.unwrap();
        let keys: Vec<_> = data.keys().map(String::as_str).collect();
        assert_eq!(keys, ["operator-password", "postgres-password", "server-password"]);
        let all = said(&output);
        for password in data.values() {
            let password = String::from_utf8(password.0.clone()).unwrap();
            assert!(password.len() >= 20 && !all.contains(&password), "it is long, and in no log");
        }
        assert!(before.is_none_or(|before| before == data), "an upgrade keeps them");
        before = Some(data);
    }
    hook.remove(world).await;
}
