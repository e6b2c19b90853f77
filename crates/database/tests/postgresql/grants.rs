//! What the server's role may and may not do.

use database::testing::{TestDatabase, TestTenant, execute};
use sqlx::{Connection, PgConnection};

async fn as_server(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(&database.server_url()).await.unwrap()
}

/// The SQLSTATE that PostgreSQL answers with, or "done". The marker `tenant_N` stands for the tenant's schema.
async fn attempt(connection: &mut PgConnection, tenant: &TestTenant, sql: &str) -> String {
    let sql = sql.replace("tenant_N", tenant.registered.schema_name().as_str());
    match execute(connection, &sql).await {
        Ok(()) => "done".to_owned(),
        Err(sqlx::Error::Database(error)) => error.code().unwrap().into_owned(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_servers_role_may_do_nothing_but_serve() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut connection = as_server(&database).await;
    for sql in [
        // DDL
        "CREATE SCHEMA mine",
        "CREATE TABLE scim_control.mine (id int)",
        "CREATE TABLE tenant_N.mine (id int)",
        "ALTER TABLE tenant_N.users ADD COLUMN mine int",
        "DROP TABLE tenant_N.users",
        "DROP SCHEMA tenant_N CASCADE",
        "TRUNCATE tenant_N.users CASCADE",
        // the registry of tenants
        "INSERT INTO scim_control.tenants (installation, namespace, name, namespace_uid, owner_uid, state, configuration)
         VALUES ('test', 'a', 'b', gen_random_uuid(), gen_random_uuid(), 'active', '{}')",
        "UPDATE scim_control.tenants SET configuration = '{}'",
        "UPDATE scim_control.tenants SET changed = pg_current_xact_id()",
        "DELETE FROM scim_control.tenants",
        "UPDATE scim_control.tenants SET derived_form = 1, state = 'active'",
        // credentials
        "UPDATE scim_control.credentials SET digest = sha256('mine')",
        "UPDATE scim_control.credentials SET revoked_at = NULL",
        "INSERT INTO scim_control.credentials (tenant_id, generation, digest) SELECT id, 9, sha256('mine') FROM scim_control.tenants",
        "DELETE FROM scim_control.credentials",
        "UPDATE scim_control.credentials SET valid_until = NULL",
        "UPDATE scim_control.credentials SET kind = 'clientSecret', trust = NULL",
        // access tokens, but through the function
        "INSERT INTO scim_control.access_tokens (tenant_id, digest, generation, expires_at)
         SELECT id, sha256('mine'), 1, now() + interval '1 year' FROM scim_control.tenants",
        "UPDATE scim_control.access_tokens SET expires_at = now() + interval '1 year'",
        "DELETE FROM scim_control.access_tokens",
        "UPDATE scim_control.tenants SET drop_after = now()",
        // the installation itself
        "SELECT FROM scim_control.installations",
        "UPDATE scim_control.installations SET cluster = gen_random_uuid()",
        "INSERT INTO scim_control.installations VALUES ('test', gen_random_uuid())",
        "CREATE FUNCTION scim_control.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION scim_control.issue_access_token(bigint, integer, bytea, interval) SECURITY INVOKER",
        "SELECT FROM scim_control.migrations",
        "INSERT INTO scim_control.migrations (version) VALUES (99)",
        "ALTER TABLE scim_control.tenants DISABLE TRIGGER ALL",
        "CREATE ROLE mine",
    ] {
        assert_eq!(attempt(&mut connection, &tenant, sql).await, "42501", "{sql}");
    }
}

#[tokio::test]
async fn the_servers_role_may_do_what_serving_needs() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut connection = as_server(&database).await;
    for sql in [
        "SELECT * FROM scim_control.tenants",
        "SELECT * FROM scim_control.credentials",
        "SELECT * FROM scim_control.access_tokens",
        "SELECT scim_control.issue_access_token(1, 1, sha256('a'), interval '1 hour')",
        "UPDATE scim_control.credentials SET first_used_at = now(), last_used_at = now()",
        "UPDATE scim_control.tenants SET derived_form = 1",
        "INSERT INTO tenant_N.users VALUES (gen_random_uuid(), 'a', NULL, true, '{}', '{}', 0, 1, now(), now())",
        "INSERT INTO tenant_N.groups VALUES (gen_random_uuid(), 'a', NULL, '{}', '{}', 0, 1, now(), now())",
        "INSERT INTO tenant_N.group_members SELECT g.id, u.id FROM tenant_N.groups g, tenant_N.users u",
        "INSERT INTO tenant_N.unique_values SELECT 'emails.value', sha256('a'), id FROM tenant_N.users",
        "INSERT INTO tenant_N.removed_users SELECT sha256('a'), id, 1 FROM tenant_N.users",
        "DELETE FROM tenant_N.removed_users",
        "UPDATE tenant_N.users SET active = false",
        "DELETE FROM tenant_N.users",
    ] {
        assert_eq!(attempt(&mut connection, &tenant, sql).await, "done", "{sql}");
    }
}

#[tokio::test]
async fn a_role_without_grants_sees_nothing() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let other = TestDatabase::start_without_registry().await;
    let stranger = database.server_url().replace(database.server_role(), other.server_role());
    let mut connection = PgConnection::connect(&stranger).await.unwrap();
    let issue = "SELECT scim_control.issue_access_token(1, 1, sha256('a'), interval '1 hour')";
    for sql in ["SELECT FROM scim_control.tenants", "SELECT FROM tenant_N.users", issue] {
        assert_eq!(attempt(&mut connection, &tenant, sql).await, "42501", "{sql}");
    }
}

#[tokio::test]
async fn only_the_servers_role_may_call_the_function_that_issues_access_tokens() {
    let database = TestDatabase::start().await;
    let other = TestDatabase::start_without_registry().await;
    let may: Vec<(String, bool)> = sqlx::query_as(
        "SELECT rolname::text, has_function_privilege(oid, p.function, 'EXECUTE')
           FROM pg_roles, (SELECT 'scim_control.issue_access_token(bigint, integer, bytea, interval)'::regprocedure AS function) p
          WHERE rolname = ANY ($1) ORDER BY rolname",
    )
    .bind([database.server_role(), other.server_role()])
    .fetch_all(&mut database.administrator().await)
    .await
    .unwrap();
    for (role, may) in may {
        assert_eq!(may, role == database.server_role(), "{role}");
    }
}
