//! Who a request comes from: the way from what it presents to a [`TenantScope`].

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use tenancy::{CredentialKind, TenantConfiguration, TenantPath, TokenDigest, Trust};

use crate::registry::view::RegistryView;
use crate::registry::view::proof::Presentation;
use crate::registry::view::snapshot::Found;
use crate::registry::view::trusted::Trusted;
use crate::scope::TenantScope;

/// What a request presents in its `Authorization` field.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    /// A token (RFC 6750): a tenant's bearer token, its password in that place, or an access token.
    Bearer(&'a str),
    /// A user name and a password (RFC 7617).
    Basic {
        /// The part before the colon.
        user_name: &'a str,
        /// The part behind it.
        password: &'a str,
    },
}

/// A request that proved which tenant it is for.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The right to touch that tenant's data.
    pub scope: TenantScope,
    /// How the tenant is served. The same `Arc` until the configuration changes. It also says whether the tenant is
    /// suspended, which is no matter of authentication.
    pub configuration: Arc<TenantConfiguration>,
}

/// Why a request got no scope. Nothing tells an unknown tenant from a wrong, superseded, expired or revoked credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such tenant with such a credential (401).
    #[error("no such tenant with such a credential")]
    Unknown,
    /// Not known here, and the registry could not be asked: it may be right (503, so that the client tries again).
    #[error("the registry cannot be asked whether the credential is right")]
    Undecided,
    /// The credential is right, and the tenant takes no requests from this address (403). It does not count as used.
    #[error("the tenant takes no requests from {0}")]
    Source(IpAddr),
}

impl RegistryView {
    /// Finds the tenant that a request is for and proves its credential, by the state in memory; when that does not let it
    /// in, the registry is asked before the answer is no.
    ///
    /// The first use of a credential ends the older ones that have no end of their own: here at once, on other replicas as
    /// soon as they have polled.
    pub async fn authenticate(
        &self,
        path: &TenantPath,
        presented: Presented<'_>,
        source: IpAddr,
    ) -> Result<Authenticated, Refused> {
        let presentation = match presented {
            Presented::Bearer(token) => Presentation::Bearer(TokenDigest::of(token)),
            Presented::Basic { user_name, password } => Presentation::Basic {
                user_name: TokenDigest::of(user_name),
                password: TokenDigest::of(password),
            },
        };
        let found = self.prove(path, &presentation, source).await?;
        Ok(Authenticated { scope: TenantScope::of(found.tenant), configuration: found.configuration })
    }

    /// Whom the tenant trusts by credentials of this kind that work, by the state in memory, the newest first: who satisfies
    /// several uses that one, and so ends the others. Where that is nobody, [`refresh`](Self::refresh) asks the registry.
    pub fn trusts(&self, path: &TenantPath, kind: CredentialKind) -> Vec<Trusted> {
        self.snapshot().trusts(path, kind)
    }

    /// Finds the tenant that a request is for by a signature of somebody whom it trusts in place of a bearer token: one of
    /// [`trusts`](Self::trusts). `verify` judges the claims by PostgreSQL's time. Its use counts as that of other credentials does.
    pub async fn authenticate_trusted(
        &self,
        path: &TenantPath,
        trusted: &Trusted,
        source: IpAddr,
        verify: impl FnOnce(&Trust, Timestamp) -> bool,
    ) -> Result<Authenticated, Refused> {
        let found = self.prove_trust(path, CredentialKind::Jwt, trusted, source, verify).await?;
        Ok(Authenticated { scope: TenantScope::of(found.tenant), configuration: found.configuration })
    }

    pub(super) async fn prove(
        &self,
        path: &TenantPath,
        presentation: &Presentation,
        source: IpAddr,
    ) -> Result<Found, Refused> {
        self.asking(|| {
            let found = self.snapshot().find(path, presentation);
            self.admit(found.ok_or(Refused::Unknown)?, source)
        })
        .await
    }

    pub(super) async fn prove_trust(
        &self,
        path: &TenantPath,
        kind: CredentialKind,
        trusted: &Trusted,
        source: IpAddr,
        verify: impl FnOnce(&Trust, Timestamp) -> bool,
    ) -> Result<Found, Refused> {
        let is_proven = self.now().is_some_and(|now| verify(trusted.trust(), now));
        if !(trusted.kind() == kind && is_proven) {
            return Err(Refused::Unknown);
        }
        self.asking(|| {
            let found = self.snapshot().find_trusted(path, trusted);
            self.admit(found.ok_or(Refused::Unknown)?, source)
        })
        .await
    }

    /// The answer of the state in memory if it is yes; else that of the registry.
    async fn asking<T>(&self, answer: impl Fn() -> Result<T, Refused>) -> Result<T, Refused> {
        match answer() {
            Ok(yes) => Ok(yes),
            Err(no) => match (self.refresh().await, no) {
                (Ok(()), _) => answer(),
                (Err(_), Refused::Source(_)) => Err(no),
                (Err(undecided), _) => Err(undecided),
            },
        }
    }

    /// Judges where a proven request comes from, and notes the use of its credential.
    fn admit(&self, found: Found, source: IpAddr) -> Result<Found, Refused> {
        if !found.configuration.source_ranges.allow(source) {
            return Err(Refused::Source(source));
        }
        if self.shared.usage.note(found.tenant, found.generation, found.use_of) {
            let mut snapshot = self.shared.snapshot.write().unwrap_or_else(PoisonError::into_inner);
            snapshot.mark_used(found.tenant, found.generation);
        }
        Ok(found)
    }
}
