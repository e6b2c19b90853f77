//! A tenant as the registry holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, Row};
use tenancy::{InstallationId, Owner, SchemaName, TenantConfiguration, TenantId, TenantKey};

use crate::SqlTimestamp;
use crate::registry::credential::{self, Credential};
use crate::registry::error::RegistryError;
use crate::registry::role::ServerRole;
use crate::registry::schema::{self, SchemaState};
use crate::registry::validity;
use crate::sql::TABLES;

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
    /// Whether its schema is as it was made.
    pub schema: SchemaState,
    /// The annotations that were acted on.
    pub handled: HandledAnnotations,
    /// What was issued, the oldest first, but for what was never used or ended long ago.
    pub credentials: Vec<Credential>,
    /// PostgreSQL's time when this was read, by which everything about validity is decided.
    pub now: Timestamp,
    /// When its data is dropped, if it is retained until then only.
    pub drop_after: Option<Timestamp>,
}

impl RegisteredTenant {
    /// Where its users and groups are.
    pub fn schema_name(&self) -> SchemaName {
        SchemaName::of(self.id)
    }

    /// Which row it is, and whose.
    pub fn row(&self) -> OwnedRow {
        OwnedRow { id: self.id, owner: self.owner }
    }

    /// The credentials that work [`now`](Self::now), the oldest first.
    pub fn working(&self) -> impl Iterator<Item = &Credential> {
        let newest_used = validity::newest_used(self.credentials.iter().map(Credential::rung));
        self.credentials.iter().filter(move |credential| credential.rung().works(newest_used, self.now))
    }

    /// The credential that was issued last, if it works [`now`](Self::now).
    pub fn newest(&self) -> Option<&Credential> {
        let latest = self.credentials.last()?.generation;
        self.working().last().filter(|credential| credential.generation == latest)
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
    /// Its `ScimTenant` is gone; schema and credentials are kept, and servers let nobody in.
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

/// One statement for the row and the schema that belongs to it. A schema's name is that of [`SchemaName::of`]. A list of
/// rights in one call asks whether there is any of them, hence one call each. Nothing here needs a right to the schema, which
/// may be somebody else's.
const READ: &str = "
    SELECT t.id, t.namespace_uid, t.owner_uid, t.state, t.configuration, t.schema_version, t.handled_annotations,
           t.drop_after, clock_timestamp() AS now,
           n.oid IS NOT NULL AS schema_exists, parts.missing,
           coalesce(parts.granted AND has_schema_privilege(r.oid, n.oid, 'USAGE'), false) AS granted
      FROM scim_control.tenants t
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = ('tenant_' || t.id)::name
      LEFT JOIN pg_catalog.pg_roles r ON r.rolname = $4
      LEFT JOIN LATERAL
           (SELECT array_agg(name) FILTER (WHERE part.oid IS NULL) AS missing, bool_and(part.granted) AS granted
              FROM (SELECT expected.name, c.oid,
                           has_table_privilege(r.oid, c.oid, 'SELECT') AND has_table_privilege(r.oid, c.oid, 'INSERT')
                           AND has_table_privilege(r.oid, c.oid, 'UPDATE') AND has_table_privilege(r.oid, c.oid, 'DELETE')
                           AS granted
                      FROM unnest($5::text[]) AS expected (name)
                      LEFT JOIN pg_catalog.pg_class c
                        ON c.relnamespace = n.oid AND c.relname = expected.name::name AND c.relkind IN ('r', 'p')
                     UNION ALL
                    SELECT expected.name, p.oid, has_function_privilege(r.oid, p.oid, 'EXECUTE')
                      FROM (SELECT $6::text AS name) expected
                      LEFT JOIN pg_catalog.pg_proc p
                        ON p.pronamespace = n.oid AND p.proname = expected.name::name) part
           ) parts ON true
     WHERE t.installation = $1 AND t.namespace = $2 AND t.name = $3 AND t.state <> 'deleted'";

/// Reads the row under this key that is not deleted.
pub(super) async fn read(
    connection: &mut PgConnection,
    key: &TenantKey,
    server_role: &ServerRole,
) -> Result<Option<RegisteredTenant>, RegistryError> {
    let row = sqlx::query(READ)
        .bind(key.installation.as_str())
        .bind(key.namespace.as_str())
        .bind(key.name.as_str())
        .bind(server_role.as_str())
        .bind(TABLES)
        .bind(schema::FUNCTION)
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
        schema: schema::read_state(&row)?,
        handled,
        credentials: credential::read(connection, id).await?,
        now: row.try_get::<SqlTimestamp, _>("now")?.to_jiff(),
        drop_after: row.try_get::<Option<SqlTimestamp>, _>("drop_after")?.map(SqlTimestamp::to_jiff),
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

pub(super) fn parse_state(text: &str) -> Result<State, RegistryError> {
    match text {
        "active" => Ok(State::Active),
        "retained" => Ok(State::Retained),
        other => Err(RegistryError::unreadable("state", other)),
    }
}

pub(super) fn parse_number(what: &'static str, number: i32) -> Result<u32, RegistryError> {
    u32::try_from(number).map_err(|error| RegistryError::unreadable(what, error))
}
