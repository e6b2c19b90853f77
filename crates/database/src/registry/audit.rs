//! What changed in PostgreSQL without the operator's doing: one statement for all tenants.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};
use tenancy::{InstallationId, Owner, TenantId};

use crate::registry::registered::OwnedRow;
use crate::registry::schema;
use crate::registry::{Registry, RegistryError};
use crate::sql::TABLES;

/// A tenant as an audit finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audited {
    /// The registry's number.
    pub id: TenantId,
    /// The `ScimTenant` it belongs to.
    pub owner: Owner,
    /// The same as long as nothing changed that a status shows or that a hand could have changed: the row, its credentials
    /// and when they were first and last used (the last use to a quarter of an hour), which of them have ended by their time, the
    /// tenant's schema with its tables and the rights to them, and how much was written to users, groups and memberships.
    ///
    /// It means something beside another one of the same operator's version and PostgreSQL only.
    pub fingerprint: u64,
}

/// One statement for all tenants. The name of a schema is that of [`SchemaName::of`](tenancy::SchemaName::of).
///
/// Rights are compared as the texts of their lists, which cost a hundredth of asking for each. What was written to a table is
/// asked of the counters directly: the view over them would join the whole catalogue.
const AUDIT: &str = "
    SELECT t.id, t.namespace_uid, t.owner_uid,
           hash_record_extended(ROW(
               t.namespace, t.name, t.namespace_uid, t.owner_uid, t.state, t.configuration, t.schema_version,
               t.handled_annotations, t.drop_after, credentials.all, n.nspname, n.nspacl::text, parts.all), 0) AS fingerprint
      FROM scim_control.tenants t
      LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = ('tenant_' || t.id)::name
      LEFT JOIN LATERAL
           (SELECT string_agg(ROW(c.generation, c.kind, c.digest, c.principal, c.trust, c.issued_at, c.first_used_at,
                                  date_bin('15 minutes', c.last_used_at, timestamptz 'epoch'), c.revoked_at, c.valid_until,
                                  c.valid_until <= now())::text, ' ' ORDER BY c.generation) AS all
              FROM scim_control.credentials c WHERE c.tenant_id = t.id) credentials ON true
      LEFT JOIN LATERAL
           (SELECT string_agg(part.text, ' ' ORDER BY part.text) AS all
              FROM (SELECT ROW(c.relname, c.relacl,
                               CASE WHEN c.relname = ANY ($3)
                                    THEN pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid)
                                         + pg_stat_get_tuples_deleted(c.oid) END)::text AS text
                      FROM pg_catalog.pg_class c
                     WHERE c.relnamespace = n.oid AND c.relname = ANY ($2::name[]) AND c.relkind IN ('r', 'p')
                     UNION ALL
                    SELECT ROW(p.proname, p.proacl)::text
                      FROM pg_catalog.pg_proc p
                     WHERE p.pronamespace = n.oid AND p.proname = $4::name) part) parts ON true
     WHERE t.installation = $1 AND t.state <> 'deleted'
     ORDER BY t.id";

/// The tables whose writes a status tells of.
const COUNTED: [&str; 3] = ["users", "groups", "group_members"];

impl Registry {
    /// Reads a fingerprint of every tenant of the installation that is not deleted. A row that is gone is not told.
    pub async fn audit(&self, installation: &InstallationId) -> Result<Vec<Audited>, RegistryError> {
        Ok(sqlx::query_as(AUDIT)
            .bind(installation.as_str())
            .bind(TABLES)
            .bind(COUNTED)
            .bind(schema::FUNCTION)
            .fetch_all(self.database.pool())
            .await?)
    }
}

impl FromRow<'_, PgRow> for Audited {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let OwnedRow { id, owner } = OwnedRow::from_row(row)?;
        let fingerprint = row.try_get::<i64, _>("fingerprint")?.cast_unsigned();
        Ok(Self { id, owner, fingerprint })
    }
}
