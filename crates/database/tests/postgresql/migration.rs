//! Migrations run at once, twice, with too few rights, and on what the version before has left.

use database::migration::TenantMigrations;
use database::registry::{Registry, RegistryError, SchemaState};
use database::testing::{TestDatabase, configuration, execute, key, owner, token};
use sqlx::types::Json;
use sqlx::{Connection, PgConnection};
use tenancy::{CredentialKind, Generation};

use crate::support::{bearer, loaded, register};

#[tokio::test]
async fn two_operators_may_migrate_at_once_and_again() {
    let database = TestDatabase::start_without_registry().await;
    let (one, two) = tokio::join!(database.registry.migrate(), database.registry.migrate());
    one.unwrap();
    two.unwrap();
    database.registry.migrate().await.unwrap();
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM scim_control.migrations")
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap();
    assert_eq!(applied, 2);
}

#[tokio::test]
async fn a_missing_right_to_create_schemas_is_told_with_the_command_that_grants_it() {
    let database = TestDatabase::start_without_registry().await;
    let role = database.server_role().parse().unwrap();
    let as_server = Registry::new(database.server.clone(), role, TenantMigrations::CURRENT);
    let error = as_server.migrate().await.unwrap_err();
    assert!(matches!(error, RegistryError::MayNotCreateSchemas { .. }));
    assert!(error.to_string().contains("GRANT CREATE ON DATABASE"), "{error}");
}

/// What servers of the version with control migration 1 may do.
const FIRST_GRANTS: &str = "
    GRANT USAGE ON SCHEMA scim_control TO {server_role};
    GRANT SELECT ON scim_control.tenants, scim_control.credentials TO {server_role};
    GRANT UPDATE (first_used_at, last_used_at) ON scim_control.credentials TO {server_role};
    GRANT UPDATE (derived_form) ON scim_control.tenants TO {server_role};";

/// What that version read when it polled.
const FIRST_POLL: &str = "
    SELECT t.id, t.namespace, t.name, t.state, t.configuration, t.profile_version, t.derived_form, c.digests
      FROM scim_control.tenants t LEFT JOIN LATERAL
           (SELECT array_agg(digest ORDER BY generation) AS digests FROM scim_control.credentials
             WHERE tenant_id = t.id) c ON true";

#[tokio::test]
async fn a_registry_of_the_first_version_is_brought_up_to_date_and_its_tokens_work() {
    let database = TestDatabase::start_without_registry().await;
    let mut operator = PgConnection::connect(&database.operator_url()).await.unwrap();
    let of_role = |sql: &str| sql.replace("{server_role}", database.server_role());
    for sql in [
        "CREATE SCHEMA scim_control;
         CREATE TABLE scim_control.migrations
             (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
         INSERT INTO scim_control.migrations VALUES (1)",
        include_str!("../../migrations/control/0001_registry.sql"),
        &of_role(FIRST_GRANTS),
        "CREATE SCHEMA tenant_1",
        &of_schema(include_str!("../../migrations/tenant/0001_resources.sql")),
        &of_role(&of_schema(include_str!("../../migrations/tenant/grants.sql"))),
    ] {
        execute(&mut operator, sql).await.unwrap();
    }
    let (key, owner, token) = (key("acme"), owner(), token());
    let mut first = serde_json::to_value(configuration(&key)).unwrap();
    for newer in ["service", "sourceRanges", "accessTokenSeconds", "className"] {
        first.as_object_mut().unwrap().remove(newer);
    }
    sqlx::query(
        "WITH tenant AS (INSERT INTO scim_control.tenants
                                (installation, namespace, name, namespace_uid, owner_uid, state, configuration, schema_version)
                         VALUES ($1, $2, $3, $4, $5, 'active', $6, 1) RETURNING id)
         INSERT INTO scim_control.credentials (tenant_id, generation, digest) SELECT id, 1, $7 FROM tenant",
    )
    .bind(key.installation.as_str())
    .bind(key.namespace.as_str())
    .bind(key.name.as_str())
    .bind(owner.namespace_uid)
    .bind(owner.uid)
    .bind(Json(first))
    .bind(token.digest().as_bytes().as_slice())
    .execute(&mut operator)
    .await
    .unwrap();

    database.registry.migrate().await.unwrap();
    let tenant = database.registry.tenant(&key).await.unwrap().unwrap();
    let credential = tenant.newest().unwrap();
    assert_eq!((credential.generation, credential.kind), (Generation::FIRST, CredentialKind::BearerToken));
    assert_eq!((credential.digest, credential.valid_until), (token.digest(), None));
    assert_eq!((&tenant.schema, tenant.schema_version), (&SchemaState::Whole, 1));
    let view = loaded(&database).await;
    assert_eq!(bearer(&view, &key.path(), token.expose()).await.unwrap().scope.tenant(), tenant.id);

    let mut server = PgConnection::connect(&database.server_url()).await.unwrap();
    for sql in [FIRST_POLL, "UPDATE scim_control.credentials SET first_used_at = now(), last_used_at = now()"]
    {
        execute(&mut server, sql).await.unwrap();
    }
    // An operator of the first version that goes on for a while.
    let issued =
        "INSERT INTO scim_control.credentials (tenant_id, generation, digest) VALUES (1, 2, sha256('next'))";
    execute(&mut operator, issued).await.unwrap();
    assert!(bearer(&view, &key.path(), "next").await.is_ok());
    register(&database, &key, owner, &configuration(&key)).await.unwrap();
}

/// A migration of tenants for the first one.
fn of_schema(sql: &str) -> String {
    let tables = ["users", "groups", "group_members", "unique_values", "removed_users"];
    tables.iter().fold(sql.replace("{schema}", "tenant_1"), |sql, table| {
        sql.replace(&format!("{{{table}}}"), &format!("tenant_1.{table}"))
    })
}
