//! `PostgreSQL` goes away and comes back: clients are told to wait, and nobody has to restart anything.

use std::time::Duration;

use database::{Database, Options, testing::TestDatabase};
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::server::{Settings, TestServer};

#[tokio::test]
async fn while_the_database_is_away_clients_are_told_to_wait_and_then_are_served_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut way = Way::to(&database.server_url()).await;
    let connection = connect(&way.url);
    let server = TestServer::start_with(&connection, Settings::default()).await;
    let scim = server.client(&tenant);
    let id = scim.create("/Users", json!({"userName": "ada"})).await;

    way.block();
    for answer in [
        scim.get(&format!("/Users/{id}")).await,
        scim.post("/Users", json!({"userName": "bob"})).await,
        scim.get("/Users").await,
    ] {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    let mut stranger = scim.clone();
    stranger.token = Some("scim_unknown".to_owned());
    assert_eq!(stranger.get("/Users").await.status, 503, "nobody can say that the token is wrong");
    assert_eq!(scim.get("/Schemas").await.status, 200, "what needs no database goes on");
    assert_eq!(server.readiness.check(), Ok(()));

    way.open().await;
    let recovers = async {
        while scim.get(&format!("/Users/{id}")).await.status != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), recovers).await.unwrap();
    assert_eq!(scim.get("/Users").await.body["totalResults"], 1, "what was refused was not written");
    assert_eq!(stranger.get("/Users").await.status, 401);
}

#[tokio::test]
async fn a_server_that_starts_before_the_database_serves_once_it_is_there() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut way = Way::to(&database.server_url()).await;
    way.block();
    let server = TestServer::start_with(&connect(&way.url), Settings::default()).await;
    let scim = server.client(&tenant);
    assert_eq!(scim.get("/Users").await.status, 503);
    way.open().await;
    let becomes_ready = async {
        while scim.get("/Users").await.status != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), becomes_ready).await.unwrap();
}

pub fn connect(url: &str) -> Database {
    Database::connect(url, Options { max_connections: 4, application_name: "test".to_owned() }).unwrap()
}

/// A way to `PostgreSQL` that can be blocked.
pub struct Way {
    /// The URL of the database, by this way.
    pub url: String,
    from: String,
    to: String,
    forwarding: JoinHandle<()>,
}

impl Way {
    pub async fn to(url: &str) -> Self {
        let mut url = reqwest::Url::parse(url).unwrap();
        let to = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let from = listener.local_addr().unwrap();
        url.set_port(Some(from.port())).unwrap();
        let forwarding = tokio::spawn(forward(listener, to.clone()));
        Self { url: url.to_string(), from: from.to_string(), to, forwarding }
    }

    /// Breaks all connections, and refuses new ones.
    pub fn block(&mut self) {
        self.forwarding.abort();
    }

    pub async fn open(&mut self) {
        let listener = TcpListener::bind(&self.from).await.unwrap();
        self.forwarding = tokio::spawn(forward(listener, self.to.clone()));
    }
}

async fn forward(listener: TcpListener, to: String) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let to = to.clone();
        connections.spawn(async move {
            let mut server = TcpStream::connect(to).await.unwrap();
            let _ = copy_bidirectional(&mut client, &mut server).await;
        });
    }
}
