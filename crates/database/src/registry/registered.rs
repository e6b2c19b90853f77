//! A tenant as the registry holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Row};
use tenancy::{
    Generation, InstallationId, Owner, SchemaName, TenantConfiguration, TenantId, TenantKey, TokenDigest,
};

use crate::SqlTimestamp;
use crate::registry::error::RegistryError;

/// A row of the registry with its credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredTenant {
    /// The registry's number.
    pub id: TenantId,
    /// The `ScimTenant` it belongs to.
    pub owner: Owner,
    /// Whether it is served.
    pub state: State,
    /// What servers serve it by.
    pub configuration: TenantConfiguration,
    /// The version of its schema; see `migrations/tenant`.
    pub schema_version: u32,
    /// Whether its schema is there. It is not when somebody dropped it by hand.
    pub schema_exists: bool,
    /// The annotations that were acted on.
    pub handled: HandledAnnotations,
    /// The tokens that were issued, the oldest first, but for those that were never used or ended long ago.
    pub credentials: Vec<Credential>,
}

impl RegisteredTenant {
    /// Where its users and groups are.
    pub fn schema_name(&self) -> SchemaName {
        SchemaName::of(self.id)
    }
}

/// Which row belongs to whom: what can be told of any row, even of one whose configuration cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedRow {
    /// The registry's number.
    pub id: TenantId,
    /// The `ScimTenant` it belongs to.
    pub owner: Owner,
}

impl OwnedRow {
    /// Where the tenant's users and groups are.
    pub fn schema_name(&self) -> SchemaName {
        SchemaName::of(self.id)
    }
}

impl FromRow<'_, PgRow> for OwnedRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: TenantId::new(row.try_get("id")?),
            owner: Owner { uid: row.try_get("owner_uid")?, namespace_uid: row.try_get("namespace_uid")? },
        })
    }
}

/// Whether a registered tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Servers answer for it.
    Active,
    /// Its `ScimTenant` is gone; schema and credentials are kept, and servers refuse its tokens.
    Retained,
}

/// Values of annotations that were acted on, so that each acts once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HandledAnnotations {
    /// `scim-operator.io/rotate-token`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate_token: Option<String>,
    /// `scim-operator.io/revoke-tokens`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke_tokens: Option<String>,
}

/// What the registry knows of one token. The token works while it is not revoked and no later one was ever used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Which of the tenant's tokens.
    pub generation: Generation,
    /// To recognise the token by.
    pub digest: TokenDigest,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it was first presented, which ended the older ones.
    pub first_used_at: Option<Timestamp>,
    /// When it was last presented, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was ended by decision.
    pub revoked_at: Option<Timestamp>,
}

/// Reads the row under this key that is not deleted.
pub(super) async fn read(
    connection: &mut PgConnection,
    key: &TenantKey,
) -> Result<Option<RegisteredTenant>, RegistryError> {
    let row = sqlx::query(
        "SELECT id, namespace_uid, owner_uid, state, configuration, schema_version, handled_annotations
           FROM scim_control.tenants
          WHERE installation = $1 AND namespace = $2 AND name = $3 AND state <> 'deleted'",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let id = TenantId::new(row.try_get("id")?);
    let Json(configuration) =
        row.try_get("configuration").map_err(|error| RegistryError::unreadable("configuration", error))?;
    let Json(handled) = row
        .try_get("handled_annotations")
        .map_err(|error| RegistryError::unreadable("set of handled annotations", error))?;
    Ok(Some(RegisteredTenant {
        id,
        owner: Owner { uid: row.try_get("owner_uid")?, namespace_uid: row.try_get("namespace_uid")? },
        state: parse_state(row.try_get("state")?)?,
        configuration,
        schema_version: parse_number("schema version", row.try_get("schema_version")?)?,
        schema_exists: schema_exists(connection, &SchemaName::of(id)).await?,
        handled,
        credentials: read_credentials(connection, id).await?,
    }))
}

/// Reads to whom the row under this key belongs, if there is one that is not deleted.
pub(super) async fn read_owner(
    connection: &mut PgConnection,
    key: &TenantKey,
) -> Result<Option<OwnedRow>, RegistryError> {
    Ok(sqlx::query_as(
        "SELECT id, namespace_uid, owner_uid FROM scim_control.tenants
          WHERE installation = $1 AND namespace = $2 AND name = $3 AND state <> 'deleted'",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .fetch_optional(connection)
    .await?)
}

/// Reads to whom the active rows of an installation belong.
pub(super) async fn read_active(
    connection: &mut PgConnection,
    installation: &InstallationId,
) -> Result<Vec<OwnedRow>, RegistryError> {
    Ok(sqlx::query_as(
        "SELECT id, namespace_uid, owner_uid FROM scim_control.tenants
          WHERE installation = $1 AND state = 'active' ORDER BY id",
    )
    .bind(installation.as_str())
    .fetch_all(connection)
    .await?)
}

/// Whether a schema of this name is there, whoever owns it.
pub(super) async fn schema_exists(
    connection: &mut PgConnection,
    schema: &SchemaName,
) -> Result<bool, RegistryError> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)")
        .bind(schema.as_str())
        .fetch_one(connection)
        .await?)
}

async fn read_credentials(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<Vec<Credential>, RegistryError> {
    let rows = sqlx::query(
        "SELECT generation, digest, issued_at, first_used_at, last_used_at, revoked_at
           FROM scim_control.credentials WHERE tenant_id = $1 ORDER BY generation",
    )
    .bind(tenant.get())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let moment = |column| -> Result<Option<Timestamp>, sqlx::Error> {
                Ok(row.try_get::<Option<SqlTimestamp>, _>(column)?.map(SqlTimestamp::to_jiff))
            };
            Ok(Credential {
                generation: Generation::new(parse_number("generation", row.try_get("generation")?)?),
                digest: TokenDigest::try_from(row.try_get::<&[u8], _>("digest")?)
                    .map_err(|error| RegistryError::unreadable("digest", error))?,
                issued_at: row.try_get::<SqlTimestamp, _>("issued_at")?.to_jiff(),
                first_used_at: moment("first_used_at")?,
                last_used_at: moment("last_used_at")?,
                revoked_at: moment("revoked_at")?,
            })
        })
        .collect()
}

fn parse_state(text: &str) -> Result<State, RegistryError> {
    match text {
        "active" => Ok(State::Active),
        "retained" => Ok(State::Retained),
        other => Err(RegistryError::unreadable("state", other)),
    }
}

pub(super) fn parse_number(what: &'static str, number: i32) -> Result<u32, RegistryError> {
    u32::try_from(number).map_err(|error| RegistryError::unreadable(what, error))
}
