//! The cluster of the tests that need one: a control plane with two database roles, on which nothing is installed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use control_plane::{Artifact, Stack, StackOptions};
use kube::Client;
use product::{Databases, Manifest, repository};
use serde_json::json;
use tokio::sync::OnceCell;

/// How long anything may take that should take a moment.
pub(crate) const SOON: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

/// One that starts when it is first asked for.
#[derive(Default)]
pub(crate) struct Cluster(OnceCell<World>);

pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) client: Client,
    pub(crate) databases: Databases,
    processes: AtomicUsize,
}

impl Cluster {
    pub(crate) async fn world(&self) -> &World {
        self.0.get_or_init(World::start).await
    }

    pub(crate) async fn stop(&self, failed: bool) {
        let Some(world) = self.0.get() else { return };
        world.stack.stop().await;
        if failed {
            let logs = std::fs::read_dir(world.stack.log_directory()).into_iter().flatten().flatten();
            let mut logs: Vec<_> = logs
                .map(|entry| entry.path())
                .filter(|path| path.to_string_lossy().contains("/scim-"))
                .collect();
            logs.sort();
            for path in logs.iter().rev().take(4) {
                let text = std::fs::read_to_string(path).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                let end = lines[lines.len().saturating_sub(40)..].join("\n");
                println!("\n---- the end of {}\n{end}", path.display());
            }
        }
    }
}

impl World {
    async fn start() -> Self {
        let installation = control_plane::Installation::of_environment();
        let crds = vec![installation.path(Artifact::MonitoringCrds).unwrap()];
        let stack = Stack::start(&StackOptions { state_directory: None, crds }).await.unwrap();
        let databases = Databases::create(&stack.postgresql().superuser_url()).await.unwrap();
        let client = stack.admin().client().unwrap();
        Self { stack, client, databases, processes: AtomicUsize::new(0) }
    }

    /// Makes a namespace whose Pods must be restricted.
    pub(crate) async fn namespace(&self, name: &str) {
        let labels = json!({
            "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/enforce-version": "latest",
        });
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        self.apply(vec![namespace]).await;
    }

    /// Brings our definitions, where no release has.
    pub(crate) async fn definitions(&self) {
        let files = ["scimtenantclasses", "scimtenants"];
        let files = files.map(|name| repository().join(format!("crds/scim-operator.io_{name}.yaml")));
        self.stack.apply_crds(&files).await.unwrap();
    }

    /// The Secrets with the URLs of both roles, and what names them in the values.
    pub(crate) async fn database_secrets(&self, namespace: &str) -> serde_json::Value {
        let secret = |name: &str, url: &str| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
                   "stringData": {"uri": url}})
        };
        let Databases { operator_url, server_url } = &self.databases;
        self.apply(vec![secret("operator-db", operator_url), secret("server-db", server_url)]).await;
        let account = |name: &str| json!({"secretName": name, "keys": {"url": "uri"}});
        json!({"primary": {"operator": account("operator-db"), "server": account("server-db")}})
    }

    pub(crate) async fn apply(&self, objects: Vec<serde_json::Value>) {
        Manifest::of("test", objects).apply(&self.client).await.unwrap();
    }

    /// The URL that identity providers on this machine reach the ingress controller at.
    pub(crate) fn local_url(&self) -> String {
        format!("http://localhost:{}", self.stack.ingress().http_port())
    }

    /// A name that no process has had.
    pub(crate) fn process_name(&self, kind: &str) -> String {
        format!("scim-{kind}-{}", self.processes.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    assert!(within(SOON, is_so).await, "not so after {}s: {what}", SOON.as_secs());
}

/// Whether it is so before that time is over.
pub(crate) async fn within(time: Duration, is_so: impl AsyncFn() -> bool) -> bool {
    let begin = Instant::now();
    while !is_so().await {
        if begin.elapsed() > time {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}
