//! A client of a tenant's token endpoint.

use database::{
    registry::{Issue, Overlap},
    testing::{TestDatabase, TestTenant, client_secret, token},
};
use reqwest::{Method, RequestBuilder, Url};
use tenancy::{ClientId, Generation, Token};

use crate::server::{Answer, TestServer, http_client};

pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks one tenant's token endpoint.
#[derive(Clone)]
pub struct TokenClient {
    pub http: reqwest::Client,
    pub url: String,
    pub id: String,
}

impl TokenClient {
    pub fn new(server: &TestServer, tenant: &TestTenant) -> Self {
        Self::at(&server.address.to_string(), tenant)
    }

    pub fn at(address: &str, tenant: &TestTenant) -> Self {
        let path = tenant.path();
        let url = format!("http://{address}/{}/{}/oauth2/token", path.namespace, path.name);
        Self { http: http_client(), url, id: ClientId::of(&path).to_string() }
    }

    pub fn request(&self, form: &[(&str, &str)]) -> RequestBuilder {
        let form = Url::parse_with_params("http://x/", form).unwrap();
        self.raw(form.query().unwrap_or_default().to_owned())
    }

    /// A form as it is, right or wrong.
    pub fn raw(&self, form: String) -> RequestBuilder {
        let request = self.http.request(Method::POST, &self.url);
        request.header("Content-Type", "application/x-www-form-urlencoded").body(form)
    }

    /// Presents the secret in the form.
    pub async fn by_secret(&self, secret: &str) -> Answer {
        let grant = ("grant_type", "client_credentials");
        answer(self.request(&[grant, ("client_id", &self.id), ("client_secret", secret)])).await
    }

    /// Presents an assertion.
    pub async fn by_assertion(&self, assertion: &str) -> Answer {
        let grant = ("grant_type", "client_credentials");
        let kind = ("client_assertion_type", ASSERTION_TYPE);
        answer(self.request(&[grant, kind, ("client_assertion", assertion)])).await
    }

    /// Gets an access token for the secret.
    pub async fn token(&self, secret: &Token) -> String {
        access_token(&self.by_secret(secret.expose()).await)
    }
}

pub fn access_token(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["access_token"].as_str().unwrap().to_owned()
}

/// Gives the tenant a client secret, which does not end what it had before.
pub async fn with_secret(database: &TestDatabase, tenant: &TestTenant) -> (Token, Generation) {
    let secret = token();
    let credential = client_secret(&tenant.path(), &secret);
    let generation = database.issue(tenant, &credential, Issue::Replacement(Overlap::UntilUsed)).await;
    (secret, generation)
}

/// Sends, and checks what holds for every answer of a token endpoint.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    let answer = Answer { status, headers, body };
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(answer.body.get("error").is_some(), status != 200, "{answer:?}");
    answer
}
