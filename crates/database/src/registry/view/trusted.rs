//! Whom a tenant trusts, as it was when somebody asked.

use std::sync::Arc;

use tenancy::{CredentialKind, Generation, PrivateAddresses, TenantId, Trust};

/// Whom a tenant trusts by one of its credentials. Nobody else makes one, and it lets in only while it is still true: a signature is
/// never verified by one trust and let in by another.
#[derive(Debug, Clone, PartialEq)]
pub struct Trusted {
    tenant: TenantId,
    kind: CredentialKind,
    generation: Generation,
    trust: Arc<Trust>,
    private_addresses: PrivateAddresses,
}

impl Trusted {
    pub(super) fn new(
        tenant: TenantId,
        kind: CredentialKind,
        generation: Generation,
        trust: Arc<Trust>,
        private_addresses: PrivateAddresses,
    ) -> Self {
        Self { tenant, kind, generation, trust, private_addresses }
    }

    /// The tenant that trusts.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// By which of its credentials.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Who signs, and what.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Whether the issuer's keys may be fetched from a private network: as the tenant's class says now, whatever it said when the
    /// credential was issued.
    pub fn private_addresses(&self) -> PrivateAddresses {
        self.private_addresses
    }

    pub(super) fn kind(&self) -> CredentialKind {
        self.kind
    }
}
