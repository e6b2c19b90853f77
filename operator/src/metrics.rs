//! What Prometheus is told, in the names that dashboards for controller-runtime know, and the number of tenants.

use std::fmt;
use std::time::Duration;

use crds::{ConditionType, ScimTenant};
use kube::runtime::reflector::Store;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::conditions;

/// From 5 ms (nothing to do) to 10 s (PostgreSQL is away).
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What is measured.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    reconciles: Family<Outcome, Counter>,
    seconds: Family<Of, Histogram>,
    leader: Gauge,
}

/// Which controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Controller {
    /// Of ScimTenants.
    Tenant,
    /// Of ScimTenantClasses.
    Class,
}

impl Controller {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "scimtenant",
            Self::Class => "scimtenantclass",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    controller: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    controller: &'static str,
    result: &'static str,
}

impl Metrics {
    /// Registers everything with the registry that is exposed.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            leader: Gauge::default(),
        };
        registry.register(
            "controller_runtime_reconcile",
            "Reconciles by controller and result",
            metrics.reconciles.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "Duration of reconciles",
            metrics.seconds.clone(),
        );
        registry.register(
            "leader_election_master_status",
            "Whether this process is the one that reconciles",
            metrics.leader.clone(),
        );
        metrics
    }

    /// Notes the end of a reconcile.
    pub(crate) fn reconciled(&self, controller: Controller, result: &'static str, took: Duration) {
        let controller = controller.as_str();
        self.reconciles.get_or_create(&Outcome { controller, result }).inc();
        self.seconds.get_or_create(&Of { controller }).observe(took.as_secs_f64());
    }

    /// Notes that this process leads.
    pub(crate) fn lead(&self) {
        self.leader.set(1);
    }
}

/// Counts ScimTenants by readiness when it is asked, out of the cache of the controller.
pub(crate) struct TenantCollector(pub(crate) Store<ScimTenant>);

impl fmt::Debug for TenantCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantCollector")
    }
}

impl Collector for TenantCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let tenants = self.0.state();
        let ready = tenants.iter().filter(|tenant| is_ready(tenant)).count();
        let gauge = ConstGauge::new(0_i64);
        let mut metric = encoder.encode_descriptor(
            "scim_operator_tenants",
            "ScimTenants by readiness",
            None,
            gauge.metric_type(),
        )?;
        for (label, number) in [("true", ready), ("false", tenants.len() - ready)] {
            let gauge = ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
            gauge.encode(metric.encode_family(&[("ready", label)])?)?;
        }
        Ok(())
    }
}

fn is_ready(tenant: &ScimTenant) -> bool {
    let status = tenant.status.as_ref();
    status.is_some_and(|status| conditions::is_true(&status.conditions, ConditionType::Ready))
}

#[cfg(test)]
mod tests {
    use kube::runtime::{reflector, watcher};
    use prometheus_client::encoding::text::encode;
    use serde_json::json;

    use super::*;
    use crate::fixtures::tenant;

    #[test]
    fn metrics_have_the_names_that_dashboards_know() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        metrics.reconciled(Controller::Tenant, "success", Duration::from_millis(7));
        let (store, mut writer) = reflector::store();
        writer.apply_watcher_event(&watcher::Event::Apply(tenant(json!({}))));
        registry.register_collector(Box::new(TenantCollector(store)));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "controller_runtime_reconcile_total{controller=\"scimtenant\",result=\"success\"} 1",
            "controller_runtime_reconcile_time_seconds_count{controller=\"scimtenant\"} 1",
            "leader_election_master_status 0",
            "scim_operator_tenants{ready=\"true\"} 0",
            "scim_operator_tenants{ready=\"false\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
