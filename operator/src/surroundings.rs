//! The watches beside those of the two controllers: of everything that what they reconcile depends on.

use std::sync::Arc;
use std::time::Duration;

use crds::metadata::label;
use crds::{ScimTenant, ScimTenantClass};
use futures::future::{BoxFuture, join_all};
use futures::{FutureExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Resource};
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::{debug, info};

use crate::concern::{
    BroughtView, ClassView, NamespaceView, RouteView, SecretView, classes_of_route, tenants_of_brought,
    tenants_of_class, tenants_of_namespace, tenants_of_route, tenants_of_secret, wanting_http_routes,
};
use crate::context::Context;
use crate::error::in_full;
use crate::object::selector;
use crate::route::HttpRoute;
use crate::watch::{Cache, Change, Known, Ticket, follow, lasting, patient};

/// How often a cluster without the Gateway API is looked at, as long as a class wants HTTPRoutes.
const DISCOVERY: Duration = Duration::from_secs(30);

/// What watches need to know to tell whom a change concerns.
#[derive(Clone)]
pub(crate) struct Surroundings {
    /// What every reconcile works with.
    pub(crate) context: Arc<Context>,
    /// All tenants.
    pub(crate) tenants: Cache<ScimTenant>,
    /// All classes.
    pub(crate) classes: Cache<ScimTenantClass>,
    /// That a class changed.
    pub(crate) class_changed: Arc<Notify>,
}

impl Surroundings {
    /// Watches until it is dropped. Only metadata is watched, and of what the operator made or was offered alone: tokens
    /// stay out of memory (and objects of others out of the watch, cert-manager#4722).
    pub(crate) async fn watch(self, gate: Ticket) {
        let mut watches: Vec<BoxFuture<'_, ()>> =
            vec![self.namespaces(gate.clone()).boxed(), self.ingresses(gate.clone()).boxed()];
        for secrets in self.context.settings.scope.apis(&self.context.client) {
            watches.push(self.secrets(secrets.clone(), gate.clone()).boxed());
            watches.push(self.brought_secrets(secrets, gate.clone()).boxed());
        }
        watches.push(self.http_routes(gate).boxed());
        join_all(watches).await;
    }

    async fn namespaces(&self, gate: Ticket) {
        let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(self.context.client.clone());
        let events = patient(watcher(namespaces, watcher::Config::default()));
        follow(lasting(events), &mut Known::before(gate), NamespaceView::of, |change| {
            self.context.wake.tenants(tenants_of_namespace(&change, &self.tenants.state()));
        })
        .await;
    }

    /// The Secrets that we made.
    async fn secrets(&self, secrets: Api<PartialObjectMeta<Secret>>, gate: Ticket) {
        let events = patient(watcher(secrets, self.ours()));
        follow(lasting(events), &mut Known::before(gate), SecretView::of, |change| {
            self.context.wake.tenants(tenants_of_secret(&change));
        })
        .await;
    }

    /// The Secrets that somebody offers.
    async fn brought_secrets(&self, secrets: Api<PartialObjectMeta<Secret>>, gate: Ticket) {
        let offered = watcher::Config::default().labels(&format!("{}=true", label::CREDENTIAL));
        let events = patient(watcher(secrets, offered));
        follow(lasting(events), &mut Known::before(gate), BroughtView::of, |change| {
            self.context.wake.tenants(tenants_of_brought(&change, &self.tenants.state()));
        })
        .await;
    }

    async fn ingresses(&self, gate: Ticket) {
        let events = patient(watcher(self.routes::<Ingress>(), self.ours()));
        follow(lasting(events), &mut Known::before(gate), RouteView::declared, |change| {
            self.route_changed(&change);
        })
        .await;
    }

    /// Whose status says whether the Gateway took them. The Gateway API is not asked for before a class wants HTTPRoutes,
    /// and may come and go.
    async fn http_routes(&self, gate: Ticket) {
        let mut gate = Some(gate);
        // Nobody fills it any more when the process ends.
        drop(self.classes.wait_until_ready().await);
        let mut known = None;
        loop {
            if self.can_have_http_routes().await {
                if gate.is_none() {
                    self.wake_wanting();
                }
                let known = known.get_or_insert_with(|| gate.take().map_or_else(Known::told, Known::before));
                let events = patient(watcher(self.routes::<HttpRoute>(), self.ours()));
                let served = events.take_while(|event| {
                    let is_told = event.is_ok();
                    async move { is_told || self.has_http_routes().await.unwrap_or(true) }
                });
                follow(lasting(served), known, RouteView::whole, |change| self.route_changed(&change)).await;
                info!("the cluster has no HTTPRoutes any more");
            }
            gate = None;
            tokio::select! {
                () = sleep(DISCOVERY) => {}
                () = self.class_changed.notified() => {}
            }
        }
    }

    /// Whether a class wants HTTPRoutes, and the cluster has them.
    async fn can_have_http_routes(&self) -> bool {
        let controller_name = &self.context.settings.controller_name;
        let is_wanted = wanting_http_routes(&self.classes.state(), controller_name).next().is_some();
        is_wanted && self.has_http_routes().await.unwrap_or(false)
    }

    /// Whether the cluster has them; `None` when it cannot be asked. The errors of a watch do not say so: without the whole
    /// group the API server answers with a page that kube cannot read.
    async fn has_http_routes(&self) -> Option<bool> {
        let Context { client, gateway_api, .. } = &*self.context;
        let asked = gateway_api.has_http_routes(client).await;
        asked.inspect_err(|error| debug!(error = in_full(error), "could not ask for the Gateway API")).ok()
    }

    /// Has everything looked at that may wait for the Gateway API, or that changed before it was watched.
    fn wake_wanting(&self) {
        let wake = &self.context.wake;
        for class in wanting_http_routes(&self.classes.state(), &self.context.settings.controller_name) {
            wake.classes([ObjectRef::from_obj(&**class)]);
            wake.tenants_in_turn(tenants_of_class(&Change::New(ClassView::of(class)), &self.tenants.state()));
        }
    }

    fn route_changed(&self, change: &Change<RouteView>) {
        self.context.wake.tenants(tenants_of_route(change));
        let classes = classes_of_route(change, &self.classes.state());
        for uid in classes.iter().filter_map(|class| class.extra.uid.as_deref()) {
            self.context.catch_alls.forget(uid);
        }
        self.context.wake.classes(classes);
    }

    /// Everything that this installation made.
    fn ours(&self) -> watcher::Config {
        watcher::Config::default().labels(&selector(&self.context.settings.installation))
    }

    /// The routes of a kind, beside the servers.
    fn routes<K>(&self) -> Api<PartialObjectMeta<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.context.client.clone(), self.context.settings.server.namespace.as_str())
    }
}
