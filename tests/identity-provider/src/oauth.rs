//! The client of a token endpoint: client credentials (RFC 6749, section 4.4), as Entra and Okta get access tokens.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use reqwest::Client;
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::connection::read;
use crate::credential::basic;
use crate::{Error, Exchange, Request};

const FORM: &str = "application/x-www-form-urlencoded";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a client proves who it is to the token endpoint.
#[derive(Clone)]
pub enum ClientProof {
    /// Id and secret as HTTP Basic (`client_secret_basic`).
    SecretInHeader {
        /// The client id.
        id: String,
        /// The client secret.
        secret: String,
    },
    /// Id and secret in the form (`client_secret_post`), as Entra sends them.
    SecretInBody {
        /// The client id.
        id: String,
        /// The client secret.
        secret: String,
    },
    /// A signed assertion (RFC 7523, section 2.2), made anew for each request: workload identity federation `[wif]`.
    Assertion(Assertions),
}

/// What makes assertions.
pub type Assertions = Arc<dyn Fn() -> Result<String, Error> + Send + Sync>;

/// A client of one token endpoint. Clones share the access token; it is got when it is needed, and used until it expires
/// or is refused.
#[derive(Clone)]
pub struct OAuthClient {
    token_url: String,
    proof: ClientProof,
    token: Arc<Mutex<Option<AccessToken>>>,
}

struct AccessToken {
    text: String,
    expires: Instant,
}

/// RFC 6749, section 5.1.
#[derive(Deserialize)]
struct Issued {
    access_token: String,
    token_type: String,
    expires_in: u64,
}

impl ClientProof {
    /// Assertions out of a function: `ClientProof::assertions(move || issuer.sign(&claims))`.
    pub fn assertions(make: impl Fn() -> Result<String, Error> + Send + Sync + 'static) -> Self {
        Self::Assertion(Arc::new(make))
    }

    /// The `Authorization` header, if it is one that proves it.
    fn header(&self) -> Option<String> {
        // Both are encoded like the fields of a form before they are joined (RFC 6749, section 2.3.1).
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        match self {
            Self::SecretInHeader { id, secret } => Some(basic(&encoded(id), &encoded(secret))),
            Self::SecretInBody { .. } | Self::Assertion(_) => None,
        }
    }

    /// The fields of the form beside `grant_type`.
    fn fields(&self) -> Result<Vec<(&'static str, String)>, Error> {
        Ok(match self {
            Self::SecretInHeader { .. } => Vec::new(),
            Self::SecretInBody { id, secret } => {
                vec![("client_id", id.clone()), ("client_secret", secret.clone())]
            }
            Self::Assertion(make) => {
                vec![("client_assertion_type", JWT_BEARER.to_owned()), ("client_assertion", make()?)]
            }
        })
    }
}

impl OAuthClient {
    /// A client of this endpoint. Nothing is sent yet.
    pub fn new(token_url: &str, proof: ClientProof) -> Self {
        Self { token_url: token_url.to_owned(), proof, token: Arc::default() }
    }

    /// The access token that it has, if it has not expired, else a new one.
    pub(crate) async fn access_token(&self, http: &Client) -> Result<String, Error> {
        let mut token = self.token.lock().await;
        if let Some(present) = token.as_ref().filter(|token| Instant::now() < token.expires) {
            return Ok(present.text.clone());
        }
        let asked = Instant::now();
        let exchange = self.ask(http).await?;
        let issued = issued(&exchange).ok_or_else(|| exchange.unexpected("an access token"))?;
        let expires = asked + Duration::from_secs(issued.expires_in);
        *token = Some(AccessToken { text: issued.access_token.clone(), expires });
        Ok(issued.access_token)
    }

    /// Throws the access token away: it was refused.
    pub(crate) async fn forget(&self) {
        *self.token.lock().await = None;
    }

    /// Asks the token endpoint, whatever it answers. The exchange does not show what the client proved itself with.
    pub(crate) async fn ask(&self, http: &Client) -> Result<Exchange, Error> {
        let url = Url::parse(&self.token_url)
            .map_err(|source| Error::Url { url: self.token_url.clone(), source })?;
        let mut request = Request::new(http::Method::POST, url.path())
            .headers(&[("Content-Type", FORM), ("Accept", "application/json")]);
        request.body = Some("grant_type=client_credentials".to_owned());
        let mut call = http.post(url).body(form(&self.proof.fields()?));
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        if let Some(authorization) = self.proof.header() {
            call = call.header(AUTHORIZATION, authorization);
        }
        match read(call, Instant::now()).await {
            Ok(response) => Ok(Exchange { request, response }),
            Err(source) => Err(Error::NoAnswer { request: Box::new(request), source }),
        }
    }
}

/// The fields of the proof after `grant_type`.
fn form(fields: &[(&str, String)]) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials").extend_pairs(fields);
    form.finish()
}

/// What a successful answer holds: JSON, of type Bearer.
fn issued(exchange: &Exchange) -> Option<Issued> {
    let json = exchange.response.json.as_ref().filter(|_| exchange.response.status == 200)?;
    let issued = Issued::deserialize(json).ok()?;
    issued.token_type.eq_ignore_ascii_case("bearer").then_some(issued)
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OAuthClient").field("token_url", &self.token_url).finish_non_exhaustive()
    }
}
