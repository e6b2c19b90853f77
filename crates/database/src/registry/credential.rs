//! What the registry knows of a credential, and how it is read.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use tenancy::{CredentialKind, Generation, TenantId, TokenDigest, Trust};

use crate::SqlTimestamp;
use crate::registry::error::RegistryError;
use crate::registry::registered::parse_number;
use crate::registry::validity::{Revocation, Rung, Use};

/// What the registry knows of one way in.
///
/// It works while it is not revoked, and: where it has an end of its own (`valid_until`), until then; else until a later one
/// is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Which of the tenant's credentials.
    pub generation: Generation,
    /// What kind of proof it is.
    pub kind: CredentialKind,
    /// To recognise the secret by; of a trust, to recognise the trust.
    pub digest: TokenDigest,
    /// The user name of [`CredentialKind::Basic`], the client id of [`CredentialKind::ClientSecret`].
    pub principal: Option<String>,
    /// Whom [`CredentialKind::Federation`] and [`CredentialKind::Jwt`] trust.
    pub trust: Option<Trust>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it was first presented, which ended the older ones that have no end of their own.
    pub first_used_at: Option<Timestamp>,
    /// When it was last presented, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was ended by decision.
    pub revoked_at: Option<Timestamp>,
    /// When it ends, or ended, by the time that it was given when a later one was issued.
    pub valid_until: Option<Timestamp>,
}

/// A credential that is to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// What kind of proof it is.
    pub kind: CredentialKind,
    /// Of the secret; of a trust, [`Trust::digest`].
    pub digest: TokenDigest,
    /// The user name of [`CredentialKind::Basic`], the client id of [`CredentialKind::ClientSecret`].
    pub principal: Option<String>,
    /// Whom [`CredentialKind::Federation`] and [`CredentialKind::Jwt`] trust.
    pub trust: Option<Trust>,
}

impl Credential {
    /// As far as validity depends on it.
    pub(super) fn rung(&self) -> Rung {
        Rung {
            generation: self.generation,
            use_of: if self.first_used_at.is_some() { Use::Repeated } else { Use::First },
            revocation: if self.revoked_at.is_some() { Revocation::Revoked } else { Revocation::Standing },
            valid_until: self.valid_until,
        }
    }
}

/// Reads a tenant's credentials, the oldest first.
pub(super) async fn read(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<Credential>, RegistryError> {
    let rows = sqlx::query(
        "SELECT generation, kind, digest, principal, trust, issued_at, first_used_at, last_used_at, revoked_at, valid_until
           FROM scim_control.credentials WHERE tenant_id = $1 ORDER BY generation",
    )
    .bind(tenant.get())
    .fetch_all(connection)
    .await?;
    rows.iter().map(read_row).collect()
}

/// Reads what validity depends on, and nothing that this version could not read.
pub(super) async fn read_rungs(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<Rung>, RegistryError> {
    let rows: Vec<(i32, bool, bool, Option<SqlTimestamp>)> = sqlx::query_as(
        "SELECT generation, first_used_at IS NOT NULL, revoked_at IS NOT NULL, valid_until
           FROM scim_control.credentials WHERE tenant_id = $1 ORDER BY generation",
    )
    .bind(tenant.get())
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(generation, used, revoked, valid_until)| {
            Ok(Rung {
                generation: Generation::new(parse_number("generation", generation)?),
                use_of: if used { Use::Repeated } else { Use::First },
                revocation: if revoked { Revocation::Revoked } else { Revocation::Standing },
                valid_until: valid_until.map(SqlTimestamp::to_jiff),
            })
        })
        .collect()
}

fn read_row(row: &PgRow) -> Result<Credential, RegistryError> {
    let moment = |column| -> Result<Option<Timestamp>, sqlx::Error> {
        Ok(row.try_get::<Option<SqlTimestamp>, _>(column)?.map(SqlTimestamp::to_jiff))
    };
    let trust: Option<Json<Trust>> =
        row.try_get("trust").map_err(|error| RegistryError::unreadable("trust", error))?;
    Ok(Credential {
        generation: Generation::new(parse_number("generation", row.try_get("generation")?)?),
        kind: row
            .try_get::<&str, _>("kind")?
            .parse()
            .map_err(|error: tenancy::KindError| RegistryError::unreadable("kind of credential", error))?,
        digest: TokenDigest::try_from(row.try_get::<&[u8], _>("digest")?)
            .map_err(|error| RegistryError::unreadable("digest", error))?,
        principal: row.try_get("principal")?,
        trust: trust.map(|Json(trust)| trust),
        issued_at: row.try_get::<SqlTimestamp, _>("issued_at")?.to_jiff(),
        first_used_at: moment("first_used_at")?,
        last_used_at: moment("last_used_at")?,
        revoked_at: moment("revoked_at")?,
        valid_until: moment("valid_until")?,
    })
}
