//! An issuer whose word tenants trust, as Entra is one: it signs, and publishes its keys (RFC 7517) over plain HTTP.

mod key;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::header::CONNECTION;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::Error;

pub use key::{Algorithm, SigningKey};

/// How long what it signs is valid, unless a test says otherwise: as long as Entra's assertions.
const LIFETIME: Duration = Duration::from_mins(5);
const KEYS: &str = "/discovery/v2.0/keys";

/// An issuer, answering at its address. When it is dropped, nobody answers there any more.
#[derive(Debug)]
pub struct Issuer {
    address: SocketAddr,
    algorithm: Algorithm,
    published: Arc<Published>,
    /// Those that it had, the present one included.
    keys_made: AtomicUsize,
    server: Mutex<Option<JoinHandle<()>>>,
}

/// What everybody can read.
#[derive(Debug)]
struct Published {
    /// The last one signs.
    keys: Mutex<Vec<Arc<SigningKey>>>,
    times_read: AtomicUsize,
}

impl Issuer {
    /// Starts one at an address of this machine (port 0: any), with one key of that algorithm.
    pub async fn start(address: SocketAddr, algorithm: Algorithm) -> Result<Self, Error> {
        let listener = TcpListener::bind(address).await.map_err(Error::Listen)?;
        let key = SigningKey::new(algorithm, "key-1")?;
        let published =
            Arc::new(Published { keys: Mutex::new(vec![Arc::new(key)]), times_read: AtomicUsize::new(0) });
        let issuer = Self {
            address: listener.local_addr().map_err(Error::Listen)?,
            algorithm,
            server: Mutex::new(Some(serve(listener, Arc::clone(&published)))),
            keys_made: AtomicUsize::new(1),
            published,
        };
        Ok(issuer)
    }

    /// What it calls itself in `iss`.
    pub fn url(&self) -> String {
        format!("http://{}/issuer", self.address)
    }

    /// Where its keys are.
    pub fn jwks_uri(&self) -> String {
        format!("http://{}{KEYS}", self.address)
    }

    /// How often somebody has read its keys.
    pub fn times_read(&self) -> usize {
        self.published.times_read.load(Ordering::Relaxed)
    }

    /// Claims for an audience about a subject, valid from now on for five minutes, to be changed before they are signed:
    /// `claims["exp"] = json!(0)`.
    pub fn claims(&self, audience: &str, subject: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        json!({
            "iss": self.url(), "aud": audience, "sub": subject, "iat": now, "nbf": now,
            "exp": now + LIFETIME.as_secs(), "jti": Uuid::now_v7().to_string(),
        })
    }

    /// The claims, signed with its newest key (RFC 7515, section 7.1).
    pub fn sign(&self, claims: &Value) -> Result<String, Error> {
        let key = self.keys().last().cloned().ok_or(Error::Signature)?;
        key.sign(claims)
    }

    /// Its newest key.
    pub fn key(&self) -> Result<Arc<SigningKey>, Error> {
        self.keys().last().cloned().ok_or(Error::Signature)
    }

    /// Signs with a new key from now on. The old ones stay published.
    pub fn rotate(&self) -> Result<(), Error> {
        let number = self.keys_made.fetch_add(1, Ordering::Relaxed) + 1;
        let key = SigningKey::new(self.algorithm, &format!("key-{number}"))?;
        self.keys().push(Arc::new(key));
        Ok(())
    }

    /// Publishes nothing but the newest key any more.
    pub fn withdraw_old_keys(&self) {
        let mut keys = self.keys();
        let old = keys.len().saturating_sub(1);
        keys.drain(..old);
    }

    /// Ends its server: its keys cannot be read. It can sign nevertheless.
    pub async fn stop(&self) {
        let server = self.server().take();
        if let Some(server) = server {
            server.abort();
            let _ = server.await; // it was aborted
        }
    }

    /// Starts its server again, at the same address.
    pub async fn resume(&self) -> Result<(), Error> {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await.map_err(Error::Listen)?;
        *self.server() = Some(serve(listener, Arc::clone(&self.published)));
        Ok(())
    }

    fn keys(&self) -> MutexGuard<'_, Vec<Arc<SigningKey>>> {
        self.published.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn server(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        if let Some(server) = self.server().take() {
            server.abort();
        }
    }
}

fn serve(listener: TcpListener, published: Arc<Published>) -> JoinHandle<()> {
    let router = Router::new().route(KEYS, get(keys)).with_state(published);
    tokio::spawn(async move {
        let _: io::Result<()> = axum::serve(listener, router).await; // it never ends by itself
    })
}

/// No connection outlives its answer, so that nobody can ask who has stopped.
async fn keys(State(published): State<Arc<Published>>) -> impl IntoResponse {
    published.times_read.fetch_add(1, Ordering::Relaxed);
    let keys = published.keys.lock().unwrap_or_else(PoisonError::into_inner);
    let keys: Vec<Value> = keys.iter().map(|key| key.public_half()).collect();
    ([(CONNECTION, "close")], Json(json!({"keys": keys})))
}
