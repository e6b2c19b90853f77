//! One tenant's slow statements are its own affair: the others are served as ever.

use std::time::{Duration, Instant};

use database::{
    Database, Options,
    testing::{TestDatabase, TestTenant, execute},
};
use futures::future::join_all;
use serde_json::json;
use sqlx::PgConnection;
use tokio::time::{sleep, timeout};

use crate::server::{Answer, Client, Settings, TestServer};

/// More requests than the server has connections.
const REQUESTS: usize = 16;
const CONNECTIONS: u32 = 8;
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(6);

struct Neighbours {
    slow: Client,
    other: Client,
    server: TestServer,
    _lock: PgConnection,
    _database: TestDatabase,
}

impl Neighbours {
    /// Two tenants, and of one of them every statement on its users takes for ever.
    async fn start(statement_timeout: Duration) -> Self {
        let database = TestDatabase::start().await;
        let [slow, other] = [database.tenant().await, database.tenant().await];
        let options = Options { max_connections: CONNECTIONS, application_name: "test".to_owned() };
        let connection =
            Database::connect_for_requests(&database.server_url(), options, statement_timeout).unwrap();
        let server = TestServer::start_with(&connection, Settings::default()).await;
        server.client(&slow).create("/Users", json!({"userName": "ada"})).await;
        let mut lock = database.administrator().await;
        execute(&mut lock, &format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", users_of(&slow)))
            .await
            .unwrap();
        Self {
            slow: server.client(&slow),
            other: server.client(&other),
            server,
            _lock: lock,
            _database: database,
        }
    }

    async fn assert_that_the_other_is_served(&self) {
        for _ in 0..5 {
            let started = Instant::now();
            assert_eq!(self.other.get("/Users").await.status, 200);
            assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        }
    }
}

fn users_of(tenant: &TestTenant) -> String {
    format!("tenant_{}.users", tenant.registered.id.get())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_statements_of_one_tenant_do_not_keep_another_from_being_served() {
    let neighbours = Neighbours::start(STATEMENT_TIMEOUT).await;
    let slow = neighbours.slow.clone();
    let requests = tokio::spawn(async move {
        join_all((0..REQUESTS).map(|_| slow.filter("/Users", "emails.value co \"a\""))).await
    });
    sleep(Duration::from_millis(300)).await;
    neighbours.assert_that_the_other_is_served().await;
    let answers: Vec<Answer> = requests.await.unwrap();
    let refused = answers.iter().filter(|answer| answer.status == 503);
    assert!(refused.clone().all(|answer| answer.header("retry-after") == Some("5")), "{answers:?}");
    assert_eq!(refused.count(), REQUESTS - 4, "half of the pool was its share");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_who_goes_away_does_not_take_more_than_the_share_of_its_tenant() {
    let neighbours = Neighbours::start(STATEMENT_TIMEOUT).await;
    for _ in 0..REQUESTS {
        let gone = timeout(Duration::from_millis(50), neighbours.slow.get("/Users")).await;
        assert!(gone.is_err());
    }
    neighbours.assert_that_the_other_is_served().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_takes_too_long_is_to_be_narrowed_and_anything_else_tried_again() {
    let neighbours = Neighbours::start(Duration::from_millis(500)).await;
    let filtered = neighbours.slow.filter("/Users", "emails.value co \"a\"").await;
    assert_eq!(filtered.status, 400, "{filtered:?}");
    assert_eq!(filtered.body["scimType"], "tooMany");
    assert!(filtered.detail().contains("narrow the filter"), "{filtered:?}");
    let all = neighbours.slow.get("/Users").await;
    assert_eq!((all.status.as_u16(), all.header("retry-after")), (503, Some("5")));
    let created = neighbours.slow.post("/Users", json!({"userName": "bob"})).await;
    assert_eq!(created.status, 503);
    drop(neighbours.server);
}
