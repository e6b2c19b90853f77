//! What Prometheus is told: requests by endpoint, how far behind the registry is, how full the pool of connections is.

use std::{fmt, time::Duration};

use axum::http::{Method, StatusCode};
use database::{
    Connections, Database,
    registry::view::{Readiness, RegistryView},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{MetricType, counter::Counter, family::Family, gauge::ConstGauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// Upper bounds of the histogram, in seconds: around a millisecond for a read, and up to the time-out.
const BUCKETS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Counts requests. Clones share the counters. Tenants are no label: there may be ten thousand.
#[derive(Clone, Debug)]
pub struct RequestMetrics {
    requests: Family<Labels, Counter>,
    durations: Family<Endpoint, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    method: String,
    route: String,
}

impl RequestMetrics {
    /// Registers `scim_requests_total` and `scim_request_duration_seconds`.
    pub fn register(registry: &mut Registry) -> Self {
        let requests = Family::default();
        let durations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        registry.register("scim_requests", "SCIM requests that were answered", requests.clone());
        registry.register_with_unit(
            "scim_request_duration",
            "Time from the request's headers to its answer",
            Unit::Seconds,
            durations.clone(),
        );
        Self { requests, durations }
    }

    /// Counts one request.
    pub fn record(&self, method: &Method, route: &str, status: StatusCode, duration: Duration) {
        let (method, route) = (known(method).to_owned(), route.to_owned());
        let labels = Labels { method: method.clone(), route: route.clone(), status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&Endpoint { method, route }).observe(duration.as_secs_f64());
    }
}

/// The name of a method. Clients may invent methods; a label per invention would fill the memory.
pub(crate) fn known(method: &Method) -> &str {
    match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE") => name,
        _ => "other",
    }
}

/// Registers `scim_registry_age_seconds`: how long ago what this server knows of tenants and tokens was true.
/// Until the registry was read for the first time it is absent.
pub fn register_registry(metrics: &mut Registry, view: RegistryView) {
    metrics.register_collector(Box::new(RegistryAge(view)));
}

#[derive(Debug)]
struct RegistryAge(RegistryView);

impl Collector for RegistryAge {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Readiness::Loaded { age } = self.0.readiness() else { return Ok(()) };
        let gauge = ConstGauge::new(age.as_secs_f64());
        let help = "Age of what the server knows of tenants and tokens";
        let metric = encoder.encode_descriptor(
            "scim_registry_age",
            help,
            Some(&Unit::Seconds),
            gauge.metric_type(),
        )?;
        gauge.encode(metric)
    }
}

/// Registers `scim_database_connections`: how many connections serve requests (`used`) or could (`idle`). A pool that
/// is used up is what makes requests wait.
pub fn register_connections(metrics: &mut Registry, database: Database) {
    metrics.register_collector(Box::new(OpenConnections(database)));
}

#[derive(Debug)]
struct OpenConnections(Database);

impl Collector for OpenConnections {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Connections { used, idle } = self.0.connections();
        let help = "Open connections to the database";
        let mut metric =
            encoder.encode_descriptor("scim_database_connections", help, None, MetricType::Gauge)?;
        for (state, count) in [("used", used), ("idle", idle)] {
            let gauge = ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
            gauge.encode(metric.encode_family(&[("state", state)])?)?;
        }
        Ok(())
    }
}
