//! Tenants go: at once, with a delay in which it can be undone, and for good.

use std::time::Duration;

use database::Error;
use database::registry::view::Refused;
use database::registry::{Change, Origin, OwnedRow, State};
use database::testing::{TestDatabase, TestTenant, configuration, execute, owner};
use jiff::SignedDuration;
use sqlx::{Connection, PgConnection};
use tenancy::TenantKey;

use crate::support::{
    add_user, admits, bearer, loaded, register, row_version, run, same_namespace, timeless, until_waiting,
};

const DAY: Duration = Duration::from_hours(24);

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
    let (fresh, _) = register(&database, &tenant.key, stranger, &configuration(&tenant.key)).await.unwrap();
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
    until_waiting(&database, 1).await;
    assert!(!deleting.is_finished());
    transaction.commit().await.unwrap();
    assert_eq!(deleting.await.unwrap().unwrap(), Change::Written);
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

async fn retain_for_a_day(database: &TestDatabase, tenant: &TestTenant) -> jiff::Timestamp {
    let retaining = database.registry.retain_until(tenant.registered.id, tenant.owner, DAY);
    retaining.await.unwrap().unwrap()
}

async fn come_due(database: &TestDatabase, tenant: &TestTenant) {
    run(database, tenant, "UPDATE scim_control.tenants SET drop_after = now() WHERE id = $id").await;
}

#[tokio::test]
async fn a_delayed_deletion_ends_access_at_once_and_says_when_the_data_goes() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    add_user(&database, &tenant).await;
    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &tenant.token).await);
    let drop_after = retain_for_a_day(&database, &tenant).await;
    let read = database.read(&tenant).await;
    assert_eq!((read.state, read.drop_after), (State::Retained, Some(drop_after)));
    let delay = drop_after.duration_since(read.now);
    assert!(delay > SignedDuration::from_mins(1439) && delay <= SignedDuration::from_hours(24), "{delay}");
    view.refresh().await.unwrap();
    let refused = bearer(&view, &tenant.path(), tenant.token.expose()).await.unwrap_err();
    assert_eq!(refused, Refused::Unknown);

    let before = row_version(&database, &tenant.key).await;
    assert_eq!(retain_for_a_day(&database, &tenant).await, drop_after, "asked again, it is not put off");
    assert_eq!(row_version(&database, &tenant.key).await, before);
    assert_eq!(database.registry.drop_due(&tenant.key.installation).await.unwrap(), []);
    let stranger = database.registry.retain_until(tenant.registered.id, owner(), DAY).await.unwrap();
    assert_eq!(stranger, None);
}

#[tokio::test]
async fn a_delayed_deletion_is_undone_by_the_same_name_in_the_same_namespace() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    add_user(&database, &tenant).await;
    retain_for_a_day(&database, &tenant).await;
    let successor = same_namespace(tenant.owner);
    let (taken_up, origin) =
        register(&database, &tenant.key, successor, &configuration(&tenant.key)).await.unwrap();
    assert_eq!((origin, taken_up.state, taken_up.drop_after), (Origin::TakenUp, State::Active, None));
    assert_eq!(taken_up.credentials, tenant.registered.credentials);
    assert_eq!(database.registry.drop_due(&tenant.key.installation).await.unwrap(), []);
    assert_eq!(database.registry.statistics(taken_up.id).await.unwrap().users, 1);
    assert!(admits(&loaded(&database).await, &tenant, &tenant.token).await);
    // The predecessor's finalizer comes late.
    assert_eq!(database.registry.retain_until(taken_up.id, tenant.owner, DAY).await.unwrap(), None);
    assert_eq!(timeless(database.read(&tenant).await), timeless(taken_up));
}

#[tokio::test]
async fn what_was_retained_for_good_may_be_given_an_end_and_a_delay_of_any_length() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    assert_eq!(database.read(&tenant).await.drop_after, None);
    let retaining = database.registry.retain_until(tenant.registered.id, tenant.owner, Duration::MAX);
    let drop_after = retaining.await.unwrap().unwrap();
    assert!(drop_after > database.read(&tenant).await.now + SignedDuration::from_hours(24 * 365));
}

#[tokio::test]
async fn data_is_dropped_when_its_time_has_come_and_no_other() {
    let database = TestDatabase::start().await;
    let [due, later, active] = [database.tenant().await, database.tenant().await, database.tenant().await];
    retain_for_a_day(&database, &due).await;
    retain_for_a_day(&database, &later).await;
    come_due(&database, &due).await;
    // A time that is left on a tenant that is served means nothing.
    come_due(&database, &active).await;
    let elsewhere = "other".parse().unwrap();
    assert_eq!(database.registry.drop_due(&elsewhere).await.unwrap(), []);
    let dropped = database.registry.drop_due(&due.key.installation).await.unwrap();
    assert_eq!(dropped, [OwnedRow { id: due.registered.id, owner: due.owner }]);
    assert_eq!(database.registry.tenant(&due.key).await.unwrap(), None);
    assert!(matches!(database.registry.statistics(due.registered.id).await, Err(Error::Missing(_))));
    for kept in [&later, &active] {
        database.registry.statistics(kept.registered.id).await.unwrap();
    }
    assert_eq!(database.registry.drop_due(&due.key.installation).await.unwrap(), [], "once");
}

#[tokio::test]
async fn one_that_cannot_be_dropped_does_not_keep_the_others() {
    let database = TestDatabase::start().await;
    let [stuck, due] = [database.tenant().await, database.tenant().await];
    for tenant in [&stuck, &due] {
        retain_for_a_day(&database, tenant).await;
        come_due(&database, tenant).await;
    }
    run(&database, &stuck, "ALTER SCHEMA tenant_N OWNER TO CURRENT_USER").await;
    let dropped = database.registry.drop_due(&due.key.installation).await.unwrap();
    assert_eq!(dropped, [OwnedRow { id: due.registered.id, owner: due.owner }]);
    assert_eq!(timeless(database.read(&stuck).await).credentials, stuck.registered.credentials);
}

#[tokio::test]
async fn who_takes_up_data_at_the_moment_of_its_deletion_has_it_or_begins_anew() {
    let database = TestDatabase::start().await;
    let configuration = |key: &TenantKey| configuration(key);
    for _ in 0..20 {
        let tenant = database.tenant().await;
        add_user(&database, &tenant).await;
        retain_for_a_day(&database, &tenant).await;
        come_due(&database, &tenant).await;
        let configuration = configuration(&tenant.key);
        let (dropped, registered) = tokio::join!(
            database.registry.drop_due(&tenant.key.installation),
            register(&database, &tenant.key, tenant.owner, &configuration),
        );
        let (registered, origin) = registered.unwrap();
        let (expected, users) =
            if dropped.unwrap().is_empty() { (Origin::TakenUp, 1) } else { (Origin::New, 0) };
        assert_eq!(origin, expected);
        assert_eq!(registered.credentials.len(), usize::from(origin == Origin::TakenUp));
        assert_eq!(database.registry.statistics(registered.id).await.unwrap().users, users);
    }
}
