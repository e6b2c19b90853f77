//! The end of a server: readiness goes first, requests in flight finish, then it is over.

use std::time::Duration;

use database::testing::TestDatabase;
use scim_server::connections::End;
use serde_json::json;
use sqlx::Connection as _;
use tokio::time::{sleep, timeout};

use crate::server::{Settings, TestServer};

#[tokio::test]
async fn readiness_goes_first_and_requests_are_served_during_the_delay() {
    let database = TestDatabase::start().await;
    let mut settings = Settings::default();
    settings.times.delay = Duration::from_millis(500);
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&database.tenant().await);
    assert_eq!(server.readiness.check(), Ok(()));
    let readiness = server.readiness.clone();
    let ended = server.stop();
    sleep(Duration::from_millis(50)).await;
    assert_eq!(readiness.check(), Err("shutting down".to_owned()));
    assert_eq!(scim.get("/Users").await.status, 200);
    assert_eq!(timeout(Duration::from_secs(5), ended).await.unwrap().unwrap(), End::Orderly);
    assert!(scim.http.get(&scim.base).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_request_in_flight_is_finished() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let server = TestServer::start(&database).await;
    let scim = server.client(&tenant);
    let id = scim.create("/Users", json!({"userName": "ada"})).await;
    let mut lock = Lock::on_users(&database, tenant.registered.schema_name().as_str()).await;
    let writing = {
        let (scim, path) = (scim.clone(), format!("/Users/{id}"));
        tokio::spawn(async move { scim.put(&path, json!({"userName": "ada", "title": "Countess"})).await })
    };
    lock.until_somebody_waits().await;
    let ended = server.stop();
    sleep(Duration::from_millis(200)).await;
    assert!(!ended.is_finished(), "the server did not wait for the request");
    lock.release().await;
    assert_eq!(writing.await.unwrap().status, 200);
    assert_eq!(timeout(Duration::from_secs(5), ended).await.unwrap().unwrap(), End::Orderly);
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_when_the_grace_is_over() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut settings = Settings::default();
    settings.times.grace = Duration::from_millis(300);
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&tenant);
    let id = scim.create("/Users", json!({"userName": "ada"})).await;
    let mut lock = Lock::on_users(&database, tenant.registered.schema_name().as_str()).await;
    tokio::spawn(async move { scim.delete(&format!("/Users/{id}")).await });
    lock.until_somebody_waits().await;
    let ended = server.stop();
    assert_eq!(timeout(Duration::from_secs(5), ended).await.unwrap().unwrap(), End::Cut);
    lock.release().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_and_changes_nothing() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut settings = Settings::default();
    settings.limits.request_timeout = Duration::from_millis(300);
    let hasty = TestServer::start_with(&database.server, settings).await;
    // What is not to time out goes to a server that has time, however slow the machine.
    let patient = TestServer::start_with(&database.server, Settings::default()).await;
    let scim = patient.client(&tenant);
    let id = scim.create("/Users", json!({"userName": "ada"})).await;
    let lock = Lock::on_users(&database, tenant.registered.schema_name().as_str()).await;
    let answer = hasty.client(&tenant).put(&format!("/Users/{id}"), json!({"userName": "eve"})).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    lock.release().await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.body["userName"], "ada");
}

/// A transaction that holds writers of a tenant's users up.
struct Lock(sqlx::PgConnection);

impl Lock {
    async fn on_users(database: &TestDatabase, schema: &str) -> Self {
        let mut connection = database.administrator().await;
        let lock = format!("BEGIN; LOCK TABLE {schema}.users IN EXCLUSIVE MODE");
        sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut connection).await.unwrap();
        Self(connection)
    }

    async fn until_somebody_waits(&mut self) {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut self.0).await.unwrap() == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn release(self) {
        self.0.close().await.unwrap();
    }
}
