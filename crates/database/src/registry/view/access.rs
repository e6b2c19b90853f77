//! The token endpoint's part: who asks for an access token, and issuing it (RFC 6749, section 4.4; RFC 7523).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tenancy::{CredentialKind, Generation, TenantConfiguration, TenantId, TenantPath, TokenDigest, Trust};

use crate::SqlTimestamp;
use crate::error::Error;
use crate::registry::view::proof::Presentation;
use crate::registry::view::snapshot::Found;
use crate::registry::view::trusted::Trusted;
use crate::registry::view::{Refused, RegistryView, TIMEOUT, within};

/// Bounds of an access token's life, in seconds. The upper one is that of `issue_access_token` in `migrations/control`.
const LIFETIME: std::ops::RangeInclusive<u32> = 60..=6 * 3600;

/// A client of a tenant that proved itself to the token endpoint. It may have access tokens, and no data.
#[derive(Debug, Clone)]
pub struct Client {
    tenant: TenantId,
    generation: Generation,
    /// How the tenant is served, which also says whether it is suspended.
    pub configuration: Arc<TenantConfiguration>,
}

impl RegistryView {
    /// Finds the client by its id and secret (RFC 6749, section 2.3.1). As [`authenticate`](Self::authenticate), and this is a
    /// use of the secret as well.
    pub async fn authenticate_client(
        &self,
        path: &TenantPath,
        client_id: &str,
        secret: &str,
        source: IpAddr,
    ) -> Result<Client, Refused> {
        let (id, secret) = (TokenDigest::of(client_id), TokenDigest::of(secret));
        Ok(self.prove(path, &Presentation::Client { id, secret }, source).await?.into())
    }

    /// Finds the client by a signed assertion (RFC 7523, section 2.2) of one of [`trusts`](Self::trusts) of
    /// [`CredentialKind::Federation`]. `verify` judges its claims by PostgreSQL's time.
    pub async fn authenticate_assertion(
        &self,
        path: &TenantPath,
        trusted: &Trusted,
        source: IpAddr,
        verify: impl FnOnce(&Trust, Timestamp) -> bool,
    ) -> Result<Client, Refused> {
        let kind = CredentialKind::Federation;
        Ok(self.prove_trust(path, kind, trusted, source, verify).await?.into())
    }

    /// Makes an access token valid, before anybody is told of it, and answers with how long it is. Other replicas learn of
    /// it by their next poll, or when it is presented to them.
    ///
    /// [`Error::Missing`] when the client's credential was revoked meanwhile, or the tenant deleted. [`Error::Contention`] or
    /// [`Error::Crowded`] while an operator works on the tenant: try again.
    pub async fn issue_access_token(&self, client: &Client, digest: &TokenDigest) -> Result<Duration, Error> {
        let seconds = client.configuration.access_token_seconds.clamp(*LIFETIME.start(), *LIFETIME.end());
        let issuing = async {
            let share = self.shared.issuing.share(client.tenant);
            let mut lease = self.shared.issuing.lease(&share).await?;
            let expiry: Result<Option<SqlTimestamp>, sqlx::Error> = sqlx::query_scalar(
                "SELECT scim_control.issue_access_token($1, $2::integer, $3, make_interval(secs => $4))",
            )
            .bind(client.tenant.get())
            .bind(i64::from(client.generation.get()))
            .bind(digest.as_bytes().as_slice())
            .bind(f64::from(seconds))
            .fetch_one(&mut **lease.connection()?)
            .await;
            drop(lease.end()?);
            expiry?.ok_or(Error::Missing(sqlx::Error::RowNotFound))
        };
        within(TIMEOUT, issuing).await?;
        Ok(Duration::from_secs(seconds.into()))
    }
}

impl From<Found> for Client {
    fn from(found: Found) -> Self {
        Self { tenant: found.tenant, generation: found.generation, configuration: found.configuration }
    }
}
