//! A server in this process, and connections to tenants whose profile is that of an example.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use database::registry::{Issue, NewCredential, Overlap};
use database::testing::{INSTALLATION, TestDatabase, TestTenant};
use identity_provider::{Connection, Credential, Error, Exchange};
use process::Readiness;
use scim::Profile;
use scim_server::{
    metrics::RequestMetrics,
    router::router,
    shutdown::{self, Times},
    source::TrustedProxies,
    state::{Limits, Server},
};
use serde_json::Value;
use tenancy::TenantPath;

/// A server with an empty registry.
pub(crate) struct Scene {
    database: TestDatabase,
    address: SocketAddr,
}

impl Scene {
    pub(crate) async fn start() -> Self {
        let database = TestDatabase::start().await;
        let view =
            database::registry::view::RegistryView::new(&database.server, INSTALLATION.parse().unwrap());
        let watched = view.clone();
        tokio::spawn(async move { watched.run(std::future::pending()).await });
        let mut metrics = prometheus_client::registry::Registry::default();
        let limits = Limits { body: 1024 * 1024, request_timeout: Duration::from_secs(20) };
        let server = Server::new(view, database.server.clone(), TrustedProxies::default(), limits);
        let router = router(server, RequestMetrics::register(&mut metrics));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let times =
            Times { write: Duration::from_mins(1), delay: Duration::ZERO, grace: Duration::from_secs(10) };
        let readiness = Readiness::unready("starting");
        tokio::spawn(shutdown::serve(listener, router, readiness, std::future::pending::<()>(), times));
        Self { database, address }
    }

    /// A tenant of this profile, and its token.
    pub(crate) async fn connection(&self, profile: Profile) -> Connection {
        let tenant = self.database.tenant_with(|configuration| configuration.profile = profile).await;
        Connection::new(&self.url(&tenant, "scim/v2"), tenant.token.expose()).unwrap()
    }

    /// A tenant whose newest credential is what this makes of its path: a connection without a credential, and the URL of
    /// its token endpoint.
    pub(crate) async fn let_in_by(
        &self,
        credential: impl FnOnce(&TenantPath) -> NewCredential,
    ) -> (Connection, String) {
        let tenant = self.database.tenant().await;
        self.database
            .issue(&tenant, &credential(&tenant.path()), Issue::Replacement(Overlap::UntilUsed))
            .await;
        let connection = Connection::new(&self.url(&tenant, "scim/v2"), "").unwrap();
        (connection.with_credential(Credential::Nothing), self.url(&tenant, "oauth2/token"))
    }

    fn url(&self, tenant: &TestTenant, below: &str) -> String {
        format!("http://{}/{}/{}/{below}", self.address, tenant.key.namespace, tenant.key.name)
    }
}

/// The profile of an example's class.
pub(crate) fn class_profile(example: &str) -> Profile {
    let [class] = documents(example, "class.yaml").try_into().unwrap();
    serde_json::from_value(class["spec"]["profile"].clone()).unwrap()
}

/// The profile of one tenant of an example: what it says itself, over what its class says.
pub(crate) fn tenant_profile(example: &str, name: &str) -> Profile {
    let tenants = documents(example, "tenant.yaml");
    let tenant = tenants.iter().find(|document| document["metadata"]["name"] == name).unwrap();
    let mut profile = serde_json::to_value(class_profile(example)).unwrap();
    if let Some(own) = tenant["spec"]["profile"].as_object() {
        profile.as_object_mut().unwrap().extend(own.clone());
    }
    serde_json::from_value(profile).unwrap()
}

fn documents(example: &str, file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(example).join(file);
    serde_saphyr::from_multiple(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The status and the `detail` of an answer that a provider did not expect.
pub(crate) fn refusal(result: Result<Exchange, Error>) -> (u16, String) {
    let error = result.unwrap_err();
    let Error::Unexpected { exchange, .. } = &error else { return (0, error.to_string()) };
    (exchange.response.status, exchange.document().unwrap()["detail"].as_str().unwrap().to_owned())
}
