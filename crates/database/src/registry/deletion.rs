//! A tenant goes: at once or after a while in which it can be undone, with its data or without.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::PgConnection;
use tenancy::{InstallationId, Owner, SchemaName, TenantId};

use crate::SqlTimestamp;
use crate::registry::error::RegistryError;
use crate::registry::registered::OwnedRow;
use crate::registry::{Change, Registry};
use crate::sql::{self, Names};

/// Longest delay, in seconds: within what PostgreSQL can add to a time.
const LONGEST_DELAY: f64 = 10.0 * 366.0 * 86_400.0;

/// Which rows may be deleted.
#[derive(Debug, Clone, Copy)]
enum Condition {
    /// That of this `ScimTenant`, whatever its state.
    Owned(Owner),
    /// A retained one whose time has come.
    Due,
}

impl Registry {
    /// Stops serving the tenant and keeps its data, for the same namespace to take up again. It stays also where it was to be
    /// dropped after a while: who says Retain while a deletion is half done is heard.
    ///
    /// [`Change::Unchanged`] when that is so already, or it is not `owner`'s: there is nothing (left) to do.
    pub async fn retain(&self, tenant: TenantId, owner: Owner) -> Result<Change, RegistryError> {
        let mut transaction = self.begin().await?;
        let written = sqlx::query(
            "UPDATE scim_control.tenants SET state = 'retained', drop_after = NULL
              WHERE id = $1 AND owner_uid = $2
                AND (state = 'active' OR (state = 'retained' AND drop_after IS NOT NULL))",
        )
        .bind(tenant.get())
        .bind(owner.uid)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(if written.rows_affected() == 0 { Change::Unchanged } else { Change::Written })
    }

    /// Stops serving the tenant and keeps its data for this time, by PostgreSQL's clock, after which
    /// [`drop_due`](Self::drop_due) drops it. Whoever takes it up again before that undoes it.
    ///
    /// Answers with the time; asked again, with the same. `None` when it is deleted or not `owner`'s.
    pub async fn retain_until(
        &self,
        tenant: TenantId,
        owner: Owner,
        delay: Duration,
    ) -> Result<Option<Timestamp>, RegistryError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE scim_control.tenants
                SET state = 'retained', drop_after = coalesce(drop_after, now() + make_interval(secs => $3))
              WHERE id = $1 AND owner_uid = $2
                AND (state = 'active' OR (state = 'retained' AND drop_after IS NULL))",
        )
        .bind(tenant.get())
        .bind(owner.uid)
        .bind(delay.as_secs_f64().min(LONGEST_DELAY))
        .execute(&mut *transaction)
        .await?;
        let drop_after: Option<SqlTimestamp> = sqlx::query_scalar(
            "SELECT drop_after FROM scim_control.tenants
              WHERE id = $1 AND owner_uid = $2 AND state = 'retained'",
        )
        .bind(tenant.get())
        .bind(owner.uid)
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(drop_after.map(SqlTimestamp::to_jiff))
    }

    /// Drops the tenant's schema and credentials, and leaves a tombstone for servers to learn of it.
    ///
    /// [`Change::Unchanged`] when it is deleted already or not `owner`'s: there is nothing (left) to do.
    pub async fn delete(&self, tenant: TenantId, owner: Owner) -> Result<Change, RegistryError> {
        self.delete_where(tenant, Condition::Owned(owner)).await
    }

    /// Deletes the retained tenants of the installation whose time has come, each in a transaction of its own, and answers
    /// with those. What cannot be dropped now is logged, and is due again next time.
    pub async fn drop_due(&self, installation: &InstallationId) -> Result<Vec<OwnedRow>, RegistryError> {
        let due: Vec<OwnedRow> = sqlx::query_as(
            "SELECT id, namespace_uid, owner_uid FROM scim_control.tenants
              WHERE installation = $1 AND state = 'retained' AND drop_after <= now() ORDER BY drop_after, id",
        )
        .bind(installation.as_str())
        .fetch_all(self.database.pool())
        .await?;
        let mut dropped = Vec::new();
        for row in due {
            match self.delete_where(row.id, Condition::Due).await {
                Ok(Change::Written) => dropped.push(row),
                Ok(Change::Unchanged) => {}
                Err(error @ RegistryError::InstallationTaken { .. }) => return Err(error),
                Err(error) => tracing::warn!(
                    tenant = %row.id,
                    error = &error as &dyn std::error::Error,
                    "a tenant whose time has come cannot be dropped"
                ),
            }
        }
        Ok(dropped)
    }

    async fn delete_where(&self, tenant: TenantId, condition: Condition) -> Result<Change, RegistryError> {
        let owner = match condition {
            Condition::Owned(owner) => Some(owner.uid),
            Condition::Due => None,
        };
        let mut transaction = self.begin().await?;
        // Credentials first, as in `issuance::lock`. If the row is another one's by the time that it is marked, nothing of
        // this happens.
        sqlx::query(
            "DELETE FROM scim_control.credentials c USING scim_control.tenants t
              WHERE c.tenant_id = $1 AND t.id = $1
                AND (t.owner_uid = $2 OR ($2 IS NULL AND t.state = 'retained' AND t.drop_after <= now()))",
        )
        .bind(tenant.get())
        .bind(owner)
        .execute(&mut *transaction)
        .await?;
        let marked = sqlx::query(
            "UPDATE scim_control.tenants
                SET state = 'deleted', configuration = '{}', handled_annotations = '{}', drop_after = NULL
              WHERE id = $1 AND state <> 'deleted'
                AND (owner_uid = $2 OR ($2 IS NULL AND state = 'retained' AND drop_after <= now()))",
        )
        .bind(tenant.get())
        .bind(owner)
        .execute(&mut *transaction)
        .await?;
        if marked.rows_affected() == 0 {
            return Ok(Change::Unchanged);
        }
        let schema = SchemaName::of(tenant);
        let drop = sql::script("DROP SCHEMA IF EXISTS {schema} CASCADE", Names::of_schema(&schema));
        sqlx::raw_sql(drop).execute(&mut *transaction).await?;
        purge_tombstones(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Change::Written)
    }
}

/// Servers that were cut off for longer read the whole registry when they are back.
async fn purge_tombstones(connection: &mut PgConnection) -> Result<(), RegistryError> {
    sqlx::query(
        "DELETE FROM scim_control.tenants WHERE state = 'deleted' AND changed_at < now() - interval '1 day'",
    )
    .execute(connection)
    .await?;
    Ok(())
}
