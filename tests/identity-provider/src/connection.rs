//! A Tenant URL and a credential, as an administrator pastes them into an identity provider.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use reqwest::{Certificate, Client, redirect::Policy};
use serde_json::Value;
use url::Url;

use crate::{Credential, Error, Exchange, OAuthClient, Request, Response};

/// How long a provider waits for an answer. Nothing is documented; both are known to be patient.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A way to one tenant. Cheap to clone; clones share their TCP connections.
#[derive(Clone)]
pub struct Connection {
    client: Client,
    tenant_url: Url,
    /// The query of the Tenant URL, which is sent with each request: Entra's flags live there `[compat]`.
    flags: String,
    credential: Credential,
}

impl Connection {
    /// A connection with a bearer token, and with defaults.
    pub fn new(tenant_url: &str, token: &str) -> Result<Self, Error> {
        Self::builder(tenant_url, token).build()
    }

    /// A connection to be made with options.
    pub fn builder(tenant_url: &str, token: &str) -> ConnectionBuilder {
        ConnectionBuilder {
            tenant_url: tenant_url.to_owned(),
            token: token.to_owned(),
            root_certificate: None,
            address: None,
        }
    }

    /// The Tenant URL without its query.
    pub fn tenant_url(&self) -> &str {
        self.tenant_url.as_str()
    }

    /// The same connection with another token: to try a revoked or a wrong one.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with_credential(Credential::Token(token.to_owned()))
    }

    /// The same connection with another credential.
    #[must_use]
    pub fn with_credential(&self, credential: Credential) -> Self {
        Self { credential, ..self.clone() }
    }

    /// The same connection with flags in the query of its Tenant URL.
    #[must_use]
    pub(crate) fn with_flags(&self, flags: &str) -> Self {
        Self { flags: flags.to_owned(), ..self.clone() }
    }

    /// Sends the request with the credential, and reads the whole answer. A client whose access token is refused gets
    /// another one and tries again, once.
    pub async fn send(&self, request: Request) -> Result<Exchange, Error> {
        let authorization = self.authorization().await?;
        let exchange = self.send_as(request, authorization.as_deref()).await?;
        match &self.credential {
            Credential::Client(client) if exchange.response.status == 401 => {
                client.forget().await;
                let authorization = self.authorization().await?;
                self.send_as(exchange.request, authorization.as_deref()).await
            }
            _ => Ok(exchange),
        }
    }

    /// What a token endpoint answers to this client, whether it is an access token or not.
    pub async fn ask_for_access_token(&self, client: &OAuthClient) -> Result<Exchange, Error> {
        client.ask(&self.client).await
    }

    /// Sends the request with this `Authorization` header, or with none.
    pub async fn send_as(&self, request: Request, authorization: Option<&str>) -> Result<Exchange, Error> {
        let url = self.url_of(&request)?;
        let mut call = self.client.request(request.method.clone(), url);
        if let Some(authorization) = authorization {
            call = call.header(http::header::AUTHORIZATION, authorization);
        }
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        if let Some(body) = &request.body {
            call = call.body(body.clone());
        }
        let started = Instant::now();
        match read(call, started).await {
            Ok(response) => Ok(Exchange { request, response }),
            Err(source) => Err(Error::NoAnswer { request: Box::new(request), source }),
        }
    }

    /// The `Authorization` header that the credential makes, if it makes one.
    pub(crate) async fn authorization(&self) -> Result<Option<String>, Error> {
        self.credential.authorization(&self.client).await
    }

    fn url_of(&self, request: &Request) -> Result<Url, Error> {
        let text = format!("{}{}", self.tenant_url.as_str().trim_end_matches('/'), request.path);
        let mut url = Url::parse(&text).map_err(|source| Error::Url { url: text, source })?;
        let query = match (self.flags.is_empty(), request.query.is_empty()) {
            (true, true) => return Ok(url),
            (true, false) => request.query.clone(),
            (false, true) => self.flags.clone(),
            (false, false) => format!("{}&{}", self.flags, request.query),
        };
        url.set_query(Some(&query));
        Ok(url)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("tenant_url", &self.tenant_url.as_str())
            .finish_non_exhaustive()
    }
}

pub(crate) async fn read(
    call: reqwest::RequestBuilder,
    started: Instant,
) -> Result<Response, reqwest::Error> {
    let answer = call.send().await?;
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, content_type) = (answer.status().as_u16(), header(http::header::CONTENT_TYPE));
    let retry_after = header(http::header::RETRY_AFTER);
    let bytes = answer.bytes().await?;
    let elapsed = started.elapsed();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let json = serde_json::from_str::<Value>(&text).ok();
    Ok(Response { status, content_type, retry_after, text, json, elapsed })
}

/// Makes a [`Connection`].
pub struct ConnectionBuilder {
    tenant_url: String,
    token: String,
    root_certificate: Option<Vec<u8>>,
    address: Option<SocketAddr>,
}

impl ConnectionBuilder {
    /// Trusts these certificates (PEM) and no others.
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificate = Some(pem.into());
        self
    }

    /// Sends what is for the Tenant URL's host to this address, as `curl --resolve` does. The Tenant URL's port is
    /// used, and only where it has none the address's; Host header and TLS server name stay the host's. Hosts that end with
    /// `.localhost` are this machine without it.
    #[must_use]
    pub fn resolve_to(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// The connection. Nothing is sent yet.
    pub fn build(self) -> Result<Connection, Error> {
        let mut tenant_url = Url::parse(&self.tenant_url)
            .map_err(|source| Error::Url { url: self.tenant_url.clone(), source })?;
        let flags = tenant_url.query().unwrap_or_default().to_owned();
        tenant_url.set_query(None);
        // The first one installed wins; ring is the only one in this workspace.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy();
        if let Some(pem) = self.root_certificate {
            client = client.tls_certs_only(Certificate::from_pem_bundle(&pem).map_err(Error::Client)?);
        } else if tenant_url.scheme() == "http" {
            // Without TLS the machine's certificates are not needed, and may be absent.
            client = client.tls_certs_only([]);
        }
        if let Some(host) = tenant_url.host_str() {
            // Whatever ends with .localhost is this machine (RFC 6761, section 6.3), though no resolver may say so.
            let here = || host.ends_with(".localhost").then_some((Ipv4Addr::LOCALHOST, 0).into());
            if let Some(address) = self.address.or_else(here) {
                client = client.resolve(host, address);
            }
        }
        let client = client.build().map_err(Error::Client)?;
        Ok(Connection { client, tenant_url, flags, credential: Credential::Token(self.token) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_in_the_tenant_url_comes_before_the_query_of_each_request() {
        let connection = Connection::new("http://localhost/a/b/scim/v2?aadOptscim062020", "secret").unwrap();
        let request = Request::new(http::Method::GET, "/Users").query("filter=a+eq+%22b%22");
        insta::assert_snapshot!(
            connection.url_of(&request).unwrap(),
            @"http://localhost/a/b/scim/v2/Users?aadOptscim062020&filter=a+eq+%22b%22"
        );
    }

    #[test]
    fn a_connection_does_not_show_its_token() {
        let connection = Connection::new("http://localhost/a/b/scim/v2", "secret").unwrap();
        assert!(!format!("{connection:?}").contains("secret"));
    }

    #[test]
    fn a_tenant_url_that_is_not_a_url_is_refused() {
        let error = Connection::new("acme", "secret").unwrap_err();
        insta::assert_snapshot!(error, @r#""acme" is not a URL"#);
    }
}
