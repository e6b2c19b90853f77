//! The task that brings stored rows to changed profiles: twice, then never again.

use std::{sync::Arc, time::Duration};

use database::testing::{TestDatabase, TestTenant, execute};
use scim::{Catalog, Profile, Resource, profile::ReturningUsers};
use scim_server::derivation::{self, Times};
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::{task::JoinHandle, time};

use crate::server::reconfigure;

const LOOK: Duration = Duration::from_millis(20);

/// A server of which only this task runs.
fn run(database: &TestDatabase) -> [JoinHandle<()>; 2] {
    run_with(database, Duration::from_millis(400))
}

fn run_with(database: &TestDatabase, between_passes: Duration) -> [JoinHandle<()>; 2] {
    let times = Times { look: LOOK, between_passes };
    let (view, connection) = (database.view(), database.server.clone());
    let watched = view.clone();
    [
        tokio::spawn(async move { watched.run(std::future::pending()).await }),
        tokio::spawn(async move { derivation::run(view, &connection, Arc::default(), times).await }),
    ]
}

fn exact() -> Profile {
    let attribute = json!({"name": "code", "caseExact": true});
    let extension = json!({"urn": "urn:example:Badges", "resource": "User", "attributes": [attribute]});
    serde_json::from_value(json!({"extensions": [extension]})).unwrap()
}

fn form(profile: &Profile) -> i64 {
    Catalog::new(profile).unwrap().form()
}

async fn number(database: &TestDatabase, sql: String) -> Option<i64> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut database.administrator().await).await.unwrap()
}

async fn derived_form(database: &TestDatabase, tenant: &TestTenant) -> Option<i64> {
    let id = tenant.registered.id.get();
    number(database, format!("SELECT derived_form FROM scim_control.tenants WHERE id = {id}")).await
}

async fn until_derived(database: &TestDatabase, tenant: &TestTenant, form: i64) {
    let waiting = async {
        while derived_form(database, tenant).await != Some(form) {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(Duration::from_secs(30), waiting).await.unwrap();
}

async fn create(database: &TestDatabase, tenant: &TestTenant, profile: &Profile, name: &str) {
    let catalog = Arc::new(Catalog::new(profile).unwrap());
    let user = Resource::parse(catalog.user(), json!({"userName": name})).unwrap();
    let users = store::Users::new(database.tenant_database(tenant), catalog);
    users.create(user, ReturningUsers::Conflict).await.unwrap();
}

/// Waits until no user is of another form.
async fn until_all_are_of(database: &TestDatabase, tenant: &TestTenant, form: i64) {
    let schema = tenant.registered.schema_name();
    let sql = format!("SELECT count(*) FROM {schema}.users WHERE form <> {form}");
    let waiting = async {
        while number(database, sql.clone()).await != Some(0) {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(Duration::from_secs(5), waiting).await.unwrap();
}

#[tokio::test]
async fn a_new_tenant_is_noted_and_nobody_looks_at_its_rows_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let first = run(&database);
    until_derived(&database, &tenant, form(&Profile::default())).await;
    first.iter().for_each(JoinHandle::abort);

    // Another server, which has not looked at it yet, and a change that leaves the profile as it is.
    let started =
        number(&database, "SELECT (1e6 * extract(epoch FROM clock_timestamp()))::bigint".to_owned()).await;
    let _second = run(&database);
    reconfigure(&database, &tenant, |configuration| configuration.display_name = "Renamed".to_owned()).await;
    time::sleep(Duration::from_secs(1)).await;
    let statements = |of: &str| {
        let (role, started) = (database.server_role(), started.unwrap());
        number(
            &database,
            format!(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}' AND query LIKE '%{of}%' \
                 AND 1e6 * extract(epoch FROM backend_start) > {started}"
            ),
        )
    };
    assert_eq!(statements("form <>").await, Some(0));
    assert!(statements("scim_control.tenants").await > Some(0), "its view polls");

    let other = database.tenant().await;
    until_derived(&database, &other, form(&Profile::default())).await;
    assert_eq!(statements("form <>").await, Some(1));
}

#[tokio::test]
async fn what_is_written_by_the_profile_from_before_between_the_passes_is_derived_too() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    create(&database, &tenant, &Profile::default(), "ada").await;
    // Long enough for all that happens between the passes here, also on a busy machine.
    let _running = run_with(&database, Duration::from_secs(4));
    until_derived(&database, &tenant, form(&Profile::default())).await;

    let profile = exact();
    reconfigure(&database, &tenant, |configuration| configuration.profile = profile.clone()).await;
    until_all_are_of(&database, &tenant, form(&profile)).await;
    create(&database, &tenant, &Profile::default(), "late").await;
    assert_eq!(derived_form(&database, &tenant).await, None);
    until_derived(&database, &tenant, form(&profile)).await;
    until_all_are_of(&database, &tenant, form(&profile)).await;
}

#[tokio::test]
async fn a_profile_that_is_reverted_between_the_passes_leaves_no_row_of_the_form_in_between() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    create(&database, &tenant, &Profile::default(), "ada").await;
    let _running = run_with(&database, Duration::from_secs(2));
    let (before, between) = (form(&Profile::default()), form(&exact()));
    until_derived(&database, &tenant, before).await;

    reconfigure(&database, &tenant, |configuration| configuration.profile = exact()).await;
    until_all_are_of(&database, &tenant, between).await;
    reconfigure(&database, &tenant, |configuration| configuration.profile = Profile::default()).await;
    until_all_are_of(&database, &tenant, before).await;
    assert_eq!(derived_form(&database, &tenant).await, None, "requests may still write the form in between");
    create(&database, &tenant, &exact(), "late").await;
    until_derived(&database, &tenant, before).await;
    until_all_are_of(&database, &tenant, before).await;
}

#[tokio::test]
async fn rows_of_a_newer_version_stay_and_it_is_asked_to_look_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    create(&database, &tenant, &Profile::default(), "ada").await;
    let newer = Catalog::NEWER_FORMS;
    let (schema, id) = (tenant.registered.schema_name(), tenant.registered.id.get());
    let mut administrator = database.administrator().await;
    for sql in [
        format!("UPDATE {schema}.users SET form = {newer}"),
        format!("UPDATE scim_control.tenants SET derived_form = {newer} WHERE id = {id}"),
    ] {
        execute(&mut administrator, &sql).await.unwrap();
    }
    let _running = run(&database);
    // It took back what the newer version had noted, then found nothing to do, twice.
    until_derived(&database, &tenant, form(&Profile::default())).await;
    until_all_are_of(&database, &tenant, newer).await;
}

#[tokio::test]
async fn a_profile_that_cannot_be_read_is_not_replaced_by_the_one_before() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let _running = run(&database);
    until_derived(&database, &tenant, form(&Profile::default())).await;
    let (schema, id) = (tenant.registered.schema_name(), tenant.registered.id.get());
    let mut administrator = database.administrator().await;
    let future = format!(
        "UPDATE scim_control.tenants SET configuration = '{{\"from\": \"the future\"}}', derived_form = NULL, \
         profile_version = 2 WHERE id = {id}"
    );
    execute(&mut administrator, &future).await.unwrap();
    time::sleep(Duration::from_secs(1)).await;
    create(&database, &tenant, &exact(), "ada").await;
    time::sleep(Duration::from_secs(1)).await;
    let sql = format!("SELECT form FROM {schema}.users");
    assert_eq!(number(&database, sql).await, Some(form(&exact())));
    assert_eq!(derived_form(&database, &tenant).await, None);
}

#[tokio::test]
async fn a_tenant_whose_rows_cannot_be_derived_does_not_stop_the_others() {
    let database = TestDatabase::start().await;
    let (broken, dropped, whole) =
        (database.tenant().await, database.tenant().await, database.tenant().await);
    create(&database, &broken, &exact(), "ada").await;
    let mut administrator = database.administrator().await;
    let revoke =
        format!("REVOKE UPDATE ON {}.users FROM {}", broken.registered.schema_name(), database.server_role());
    execute(&mut administrator, &revoke).await.unwrap();
    let drop_schema = format!("DROP SCHEMA {} CASCADE", dropped.registered.schema_name());
    execute(&mut administrator, &drop_schema).await.unwrap();

    let _running = run(&database);
    until_derived(&database, &whole, form(&Profile::default())).await;
    assert_eq!(derived_form(&database, &broken).await, None);
    assert_eq!(derived_form(&database, &dropped).await, None);

    let grant = revoke.replace("REVOKE", "GRANT").replace(" FROM ", " TO ");
    execute(&mut administrator, &grant).await.unwrap();
    until_derived(&database, &broken, form(&Profile::default())).await;
}
