//! A tenant comes, changes, goes: registering, configuring, retaining and deleting it.

use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, Transaction};
use tenancy::{Owner, SchemaName, TenantConfiguration, TenantId, TenantKey};
use uuid::Uuid;

use crate::migration::{self, TENANT_SCHEMA_VERSION};
use crate::registry::error::RegistryError;
use crate::registry::registered::{self, RegisteredTenant, State};
use crate::registry::{Change, Registry};
use crate::sql::{self, Names};

impl Registry {
    /// Makes sure that the tenant is registered for this owner with this configuration, active, and that its schema
    /// is there in the newest version: all of it or, in one transaction, nothing.
    ///
    /// Data that was retained, or left by a `ScimTenant` whose finalizer was bypassed, is taken up again with its
    /// tokens when the namespace is the same by UID; else [`RegistryError::OwnedByAnother`].
    pub async fn register(
        &self,
        key: &TenantKey,
        owner: Owner,
        configuration: &TenantConfiguration,
    ) -> Result<RegisteredTenant, RegistryError> {
        if let Some(tenant) = self.settled(key, owner, configuration).await? {
            return Ok(tenant);
        }
        let mut transaction = self.database.begin().await?;
        let origin = insert(&mut transaction, key, owner, configuration).await?;
        take_up(&mut transaction, key, owner, configuration).await?;
        let tenant = read_own(&mut transaction, key).await?;
        if origin == Origin::New && tenant.schema_exists {
            return Err(RegistryError::SchemaTaken(tenant.schema_name()));
        }
        self.prepare_schema(&mut transaction, &tenant).await?;
        let tenant = read_own(&mut transaction, key).await?;
        transaction.commit().await?;
        Ok(tenant)
    }

    /// Stops serving the tenant and keeps its data, for the same namespace to take up again.
    ///
    /// [`Change::Unchanged`] when it is not active or not `owner`'s: there is nothing (left) to do.
    pub async fn retain(&self, tenant: TenantId, owner: Owner) -> Result<Change, RegistryError> {
        let written = sqlx::query(
            "UPDATE scim_control.tenants SET state = 'retained'
              WHERE id = $1 AND owner_uid = $2 AND state = 'active'",
        )
        .bind(tenant.get())
        .bind(owner.uid)
        .execute(self.database.pool())
        .await?;
        Ok(if written.rows_affected() == 0 { Change::Unchanged } else { Change::Written })
    }

    /// Drops the tenant's schema and credentials, and leaves a tombstone for servers to learn of it.
    ///
    /// [`Change::Unchanged`] when it is deleted already or not `owner`'s: there is nothing (left) to do.
    pub async fn delete(&self, tenant: TenantId, owner: Owner) -> Result<Change, RegistryError> {
        let mut transaction = self.database.begin().await?;
        // Credentials first, as in `credential::lock`.
        sqlx::query(
            "DELETE FROM scim_control.credentials c USING scim_control.tenants t
              WHERE c.tenant_id = $1 AND t.id = $1 AND t.owner_uid = $2",
        )
        .bind(tenant.get())
        .bind(owner.uid)
        .execute(&mut *transaction)
        .await?;
        let marked = sqlx::query(
            "UPDATE scim_control.tenants SET state = 'deleted', configuration = '{}', handled_annotations = '{}'
              WHERE id = $1 AND owner_uid = $2 AND state <> 'deleted'",
        )
        .bind(tenant.get())
        .bind(owner.uid)
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

    /// The tenant, if registering it would change nothing. What cannot be read is to be written anew.
    async fn settled(
        &self,
        key: &TenantKey,
        owner: Owner,
        configuration: &TenantConfiguration,
    ) -> Result<Option<RegisteredTenant>, RegistryError> {
        match self.tenant(key).await {
            Ok(tenant) => Ok(tenant.filter(|tenant| is_settled(tenant, owner, configuration))),
            Err(RegistryError::Unreadable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn prepare_schema(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        tenant: &RegisteredTenant,
    ) -> Result<(), RegistryError> {
        let present = tenant.schema_exists.then_some(tenant.schema_version);
        let version = migration::migrate_tenant(transaction, tenant.id, present, &self.server_role).await?;
        sqlx::query(
            "UPDATE scim_control.tenants SET schema_version = $2 WHERE id = $1 AND schema_version <> $2",
        )
        .bind(tenant.id.get())
        .bind(i64::from(version))
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}

fn is_settled(tenant: &RegisteredTenant, owner: Owner, configuration: &TenantConfiguration) -> bool {
    tenant.owner == owner
        && tenant.state == State::Active
        && tenant.configuration == *configuration
        && tenant.schema_exists
        && tenant.schema_version >= TENANT_SCHEMA_VERSION
}

/// Whether a row was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    New,
    Registered,
}

/// Adds the row unless there is one.
async fn insert(
    connection: &mut PgConnection,
    key: &TenantKey,
    owner: Owner,
    configuration: &TenantConfiguration,
) -> Result<Origin, RegistryError> {
    let inserted = sqlx::query(
        "INSERT INTO scim_control.tenants
                (installation, namespace, name, namespace_uid, owner_uid, state, configuration)
         SELECT $1, $2, $3, $4, $5, 'active', $6
          WHERE NOT EXISTS (SELECT FROM scim_control.tenants
                             WHERE installation = $1 AND namespace = $2 AND name = $3 AND state <> 'deleted')
         ON CONFLICT (installation, namespace, name) WHERE state <> 'deleted' DO NOTHING",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .bind(owner.namespace_uid)
    .bind(owner.uid)
    .bind(Json(configuration))
    .execute(connection)
    .await?;
    Ok(if inserted.rows_affected() == 0 { Origin::Registered } else { Origin::New })
}

/// Locks the row and makes it this owner's, if its namespace is the one that it was registered with.
async fn take_up(
    connection: &mut PgConnection,
    key: &TenantKey,
    owner: Owner,
    configuration: &TenantConfiguration,
) -> Result<(), RegistryError> {
    let namespace_uid: Option<Uuid> = sqlx::query_scalar(
        "SELECT namespace_uid FROM scim_control.tenants
          WHERE installation = $1 AND namespace = $2 AND name = $3 AND state <> 'deleted' FOR NO KEY UPDATE",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    if namespace_uid != Some(owner.namespace_uid) {
        return Err(RegistryError::OwnedByAnother(key.clone()));
    }
    sqlx::query(
        "UPDATE scim_control.tenants
            SET owner_uid = $4, state = 'active', configuration = $5::jsonb,
                profile_version = profile_version
                    + CASE WHEN configuration -> 'profile' = $5::jsonb -> 'profile' THEN 0 ELSE 1 END,
                derived_form = CASE WHEN configuration -> 'profile' = $5::jsonb -> 'profile' THEN derived_form END
          WHERE installation = $1 AND namespace = $2 AND name = $3 AND state <> 'deleted'
            AND (owner_uid, state, configuration) IS DISTINCT FROM ($4, 'active', $5::jsonb)",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .bind(owner.uid)
    .bind(Json(configuration))
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads the row that this transaction has locked.
async fn read_own(connection: &mut PgConnection, key: &TenantKey) -> Result<RegisteredTenant, RegistryError> {
    registered::read(connection, key).await?.ok_or_else(|| RegistryError::OwnedByAnother(key.clone()))
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
