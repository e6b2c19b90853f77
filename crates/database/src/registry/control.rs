//! Whether the control schema is as it was made: what a hand or a restore may have changed while an operator ran.

use tenancy::InstallationId;

use crate::error::Error;
use crate::migration;
use crate::registry::{Registry, RegistryError};

/// One row, or an error that says that a table is not there. A list of rights in one call asks whether there is any of them,
/// hence one call each. What is asked for here is what `migrations/control/grants.sql` grants.
const IS_INTACT: &str = "
    SELECT coalesce(
           (SELECT max(version) >= $1 FROM scim_control.migrations)
           AND ($3::text IS NULL OR EXISTS (SELECT FROM scim_control.installations WHERE installation = $3))
           AND has_schema_privilege(r.oid, 'scim_control', 'USAGE')
           AND has_table_privilege(r.oid, 'scim_control.tenants', 'SELECT')
           AND has_table_privilege(r.oid, 'scim_control.credentials', 'SELECT')
           AND has_table_privilege(r.oid, 'scim_control.access_tokens', 'SELECT')
           AND has_column_privilege(r.oid, 'scim_control.credentials', 'first_used_at', 'UPDATE')
           AND has_column_privilege(r.oid, 'scim_control.credentials', 'last_used_at', 'UPDATE')
           AND has_column_privilege(r.oid, 'scim_control.tenants', 'derived_form', 'UPDATE')
           AND has_function_privilege(
                   r.oid, to_regprocedure('scim_control.issue_access_token(bigint, integer, bytea, interval)'), 'EXECUTE'),
           false)
      FROM pg_catalog.pg_roles r WHERE r.rolname = $2";

impl Registry {
    /// Whether the control schema is there in this version or a newer one, the server's role has its rights to it, and the
    /// installation that this registry was [bound](Registry::bind) to is recorded. When not,
    /// [`prepare`](Registry::prepare) makes it so.
    pub async fn control_is_intact(&self) -> Result<bool, RegistryError> {
        let asked = sqlx::query_scalar(IS_INTACT)
            .bind(migration::control_version())
            .bind(self.server_role.as_str())
            .bind(self.binding.installation().map(InstallationId::as_str))
            .fetch_optional(self.database.pool())
            .await;
        match asked.map_err(Error::from) {
            Ok(is_intact) => Ok(is_intact.unwrap_or(false)),
            Err(Error::Missing(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
