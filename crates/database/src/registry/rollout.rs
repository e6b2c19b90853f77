//! Bringing the schemas of all tenants up to date, one at a time.

use sqlx::PgConnection;
use tenancy::{InstallationId, TenantId};

use crate::error::Error;
use crate::migration;
use crate::registry::registered::{OwnedRow, parse_number};
use crate::registry::{Registry, RegistryError};

/// How many tenants of a class have a schema of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassSchemas {
    /// The class; empty where the configuration was written by a version that did not say so.
    pub class_name: String,
    /// The version of their schemas.
    pub version: u32,
    /// How many there are.
    pub tenants: u64,
}

/// What became of a tenant's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migration {
    /// It is up to date, or of a newer operator's version.
    Done,
    /// Somebody else works on the tenant, or a request holds one of its tables for long: another time.
    Locked,
    /// There is no such tenant or no such schema any more.
    Gone,
}

impl Registry {
    /// The version that this operator brings schemas to.
    pub fn latest_schema_version(&self) -> u32 {
        self.migrations.latest()
    }

    /// The tenants of the installation, active and retained, whose schema is of an older version, the longest known first.
    /// Those whose schema was dropped by hand are not among them: there is nothing to bring up to date.
    pub async fn outdated(&self, installation: &InstallationId) -> Result<Vec<OwnedRow>, RegistryError> {
        Ok(sqlx::query_as(
            "SELECT t.id, t.namespace_uid, t.owner_uid
               FROM scim_control.tenants t JOIN pg_catalog.pg_namespace n ON n.nspname = ('tenant_' || t.id)::name
              WHERE t.installation = $1 AND t.state <> 'deleted' AND t.schema_version < $2
              ORDER BY t.id",
        )
        .bind(installation.as_str())
        .bind(i64::from(self.migrations.latest()))
        .fetch_all(self.database.pool())
        .await?)
    }

    /// Brings one tenant's schema up to date: all of it or, in one transaction, nothing.
    ///
    /// Nobody is waited for longer than two seconds, so that requests do not queue up behind.
    pub async fn migrate_tenant(&self, tenant: TenantId) -> Result<Migration, RegistryError> {
        match self.try_migrate(tenant).await {
            Err(RegistryError::Database(Error::Contention(_))) => Ok(Migration::Locked),
            result => result,
        }
    }

    /// How many tenants of each class have a schema of which version, active and retained.
    pub async fn schema_versions(
        &self,
        installation: &InstallationId,
    ) -> Result<Vec<ClassSchemas>, RegistryError> {
        let rows: Vec<(String, i32, i64)> = sqlx::query_as(
            "SELECT coalesce(t.configuration ->> 'className', ''), t.schema_version, count(*)
               FROM scim_control.tenants t JOIN pg_catalog.pg_namespace n ON n.nspname = ('tenant_' || t.id)::name
              WHERE t.installation = $1 AND t.state <> 'deleted'
              GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .bind(installation.as_str())
        .fetch_all(self.database.pool())
        .await?;
        rows.into_iter()
            .map(|(class_name, version, tenants)| {
                let version = parse_number("schema version", version)?;
                Ok(ClassSchemas { class_name, version, tenants: tenants.unsigned_abs() })
            })
            .collect()
    }

    async fn try_migrate(&self, tenant: TenantId) -> Result<Migration, RegistryError> {
        let mut transaction = self.begin().await?;
        let locked: Option<(i32, bool)> = sqlx::query_as(
            "SELECT t.schema_version,
                    EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ('tenant_' || t.id)::name)
               FROM scim_control.tenants t WHERE t.id = $1 AND t.state <> 'deleted' FOR UPDATE SKIP LOCKED",
        )
        .bind(tenant.get())
        .fetch_optional(&mut *transaction)
        .await?;
        let version = match locked {
            None if is_registered(&mut transaction, tenant).await? => return Ok(Migration::Locked),
            None | Some((_, false)) => return Ok(Migration::Gone),
            Some((version, true)) => parse_number("schema version", version)?,
        };
        if version < self.migrations.latest() {
            migration::migrate_tenant(
                &mut transaction,
                tenant,
                Some(version),
                &self.migrations,
                &self.server_role,
            )
            .await?;
            transaction.commit().await?;
        }
        Ok(Migration::Done)
    }
}

async fn is_registered(connection: &mut PgConnection, tenant: TenantId) -> Result<bool, RegistryError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM scim_control.tenants WHERE id = $1 AND state <> 'deleted')",
    )
    .bind(tenant.get())
    .fetch_one(connection)
    .await?)
}
