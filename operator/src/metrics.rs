//! What Prometheus is told, in the names that dashboards for controller-runtime know where there are such names.

mod tenants;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub(crate) use crate::metrics::tenants::TenantCollector;

/// From 5 ms (nothing to do) to 10 s (PostgreSQL is away).
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What is measured.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    /// `controller_runtime_reconcile_total{controller,result}`
    reconciles: Family<Outcome, Counter>,
    /// `controller_runtime_reconcile_time_seconds{controller}`
    seconds: Family<Of, Histogram>,
    /// `leader_election_master_status{name}`
    leader: Family<Lease, Gauge>,
    /// `scim_operator_schema_migrations_total{result}`
    migrations: Family<Migrated, Counter>,
    /// `scim_operator_tenant_schemas{version}`
    schemas: Family<Version, Gauge<u64, AtomicU64>>,
    /// `scim_operator_tenant_schemas_outdated`
    outdated: Gauge<u64, AtomicU64>,
    /// `scim_operator_database_ready{database}`
    databases: Family<OfDatabase, Gauge>,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lease {
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Migrated {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfDatabase {
    database: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Version {
    version: u32,
}

impl Metrics {
    /// Registers everything with the registry that is exposed. `lease` is the one that its leader holds.
    pub(crate) fn register(registry: &mut Registry, lease: &str) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            leader: Family::default(),
            migrations: Family::default(),
            schemas: Family::default(),
            outdated: Gauge::default(),
            databases: Family::default(),
        };
        metrics.leader.get_or_create(&Lease { name: lease.to_owned() }).set(0);
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
        registry.register(
            "scim_operator_schema_migrations",
            "Attempts to migrate the schema of a tenant, by what came of them",
            metrics.migrations.clone(),
        );
        registry.register(
            "scim_operator_tenant_schemas",
            "Schemas of tenants by their version",
            metrics.schemas.clone(),
        );
        registry.register(
            "scim_operator_tenant_schemas_outdated",
            "Schemas of tenants of an earlier version than this operator's",
            metrics.outdated.clone(),
        );
        registry.register(
            "scim_operator_database_ready",
            "Whether the registry in a database can be used",
            metrics.databases.clone(),
        );
        metrics
    }

    /// Notes the end of a reconcile.
    pub(crate) fn reconciled(&self, controller: Controller, result: &'static str, took: Duration) {
        let controller = controller.as_str();
        self.reconciles.get_or_create(&Outcome { controller, result }).inc();
        self.seconds.get_or_create(&Of { controller }).observe(took.as_secs_f64());
    }

    /// Notes that this process leads by this lease.
    pub(crate) fn lead(&self, lease: &str) {
        self.leader.get_or_create(&Lease { name: lease.to_owned() }).set(1);
    }

    /// Notes whether a database can be used.
    pub(crate) fn database(&self, name: &str, is_ready: bool) {
        self.databases.get_or_create(&OfDatabase { database: name.to_owned() }).set(is_ready.into());
    }

    /// Notes an attempt to migrate the schema of a tenant.
    pub(crate) fn migrated(&self, result: &'static str) {
        self.migrations.get_or_create(&Migrated { result }).inc();
    }

    /// Notes how many schemas have which version, `latest` being this operator's.
    pub(crate) fn schemas(&self, by_version: &BTreeMap<u32, u64>, latest: u32) {
        self.schemas.clear();
        for (version, tenants) in by_version {
            self.schemas.get_or_create(&Version { version: *version }).set(*tenants);
        }
        self.outdated.set(by_version.range(..latest).map(|(_, tenants)| tenants).sum());
    }
}

#[cfg(test)]
mod tests;
