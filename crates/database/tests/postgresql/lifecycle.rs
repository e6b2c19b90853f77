//! Tenants come, change, go and come back.

use database::Error;
use database::registry::{
    Change, HandledAnnotations, Issue, OwnedRow, RegisteredTenant, RegistryError, State,
};
use database::testing::{TestDatabase, configuration, execute, key, owner, token};
use sqlx::{Connection, PgConnection};
use tenancy::{Owner, TenantKey};
use uuid::Uuid;

async fn add_user(database: &TestDatabase, tenant: &RegisteredTenant) {
    let sql = format!(
        "INSERT INTO {}.users VALUES (gen_random_uuid(), gen_random_uuid(), NULL, true, '{{}}', '{{}}', 0, 1, now(), now())",
        tenant.schema_name()
    );
    execute(&mut database.administrator().await, &sql).await.unwrap();
}

/// The transaction that wrote the row last: it stays the same when nothing was written.
async fn row_version(database: &TestDatabase, key: &TenantKey) -> (String, i64) {
    sqlx::query_as("SELECT ctid::text, changed::text::bigint FROM scim_control.tenants WHERE name = $1 AND state <> 'deleted'")
        .bind(key.name.as_str())
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap()
}

fn same_namespace(owner: Owner) -> Owner {
    Owner { uid: Uuid::now_v7(), ..owner }
}

#[tokio::test]
async fn a_registered_tenant_has_a_schema_and_its_configuration() {
    let database = TestDatabase::start().await;
    let (key, owner) = (key("acme"), owner());
    assert_eq!(database.registry.tenant(&key).await.unwrap(), None);
    let tenant = database.registry.register(&key, owner, &configuration(&key)).await.unwrap();
    assert_eq!(database.registry.tenant(&key).await.unwrap().as_ref(), Some(&tenant));
    assert_eq!(tenant.owner, owner);
    assert_eq!(tenant.state, State::Active);
    assert_eq!(tenant.configuration, configuration(&key));
    assert_eq!(tenant.schema_version, 1);
    assert!(tenant.schema_exists);
    assert_eq!(tenant.handled, HandledAnnotations::default());
    assert_eq!(tenant.credentials, []);
}

#[tokio::test]
async fn what_is_settled_is_not_written_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let before = row_version(&database, &tenant.key).await;
    database.registry.register(&tenant.key, tenant.owner, &tenant.registered.configuration).await.unwrap();
    assert_eq!(row_version(&database, &tenant.key).await, before);
}

#[tokio::test]
async fn two_operators_that_register_at_once_register_one_tenant() {
    let database = TestDatabase::start().await;
    let (key, owner) = (key("acme"), owner());
    let configuration = configuration(&key);
    let register = || database.registry.register(&key, owner, &configuration);
    let (one, two, three) = tokio::join!(register(), register(), register());
    let one = one.unwrap();
    assert_eq!(two.unwrap().id, one.id);
    assert_eq!(three.unwrap().id, one.id);
}

#[tokio::test]
async fn a_registration_that_fails_leaves_nothing_behind() {
    let database = TestDatabase::start().await;
    let mut administrator = database.administrator().await;
    // The schema of the next tenant is somebody else's: it is neither adopted nor written to.
    sqlx::raw_sql("CREATE SCHEMA tenant_1").execute(&mut administrator).await.unwrap();
    let key = key("acme");
    let refused = database.registry.register(&key, owner(), &configuration(&key)).await;
    assert!(matches!(refused, Err(RegistryError::SchemaTaken(_))), "{refused:?}");
    assert_eq!(database.registry.tenant(&key).await.unwrap(), None);
    // The next attempt gets another number.
    database.registry.register(&key, owner(), &configuration(&key)).await.unwrap();
}

#[tokio::test]
async fn a_configuration_changes_for_its_owner_only() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut changed = tenant.registered.configuration.clone();
    changed.display_name = "Changed".to_owned();
    let refused = database.registry.register(&tenant.key, owner(), &changed).await;
    assert!(matches!(refused, Err(RegistryError::OwnedByAnother(_))), "{refused:?}");
    let before = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(before.configuration, tenant.registered.configuration);
    database.registry.register(&tenant.key, tenant.owner, &changed).await.unwrap();
    let after = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(after.configuration.display_name, "Changed");
}

#[tokio::test]
async fn retained_data_is_taken_up_by_the_same_namespace_with_its_tokens() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    add_user(&database, &tenant.registered).await;
    let id = tenant.registered.id;
    assert_eq!(database.registry.retain(id, tenant.owner).await.unwrap(), Change::Written);
    assert_eq!(database.registry.retain(id, tenant.owner).await.unwrap(), Change::Unchanged);
    let retained = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!((retained.state, retained.schema_exists), (State::Retained, true));

    let successor = same_namespace(tenant.owner);
    let taken_up =
        database.registry.register(&tenant.key, successor, &configuration(&tenant.key)).await.unwrap();
    assert_eq!((taken_up.id, taken_up.state, taken_up.owner), (id, State::Active, successor));
    assert_eq!(taken_up.credentials, tenant.registered.credentials);
    assert_eq!(database.registry.statistics(id).await.unwrap().users, 1);
}

#[tokio::test]
async fn retained_data_is_refused_to_another_namespace_of_the_same_name() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    let before = row_version(&database, &tenant.key).await;
    let refused = database.registry.register(&tenant.key, owner(), &configuration(&tenant.key)).await;
    assert!(matches!(refused, Err(RegistryError::OwnedByAnother(_))), "{refused:?}");
    assert_eq!(row_version(&database, &tenant.key).await, before);
}

#[tokio::test]
async fn a_tenant_whose_finalizer_was_bypassed_is_taken_up_by_the_same_namespace_only() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let refused = database.registry.register(&tenant.key, owner(), &configuration(&tenant.key)).await;
    assert!(matches!(refused, Err(RegistryError::OwnedByAnother(_))), "{refused:?}");
    let successor = same_namespace(tenant.owner);
    let taken_up =
        database.registry.register(&tenant.key, successor, &configuration(&tenant.key)).await.unwrap();
    assert_eq!((taken_up.id, taken_up.owner), (tenant.registered.id, successor));
    // The predecessor's late finalizer changes nothing any more.
    assert_eq!(database.registry.delete(taken_up.id, tenant.owner).await.unwrap(), Change::Unchanged);
    assert_eq!(database.registry.retain(taken_up.id, tenant.owner).await.unwrap(), Change::Unchanged);
    assert!(database.registry.tenant(&tenant.key).await.unwrap().unwrap().schema_exists);
}

#[tokio::test]
async fn a_deleted_tenant_is_gone_and_its_name_is_free() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let id = tenant.registered.id;
    assert_eq!(database.registry.delete(id, owner()).await.unwrap(), Change::Unchanged);
    assert_eq!(database.registry.delete(id, tenant.owner).await.unwrap(), Change::Written);
    assert_eq!(database.registry.delete(id, tenant.owner).await.unwrap(), Change::Unchanged);
    assert_eq!(database.registry.tenant(&tenant.key).await.unwrap(), None);
    assert!(matches!(database.registry.statistics(id).await, Err(Error::Missing(_))));

    let stranger = owner();
    let fresh = database.registry.register(&tenant.key, stranger, &configuration(&tenant.key)).await.unwrap();
    assert_ne!(fresh.id, id);
    assert_eq!(fresh.credentials, []);
}

#[tokio::test]
async fn a_retained_tenant_can_be_deleted_too() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    assert_eq!(database.registry.delete(tenant.registered.id, tenant.owner).await.unwrap(), Change::Written);
}

#[tokio::test]
async fn a_tombstone_is_kept_for_a_day() {
    let database = TestDatabase::start().await;
    let (old, young, next) = (database.tenant().await, database.tenant().await, database.tenant().await);
    for tenant in [&old, &young] {
        database.registry.delete(tenant.registered.id, tenant.owner).await.unwrap();
    }
    let mut administrator = database.administrator().await;
    sqlx::raw_sql("ALTER TABLE scim_control.tenants DISABLE TRIGGER mark_tenant")
        .execute(&mut administrator)
        .await
        .unwrap();
    sqlx::query("UPDATE scim_control.tenants SET changed_at = now() - interval '25 hours' WHERE id = $1")
        .bind(old.registered.id.get())
        .execute(&mut administrator)
        .await
        .unwrap();
    database.registry.delete(next.registered.id, next.owner).await.unwrap();
    let left: Vec<i64> = sqlx::query_scalar("SELECT id FROM scim_control.tenants ORDER BY id")
        .fetch_all(&mut administrator)
        .await
        .unwrap();
    assert_eq!(left, [young.registered.id.get(), next.registered.id.get()]);
}

#[tokio::test]
async fn a_schema_that_was_dropped_by_hand_is_made_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let drop = format!("DROP SCHEMA {} CASCADE", tenant.registered.schema_name());
    execute(&mut database.administrator().await, &drop).await.unwrap();
    assert!(!database.registry.tenant(&tenant.key).await.unwrap().unwrap().schema_exists);
    let again =
        database.registry.register(&tenant.key, tenant.owner, &configuration(&tenant.key)).await.unwrap();
    assert!(again.schema_exists);
    assert_eq!(database.registry.statistics(again.id).await.unwrap().users, 0);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_written_anew() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    sqlx::raw_sql("UPDATE scim_control.tenants SET configuration = '{\"from\": \"another age\"}'")
        .execute(&mut database.administrator().await)
        .await
        .unwrap();
    let unreadable = database.registry.tenant(&tenant.key).await;
    assert!(matches!(unreadable, Err(RegistryError::Unreadable { .. })), "{unreadable:?}");
    let row = database.registry.owner_of(&tenant.key).await.unwrap().unwrap();
    assert_eq!((row.id, row.owner), (tenant.registered.id, tenant.owner), "enough to let it go");
    let again =
        database.registry.register(&tenant.key, tenant.owner, &configuration(&tenant.key)).await.unwrap();
    assert_eq!(again.configuration, configuration(&tenant.key));
}

#[tokio::test]
async fn installations_do_not_see_each_others_tenants() {
    let database = TestDatabase::start().await;
    let here = database.tenant().await;
    let there = TenantKey { installation: "other".parse().unwrap(), ..here.key.clone() };
    let other = database.registry.register(&there, owner(), &configuration(&there)).await.unwrap();
    assert_ne!(other.id, here.registered.id);
    let active = database.registry.active(&here.key.installation).await.unwrap();
    assert_eq!(active, [OwnedRow { id: here.registered.id, owner: here.owner }]);
}

#[tokio::test]
async fn a_retained_tenant_is_owned_and_not_active() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    assert_eq!(database.registry.active(&tenant.key.installation).await.unwrap(), []);
    let row = database.registry.owner_of(&tenant.key).await.unwrap();
    assert_eq!(row, Some(OwnedRow { id: tenant.registered.id, owner: tenant.owner }));
    database.registry.delete(tenant.registered.id, tenant.owner).await.unwrap();
    assert_eq!(database.registry.owner_of(&tenant.key).await.unwrap(), None);
}

#[tokio::test]
async fn statistics_count_what_is_there() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let none = database.registry.statistics(tenant.registered.id).await.unwrap();
    assert_eq!((none.users, none.groups, none.last_provisioned_at), (0, 0, None));
    add_user(&database, &tenant.registered).await;
    add_user(&database, &tenant.registered).await;
    let some = database.registry.statistics(tenant.registered.id).await.unwrap();
    assert_eq!((some.users, some.groups), (2, 0));
    assert!(some.last_provisioned_at.is_some());
}

#[tokio::test]
async fn a_delete_waits_for_the_requests_under_way() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut request = PgConnection::connect(&database.server_url()).await.unwrap();
    let mut transaction = request.begin().await.unwrap();
    let read = format!("SELECT FROM {}.users", tenant.registered.schema_name());
    execute(&mut transaction, &read).await.unwrap();
    let registry = database.registry.clone();
    let (id, owner) = (tenant.registered.id, tenant.owner);
    let deleting = tokio::spawn(async move { registry.delete(id, owner).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!deleting.is_finished());
    transaction.commit().await.unwrap();
    assert_eq!(deleting.await.unwrap().unwrap(), Change::Written);
}

#[tokio::test]
async fn a_tenant_that_is_not_active_gets_no_token() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    let refused = database
        .registry
        .issue_token(
            tenant.registered.id,
            tenant.owner,
            &token().digest(),
            Issue::Replacement,
            &HandledAnnotations::default(),
        )
        .await;
    assert!(matches!(refused, Err(RegistryError::NotOwned(_))), "{refused:?}");
}
