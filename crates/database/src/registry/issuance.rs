//! Issuing and revoking credentials. The registry gets digests only.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, Transaction};
use tenancy::{CredentialKind, Generation, Owner, TenantId};

use crate::SqlTimestamp;
use crate::registry::credential::{self, NewCredential};
use crate::registry::error::RegistryError;
use crate::registry::validity::{self, Rung};
use crate::registry::{Change, HandledAnnotations, Registry};

/// Why a credential is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issue {
    /// The tenant has none that works. Refused when it has.
    First,
    /// It takes the place of those that work.
    Replacement(Overlap),
    /// It was issued before, as this generation, and the registry does not know it any more: a backup was restored that is
    /// older. Those that the registry has work until it is used. Refused when one of them is as new.
    Known(Generation),
}

/// How long the credentials before a new one go on working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// Until the new one is used.
    UntilUsed,
    /// For this time from the issue on, by PostgreSQL's clock, whether or not the new one is used. What ends earlier
    /// already keeps its end.
    For(Duration),
}

/// Longest overlap, in seconds: longer than anybody waits, and within what PostgreSQL can add to a time.
const LONGEST_OVERLAP: f64 = 10.0 * 366.0 * 86_400.0;

impl Registry {
    /// Makes a credential valid, before anybody is told of it, and notes the annotations that this call acts on, as one
    /// transaction.
    ///
    /// [`RegistryError::NotOwned`] when the tenant is not `owner`'s or not active, [`RegistryError::AlreadyIssued`] as
    /// [`Issue`] says.
    pub async fn issue(
        &self,
        tenant: TenantId,
        owner: Owner,
        credential: &NewCredential,
        issue: Issue,
        handled: &HandledAnnotations,
    ) -> Result<Generation, RegistryError> {
        let mut transaction = self.begin().await?;
        let now = lock(&mut transaction, tenant, owner).await?;
        let rungs = credential::read_rungs(&mut transaction, tenant).await?;
        let latest = rungs.iter().map(|rung| rung.generation).max();
        let working = working(&rungs, now);
        let generation = match issue {
            Issue::First if !working.is_empty() => return Err(RegistryError::AlreadyIssued(tenant)),
            Issue::Known(known) if latest >= Some(known) => return Err(RegistryError::AlreadyIssued(tenant)),
            Issue::Known(known) => known,
            Issue::First | Issue::Replacement(_) => latest.map_or(Generation::FIRST, Generation::next),
        };
        if let Issue::Replacement(Overlap::For(duration)) = issue {
            end_after(&mut transaction, tenant, &working, duration).await?;
        }
        if let Some(latest) = latest {
            forget_old(&mut transaction, tenant, latest).await?;
        }
        insert(&mut transaction, tenant, generation, credential).await?;
        write_handled(&mut transaction, tenant, owner, handled).await?;
        transaction.commit().await?;
        Ok(generation)
    }

    /// Ends every credential and every access token of the tenant now, and notes the annotations that this call acts on, as
    /// one transaction.
    ///
    /// [`RegistryError::NotOwned`] when the tenant is not `owner`'s or not active.
    pub async fn revoke(
        &self,
        tenant: TenantId,
        owner: Owner,
        handled: &HandledAnnotations,
    ) -> Result<Change, RegistryError> {
        let mut transaction = self.begin().await?;
        lock(&mut transaction, tenant, owner).await?;
        let revoked = revoke_all(&mut transaction, tenant).await?;
        let noted = write_handled(&mut transaction, tenant, owner, handled).await?;
        transaction.commit().await?;
        let is_settled = revoked == Change::Unchanged && noted == Change::Unchanged;
        Ok(if is_settled { Change::Unchanged } else { Change::Written })
    }
}

/// Locks the credentials and then the tenant, in the order in which a server's note of a first use does (its trigger
/// writes the tenant), so that the two never wait for each other. Answers with PostgreSQL's time.
async fn lock(
    transaction: &mut Transaction<'static, Postgres>,
    tenant: TenantId,
    owner: Owner,
) -> Result<Timestamp, RegistryError> {
    sqlx::query("SELECT FROM scim_control.credentials WHERE tenant_id = $1 ORDER BY generation FOR UPDATE")
        .bind(tenant.get())
        .execute(&mut **transaction)
        .await?;
    let now: Option<SqlTimestamp> = sqlx::query_scalar(
        "SELECT now() FROM scim_control.tenants
          WHERE id = $1 AND owner_uid = $2 AND state = 'active' FOR NO KEY UPDATE",
    )
    .bind(tenant.get())
    .bind(owner.uid)
    .fetch_optional(&mut **transaction)
    .await?;
    now.map(SqlTimestamp::to_jiff).ok_or(RegistryError::NotOwned(tenant))
}

fn working(rungs: &[Rung], now: Timestamp) -> Vec<Generation> {
    let newest_used = validity::newest_used(rungs.iter().copied());
    let working = rungs.iter().filter(|rung| rung.works(newest_used, now));
    working.map(|rung| rung.generation).collect()
}

/// Gives those that work an end of their own. The others have ended, and a later end would let them in again.
async fn end_after(
    connection: &mut PgConnection,
    tenant: TenantId,
    working: &[Generation],
    duration: Duration,
) -> Result<(), RegistryError> {
    let generations: Vec<_> = working.iter().map(|generation| i64::from(generation.get())).collect();
    sqlx::query(
        "UPDATE scim_control.credentials SET valid_until = least(valid_until, now() + make_interval(secs => $3))
          WHERE tenant_id = $1 AND generation = ANY ($2)",
    )
    .bind(tenant.get())
    .bind(generations)
    .bind(duration.as_secs_f64().min(LONGEST_OVERLAP))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    generation: Generation,
    credential: &NewCredential,
) -> Result<(), RegistryError> {
    sqlx::query(
        "INSERT INTO scim_control.credentials (tenant_id, generation, kind, digest, principal, trust)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(tenant.get())
    .bind(i64::from(generation.get()))
    .bind(credential.kind.as_str())
    .bind(credential.digest.as_bytes().as_slice())
    .bind(credential.principal.as_deref())
    .bind(credential.trust.as_ref().map(Json))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the access tokens too, which work as long as the credential that they were issued for is not revoked.
async fn revoke_all(connection: &mut PgConnection, tenant: TenantId) -> Result<Change, RegistryError> {
    let revoked = sqlx::query(
        "UPDATE scim_control.credentials SET revoked_at = now() WHERE tenant_id = $1 AND revoked_at IS NULL",
    )
    .bind(tenant.get())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM scim_control.access_tokens WHERE tenant_id = $1")
        .bind(tenant.get())
        .execute(connection)
        .await?;
    Ok(if revoked.rows_affected() == 0 { Change::Unchanged } else { Change::Written })
}

/// Forgets what nobody needs to know any more, with its access tokens:
/// - what ended a month ago: revoked, by the use of a later one, or by its time;
/// - a secret that nobody used within an hour, which is what an operator leaves that was killed before it wrote the Secret.
///   A trust is no secret that can be lost: whoever is trusted may come weeks later. Neither is forgotten what is to work
///   until a certain time;
/// - what has 64 later ones: somebody changes it to and fro.
///
/// The latest always stays, so that generations only grow, and so does the one before that. The newest that was used stays
/// too: those before would work again without it.
async fn forget_old(
    connection: &mut PgConnection,
    tenant: TenantId,
    latest: Generation,
) -> Result<(), RegistryError> {
    sqlx::query(
        "DELETE FROM scim_control.credentials c
          WHERE tenant_id = $1 AND generation < $2
            AND generation IS DISTINCT FROM (SELECT max(generation) FROM scim_control.credentials
                                              WHERE tenant_id = $1 AND first_used_at IS NOT NULL)
            AND (revoked_at < now() - interval '30 days'
                 OR valid_until < now() - interval '30 days'
                 OR (valid_until IS NULL
                     AND EXISTS (SELECT FROM scim_control.credentials later
                                  WHERE later.tenant_id = $1 AND later.generation > c.generation
                                    AND later.first_used_at < now() - interval '30 days'))
                 OR (first_used_at IS NULL AND revoked_at IS NULL AND issued_at < now() - interval '1 hour'
                     AND kind <> ALL ($3) AND (valid_until IS NULL OR valid_until <= now()))
                 OR (SELECT count(*) FROM scim_control.credentials later
                      WHERE later.tenant_id = $1 AND later.generation > c.generation) >= 64)",
    )
    .bind(tenant.get())
    .bind(i64::from(latest.get()))
    .bind([CredentialKind::Federation.as_str(), CredentialKind::Jwt.as_str()])
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_handled(
    connection: &mut PgConnection,
    tenant: TenantId,
    owner: Owner,
    handled: &HandledAnnotations,
) -> Result<Change, RegistryError> {
    let written = sqlx::query(
        "UPDATE scim_control.tenants SET handled_annotations = $3
          WHERE id = $1 AND owner_uid = $2 AND handled_annotations <> $3",
    )
    .bind(tenant.get())
    .bind(owner.uid)
    .bind(Json(handled))
    .execute(connection)
    .await?;
    Ok(if written.rows_affected() == 0 { Change::Unchanged } else { Change::Written })
}
