//! The requests that a route leads to the servers, whatever its kind.

use ipnet::IpNet;
use tenancy::{CredentialKind, TenantPath, TenantUrl};

use crate::class::AcceptedClass;
use crate::route::ranges::common;
use crate::tenant::{Entrance, IssuedKind, ValidatedTenant};

/// The requests that a route leads to the servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// The host that they name.
    pub(super) host: String,
    /// What their paths begin with, each `/` and whole segments.
    pub(super) paths: Vec<String>,
    /// The addresses that they may come from; none: any. Servers enforce this too.
    pub(super) ranges: Vec<IpNet>,
    /// The database of the servers that answer them.
    pub(super) database: String,
}

impl Traffic {
    /// A tenant's own requests, and those to its token endpoint if it has one.
    pub(super) fn of_tenant(path: &TenantPath, validated: &ValidatedTenant) -> Self {
        let TenantPath { namespace, name } = path;
        let mut paths = vec![TenantUrl::path(namespace, name)];
        if has_token_endpoint(&validated.entrance) {
            paths.push(TenantUrl::token_path(namespace, name));
        }
        let ranges = &validated.configuration.source_ranges;
        Self {
            host: validated.host.host().to_owned(),
            paths,
            ranges: common(&ranges.class, &ranges.tenant),
            database: validated.database.clone(),
        }
    }

    /// All requests for a host of a class.
    pub(crate) fn of_host(host: &str, class: &AcceptedClass) -> Self {
        Self {
            host: host.to_owned(),
            paths: vec!["/".to_owned()],
            ranges: common(&class.source_ranges, &[]),
            database: class.database.clone(),
        }
    }
}

fn has_token_endpoint(entrance: &Entrance) -> bool {
    matches!(
        entrance,
        Entrance::Issued { kind: IssuedKind::ClientSecret, .. }
            | Entrance::Trusted { kind: CredentialKind::Federation, .. }
    )
}
