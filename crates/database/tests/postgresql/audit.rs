//! One statement finds what changed in PostgreSQL, and nothing else.

use std::time::Duration;

use database::registry::Audited;
use database::testing::{TestDatabase, TestTenant, configuration, execute, owner};
use sqlx::{Connection, PgConnection};
use tenancy::TenantId;

use crate::support::{REPLACEMENT, issue, loaded, register, revoke, run, within};

/// What is counted is told by a session when it ends, at the latest.
async fn as_server(database: &TestDatabase, tenant: &TestTenant, sql: &str) {
    let mut connection = PgConnection::connect(&database.server_url()).await.unwrap();
    let sql = sql.replace("tenant_N", tenant.registered.schema_name().as_str());
    execute(&mut connection, &sql).await.unwrap();
    connection.close().await.unwrap();
}

async fn fingerprint(database: &TestDatabase, tenant: &TestTenant) -> Option<u64> {
    let audited = database.registry.audit(&tenant.key.installation).await.unwrap();
    let found = audited.iter().find(|audited| audited.id == tenant.registered.id);
    found.map(|audited| audited.fingerprint)
}

#[tokio::test]
async fn every_change_is_noticed_for_its_tenant_and_for_no_other() {
    let database = TestDatabase::start().await;
    let (tenant, other) = (database.tenant().await, database.tenant().await);
    issue(&database, &tenant, REPLACEMENT).await;
    let untouched = fingerprint(&database, &other).await;
    let role = database.server_role();
    let by_hand = [
        r#"UPDATE scim_control.tenants SET configuration = jsonb_set(configuration, '{displayName}', '"Edited"') WHERE id = $id"#,
        "UPDATE scim_control.tenants SET state = 'retained' WHERE id = $id",
        "UPDATE scim_control.tenants SET drop_after = now() WHERE id = $id",
        "UPDATE scim_control.tenants SET owner_uid = gen_random_uuid() WHERE id = $id",
        "UPDATE scim_control.tenants SET schema_version = 0 WHERE id = $id",
        "UPDATE scim_control.tenants SET handled_annotations = '{\"rotateToken\": \"edited\"}' WHERE id = $id",
        "UPDATE scim_control.credentials SET digest = sha256('edited') WHERE tenant_id = $id AND generation = 1",
        "UPDATE scim_control.credentials SET kind = 'basic', principal = 'scim' WHERE tenant_id = $id AND generation = 1",
        "UPDATE scim_control.credentials SET revoked_at = now() WHERE tenant_id = $id AND generation = 1",
        "UPDATE scim_control.credentials SET valid_until = now() + interval '1 hour' WHERE tenant_id = $id AND generation = 1",
        "UPDATE scim_control.credentials SET last_used_at = now() WHERE tenant_id = $id AND generation = 1",
        "DELETE FROM scim_control.credentials WHERE tenant_id = $id AND generation = 1",
        "DROP TABLE tenant_N.removed_users",
        "ALTER TABLE tenant_N.group_members RENAME TO members",
        "DROP FUNCTION tenant_N.claim_beside_others(text, bytea, uuid)",
        "DROP SCHEMA tenant_N CASCADE",
    ];
    let revokes = [
        format!("REVOKE DELETE ON tenant_N.users FROM {role}"),
        format!("REVOKE USAGE ON SCHEMA tenant_N FROM {role}"),
        format!("REVOKE EXECUTE ON FUNCTION tenant_N.claim_beside_others(text, bytea, uuid) FROM {role}"),
    ];
    for change in revokes.iter().map(String::as_str).chain(by_hand) {
        let before = fingerprint(&database, &tenant).await.unwrap();
        run(&database, &tenant, change).await;
        assert_ne!(fingerprint(&database, &tenant).await, Some(before), "{change}");
    }
    assert_eq!(fingerprint(&database, &other).await, untouched);
    run(&database, &tenant, "UPDATE scim_control.tenants SET state = 'deleted' WHERE id = $id").await;
    assert_eq!(fingerprint(&database, &tenant).await, None);
}

#[tokio::test]
async fn what_servers_write_is_noticed() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    for write in [
        "INSERT INTO tenant_N.users VALUES (gen_random_uuid(), 'a', NULL, true, '{}', '{}', 0, 1, now(), now())",
        "INSERT INTO tenant_N.groups VALUES (gen_random_uuid(), 'a', NULL, '{}', '{}', 0, 1, now(), now())",
        "INSERT INTO tenant_N.group_members SELECT g.id, u.id FROM tenant_N.groups g, tenant_N.users u",
        "UPDATE tenant_N.users SET active = false",
        "DELETE FROM tenant_N.group_members",
        "DELETE FROM tenant_N.users",
    ] {
        let before = fingerprint(&database, &tenant).await;
        as_server(&database, &tenant, write).await;
        within(Duration::from_secs(5), async || fingerprint(&database, &tenant).await != before).await;
    }
    let view = loaded(&database).await;
    let before = fingerprint(&database, &tenant).await;
    crate::support::admits(&view, &tenant, &tenant.token).await;
    view.run(std::future::ready(())).await;
    assert_ne!(fingerprint(&database, &tenant).await, before, "the token was used");
}

#[tokio::test]
async fn the_first_use_is_noticed_at_once_and_a_later_one_each_quarter_of_an_hour() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let unused = fingerprint(&database, &tenant).await;
    let used = "UPDATE scim_control.credentials SET first_used_at = '2026-11-22 12:14:59Z', last_used_at = '2026-11-22 12:14:59Z'";
    run(&database, &tenant, used).await;
    let first = fingerprint(&database, &tenant).await;
    assert_ne!(first, unused);
    for (at, is_noticed) in [("12:14:00", false), ("12:15:00", true), ("12:29:59", false), ("12:30:00", true)]
    {
        let before = fingerprint(&database, &tenant).await;
        let sql = format!("UPDATE scim_control.credentials SET last_used_at = '2026-11-22 {at}Z'");
        run(&database, &tenant, &sql).await;
        assert_eq!(fingerprint(&database, &tenant).await != before, is_noticed, "{at}");
    }
}

#[tokio::test]
async fn a_credential_that_ends_by_its_time_is_noticed() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    run(
        &database,
        &tenant,
        "UPDATE scim_control.credentials SET valid_until = now() + interval '300 milliseconds'",
    )
    .await;
    let before = fingerprint(&database, &tenant).await;
    within(Duration::from_secs(5), async || fingerprint(&database, &tenant).await != before).await;
}

#[tokio::test]
async fn what_changes_nothing_is_not_noticed() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let noon = "UPDATE scim_control.credentials SET first_used_at = '2026-11-22 12:00:10Z', last_used_at = '2026-11-22 12:00:10Z'";
    run(&database, &tenant, noon).await;
    let before = fingerprint(&database, &tenant).await;
    let idle = [
        "SELECT 1",
        // Within the same quarter of an hour.
        "UPDATE scim_control.credentials SET last_used_at = '2026-11-22 12:14:59Z'",
        // Written by servers, and nobody's business but theirs.
        "UPDATE scim_control.tenants SET derived_form = 7",
        "UPDATE scim_control.tenants SET changed = pg_current_xact_id()",
        "INSERT INTO tenant_N.removed_users VALUES (sha256('a'), gen_random_uuid(), 1)",
        "CREATE TABLE tenant_N.somebody_elses (id int)",
        "VACUUM FULL tenant_N.users",
        "ANALYZE",
    ];
    for statement in idle {
        run(&database, &tenant, statement).await;
        assert_eq!(fingerprint(&database, &tenant).await, before, "{statement}");
    }
    as_server(&database, &tenant, "SELECT FROM tenant_N.users").await;
    register(&database, &tenant.key, tenant.owner, &configuration(&tenant.key)).await.unwrap();
    database.registry.migrate().await.unwrap();
    database.registry.statistics(tenant.registered.id).await.unwrap();
    assert_eq!(fingerprint(&database, &tenant).await, before);
}

#[tokio::test]
async fn an_audit_tells_of_every_tenant_of_its_installation_that_is_not_deleted() {
    let database = TestDatabase::start().await;
    let [active, retained, deleted] =
        [database.tenant().await, database.tenant().await, database.tenant().await];
    database.registry.retain(retained.registered.id, retained.owner).await.unwrap();
    database.registry.delete(deleted.registered.id, deleted.owner).await.unwrap();
    let mut elsewhere = active.key.clone();
    elsewhere.installation = "other".parse().unwrap();
    register(&database, &elsewhere, owner(), &configuration(&elsewhere)).await.unwrap();
    let audited = database.registry.audit(&active.key.installation).await.unwrap();
    let told: Vec<(TenantId, _)> = audited.iter().map(|Audited { id, owner, .. }| (*id, *owner)).collect();
    assert_eq!(told, [(active.registered.id, active.owner), (retained.registered.id, retained.owner)]);
    assert_ne!(audited[0].fingerprint, audited[1].fingerprint);
    revoke(&database, &active).await;
    let again = database.registry.audit(&active.key.installation).await.unwrap();
    assert_ne!(again[0].fingerprint, audited[0].fingerprint);
    assert_eq!(again[1], audited[1]);
}
