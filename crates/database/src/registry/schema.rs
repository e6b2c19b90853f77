//! Whether a tenant's schema is as it was made: what a hand or a restore may have changed.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use tenancy::SchemaName;

use crate::registry::error::RegistryError;

/// Whether a tenant's schema is as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// Everything is there, and the server's role may use it.
    Whole,
    /// It is not there: nothing is left of the tenant's users and groups.
    Missing,
    /// It is there without these tables or functions. What is left is not touched.
    Damaged(Vec<String>),
    /// Everything is there, and the server's role lacks rights.
    NotGranted,
}

/// The function in a tenant's schema that servers call.
pub(super) const FUNCTION: &str = "claim_beside_others";

/// Reads the columns `schema_exists`, `missing` and `granted` of [`registered::read`](super::registered::read).
pub(super) fn read_state(row: &PgRow) -> Result<SchemaState, sqlx::Error> {
    let missing: Option<Vec<String>> = row.try_get("missing")?;
    Ok(match (row.try_get("schema_exists")?, missing, row.try_get("granted")?) {
        (false, _, _) => SchemaState::Missing,
        (true, Some(missing), _) => SchemaState::Damaged(missing),
        (true, None, false) => SchemaState::NotGranted,
        (true, None, true) => SchemaState::Whole,
    })
}

/// Whether a schema of this name is there and no tenant's.
pub(super) async fn is_without_row(
    connection: &mut PgConnection,
    schema: &SchemaName,
) -> Result<bool, RegistryError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)
            AND NOT EXISTS (SELECT FROM scim_control.tenants WHERE 'tenant_' || id = $1 AND state <> 'deleted')",
    )
    .bind(schema.as_str())
    .fetch_one(connection)
    .await?)
}
