//! A new version of the tenants' schema comes to all of them, whatever happens meanwhile.

use std::time::Duration;

use database::migration::TenantMigrations;
use database::registry::{ClassSchemas, Foreign, Migration, Origin, OwnedRow, Registry, RegistryError};
use database::testing::{TestDatabase, TestTenant, configuration, key, owner};
use futures::StreamExt as _;
use sqlx::{Connection, PgConnection};
use tenancy::InstallationId;

use crate::support::{add_user, register, run, until_waiting};

const NEXT: &str =
    "ALTER TABLE {users} ADD COLUMN nickname text; CREATE INDEX users_nickname ON {users} (nickname)";

/// The operator of the next version.
fn next(database: &TestDatabase) -> Registry {
    database.registry_with(TenantMigrations::CURRENT.with(NEXT))
}

async fn versions(registry: &Registry, installation: &InstallationId) -> Vec<(u32, u64)> {
    let versions = registry.schema_versions(installation).await.unwrap();
    versions.into_iter().map(|ClassSchemas { version, tenants, .. }| (version, tenants)).collect()
}

/// Brings up to date what is outdated, some at once, as the operator does.
async fn roll(
    registry: &Registry,
    installation: &InstallationId,
    at_once: usize,
) -> Vec<Result<Migration, RegistryError>> {
    let outdated = registry.outdated(installation).await.unwrap();
    let migrating = outdated.into_iter().map(|row| registry.migrate_tenant(row.id));
    futures::stream::iter(migrating).buffer_unordered(at_once).collect().await
}

fn is_done(result: &Result<Migration, RegistryError>) -> bool {
    matches!(result, Ok(Migration::Done))
}

#[tokio::test]
async fn two_hundred_tenants_roll_interrupted_in_the_middle_while_stores_of_before_work() {
    let database = TestDatabase::start().await;
    let mut tenants = Vec::new();
    for _ in 0..200 {
        tenants.push(database.tenant().await);
    }
    let installation = tenants[0].key.installation.clone();
    let registry = next(&database);
    assert_eq!((database.registry.latest_schema_version(), registry.latest_schema_version()), (1, 2));
    assert_eq!(versions(&registry, &installation).await, [(1, 200)]);
    assert_eq!(database.registry.outdated(&installation).await.unwrap(), [], "by the version of before");

    {
        let rolling = roll(&registry, &installation, 4);
        tokio::pin!(rolling);
        loop {
            tokio::select! {
                _ = &mut rolling => panic!("it was to be interrupted"),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
            if registry.outdated(&installation).await.unwrap().len() <= 120 {
                break;
            }
        }
    }
    // What a transaction held that nobody waits for any more is let go of by its connection.
    let left = registry.outdated(&installation).await.unwrap().len();
    assert!((1..200).contains(&left), "{left}");
    let (first, last) = (&tenants[0], &tenants[199]);
    for tenant in [first, last] {
        store_of_before_works(&database, tenant).await;
    }
    for _ in 0..10 {
        roll(&registry, &installation, 4).await;
        if registry.outdated(&installation).await.unwrap().is_empty() {
            break;
        }
    }
    assert_eq!(versions(&registry, &installation).await, [(2, 200)]);
    for tenant in [first, last] {
        store_of_before_works(&database, tenant).await;
        run(&database, tenant, "UPDATE tenant_N.users SET nickname = 'x'").await;
    }
    assert!(roll(&registry, &installation, 4).await.is_empty());
}

/// What a server does whose version knows nothing of the migration: names its columns, with its own role.
async fn store_of_before_works(database: &TestDatabase, tenant: &TestTenant) {
    let data = database.tenant_database(tenant);
    let mut insert = data.statement(
        "INSERT INTO {users} (id, user_name_key, active, resource, comparable, form, created_at, last_modified_at)
         VALUES (gen_random_uuid(), ",
    );
    let name = format!("user-{}", tenancy_name());
    insert.bind(name.clone()).text(", true, '{}', '{}', 0, now(), now())");
    assert_eq!(data.execute(insert).await.unwrap(), 1);
    let mut read = data.statement("SELECT user_name_key, version FROM {users} WHERE user_name_key = ");
    read.bind(name.clone());
    assert_eq!(data.fetch_optional::<(String, i64)>(read).await.unwrap(), Some((name, 1)));
}

fn tenancy_name() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[tokio::test]
async fn a_tenant_whose_row_or_table_is_held_is_passed_over_and_done_later() {
    let database = TestDatabase::start().await;
    let [row, table, free] = [database.tenant().await, database.tenant().await, database.tenant().await];
    let installation = &row.key.installation;
    let registry = next(&database);
    let mut operator = PgConnection::connect(&database.operator_url()).await.unwrap();
    let mut holds_row = operator.begin().await.unwrap();
    sqlx::query("SELECT FROM scim_control.tenants WHERE id = $1 FOR NO KEY UPDATE")
        .bind(row.registered.id.get())
        .execute(&mut *holds_row)
        .await
        .unwrap();
    let mut server = PgConnection::connect(&database.server_url()).await.unwrap();
    let mut holds_table = server.begin().await.unwrap();
    let read = format!("SELECT FROM {}.users", table.registered.schema_name());
    database::testing::execute(&mut holds_table, &read).await.unwrap();

    let started = std::time::Instant::now();
    let mut outcomes = Vec::new();
    for tenant in [&row, &table, &free] {
        outcomes.push(registry.migrate_tenant(tenant.registered.id).await.unwrap());
    }
    assert_eq!(outcomes, [Migration::Locked, Migration::Locked, Migration::Done]);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(versions(&registry, installation).await, [(1, 2), (2, 1)]);
    holds_row.rollback().await.unwrap();
    holds_table.rollback().await.unwrap();
    assert!(roll(&registry, installation, 4).await.iter().all(is_done));
    assert_eq!(versions(&registry, installation).await, [(2, 3)]);
}

#[tokio::test]
async fn one_whose_migration_fails_stays_as_it_was_and_does_not_stop_the_others() {
    let database = TestDatabase::start().await;
    let tenants = [database.tenant().await, database.tenant().await, database.tenant().await];
    let installation = &tenants[0].key.installation;
    // Half of the migration works for it.
    run(&database, &tenants[1], "CREATE TABLE tenant_N.users_nickname (id int)").await;
    let registry = next(&database);
    let outcomes = roll(&registry, installation, 4).await;
    assert_eq!(outcomes.iter().filter(|outcome| is_done(outcome)).count(), 2, "{outcomes:?}");
    assert_eq!(
        outcomes.iter().filter(|outcome| matches!(outcome, Err(RegistryError::Database(_)))).count(),
        1
    );
    let left = OwnedRow { id: tenants[1].registered.id, owner: tenants[1].owner };
    assert_eq!(registry.outdated(installation).await.unwrap(), [left]);
    run(&database, &tenants[1], "INSERT INTO tenant_N.users_nickname VALUES (1)").await;
    let mut administrator = database.administrator().await;
    let half: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = $1 AND column_name = 'nickname'",
    )
    .bind(tenants[1].registered.schema_name().as_str())
    .fetch_one(&mut administrator)
    .await
    .unwrap();
    assert_eq!(half, 0, "all of it or nothing");
    run(&database, &tenants[1], "DROP TABLE tenant_N.users_nickname").await;
    assert!(roll(&registry, installation, 4).await.iter().all(is_done));
}

#[tokio::test]
async fn a_retained_tenant_is_brought_up_to_date_and_one_that_is_gone_is_not() {
    let database = TestDatabase::start().await;
    let [retained, deleted, dropped] =
        [database.tenant().await, database.tenant().await, database.tenant().await];
    let installation = &retained.key.installation;
    database.registry.retain(retained.registered.id, retained.owner).await.unwrap();
    database.registry.delete(deleted.registered.id, deleted.owner).await.unwrap();
    run(&database, &dropped, "DROP SCHEMA tenant_N CASCADE").await;
    let registry = next(&database);
    let outdated = registry.outdated(installation).await.unwrap();
    assert_eq!(outdated, [OwnedRow { id: retained.registered.id, owner: retained.owner }]);
    assert_eq!(registry.migrate_tenant(retained.registered.id).await.unwrap(), Migration::Done);
    for gone in [&deleted, &dropped] {
        assert_eq!(registry.migrate_tenant(gone.registered.id).await.unwrap(), Migration::Gone);
    }
    let configuration = configuration(&dropped.key);
    let healing = registry.register(&dropped.key, dropped.owner, &configuration, Foreign::Refuse);
    let (healed, origin) = healing.await.unwrap();
    assert_eq!((origin, healed.schema_version), (Origin::MadeAnew, 2));
}

#[tokio::test]
async fn whoever_registers_migrates_what_it_touches_and_an_older_operator_leaves_newer_schemas() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let registry = next(&database);
    let register = async |registry: &Registry, display_name: &str| {
        let mut configuration = configuration(&tenant.key);
        display_name.clone_into(&mut configuration.display_name);
        let registering = registry.register(&tenant.key, tenant.owner, &configuration, Foreign::Refuse);
        registering.await.unwrap().0.schema_version
    };
    assert_eq!(register(&registry, "First").await, 2);
    assert_eq!(register(&database.registry, "Second").await, 2);
    run(&database, &tenant, &format!("REVOKE USAGE ON SCHEMA tenant_N FROM {}", database.server_role()))
        .await;
    assert_eq!(register(&database.registry, "Second").await, 2, "but for the rights that it knows of");
    assert_eq!(database.registry.outdated(&tenant.key.installation).await.unwrap(), []);
    assert_eq!(database.registry.migrate_tenant(tenant.registered.id).await.unwrap(), Migration::Done);
    assert_eq!(versions(&registry, &tenant.key.installation).await, [(2, 1)]);
}

#[tokio::test]
async fn versions_are_told_by_class() {
    let database = TestDatabase::start().await;
    let plain = database.tenant().await;
    database.tenant_with(|configuration| configuration.class_name = "gold".to_owned()).await;
    let mut elsewhere = key("elsewhere");
    elsewhere.installation = "other".parse().unwrap();
    register(&database, &elsewhere, owner(), &configuration(&elsewhere)).await.unwrap();
    next(&database).migrate_tenant(plain.registered.id).await.unwrap();
    run(
        &database,
        &database.tenant().await,
        "UPDATE scim_control.tenants SET configuration = configuration - 'className' WHERE id = $id",
    )
    .await;
    let class = |name: &str, version| ClassSchemas { class_name: name.to_owned(), version, tenants: 1 };
    let told = database.registry.schema_versions(&plain.key.installation).await.unwrap();
    assert_eq!(told, [class("", 1), class("default", 2), class("gold", 1)]);
}

#[tokio::test]
async fn a_migration_waits_two_seconds_for_a_request_and_keeps_no_others_waiting() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    add_user(&database, &tenant).await;
    let mut server = PgConnection::connect(&database.server_url()).await.unwrap();
    let mut slow = server.begin().await.unwrap();
    let read = format!("SELECT FROM {}.users", tenant.registered.schema_name());
    database::testing::execute(&mut slow, &read).await.unwrap();
    let (registry, id) = (next(&database), tenant.registered.id);
    let migrating = tokio::spawn(async move { registry.migrate_tenant(id).await });
    until_waiting(&database, 1).await;
    // It stands in the queue behind the migration, which gives up.
    let started = std::time::Instant::now();
    let data = database.tenant_database(&tenant);
    let count: Option<(i64,)> =
        data.fetch_optional(data.statement("SELECT count(*) FROM {users}")).await.unwrap();
    assert_eq!(count, Some((1,)));
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert_eq!(migrating.await.unwrap().unwrap(), Migration::Locked);
}
