//! How a check asks: a plain client, which waits for a server that is about to start.

use std::time::Duration;

use reqwest::{
    header::{ACCEPT, CONTENT_TYPE},
    redirect,
};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::check::{
    connection::Connection,
    step::{Credential, Request},
};

/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long it is asked again where nobody listens, or the server says that it cannot serve at the moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time between two attempts.
const REST: Duration = Duration::from_millis(500);

const SCIM: &str = "application/scim+json";

/// Asks a tenant. No redirect is followed and no proxy of the environment used: what answers is what was named.
pub(super) struct CheckClient {
    http: reqwest::Client,
    connection: Connection,
}

/// What the tenant answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Null where it is no JSON.
    pub(super) body: Value,
}

impl Answer {
    /// The string at a place of the body (RFC 6901).
    pub(super) fn text(&self, place: &str) -> Option<&str> {
        self.body.pointer(place)?.as_str()
    }
}

impl CheckClient {
    pub(super) fn new(connection: Connection) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(process::tls::client()?)
            .timeout(ANSWER_WITHIN)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("scim-server-check/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, connection })
    }

    /// Asks, and asks again for a while if nobody listens or the answer is a 5xx.
    pub(super) async fn ask(&self, request: &Request) -> Result<Answer, reqwest::Error> {
        let started = Instant::now();
        loop {
            let asked = self.ask_once(request).await;
            let may_get_better = match &asked {
                Ok(answer) => answer.status >= 500,
                Err(error) => error.is_connect(),
            };
            if !may_get_better || started.elapsed() >= PATIENCE {
                return asked;
            }
            sleep(REST).await;
        }
    }

    async fn ask_once(&self, request: &Request) -> Result<Answer, reqwest::Error> {
        let token = match request.credential {
            Credential::Token => self.connection.token(),
            Credential::Wrong => "wrong",
        };
        let url = self.connection.url(&request.path, request.filter.as_deref());
        let mut asking =
            self.http.request(request.method.clone(), url).bearer_auth(token).header(ACCEPT, SCIM);
        if let Some(body) = &request.body {
            asking = asking.header(CONTENT_TYPE, SCIM).body(body.to_string());
        }
        let answer = asking.send().await?;
        let status = answer.status().as_u16();
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok(Answer { status, body })
    }
}

/// Why nothing can be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// HTTP cannot.
    #[error("no client can be made")]
    Http(#[from] reqwest::Error),
}
