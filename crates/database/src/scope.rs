//! The right to touch one tenant's data.

use tenancy::{SchemaName, TenantId};

/// Proof that a request was authenticated for one tenant. There is no public constructor, and code that holds it cannot
/// name another tenant. [`RegistryView::authenticate`](crate::registry::view::RegistryView::authenticate) makes one, and so does
/// [`authenticate_trusted`](crate::registry::view::RegistryView::authenticate_trusted); for work that no request asks for, which cannot choose its tenant either,
/// [`configured_since`](crate::registry::view::RegistryView::configured_since) does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
    schema: SchemaName,
}

impl TenantScope {
    pub(crate) fn of(tenant: TenantId) -> Self {
        Self { tenant, schema: SchemaName::of(tenant) }
    }

    /// Which tenant: for logs, metrics and caches.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn schema(&self) -> &SchemaName {
        &self.schema
    }
}
