//! A server's view follows the registry, whatever the order in which transactions commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use database::registry::view::{Configured, Readiness, Refused, RegistryView, Revision};
use database::testing::{TestDatabase, TestTenant, configuration, key, owner, token};
use sqlx::{Connection, PgConnection};
use tenancy::TenantPath;

use crate::support::{REPLACEMENT, admits, bearer, issue, loaded, register, revoke, within_a_second};

fn running(view: &RegistryView) -> tokio::task::JoinHandle<()> {
    let view = view.clone();
    tokio::spawn(async move { view.run(std::future::pending()).await })
}

#[tokio::test]
async fn a_token_opens_its_own_tenant_only() {
    let database = TestDatabase::start().await;
    let (one, two) = (database.tenant().await, database.tenant().await);
    let view = loaded(&database).await;
    let authenticated = bearer(&view, &one.path(), one.token.expose()).await.unwrap();
    assert_eq!(authenticated.scope.tenant(), one.registered.id);
    assert_eq!(*authenticated.configuration, one.registered.configuration);
    assert!(!admits(&view, &one, &two.token).await);
}

#[tokio::test]
async fn unknown_tenant_unknown_token_and_revoked_token_get_the_same_answer() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    revoke(&database, &tenant).await;
    let view = loaded(&database).await;
    let nobody = TenantPath::parse("customer-test", "nobody").unwrap();
    for (path, presented) in [
        (&nobody, tenant.token.expose()),
        (&tenant.path(), token().expose()),
        (&tenant.path(), tenant.token.expose()),
        (&tenant.path(), ""),
    ] {
        assert_eq!(bearer(&view, path, presented).await.unwrap_err(), Refused::Unknown);
    }
}

#[tokio::test]
async fn a_tenant_and_a_token_that_are_new_are_known_to_the_first_request() {
    let database = TestDatabase::start().await;
    let view = loaded(&database).await;
    let tenant = database.tenant().await;
    assert!(admits(&view, &tenant, &tenant.token).await);
    let replacement = issue(&database, &tenant, REPLACEMENT).await;
    assert!(admits(&view, &tenant, &replacement).await);
}

#[tokio::test]
async fn a_database_that_moved_is_read_at_its_new_place_at_once() {
    let (before, after) = (TestDatabase::start().await, TestDatabase::start().await);
    let (there, here) = (before.tenant().await, after.tenant().await);
    let view = loaded(&before).await;
    let running = running(&view);
    assert!(admits(&view, &there, &there.token).await);
    before.server.renew(&after.server_url()).unwrap();
    within_a_second(async || admits(&view, &here, &here.token).await).await;
    within_a_second(async || !admits(&view, &there, &there.token).await).await;
    running.abort();
}

#[tokio::test]
async fn the_old_token_works_until_the_new_one_is_used_on_every_replica() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let (one, two) = (loaded(&database).await, loaded(&database).await);
    let (running_one, running_two) = (running(&one), running(&two));
    assert!(admits(&one, &tenant, &tenant.token).await);
    let replacement = issue(&database, &tenant, REPLACEMENT).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(admits(&one, &tenant, &tenant.token).await);
    assert!(admits(&two, &tenant, &tenant.token).await);

    assert!(admits(&one, &tenant, &replacement).await);
    assert!(!admits(&one, &tenant, &tenant.token).await);
    within_a_second(async || !admits(&two, &tenant, &tenant.token).await).await;
    assert!(admits(&two, &tenant, &replacement).await);
    within_a_second(async || {
        let credentials = database.registry.tenant(&tenant.key).await.unwrap().unwrap().credentials;
        credentials.iter().all(|used| used.first_used_at.is_some() && used.last_used_at.is_some())
    })
    .await;
    running_one.abort();
    running_two.abort();
}

#[tokio::test]
async fn a_revoked_token_stops_within_a_second() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = loaded(&database).await;
    let running = running(&view);
    assert!(admits(&view, &tenant, &tenant.token).await);
    revoke(&database, &tenant).await;
    within_a_second(async || !admits(&view, &tenant, &tenant.token).await).await;
    running.abort();
}

#[tokio::test]
async fn a_retained_and_a_deleted_tenant_are_refused_within_a_second() {
    let database = TestDatabase::start().await;
    let (retained, deleted) = (database.tenant().await, database.tenant().await);
    let view = loaded(&database).await;
    let running = running(&view);
    database.registry.retain(retained.registered.id, retained.owner).await.unwrap();
    database.registry.delete(deleted.registered.id, deleted.owner).await.unwrap();
    for tenant in [&retained, &deleted] {
        within_a_second(async || !admits(&view, tenant, &tenant.token).await).await;
    }
    running.abort();
}

#[tokio::test]
async fn a_row_that_an_older_transaction_commits_late_is_not_missed() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = loaded(&database).await;

    // It takes its id first and commits last.
    let mut slow = PgConnection::connect(&database.operator_url()).await.unwrap();
    let mut slow = slow.begin().await.unwrap();
    sqlx::raw_sql("SELECT pg_current_xact_id()").execute(&mut *slow).await.unwrap();
    let quick = database.tenant().await;
    view.refresh().await.unwrap();
    assert!(admits(&view, &quick, &quick.token).await);

    sqlx::query("UPDATE scim_control.credentials SET revoked_at = now() WHERE tenant_id = $1")
        .bind(tenant.registered.id.get())
        .execute(&mut *slow)
        .await
        .unwrap();
    view.refresh().await.unwrap();
    assert!(admits(&view, &tenant, &tenant.token).await);

    // Younger transactions come and go meanwhile, and are seen.
    issue(&database, &quick, REPLACEMENT).await;
    view.refresh().await.unwrap();

    slow.commit().await.unwrap();
    view.refresh().await.unwrap();
    assert!(!admits(&view, &tenant, &tenant.token).await);
}

#[tokio::test]
async fn a_configuration_stays_the_same_value_until_it_changes() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = loaded(&database).await;
    let before = bearer(&view, &tenant.path(), tenant.token.expose()).await.unwrap().configuration;
    issue(&database, &tenant, REPLACEMENT).await;
    view.refresh().await.unwrap();
    let after = bearer(&view, &tenant.path(), tenant.token.expose()).await.unwrap().configuration;
    assert!(Arc::ptr_eq(&before, &after));

    let mut changed = tenant.registered.configuration.clone();
    changed.display_name = "Changed".to_owned();
    register(&database, &tenant.key, tenant.owner, &changed).await.unwrap();
    view.refresh().await.unwrap();
    let after = bearer(&view, &tenant.path(), tenant.token.expose()).await.unwrap().configuration;
    assert_eq!(*after, changed);
}

#[tokio::test]
async fn a_tenant_is_told_when_it_is_new_or_reconfigured_or_derived_and_not_again() {
    let database = TestDatabase::start().await;
    let (one, retained) = (database.tenant().await, database.tenant().await);
    database.registry.retain(retained.registered.id, retained.owner).await.unwrap();
    let view = loaded(&database).await;
    let (seen, told) = view.configured_since(Revision::default());
    let told: Vec<_> = told.into_iter().map(|tenant| (tenant.scope, tenant.derived_form)).collect();
    assert_eq!(told, [(one.scope.clone(), None)]);

    issue(&database, &one, REPLACEMENT).await;
    view.refresh().await.unwrap();
    assert_eq!(view.configured_since(seen).0, seen);

    let mut changed = one.registered.configuration.clone();
    changed.display_name = "Changed".to_owned();
    register(&database, &one.key, one.owner, &changed).await.unwrap();
    let two = database.tenant().await;
    view.refresh().await.unwrap();
    let (seen, told) = view.configured_since(seen);
    let scopes: Vec<_> = told.iter().map(|tenant| tenant.scope.clone()).collect();
    assert_eq!(scopes, [one.scope.clone(), two.scope]);

    view.note_derived(&told[0], 7).await.unwrap();
    view.refresh().await.unwrap();
    let (seen, told) = view.configured_since(seen);
    assert_eq!(told[0].derived_form, Some(7));
    view.note_derived(&told[0], 7).await.unwrap();
    view.refresh().await.unwrap();
    assert!(view.configured_since(seen).1.is_empty());

    view.forget_derived(&told[0]).await.unwrap();
    view.refresh().await.unwrap();
    let (seen, forgotten) = view.configured_since(seen);
    assert_eq!(forgotten[0].derived_form, None);
    view.note_derived(&told[0], 8).await.unwrap();
    view.forget_derived(&told[0]).await.unwrap();
    view.refresh().await.unwrap();
    assert_eq!(view.configured_since(seen).1[0].derived_form, Some(8), "another form was noted since");
}

/// Writes the profile anew, and reads what comes of it.
async fn reconfigured(
    database: &TestDatabase,
    tenant: &TestTenant,
    view: &RegistryView,
    required: &[&str],
) -> Configured {
    let mut configuration = tenant.registered.configuration.clone();
    configuration.profile.required = required.iter().map(ToString::to_string).collect();
    register(database, &tenant.key, tenant.owner, &configuration).await.unwrap();
    view.refresh().await.unwrap();
    view.configured_since(Revision::default()).1.remove(0)
}

#[tokio::test]
async fn what_was_derived_is_not_known_any_more_once_the_profile_changes_also_back() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = loaded(&database).await;
    let first = view.configured_since(Revision::default()).1.remove(0);
    view.note_derived(&first, 7).await.unwrap();
    let changed = reconfigured(&database, &tenant, &view, &["title"]).await;
    assert_eq!(changed.derived_form, None);
    assert!(view.has_profile_of(&changed) && !view.has_profile_of(&first));
    view.note_derived(&changed, 8).await.unwrap();
    let reverted = reconfigured(&database, &tenant, &view, &[]).await;
    assert_eq!(reverted.derived_form, None);
    assert!(
        view.has_profile_of(&reverted) && !view.has_profile_of(&first) && !reverted.has_profile_of(&first)
    );

    // Whoever derived by a profile from before is late, even if it is the same one.
    for late in [&first, &changed] {
        view.note_derived(late, 9).await.unwrap();
    }
    view.refresh().await.unwrap();
    assert_eq!(view.configured_since(Revision::default()).1[0].derived_form, None);
    view.note_derived(&reverted, 7).await.unwrap();

    let mut renamed = tenant.registered.configuration.clone();
    renamed.display_name = "Renamed".to_owned();
    register(&database, &tenant.key, tenant.owner, &renamed).await.unwrap();
    view.refresh().await.unwrap();
    let renamed = view.configured_since(Revision::default()).1.remove(0);
    assert_eq!(renamed.derived_form, Some(7), "a name is no part of the profile");
    assert!(renamed.has_profile_of(&reverted));
}

#[tokio::test]
async fn a_tenant_whose_configuration_cannot_be_read_is_served_as_before_and_not_told() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = loaded(&database).await;
    let (seen, told) = view.configured_since(Revision::default());
    sqlx::raw_sql("UPDATE scim_control.tenants SET configuration = '{\"from\": \"the future\"}'")
        .execute(&mut database.administrator().await)
        .await
        .unwrap();
    view.refresh().await.unwrap();
    assert!(admits(&view, &tenant, &tenant.token).await);
    assert!(view.configured_since(seen).1.is_empty());
    assert!(!view.has_profile_of(&told[0]));
}

#[tokio::test]
async fn a_flood_of_wrong_tokens_asks_the_registry_ten_times_a_second_at_most() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = loaded(&database).await;
    let polls = async || -> i64 {
        sqlx::query_scalar(
            "SELECT coalesce(sum(seq_scan + idx_scan), 0)::bigint FROM pg_stat_user_tables WHERE relname = 'tenants'",
        )
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap()
    };
    let settled = Duration::from_millis(1500);
    tokio::time::sleep(settled).await;
    let before = polls().await;
    let started = Instant::now();
    let flood = (0..200).map(|_| {
        let (view, path) = (view.clone(), tenant.path());
        tokio::spawn(async move {
            for _ in 0..3 {
                assert_eq!(bearer(&view, &path, token().expose()).await.unwrap_err(), Refused::Unknown);
            }
        })
    });
    for task in flood.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    tokio::time::sleep(settled).await;
    let polled = polls().await - before;
    assert!((1..=10).contains(&polled), "{polled} polls in {seconds} s");
}

#[tokio::test]
async fn other_installations_tenants_are_not_seen() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = RegistryView::new(&database.server, "other".parse().unwrap());
    view.refresh().await.unwrap();
    assert!(!admits(&view, &tenant, &tenant.token).await);
}

#[tokio::test]
async fn a_view_is_loading_until_the_registry_was_read() {
    let database = TestDatabase::start_without_registry().await;
    let view = database.view();
    assert_eq!(view.readiness(), Readiness::Loading);
    assert_eq!(view.refresh().await, Err(Refused::Undecided));
    let path = key("acme").path();
    assert_eq!(bearer(&view, &path, token().expose()).await.unwrap_err(), Refused::Undecided);
    assert_eq!(view.readiness(), Readiness::Loading);

    database.registry.migrate().await.unwrap();
    register(&database, &key("acme"), owner(), &configuration(&key("acme"))).await.unwrap();
    view.refresh().await.unwrap();
    assert!(matches!(view.readiness(), Readiness::Loaded { age } if age < Duration::from_secs(1)));
}

#[tokio::test]
async fn the_last_use_is_noted_behind_the_requests_and_at_shutdown() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &tenant.token).await);
    // Nobody runs the view yet; a run that is told to stop at once still writes what was noted.
    view.run(std::future::ready(())).await;
    let credential = database.registry.tenant(&tenant.key).await.unwrap().unwrap().credentials.remove(0);
    assert!(credential.first_used_at.is_some());
    assert_eq!(credential.first_used_at, credential.last_used_at);
}

#[tokio::test]
async fn a_tenant_that_an_operator_works_on_for_long_keeps_nobody_elses_first_use_from_being_noted() {
    let database = TestDatabase::start().await;
    let (held, free) = (database.tenant().await, database.tenant().await);
    let view = loaded(&database).await;
    let mut operator = PgConnection::connect(&database.operator_url()).await.unwrap();
    let mut working = operator.begin().await.unwrap();
    sqlx::query("SELECT FROM scim_control.tenants WHERE id = $1 FOR UPDATE")
        .bind(held.registered.id.get())
        .execute(&mut *working)
        .await
        .unwrap();
    let running = running(&view);
    for tenant in [&held, &free] {
        assert!(admits(&view, tenant, &tenant.token).await);
    }
    let noted =
        async |tenant: &TestTenant| database.read(tenant).await.credentials[0].first_used_at.is_some();
    within_a_second(async || noted(&free).await).await;
    assert!(!noted(&held).await);
    working.rollback().await.unwrap();
    within_a_second(async || noted(&held).await).await;
    running.abort();
}
