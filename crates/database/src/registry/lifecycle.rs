//! A tenant comes, changes and comes back: registering and configuring it.

use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, Transaction};
use tenancy::{Owner, TenantConfiguration, TenantKey};
use uuid::Uuid;

use crate::migration;
use crate::registry::Registry;
use crate::registry::error::RegistryError;
use crate::registry::registered::{self, RegisteredTenant, State};
use crate::registry::schema::SchemaState;

/// Whether data that another namespace left may be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// It may not.
    Refuse,
    /// It may: an administrator says that who has the names now is who had them then.
    Adopt,
}

/// What there was before a tenant was registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nothing.
    New,
    /// The same, possibly with another configuration.
    Registered,
    /// Data that was retained, or that a `ScimTenant` of the same namespace left whose finalizer was bypassed.
    TakenUp,
    /// Data of another namespace of the same name.
    Adopted,
    /// A row without its schema: what the tenant held is lost, and it begins with nothing.
    MadeAnew,
}

impl Registry {
    /// Makes sure that the tenant is registered for this owner with this configuration, active, and that its schema
    /// is there in the newest version, with the rights of the server's role: all of it or, in one transaction, nothing.
    ///
    /// Data that was retained, or left by a `ScimTenant` whose finalizer was bypassed, is taken up again with its
    /// credentials when the namespace is the same by UID. When it is not, [`Foreign`] says whether it is adopted or the call
    /// is refused ([`RegistryError::OwnedByAnother`]). A drop that was planned for later is off. A schema of which a part is
    /// gone is [`RegistryError::SchemaDamaged`].
    pub async fn register(
        &self,
        key: &TenantKey,
        owner: Owner,
        configuration: &TenantConfiguration,
        foreign: Foreign,
    ) -> Result<(RegisteredTenant, Origin), RegistryError> {
        if let Some(tenant) = self.settled(key, owner, configuration).await? {
            return Ok((tenant, Origin::Registered));
        }
        let mut transaction = self.begin().await?;
        let before = claim(&mut transaction, key, owner, configuration, foreign).await?;
        configure(&mut transaction, key, owner, configuration).await?;
        let tenant = self.read_own(&mut transaction, key).await?;
        self.prepare_schema(&mut transaction, &tenant, before).await?;
        let origin = if tenant.schema == SchemaState::Missing && before != Origin::New {
            Origin::MadeAnew
        } else {
            before
        };
        let tenant = self.read_own(&mut transaction, key).await?;
        transaction.commit().await?;
        Ok((tenant, origin))
    }

    /// The tenant, if registering it would change nothing. What cannot be read is to be written anew.
    async fn settled(
        &self,
        key: &TenantKey,
        owner: Owner,
        configuration: &TenantConfiguration,
    ) -> Result<Option<RegisteredTenant>, RegistryError> {
        match self.tenant(key).await {
            Ok(tenant) => Ok(tenant.filter(|tenant| self.is_settled(tenant, owner, configuration))),
            Err(RegistryError::Unreadable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_settled(
        &self,
        tenant: &RegisteredTenant,
        owner: Owner,
        configuration: &TenantConfiguration,
    ) -> bool {
        tenant.owner == owner
            && tenant.state == State::Active
            && tenant.configuration == *configuration
            && tenant.schema == SchemaState::Whole
            && tenant.schema_version >= self.migrations.latest()
            && tenant.drop_after.is_none()
    }

    /// Reads the row that this transaction has locked.
    async fn read_own(
        &self,
        connection: &mut PgConnection,
        key: &TenantKey,
    ) -> Result<RegisteredTenant, RegistryError> {
        let tenant = registered::read(connection, key, &self.server_role).await?;
        tenant.ok_or_else(|| RegistryError::OwnedByAnother(key.clone()))
    }

    async fn prepare_schema(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        tenant: &RegisteredTenant,
        before: Origin,
    ) -> Result<(), RegistryError> {
        let present = match &tenant.schema {
            SchemaState::Missing => None,
            _ if before == Origin::New => return Err(RegistryError::SchemaTaken(tenant.schema_name())),
            SchemaState::Damaged(missing) => {
                let schema = tenant.schema_name();
                return Err(RegistryError::SchemaDamaged { schema, missing: missing.clone() });
            }
            SchemaState::Whole if tenant.schema_version >= self.migrations.latest() => return Ok(()),
            SchemaState::Whole | SchemaState::NotGranted => Some(tenant.schema_version),
        };
        let (migrations, server_role) = (&self.migrations, &self.server_role);
        migration::migrate_tenant(transaction, tenant.id, present, migrations, server_role).await?;
        Ok(())
    }
}

/// Adds the row or locks the one that is there, which must be one that this owner may have.
async fn claim(
    connection: &mut PgConnection,
    key: &TenantKey,
    owner: Owner,
    configuration: &TenantConfiguration,
    foreign: Foreign,
) -> Result<Origin, RegistryError> {
    // A row may be deleted between the attempt to add one and that to lock it; then there is room for a new one.
    for _ in 0..3 {
        if insert(connection, key, owner, configuration).await? {
            return Ok(Origin::New);
        }
        if let Some((present, state)) = lock(connection, key).await? {
            return match (present.namespace_uid == owner.namespace_uid, foreign) {
                (true, _) if present == owner && state == State::Active => Ok(Origin::Registered),
                (true, _) => Ok(Origin::TakenUp),
                (false, Foreign::Adopt) => Ok(Origin::Adopted),
                (false, Foreign::Refuse) => Err(RegistryError::OwnedByAnother(key.clone())),
            };
        }
    }
    Err(RegistryError::OwnedByAnother(key.clone()))
}

/// Whether there was no row, so that it was added.
async fn insert(
    connection: &mut PgConnection,
    key: &TenantKey,
    owner: Owner,
    configuration: &TenantConfiguration,
) -> Result<bool, RegistryError> {
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
    Ok(inserted.rows_affected() > 0)
}

async fn lock(
    connection: &mut PgConnection,
    key: &TenantKey,
) -> Result<Option<(Owner, State)>, RegistryError> {
    let row: Option<(Uuid, Uuid, String)> = sqlx::query_as(
        "SELECT owner_uid, namespace_uid, state FROM scim_control.tenants
          WHERE installation = $1 AND namespace = $2 AND name = $3 AND state <> 'deleted' FOR NO KEY UPDATE",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(|(uid, namespace_uid, state)| {
        Ok((Owner { uid, namespace_uid }, registered::parse_state(&state)?))
    })
    .transpose()
}

/// Makes the row that was claimed say who has it, and what it is served by.
async fn configure(
    connection: &mut PgConnection,
    key: &TenantKey,
    owner: Owner,
    configuration: &TenantConfiguration,
) -> Result<(), RegistryError> {
    sqlx::query(
        "UPDATE scim_control.tenants
            SET namespace_uid = $4, owner_uid = $5, state = 'active', drop_after = NULL, configuration = $6::jsonb,
                profile_version = profile_version
                    + CASE WHEN configuration -> 'profile' = $6::jsonb -> 'profile' THEN 0 ELSE 1 END,
                derived_form = CASE WHEN configuration -> 'profile' = $6::jsonb -> 'profile' THEN derived_form END
          WHERE installation = $1 AND namespace = $2 AND name = $3 AND state <> 'deleted'
            AND (namespace_uid, owner_uid, state, drop_after, configuration)
                IS DISTINCT FROM ($4, $5, 'active', NULL::timestamptz, $6::jsonb)",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .bind(owner.namespace_uid)
    .bind(owner.uid)
    .bind(Json(configuration))
    .execute(connection)
    .await?;
    Ok(())
}
