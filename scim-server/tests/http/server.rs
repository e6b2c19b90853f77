//! A server in this process, and a client of one of its tenants.

use std::{net::SocketAddr, sync::Once, time::Duration};

use database::{
    Database,
    registry::{Foreign, view::RegistryView},
    testing::{INSTALLATION, TestDatabase, TestTenant},
};
use process::Readiness;
use prometheus_client::registry::Registry as Metrics;
use reqwest::{Method, StatusCode, header::HeaderMap};
use scim_server::{
    connections::End,
    metrics::RequestMetrics,
    router::router,
    shutdown::{self, Times},
    source::TrustedProxies,
    state::{Limits, Server},
};
use serde_json::{Value, json};
use tenancy::TenantConfiguration;
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep},
};

/// A running server. It ends with the test's runtime, or earlier by [`TestServer::stop`].
pub struct TestServer {
    pub address: SocketAddr,
    pub readiness: Readiness,
    pub metrics: Metrics,
    signal: oneshot::Sender<()>,
    serving: JoinHandle<End>,
}

/// What a test sets differently.
#[derive(Clone)]
pub struct Settings {
    pub limits: Limits,
    pub proxies: TrustedProxies,
    pub times: Times,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits { body: 1024 * 1024, request_timeout: Duration::from_secs(20) },
            proxies: TrustedProxies::default(),
            times: Times {
                write: Duration::from_mins(1),
                delay: Duration::ZERO,
                grace: Duration::from_secs(10),
            },
        }
    }
}

impl TestServer {
    pub async fn start(database: &TestDatabase) -> Self {
        Self::start_with(&database.server, Settings::default()).await
    }

    /// A server that reaches registry and data by this connection.
    pub async fn start_with(connection: &Database, settings: Settings) -> Self {
        let installation = INSTALLATION.parse().unwrap();
        let view = RegistryView::new(connection, installation);
        let readiness = Readiness::unready("starting");
        let watched = view.clone();
        tokio::spawn(async move { watched.run(std::future::pending()).await });
        let mut metrics = Metrics::default();
        let server = Server::new(view.clone(), connection.clone(), settings.proxies, settings.limits);
        let router = router(server, RequestMetrics::register(&mut metrics));
        scim_server::metrics::register_registry(&mut metrics, view);
        scim_server::metrics::register_connections(&mut metrics, connection.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (signal, signalled) = oneshot::channel();
        let serving =
            tokio::spawn(shutdown::serve(listener, router, readiness.clone(), signalled, settings.times));
        readiness.set_ready();
        Self { address, readiness, metrics, signal, serving }
    }

    /// A client with the tenant's URL path and token.
    pub fn client(&self, tenant: &TestTenant) -> Client {
        Client {
            http: http_client(),
            base: format!("http://{}/{}/{}/scim/v2", self.address, tenant.key.namespace, tenant.key.name),
            token: Some(tenant.token.expose().to_owned()),
        }
    }

    /// Tells the server to end, as SIGTERM does; the future is there when it has.
    pub fn stop(self) -> JoinHandle<End> {
        self.signal.send(()).unwrap();
        self.serving
    }

    /// What Prometheus would see.
    pub fn exposition(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.metrics).unwrap();
        text
    }
}

/// Writes a changed configuration into the registry, as the operator does.
pub async fn reconfigure(
    database: &TestDatabase,
    tenant: &TestTenant,
    change: impl FnOnce(&mut TenantConfiguration),
) {
    let mut configuration = database.read(tenant).await.configuration;
    change(&mut configuration);
    let registering = database.registry.register(&tenant.key, tenant.owner, &configuration, Foreign::Refuse);
    registering.await.unwrap();
}

/// Asks again and again until the answer has this status; it must come within a second.
pub async fn until_status(status: u16, ask: impl AsyncFn() -> Answer) -> Answer {
    let started = Instant::now();
    loop {
        let answer = ask().await;
        if answer.status == status {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(1), "not {status} within a second: {answer:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// One database, one tenant with this configuration, one server: what most tests need.
pub struct Scene {
    pub scim: Client,
    pub server: TestServer,
    pub tenant: TestTenant,
    pub database: TestDatabase,
}

impl Scene {
    pub async fn start() -> Self {
        Self::with_profile(scim::Profile::default()).await
    }

    pub async fn with_profile(profile: scim::Profile) -> Self {
        let database = TestDatabase::start().await;
        let tenant = database.tenant_with(|configuration| configuration.profile = profile).await;
        let server = TestServer::start(&database).await;
        Self { scim: server.client(&tenant), server, tenant, database }
    }
}

/// Speaks to one tenant. Every answer is checked for what all answers have in common.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub token: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Client {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// Sends these operations as a PATCH.
    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
        let body = json!({"schemas": schemas, "Operations": operations});
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Lists what a filter selects, encoded as Entra does.
    pub async fn filter(&self, endpoint: &str, filter: &str) -> Answer {
        let query = reqwest::Url::parse_with_params("http://x/", [("filter", filter)]).unwrap();
        self.get(&format!("{endpoint}?{}", query.query().unwrap())).await
    }

    /// Creates and returns the id.
    pub async fn create(&self, endpoint: &str, body: Value) -> String {
        let answer = self.post(endpoint, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.id()
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/scim+json").body(body.to_string());
        }
        answer(request).await
    }

    /// The same tenant with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Reads with a user name and a password instead of the token.
    pub async fn get_as(&self, user_name: &str, password: &str) -> Answer {
        let request = self.http.get(format!("{}/Users", self.base));
        answer(request.basic_auth(user_name, Some(password))).await
    }

    /// A request with the token, to be given a body that is out of the ordinary.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl Answer {
    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id: {self:?}")).to_owned()
    }

    pub fn ids(&self) -> Vec<&str> {
        self.resources().iter().map(|resource| resource["id"].as_str().unwrap()).collect()
    }

    pub fn resources(&self) -> &[Value] {
        self.body["Resources"].as_array().unwrap_or_else(|| panic!("no listing: {self:?}"))
    }

    /// What became of the operations of a bulk request.
    pub fn operations(&self) -> &[Value] {
        self.body["Operations"].as_array().unwrap_or_else(|| panic!("no bulk response: {self:?}"))
    }

    pub fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_else(|| panic!("no error: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Sends, and checks what holds for every answer: SCIM's media type, the common headers, the form of an error.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    let answer = Answer { status, headers, body };
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("x-request-id").is_some());
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        assert_eq!(answer.body, Value::Null);
    } else {
        assert_eq!(answer.header("content-type"), Some("application/scim+json; charset=utf-8"));
    }
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(answer.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(answer.body["status"], status.as_u16().to_string());
        assert!(!answer.detail().is_empty());
    }
    answer
}

/// A client that follows nothing and knows a provider for TLS, although it never needs one.
pub fn http_client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap()
}
