//! The end of a server: readiness goes first, requests in flight finish, then it is over.

use std::{net::SocketAddr, time::Duration};

use database::testing::TestDatabase;
use process::Readiness;
use scim_server::connections::End;
use serde_json::json;
use sqlx::Connection as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

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
async fn a_connection_is_given_up_with_an_answer_that_says_so() {
    let server = leaving_after(Duration::from_secs(1)).await;
    let mut kept = Kept::open(server.address).await;
    assert_eq!(kept.ask().await, "keep-alive");
    assert_eq!(kept.ask().await, "keep-alive");
    let mut silent = Kept::open(server.address).await;
    let ended = server.stop();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(kept.ask().await, "close");
    assert!(kept.is_over().await, "the answer said so");
    assert_eq!(silent.ask().await, "close");
    assert_eq!(timeout(Duration::from_secs(5), ended).await.unwrap().unwrap(), End::Orderly);
}

#[tokio::test]
async fn a_connection_that_was_taken_at_the_last_moment_is_served() {
    let server = leaving_after(Duration::from_millis(300)).await;
    let address = server.address;
    let ended = server.stop();
    let mut late = Kept::open(address).await;
    while TcpStream::connect(address).await.is_ok() {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(late.ask().await, "close");
    assert_eq!(timeout(Duration::from_secs(5), ended).await.unwrap().unwrap(), End::Orderly);
}

#[tokio::test]
async fn no_request_fails_while_one_server_follows_another() {
    let [old, new] =
        [leaving_after(Duration::from_secs(3)).await, leaving_after(Duration::from_secs(3)).await];
    let readiness = old.readiness.clone();
    let (new_address, old_address) = (new.address, old.address);
    let proxies: Vec<_> =
        (0..8).map(|_| tokio::spawn(send_on(old_address, new_address, readiness.clone()))).collect();
    sleep(Duration::from_millis(300)).await;
    let ended = old.stop();
    for proxy in proxies {
        proxy.await.unwrap();
    }
    assert_eq!(timeout(Duration::from_secs(10), ended).await.unwrap().unwrap(), End::Orderly);
}

/// Sends as a proxy does: it keeps its connection until it is told otherwise, sends nothing a second time, and learns half a second
/// late that a server is no longer ready.
async fn send_on(old: SocketAddr, new: SocketAddr, readiness: Readiness) {
    let mut connection = Kept::open(old).await;
    let (mut noticed, mut followed) = (None, false);
    for _ in 0..1000 {
        let is_given_up = connection.ask().await == "close";
        if readiness.check().is_err() {
            noticed.get_or_insert_with(Instant::now);
        }
        let knows = noticed.is_some_and(|noticed| noticed.elapsed() > Duration::from_millis(500));
        if knows && followed {
            return;
        }
        if is_given_up {
            connection = Kept::open(if knows { new } else { old }).await;
            followed = knows;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("the old server was never left");
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

async fn leaving_after(delay: Duration) -> TestServer {
    let database = TestDatabase::start().await;
    let mut settings = Settings::default();
    settings.times.delay = delay;
    TestServer::start_with(&database.server, settings).await
}

/// A connection that its client keeps, as proxies do.
struct Kept(BufReader<TcpStream>);

impl Kept {
    async fn open(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Asks without a token, and returns what becomes of the connection.
    async fn ask(&mut self) -> &'static str {
        let request = "GET /customer-test/acme/scim/v2/Users HTTP/1.1\r\nhost: a\r\n\r\n";
        self.0.write_all(request.as_bytes()).await.unwrap();
        let (mut length, mut answer, mut line) = (0, "keep-alive", String::new());
        assert!(self.line(&mut line).await.starts_with("HTTP/1.1 401"), "{line}");
        while !self.line(&mut line).await.is_empty() {
            match line.trim().split_once(": ").unwrap() {
                ("connection", "close") => answer = "close",
                ("content-length", text) => length = text.parse().unwrap(),
                _ => {}
            }
        }
        self.0.read_exact(&mut vec![0; length]).await.unwrap();
        answer
    }

    async fn line<'l>(&mut self, line: &'l mut String) -> &'l str {
        line.clear();
        self.0.read_line(line).await.unwrap();
        line.trim()
    }

    async fn is_over(&mut self) -> bool {
        self.0.read(&mut [0]).await.unwrap() == 0
    }
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
