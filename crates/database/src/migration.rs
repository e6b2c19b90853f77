//! Bringing the control schema and the schemas of tenants up to date, and the rights of the server's role with them.
//!
//! Migrations are numbered SQL files; a file that was released is never edited. Those of tenants are expand/contract:
//! a server of the version before works on the new schema, and the reverse.

use sqlx::{Postgres, Transaction};
use tenancy::{SchemaName, TenantId};

use crate::connection::Database;
use crate::registry::{RegistryError, ServerRole, ensure_roles};
use crate::sql::{self, Names};

/// The control schema's migrations, of which the first takes it to version 1.
const CONTROL: [&str; 2] = [
    include_str!("../migrations/control/0001_registry.sql"),
    include_str!("../migrations/control/0002_credentials.sql"),
];
const CONTROL_GRANTS: &str = include_str!("../migrations/control/grants.sql");
const TENANT_GRANTS: &str = include_str!("../migrations/tenant/grants.sql");

/// The advisory lock that one operator holds while it migrates the control schema: "scim" as a number.
const CONTROL_LOCK: i64 = 0x7363_696d;

/// A tenant schema's migrations, of which the first takes it to version 1.
///
/// An operator has those of its version. They are a value, so that tests can be an operator of a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantMigrations {
    released: &'static [&'static str],
    added: Vec<&'static str>,
}

impl TenantMigrations {
    /// Those of this version.
    pub const CURRENT: Self =
        Self { released: &[include_str!("../migrations/tenant/0001_resources.sql")], added: Vec::new() };

    /// The same and one more: SQL in which `{schema}`, `{users}` and the other tables stand for the tenant's.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with(mut self, migration: &'static str) -> Self {
        self.added.push(migration);
        self
    }

    /// The version of a schema that all of them were applied to.
    #[expect(clippy::cast_possible_truncation, reason = "a handful of files")]
    pub fn latest(&self) -> u32 {
        (self.released.len() + self.added.len()) as u32
    }

    /// Those that a schema of version `applied` lacks.
    fn after(&self, applied: u32) -> impl Iterator<Item = &'static str> {
        let all = self.released.iter().chain(&self.added).copied();
        all.skip(usize::try_from(applied).unwrap_or(usize::MAX))
    }
}

/// The version of a control schema that all of its migrations were applied to.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a handful of files")]
pub(crate) const fn control_version() -> i32 {
    CONTROL.len() as i32
}

/// Applies what is missing in the control schema, as one transaction, and gives the server's role its rights.
pub(crate) async fn migrate_control(
    database: &Database,
    server_role: &ServerRole,
) -> Result<(), RegistryError> {
    let mut transaction = database.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CONTROL_LOCK).execute(&mut *transaction).await?;
    ensure_roles(&mut transaction, server_role).await?;
    let others = [("server_role", server_role.as_str())];
    let names = Names { schema: None, others: &others };
    for statement in [
        "CREATE SCHEMA IF NOT EXISTS scim_control",
        "CREATE TABLE IF NOT EXISTS scim_control.migrations
             (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    let applied: i64 =
        sqlx::query_scalar("SELECT coalesce(max(version), 0)::bigint FROM scim_control.migrations")
            .fetch_one(&mut *transaction)
            .await?;
    for (version, migration) in (1_i64..).zip(CONTROL).filter(|(version, _)| *version > applied) {
        sqlx::raw_sql(sql::script(migration, names)).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO scim_control.migrations (version) VALUES ($1)")
            .bind(version)
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::raw_sql(sql::script(CONTROL_GRANTS, names)).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes a tenant's schema if there is none (`present` is `None`), applies what is missing, and gives the server's
/// role its rights. Returns the version that the schema has then: a newer operator's is left as it is.
///
/// A request that holds a table for long is not waited for: whoever waits to change a table keeps all requests behind
/// from it. [`Error::Contention`](crate::Error::Contention) then.
pub(crate) async fn migrate_tenant(
    transaction: &mut Transaction<'static, Postgres>,
    tenant: TenantId,
    present: Option<u32>,
    migrations: &TenantMigrations,
    server_role: &ServerRole,
) -> Result<u32, RegistryError> {
    let schema = SchemaName::of(tenant);
    let others = [("server_role", server_role.as_str())];
    let names = Names { schema: Some(&schema), others: &others };
    run(transaction, "SET LOCAL lock_timeout = '2s'", names).await?;
    if present.is_none() {
        run(transaction, "CREATE SCHEMA {schema}", names).await?;
    }
    let applied = present.unwrap_or(0);
    for migration in migrations.after(applied) {
        run(transaction, migration, names).await?;
    }
    run(transaction, TENANT_GRANTS, names).await?;
    let version = applied.max(migrations.latest());
    sqlx::query("UPDATE scim_control.tenants SET schema_version = $2 WHERE id = $1 AND schema_version <> $2")
        .bind(tenant.get())
        .bind(i64::from(version))
        .execute(&mut **transaction)
        .await?;
    Ok(version)
}

async fn run(
    transaction: &mut Transaction<'static, Postgres>,
    template: &'static str,
    names: Names<'_>,
) -> Result<(), RegistryError> {
    sqlx::raw_sql(sql::script(template, names)).execute(&mut **transaction).await?;
    Ok(())
}
