//! An operator that lives a whole life through a proxy: it starts, makes its class, and looks after tenants of both kinds of
//! routes from their beginning to their end.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use control_plane::{GATEWAY, GATEWAY_LISTENER, GATEWAY_NAMESPACE, INGRESS_CLASS};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use product::{ApiProxy, Denied, Program, chart};
use serde_json::{Value, json};

use crate::running::{start_operator, template};
use crate::world::World;

const POLL: Duration = Duration::from_millis(25);
/// How long a step may take.
const STEP: Duration = Duration::from_secs(25);

/// A release whose operator can live again and again.
pub(crate) struct Life<'w> {
    world: &'w World,
    /// That of the release; the class has it, too.
    pub(crate) name: &'static str,
    /// The namespace of the release.
    pub(crate) system: String,
    /// The namespace of the tenants.
    pub(crate) customers: String,
    /// All that is rendered.
    pub(crate) objects: Vec<Value>,
    pub(crate) proxy: ApiProxy,
    lives: AtomicUsize,
}

/// Why a life ended before its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// What was refused is enough.
    Enough,
    /// It goes no further.
    Stuck(String),
}

impl<'w> Life<'w> {
    /// Installs a release: for the whole cluster, or for the namespace of its tenants alone.
    pub(crate) async fn install(world: &'w World, name: &'static str, watches: Option<&str>) -> Self {
        let (system, customers) = (format!("{name}-system"), format!("{name}-customers"));
        for namespace in [&system, &customers] {
            world.namespace(namespace).await;
        }
        let allowed = json!({
            "from": "Selector", "selector": {"matchLabels": {"kubernetes.io/metadata.name": customers}},
        });
        let values = json!({
            "fullnameOverride": name,
            "controllerName": format!("example.com/{name}"),
            "watchNamespaces": watches.as_slice(),
            "database": {"embedded": {"enabled": false}},
            "databases": world.database_secrets(&system).await,
            "operator": {"auditInterval": "5s"},
            "defaultClass": {"create": true, "name": name, "isDefault": false, "spec": {
                "url": format!("http://{name}.scim.test"),
                "route": {"kind": "Ingress", "ingress": {"className": INGRESS_CLASS}},
                "allowedNamespaces": allowed,
                "deletionPolicies": ["Delete"],
            }},
            "tests": {"namespace": customers, "className": name},
            "crds": {"enabled": false},
            "rbac": {"aggregateToUsers": false},
        });
        let rendered = chart::render(name, &system, &values).await.unwrap();
        let objects = rendered.objects().to_vec();
        world.apply(objects.iter().filter(|object| !chart::is_hook(object)).cloned().collect()).await;
        let proxy = ApiProxy::start(&world.stack).await.unwrap();
        proxy.pass_by(&[]);
        let life = Self { world, name, system, customers, objects, proxy, lives: AtomicUsize::new(0) };
        let class = json!({
            "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass",
            "metadata": {"name": life.gateway_class()},
            "spec": {
                "controllerName": format!("example.com/{name}"), "url": format!("http://{name}-gateway.scim.test"),
                "route": {"kind": "HTTPRoute", "gateway": {
                    "name": GATEWAY, "namespace": GATEWAY_NAMESPACE, "sectionName": GATEWAY_LISTENER,
                }},
                "allowedNamespaces": allowed,
                "deletionPolicies": ["Delete"],
            },
        });
        world.apply(vec![class]).await;
        life
    }

    fn gateway_class(&self) -> String {
        format!("{}-gateway", self.name)
    }

    /// Starts an operator that finds the API server at the proxy.
    pub(crate) async fn operator(&self) -> Program {
        let deployments: Api<Deployment> = Api::namespaced(self.world.client.clone(), &self.system);
        let deployment = deployments.get(self.name).await.unwrap();
        start_operator(self.world, &self.system, &template(&deployment), Some(&self.proxy.url())).await.0
    }

    /// A whole life, or as much of it as it takes until `enough` says so of what was refused.
    pub(crate) async fn live(&self, enough: impl Fn(&BTreeSet<Denied>) -> bool) -> Result<(), Ended> {
        let number = self.lives.fetch_add(1, Ordering::Relaxed);
        let tenants = [format!("ingress-{number}"), format!("gateway-{number}")];
        self.begin(&tenants).await;
        self.proxy.reset();
        let operator = self.operator().await;
        let ended = self.steps(&tenants, &enough).await;
        match ended {
            Ok(()) => operator.stop().await,
            // One that may not list what it watches takes its time to end.
            Err(_) => operator.kill().await,
        }
        for tenant in &tenants {
            self.take_away("ScimTenant", Some(&self.customers), tenant).await;
        }
        ended
    }

    /// Whatever was left by a life before is gone: the Lease, the class.
    async fn begin(&self, tenants: &[String; 2]) {
        self.forget_lease().await;
        self.take_away("ScimTenantClass", None, self.name).await;
        let classes = [self.name.to_owned(), self.gateway_class()];
        for (tenant, class) in tenants.iter().zip(classes) {
            self.declare(tenant, &class).await;
        }
    }

    /// Takes the Lease away: the next operator makes it, and does not wait.
    pub(crate) async fn forget_lease(&self) {
        let leases: Api<Lease> = Api::namespaced(self.world.client.clone(), &self.system);
        drop(leases.delete(self.name, &DeleteParams::default()).await);
    }

    /// Applies a tenant of this class.
    pub(crate) async fn declare(&self, tenant: &str, class: &str) {
        let tenant = json!({
            "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenant",
            "metadata": {"name": tenant, "namespace": self.customers}, "spec": {"className": class},
        });
        self.world.apply(vec![tenant]).await;
    }

    async fn steps(
        &self,
        tenants: &[String; 2],
        enough: &impl Fn(&BTreeSet<Denied>) -> bool,
    ) -> Result<(), Ended> {
        for tenant in tenants {
            self.until("is ready", enough, async || self.is_ready(tenant).await).await?;
        }
        for times in 1..=2 {
            for tenant in tenants {
                let annotation = json!({"metadata": {"annotations": {"scim-operator.io/rotate-token": times.to_string()}}});
                self.patch("ScimTenant", &self.customers, tenant, annotation).await;
            }
            for tenant in tenants {
                let rotated = async || self.generation(tenant).await == Some(times + 1);
                self.until("has a new token", enough, rotated).await?;
            }
        }
        for (tenant, kind) in tenants.iter().zip(["Ingress", "HTTPRoute"]) {
            let route = format!("tenant.{}.{tenant}", self.customers);
            self.patch(kind, &self.system, &route, json!({"metadata": {"labels": null}})).await;
            let is_back = async || {
                let route = self.get(kind, Some(&self.system), &route).await;
                route.is_some_and(|route| route.metadata.labels.is_some_and(|labels| !labels.is_empty()))
            };
            self.until("has its route back", enough, is_back).await?;
        }
        let renewed = async || {
            self.proxy
                .requests()
                .keys()
                .any(|(verb, resource)| *verb == product::Verb::Update && resource == "leases")
        };
        self.until("leads on", enough, renewed).await?;
        for tenant in tenants {
            let api = self.api("ScimTenant", Some(&self.customers));
            api.delete(tenant, &DeleteParams::default()).await.unwrap();
        }
        for tenant in tenants {
            let is_gone = async || self.get("ScimTenant", Some(&self.customers), tenant).await.is_none();
            self.until("is gone", enough, is_gone).await?;
        }
        Ok(())
    }

    async fn until(
        &self,
        what: &str,
        enough: &impl Fn(&BTreeSet<Denied>) -> bool,
        is_so: impl AsyncFn() -> bool,
    ) -> Result<(), Ended> {
        let begin = Instant::now();
        loop {
            if enough(&self.proxy.denied()) {
                return Err(Ended::Enough);
            }
            if is_so().await {
                return Ok(());
            }
            if begin.elapsed() > STEP {
                return Err(Ended::Stuck(what.to_owned()));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    pub(crate) async fn is_ready(&self, tenant: &str) -> bool {
        let Some(tenant) = self.get("ScimTenant", Some(&self.customers), tenant).await else { return false };
        let conditions = tenant.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    }

    async fn generation(&self, tenant: &str) -> Option<i64> {
        let tenant = self.get("ScimTenant", Some(&self.customers), tenant).await?;
        tenant.data["status"]["token"]["generation"].as_i64()
    }

    pub(crate) fn api(&self, kind: &str, namespace: Option<&str>) -> Api<DynamicObject> {
        let (group, version) = match kind {
            "Ingress" => ("networking.k8s.io", "v1"),
            "HTTPRoute" => ("gateway.networking.k8s.io", "v1"),
            _ => ("scim-operator.io", "v1alpha1"),
        };
        let mut resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        if kind == "ScimTenantClass" {
            "scimtenantclasses".clone_into(&mut resource.plural);
        }
        match namespace {
            Some(namespace) => Api::namespaced_with(self.world.client.clone(), namespace, &resource),
            None => Api::all_with(self.world.client.clone(), &resource),
        }
    }

    async fn get(&self, kind: &str, namespace: Option<&str>, name: &str) -> Option<DynamicObject> {
        self.api(kind, namespace).get_opt(name).await.unwrap()
    }

    pub(crate) async fn patch(&self, kind: &str, namespace: &str, name: &str, patch: Value) {
        let api = self.api(kind, Some(namespace));
        api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// Whatever holds it.
    pub(crate) async fn take_away(&self, kind: &str, namespace: Option<&str>, name: &str) {
        let api = self.api(kind, namespace);
        if api.delete(name, &DeleteParams::default()).await.is_ok() {
            let nothing = Patch::Merge(json!({"metadata": {"finalizers": null}}));
            drop(api.patch(name, &PatchParams::default(), &nothing).await); // it may be gone already
        }
    }
}
