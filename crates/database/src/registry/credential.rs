//! Issuing and revoking tokens. The registry gets digests only.

use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, Transaction};
use tenancy::{Generation, Owner, TenantId, TokenDigest};

use crate::registry::error::RegistryError;
use crate::registry::registered::parse_number;
use crate::registry::{Change, HandledAnnotations, Registry};

/// Why a token is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issue {
    /// The tenant has none that is not revoked. Refused when it has.
    First,
    /// It takes the place of the current one, which works until the new one is used.
    Replacement,
}

impl Registry {
    /// Makes a token valid, before anybody is told of it, and notes the annotations that this call acts on, as one
    /// transaction.
    ///
    /// [`RegistryError::NotOwned`] when the tenant is not `owner`'s, [`RegistryError::AlreadyIssued`] for
    /// [`Issue::First`] of a tenant that has a token.
    pub async fn issue_token(
        &self,
        tenant: TenantId,
        owner: Owner,
        digest: &TokenDigest,
        issue: Issue,
        handled: &HandledAnnotations,
    ) -> Result<Generation, RegistryError> {
        let mut transaction = self.database.begin().await?;
        lock(&mut transaction, tenant, owner).await?;
        let (latest, any_works) = standing(&mut transaction, tenant).await?;
        if issue == Issue::First && any_works {
            return Err(RegistryError::AlreadyIssued(tenant));
        }
        if let Some(latest) = latest {
            forget_old(&mut transaction, tenant, latest).await?;
        }
        let generation = latest.map_or(Generation::FIRST, Generation::next);
        sqlx::query(
            "INSERT INTO scim_control.credentials (tenant_id, generation, digest) VALUES ($1, $2, $3)",
        )
        .bind(tenant.get())
        .bind(i64::from(generation.get()))
        .bind(digest.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await?;
        write_handled(&mut transaction, tenant, owner, handled).await?;
        transaction.commit().await?;
        Ok(generation)
    }

    /// Ends every token of the tenant now, and notes the annotations that this call acts on, as one transaction.
    ///
    /// [`RegistryError::NotOwned`] when the tenant is not `owner`'s.
    pub async fn revoke(
        &self,
        tenant: TenantId,
        owner: Owner,
        handled: &HandledAnnotations,
    ) -> Result<Change, RegistryError> {
        let mut transaction = self.database.begin().await?;
        lock(&mut transaction, tenant, owner).await?;
        let revoked = revoke_all(&mut transaction, tenant).await?;
        let noted = write_handled(&mut transaction, tenant, owner, handled).await?;
        transaction.commit().await?;
        let is_settled = revoked == Change::Unchanged && noted == Change::Unchanged;
        Ok(if is_settled { Change::Unchanged } else { Change::Written })
    }
}

/// Locks the credentials and then the tenant, in the order in which a server's note of a first use does (its trigger
/// writes the tenant), so that the two never wait for each other.
async fn lock(
    transaction: &mut Transaction<'static, Postgres>,
    tenant: TenantId,
    owner: Owner,
) -> Result<(), RegistryError> {
    sqlx::query("SELECT FROM scim_control.credentials WHERE tenant_id = $1 ORDER BY generation FOR UPDATE")
        .bind(tenant.get())
        .execute(&mut **transaction)
        .await?;
    let row = sqlx::query(
        "SELECT FROM scim_control.tenants
          WHERE id = $1 AND owner_uid = $2 AND state = 'active' FOR NO KEY UPDATE",
    )
    .bind(tenant.get())
    .bind(owner.uid)
    .fetch_optional(&mut **transaction)
    .await?;
    row.map(|_| ()).ok_or(RegistryError::NotOwned(tenant))
}

/// The latest generation, and whether any token is not revoked.
async fn standing(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<(Option<Generation>, bool), RegistryError> {
    let (latest, any_works): (Option<i32>, bool) = sqlx::query_as(
        "SELECT max(generation), count(*) FILTER (WHERE revoked_at IS NULL) > 0
           FROM scim_control.credentials WHERE tenant_id = $1",
    )
    .bind(tenant.get())
    .fetch_one(connection)
    .await?;
    let latest = latest.map(|number| parse_number("generation", number)).transpose()?;
    Ok((latest.map(Generation::new), any_works))
}

async fn revoke_all(connection: &mut PgConnection, tenant: TenantId) -> Result<Change, RegistryError> {
    let revoked = sqlx::query(
        "UPDATE scim_control.credentials SET revoked_at = now() WHERE tenant_id = $1 AND revoked_at IS NULL",
    )
    .bind(tenant.get())
    .execute(connection)
    .await?;
    Ok(if revoked.rows_affected() == 0 { Change::Unchanged } else { Change::Written })
}

/// Forgets the tokens that nobody used within an hour, but for the latest, which becomes the one before; and those that
/// ended (revoked, or by the use of a later one) a month ago. The latest always stays, so that generations only grow.
async fn forget_old(
    connection: &mut PgConnection,
    tenant: TenantId,
    latest: Generation,
) -> Result<(), RegistryError> {
    sqlx::query(
        "DELETE FROM scim_control.credentials c
          WHERE tenant_id = $1 AND generation < $2
            AND ((first_used_at IS NULL AND revoked_at IS NULL AND issued_at < now() - interval '1 hour')
                 OR revoked_at < now() - interval '30 days'
                 OR EXISTS (SELECT FROM scim_control.credentials later
                             WHERE later.tenant_id = $1 AND later.generation > c.generation
                               AND later.first_used_at < now() - interval '30 days'))",
    )
    .bind(tenant.get())
    .bind(i64::from(latest.get()))
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
