//! The one way out of the server: where it goes, and where it does not. Everything is on this machine.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, response::Redirect, routing::get};
use scim_server::outgoing::{Outgoing, OutgoingError};
use tenancy::PrivateAddresses::{self, Allow, Deny};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

/// Somebody in a private network, who counts who comes.
struct Neighbour {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
}

impl Neighbour {
    /// Listens at this address and closes what it accepts.
    async fn at(address: &str) -> Option<Self> {
        let listener = TcpListener::bind(address).await.ok()?;
        let address = listener.local_addr().unwrap();
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Some(Self { address, visits })
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }
}

async fn json(url: &str, private: PrivateAddresses) -> Result<Vec<u8>, OutgoingError> {
    Outgoing::default().json(url, private, 1024).await
}

#[tokio::test]
async fn private_addresses_are_refused_without_a_connection() {
    let neighbour = Neighbour::at("127.0.0.1:0").await.unwrap();
    let port = neighbour.address.port();
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://127.1:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://0x7f.0.0.1:{port}/"),
        format!("https://127.0.0.1.:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://0.0.0.0:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://LOCALHOST:{port}/"),
        format!("https://localhost.:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://127.0.0.1:{port}/"),
    ] {
        let error = json(&url, Deny).await.unwrap_err();
        let refused = match &error {
            OutgoingError::Scheme | OutgoingError::Address(_) => true,
            OutgoingError::Request(error) => error.is_connect(),
            _ => false,
        };
        assert!(refused, "{url}: {error:?}");
    }
    if let Some(neighbour) = Neighbour::at("[::1]:0").await {
        assert!(json(&format!("https://[::1]:{}/", neighbour.address.port()), Deny).await.is_err());
        assert_eq!(neighbour.visits(), 0);
    }
    assert_eq!(neighbour.visits(), 0);
    // That they could be reached:
    assert!(json(&format!("https://localhost:{port}/"), Allow).await.is_err());
    assert_eq!(neighbour.visits(), 1);
}

#[tokio::test]
async fn other_schemes_and_texts_that_are_no_url_are_refused() {
    for url in ["", "keys", "//127.0.0.1/", "file:///etc/passwd", "ftp://localhost/", "data:,{}", "https://"]
    {
        for private in [Allow, Deny] {
            assert!(json(url, private).await.is_err(), "{url}");
        }
    }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_document_is_fetched_and_a_redirect_is_not_followed() {
    let elsewhere = Neighbour::at("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", elsewhere.address);
    let router = Router::new()
        .route("/keys", get(async || "{\"keys\": []}"))
        .route("/away", get(async |State(target): State<String>| Redirect::temporary(&target)))
        .route("/error", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "{}")))
        .with_state(target);
    let server = serve(router).await;
    assert_eq!(json(&format!("{server}/keys"), Allow).await.unwrap(), b"{\"keys\": []}");
    for (path, status) in [("/away", 307), ("/error", 500), ("/nothing", 404)] {
        let error = json(&format!("{server}{path}"), Allow).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Status(got) if got == status), "{path}: {error:?}");
    }
    assert_eq!(elsewhere.visits(), 0);
}

#[tokio::test]
async fn a_document_is_read_up_to_its_limit() {
    let router = Router::new()
        .route("/fits", get(async || vec![b' '; 1024]))
        .route("/long", get(async || vec![b' '; 1025]));
    let server = serve(router).await;
    assert_eq!(json(&format!("{server}/fits"), Allow).await.unwrap().len(), 1024);
    let error = json(&format!("{server}/long"), Allow).await.unwrap_err();
    assert!(matches!(error, OutgoingError::TooLong(1024)), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_takes_its_time_is_given_up() {
    let router = Router::new().route("/", get(async || sleep(Duration::from_mins(1)).await));
    let server = serve(router).await;
    let started = Instant::now();
    let error = json(&server, Allow).await.unwrap_err();
    assert!(matches!(&error, OutgoingError::Request(error) if error.is_timeout()), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(8));
}
