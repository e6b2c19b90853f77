//! PostgreSQL goes away and comes back. A proxy in front of it plays the outage.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use database::registry::view::{Presented, Readiness, Refused, RegistryView};
use database::tenant::TenantDatabase;
use database::testing::{SOURCE, TestDatabase, token};
use database::{Database, Options};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Passes connections on while it is open; closing it cuts those that are open.
struct Proxy {
    url: String,
    open: Arc<AtomicBool>,
}

impl Proxy {
    async fn before(url: &str) -> Self {
        let (start, address, end) = split(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let through = listener.local_addr().unwrap();
        let open = Arc::new(AtomicBool::new(true));
        let is_open = Arc::clone(&open);
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let accepted = tokio::time::timeout(Duration::from_millis(10), listener.accept()).await;
                if !is_open.load(Ordering::Relaxed) {
                    connections.shutdown().await;
                } else if let Ok(Ok((mut client, _))) = accepted {
                    let mut server = TcpStream::connect(&address).await.unwrap();
                    connections.spawn(async move {
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    });
                }
            }
        });
        Self { url: format!("{start}{through}{end}"), open }
    }

    async fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// `postgres://user:password@`, `host:port`, `/database?…`
fn split(url: &str) -> (String, String, String) {
    let (start, rest) = url.split_once('@').unwrap();
    let (address, end) = rest.split_once('/').unwrap();
    (format!("{start}@"), address.to_owned(), format!("/{end}"))
}

#[tokio::test]
async fn authentication_goes_on_while_postgresql_is_away_and_everything_when_it_is_back() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let proxy = Proxy::before(&database.server_url()).await;
    let options = Options { max_connections: 4, application_name: "test".to_owned() };
    let server = Database::connect(&proxy.url, options).unwrap();
    let view = RegistryView::new(&server, tenant.key.installation.clone());
    view.refresh().await.unwrap();
    server.health().await.unwrap();

    proxy.set_open(false).await;
    let authenticated =
        view.authenticate(&tenant.path(), Presented::Bearer(tenant.token.expose()), SOURCE).await.unwrap();
    let started = Instant::now();
    let data = TenantDatabase::new(server.clone(), authenticated.scope);
    let error = data.execute(data.statement("DELETE FROM {users}")).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(data.begin().await.is_err_and(|error| error.is_unavailable()));
    assert!(started.elapsed() < Duration::from_secs(8));
    // What is not known cannot be refused for good.
    assert_eq!(
        view.authenticate(&tenant.path(), Presented::Bearer(token().expose()), SOURCE).await.unwrap_err(),
        Refused::Undecided
    );
    assert!(matches!(view.readiness(), Readiness::Loaded { age } if age >= started.elapsed()));

    proxy.set_open(true).await;
    data.execute(data.statement("DELETE FROM {users}")).await.unwrap();
    assert_eq!(
        view.authenticate(&tenant.path(), Presented::Bearer(token().expose()), SOURCE).await.unwrap_err(),
        Refused::Unknown
    );
}

#[tokio::test]
async fn a_connection_that_postgresql_ends_is_unavailable_once() {
    let database = TestDatabase::start().await;
    let options = Options { max_connections: 1, application_name: "test".to_owned() };
    let server = Database::connect(&database.server_url(), options).unwrap();
    server.health().await.unwrap();
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1")
        .bind(database.server_role())
        .execute(&mut database.administrator().await)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    if let Err(error) = server.health().await {
        assert!(error.is_unavailable(), "{error:?}");
    }
    server.health().await.unwrap();
}
