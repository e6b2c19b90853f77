//! What is told of each tenant, out of the cache of the controller when Prometheus asks.

use std::fmt;

use crds::ScimTenant;
use crds::tenant::TokenStatus;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt as _;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::concern::is_ready;
use crate::watch::Cache;

/// Tells of each tenant when it is asked, but of those that another operator of the cluster serves, which tells of them.
///
/// - `scim_operator_tenants{ready}`: how many there are.
/// - `scim_operator_tenant_ready{namespace,name}`: 1 when it is Ready.
/// - `scim_operator_credential_generation{namespace,name}`: which credential is the newest.
/// - `scim_operator_credential_last_used_timestamp_seconds{namespace,name,generation}`: when it was last used, to the
///   minute; missing when it never was.
/// - `scim_operator_credential_expiry_timestamp_seconds{namespace,name,generation}`: when it ends; missing when it does not
///   end by itself.
/// - `scim_operator_credential_unused{namespace,name}`: 1 when the newest was never used while one before it works.
pub(crate) struct TenantCollector {
    /// All that a watch knows.
    pub(crate) tenants: Cache<ScimTenant>,
    /// Of this operator, as classes name it.
    pub(crate) controller_name: String,
}

impl fmt::Debug for TenantCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TenantCollector")
    }
}

/// One value.
struct Sample<L> {
    labels: L,
    value: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Readiness {
    ready: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tenant {
    namespace: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Credential {
    namespace: String,
    name: String,
    generation: i64,
}

impl Collector for TenantCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut tenants = self.tenants.state();
        tenants.retain(|tenant| !is_of_another(tenant, &self.controller_name));
        let ready = tenants.iter().filter(|tenant| is_ready(tenant)).count();
        let counted = [("true", ready), ("false", tenants.len() - ready)];
        gauge(
            &mut encoder,
            "scim_operator_tenants",
            "ScimTenants by readiness",
            counted.into_iter().map(|(ready, count)| Sample {
                labels: Readiness { ready },
                value: i64::try_from(count).unwrap_or(i64::MAX),
            }),
        )?;
        gauge(
            &mut encoder,
            "scim_operator_tenant_ready",
            "Whether a ScimTenant is Ready",
            tenants.iter().map(|tenant| of(tenant, is_ready(tenant).into())),
        )?;
        let issued = || tenants.iter().filter_map(|tenant| Some((&**tenant, token(tenant)?)));
        gauge(
            &mut encoder,
            "scim_operator_credential_generation",
            "The generation of a ScimTenant's newest credential",
            issued().map(|(tenant, token)| of(tenant, token.generation)),
        )?;
        gauge(
            &mut encoder,
            "scim_operator_credential_last_used_timestamp_seconds",
            "When a credential was last used, to a quarter of an hour",
            issued().flat_map(|(tenant, token)| of_generations(tenant, last_uses(token))),
        )?;
        gauge(
            &mut encoder,
            "scim_operator_credential_expiry_timestamp_seconds",
            "When a credential ends by itself",
            issued().flat_map(|(tenant, token)| of_generations(tenant, ends(token))),
        )?;
        gauge(
            &mut encoder,
            "scim_operator_credential_unused",
            "Whether the newest credential was never used while one before it works",
            issued().map(|(tenant, token)| of(tenant, is_unused(token).into())),
        )
    }
}

/// Whether another operator served a tenant last.
fn is_of_another(tenant: &ScimTenant, controller_name: &str) -> bool {
    let served_by = tenant.status.as_ref().and_then(|status| status.controller_name.as_deref());
    served_by.is_some_and(|name| name != controller_name)
}

fn gauge<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    samples: impl Iterator<Item = Sample<L>>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for Sample { labels, value } in samples {
        ConstGauge::new(value).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn of(tenant: &ScimTenant, value: i64) -> Sample<Tenant> {
    let labels = Tenant { namespace: tenant.namespace().unwrap_or_default(), name: tenant.name_any() };
    Sample { labels, value }
}

fn of_generations(
    tenant: &ScimTenant,
    moments: [(i64, Option<&Time>); 2],
) -> impl Iterator<Item = Sample<Credential>> {
    moments.into_iter().filter_map(|(generation, moment)| {
        let (namespace, name) = (tenant.namespace().unwrap_or_default(), tenant.name_any());
        Some(Sample { labels: Credential { namespace, name, generation }, value: moment?.0.as_second() })
    })
}

fn token(tenant: &ScimTenant) -> Option<&TokenStatus> {
    tenant.status.as_ref()?.token.as_ref()
}

/// Of the newest credential and the one before.
fn last_uses(token: &TokenStatus) -> [(i64, Option<&Time>); 2] {
    let previous =
        token.previous.as_ref().map(|previous| (previous.generation, previous.last_used_at.as_ref()));
    [(token.generation, token.last_used_at.as_ref()), previous.unwrap_or_default()]
}

/// Of the newest credential and the one before.
fn ends(token: &TokenStatus) -> [(i64, Option<&Time>); 2] {
    let previous =
        token.previous.as_ref().map(|previous| (previous.generation, previous.valid_until.as_ref()));
    [(token.generation, token.expires_at.as_ref()), previous.unwrap_or_default()]
}

fn is_unused(token: &TokenStatus) -> bool {
    token.last_used_at.is_none() && token.previous.is_some()
}
