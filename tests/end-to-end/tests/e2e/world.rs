//! The world of the tests: one installation, and words for what every test does in it.

use std::time::{Duration, Instant};

use control_plane::INGRESS_CLASS;
use crds::{ScimTenant, ScimTenantClass};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Client};
use product::{Customer, Installation, InstallationOptions, Manifest};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

/// How long anything may take that should take a moment.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// How long it takes until the operator has noticed what changed in PostgreSQL alone: here it looks every five seconds, and
/// PostgreSQL tells of what was written ten seconds late.
pub(crate) const AUDITED: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

pub(crate) struct World {
    pub(crate) installation: Installation,
    pub(crate) client: Client,
}

impl World {
    /// Two operators of which one works, two servers, and the example's class `default`.
    pub(crate) async fn start() -> Self {
        let options = InstallationOptions { state_directory: None, operators: 2, servers: 2 };
        let installation = Installation::start(&options).await.unwrap();
        let client = installation.client().unwrap();
        let world = Self { installation, client };
        world.apply_file("examples/default-class.yaml").await;
        world
    }

    pub(crate) async fn stop(&self, failed: bool) {
        self.installation.stop().await;
        if failed {
            let mut logs: Vec<_> = std::fs::read_dir(self.installation.stack().log_directory())
                .into_iter()
                .flatten()
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| path.to_string_lossy().contains("/scim-"))
                .collect();
            logs.sort();
            for path in logs {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                println!(
                    "\n---- the end of {}\n{}",
                    path.display(),
                    lines[lines.len().saturating_sub(60)..].join("\n")
                );
            }
        }
    }

    /// Applies a manifest of the repository, its classes reached at the ingress controller of this world.
    pub(crate) async fn apply_file(&self, file: &str) -> Manifest {
        self.apply_manifest(Manifest::read(file).unwrap()).await
    }

    /// Applies YAML text likewise.
    pub(crate) async fn apply(&self, yaml: &str) -> Manifest {
        self.apply_manifest(Manifest::parse("test", yaml).unwrap()).await
    }

    async fn apply_manifest(&self, manifest: Manifest) -> Manifest {
        let manifest = manifest.reached_at(&self.installation.local_url(), INGRESS_CLASS, None);
        manifest.apply(&self.client).await.unwrap();
        manifest
    }

    pub(crate) async fn namespace(&self, name: &str, labels: Value) {
        let manifest =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        self.apply(&manifest.to_string()).await;
    }

    /// Applies a tenant with this spec, in a namespace of its own of the same name, and waits for nothing.
    pub(crate) async fn declare(&self, name: &str, spec: Value) {
        self.namespace(name, json!({})).await;
        self.redeclare(name, name, spec).await;
    }

    pub(crate) async fn redeclare(&self, namespace: &str, name: &str, spec: Value) {
        let manifest = json!({
            "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenant",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        });
        self.apply(&manifest.to_string()).await;
    }

    /// A tenant with this spec that is Ready and that requests get to.
    pub(crate) async fn tenant(&self, name: &str, spec: Value) -> Customer {
        self.declare(name, spec).await;
        self.customer(name, name).await
    }

    pub(crate) async fn customer(&self, namespace: &str, name: &str) -> Customer {
        let customer = Customer::when_ready(&self.client, namespace, name, SOON).await.unwrap();
        customer.reachable(SOON).await.unwrap();
        customer
    }

    pub(crate) fn tenants(&self, namespace: &str) -> Api<ScimTenant> {
        Api::namespaced(self.client.clone(), namespace)
    }

    pub(crate) fn classes(&self) -> Api<ScimTenantClass> {
        Api::all(self.client.clone())
    }

    pub(crate) async fn annotate(&self, namespace: &str, name: &str, annotation: &str, value: &str) {
        let patch = Patch::Merge(json!({"metadata": {"annotations": {annotation: value}}}));
        self.tenants(namespace).patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    pub(crate) async fn delete_tenant(&self, namespace: &str, name: &str) {
        self.tenants(namespace).delete(name, &DeleteParams::default()).await.unwrap();
        self.tenant_is_gone(namespace, name).await;
    }

    pub(crate) async fn tenant_is_gone(&self, namespace: &str, name: &str) {
        let tenants = self.tenants(namespace);
        eventually("the tenant is gone", async || tenants.get_opt(name).await.unwrap().is_none()).await;
    }

    pub(crate) async fn delete_namespace(&self, name: &str) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces.delete(name, &DeleteParams::default()).await.unwrap();
        eventually("the namespace is gone", async || namespaces.get_opt(name).await.unwrap().is_none()).await;
    }

    /// Waits until the condition has this status and reason for the tenant's present generation; its message.
    pub(crate) async fn condition(
        &self,
        namespace: &str,
        name: &str,
        kind: &str,
        status: &str,
        reason: &str,
    ) -> String {
        self.condition_within(SOON, namespace, name, kind, status, reason).await
    }

    /// The same, where it takes longer.
    pub(crate) async fn condition_within(
        &self,
        within: Duration,
        namespace: &str,
        name: &str,
        kind: &str,
        status: &str,
        reason: &str,
    ) -> String {
        let tenants = self.tenants(namespace);
        let begin = Instant::now();
        loop {
            let tenant = tenants.get(name).await.unwrap();
            let generation = tenant.metadata.generation;
            let conditions = tenant.status.map(|status| status.conditions).unwrap_or_default();
            let found = conditions.iter().find(|condition| {
                condition.type_ == kind
                    && condition.status == status
                    && condition.reason == reason
                    && condition.observed_generation == generation
            });
            if let Some(condition) = found {
                return condition.message.clone();
            }
            assert!(
                begin.elapsed() < within,
                "{namespace}/{name} has no {kind}={status} ({reason}) but {}",
                conditions
                    .iter()
                    .map(|one| format!("{}={} ({}: {})", one.type_, one.status, one.reason, one.message))
                    .collect::<Vec<_>>()
                    .join("; ")
            );
            tokio::time::sleep(POLL).await;
        }
    }

    /// That of the newest credential, by the status; 0 where there is none.
    pub(crate) async fn generation(&self, namespace: &str, name: &str) -> i64 {
        let status = self.tenants(namespace).get(name).await.unwrap().status.unwrap_or_default();
        status.token.map_or(0, |token| token.generation)
    }

    /// The schema in PostgreSQL of a Ready tenant.
    pub(crate) async fn schema(&self, namespace: &str, name: &str) -> String {
        let tenant = self.tenants(namespace).get(name).await.unwrap();
        tenant
            .status
            .and_then(|status| status.database_schema)
            .expect("a Ready tenant has status.databaseSchema")
    }

    /// A connection as the role that owns all schemas.
    pub(crate) async fn database(&self) -> PgConnection {
        PgConnection::connect(&self.installation.databases().operator_url).await.unwrap()
    }

    pub(crate) async fn schema_exists(&self, schema: &str) -> bool {
        let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)")
            .bind(schema.to_owned());
        query.fetch_one(&mut self.database().await).await.unwrap()
    }
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    eventually_within(SOON, what, is_so).await;
}

/// The same, where it takes longer.
pub(crate) async fn eventually_within(within: Duration, what: &str, is_so: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < within, "not so after {}s: {what}", within.as_secs());
        tokio::time::sleep(POLL).await;
    }
}
