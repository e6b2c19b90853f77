//! What every reconcile works with.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::runtime::events::Recorder;
use kube::{Api, Client};
use tenancy::Namespace;

use crate::audit::Audit;
use crate::backoff::Backoff;
use crate::census::Census;
use crate::class::SettledCatchAlls;
use crate::databases::Databases;
use crate::metrics::Metrics;
use crate::rollout::Progress;
use crate::route::GatewayApi;
use crate::settings::Settings;
use crate::sweep::Residents;
use crate::wake::Wake;

/// What every reconcile works with.
pub(crate) struct Context {
    /// The API server.
    pub(crate) client: Client,
    /// The databases, each with its registry.
    pub(crate) databases: Databases,
    /// What this installation is.
    pub(crate) settings: Settings,
    /// Publishes Events.
    pub(crate) recorder: Recorder,
    /// How long to wait after failures.
    pub(crate) backoff: Backoff,
    /// When tenants were last counted.
    pub(crate) census: Census,
    /// What is known of the rows of tenants.
    pub(crate) audit: Audit,
    /// Which tenants were here since this process began.
    pub(crate) residents: Residents,
    /// Which classes' catch-alls are as they should be.
    pub(crate) catch_alls: SettledCatchAlls,
    /// Whether the cluster has HTTPRoutes.
    pub(crate) gateway_api: GatewayApi,
    /// How far the newest version of the tenants' schema has come.
    pub(crate) progress: Progress,
    /// Has objects looked at.
    pub(crate) wake: Wake,
    /// What is measured.
    pub(crate) metrics: Metrics,
}

impl Context {
    /// The Ingresses beside the servers.
    pub(crate) fn routes(&self) -> Api<Ingress> {
        Api::namespaced(self.client.clone(), self.settings.server.namespace.as_str())
    }

    /// The Secrets of a namespace.
    pub(crate) fn secrets(&self, namespace: &Namespace) -> Api<Secret> {
        Api::namespaced(self.client.clone(), namespace.as_str())
    }

    /// Forgets what is remembered of a tenant, by its UID: it is gone.
    pub(crate) fn forget(&self, tenant: &str) {
        self.backoff.reset(tenant);
        if let Ok(uid) = tenant.parse() {
            self.census.forget(uid);
            self.audit.forget(uid);
        }
    }
}
