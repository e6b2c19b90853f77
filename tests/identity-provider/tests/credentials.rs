//! How a provider proves who it is, against a service that gives access tokens and takes them.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, Method, StatusCode};
use identity_provider::{
    Algorithm, ClientProof, Connection, Credential, Error, Exchange, Issuer, OAuthClient, Request,
};
use serde_json::{Value, json};

const ANY_PORT: &str = "127.0.0.1:0";

#[tokio::test]
async fn a_password_and_nothing_are_sent_as_they_are() {
    let service = Service::start(3600).await;
    let password = Credential::Password { user_name: "scim".to_owned(), password: "secret".to_owned() };
    service.read(password).await.unwrap();
    service.read(Credential::Nothing).await.unwrap();
    assert_eq!(service.log(), ["GET Basic c2NpbTpzZWNyZXQ=", "GET -"]);
}

#[tokio::test]
async fn a_client_gets_one_access_token_and_uses_it() {
    let service = Service::start(3600).await;
    let client =
        service.client(ClientProof::SecretInHeader { id: "a.b".to_owned(), secret: "c:d".to_owned() });
    for _ in 0..2 {
        let exchange = service.read(Credential::Client(client.clone())).await.unwrap();
        assert_eq!(exchange.response.status, 200);
    }
    // Base64 of `a.b:c%3Ad`.
    assert_eq!(
        service.log(),
        [
            "POST Basic YS5iOmMlM0Fk grant_type=client_credentials",
            "GET Bearer access-1",
            "GET Bearer access-1"
        ]
    );
}

#[tokio::test]
async fn a_client_whose_access_token_is_refused_gets_another_one() {
    let service = Service::start(3600).await;
    let client = service.client(ClientProof::SecretInBody { id: "a.b".to_owned(), secret: "c&d".to_owned() });
    service.read(Credential::Client(client.clone())).await.unwrap();
    service.refuse_what_was_given();
    let exchange = service.read(Credential::Client(client)).await.unwrap();
    assert_eq!(exchange.response.status, 200);
    let asked = "POST - grant_type=client_credentials&client_id=a.b&client_secret=c%26d";
    assert_eq!(
        service.log(),
        [asked, "GET Bearer access-1", "GET Bearer access-1", asked, "GET Bearer access-2"]
    );
}

#[tokio::test]
async fn a_client_whose_access_token_has_expired_gets_another_one() {
    let service = Service::start(0).await;
    let client = service.client(ClientProof::SecretInBody { id: "a".to_owned(), secret: "b".to_owned() });
    service.read(Credential::Client(client.clone())).await.unwrap();
    service.read(Credential::Client(client)).await.unwrap();
    assert!(service.log().ends_with(&["GET Bearer access-2".to_owned()]));
}

#[tokio::test]
async fn a_client_that_is_refused_tells_why_and_not_its_secret() {
    let service = Service::start(3600).await;
    let nobody = ClientProof::SecretInBody { id: "nobody".to_owned(), secret: "hidden".to_owned() };
    let error = service.read(Credential::Client(service.client(nobody.clone()))).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }));
    insta::assert_snapshot!(error, @r#"
    expected an access token, but
    POST /token
    grant_type=client_credentials
    → 401 application/json
    {"error":"invalid_client"}
    "#);
    let connection = service.connection(Credential::Nothing);
    let exchange = connection.ask_for_access_token(&service.client(nobody)).await.unwrap();
    assert_eq!(exchange.response.status, 401);
}

#[tokio::test]
async fn an_assertion_is_made_anew_for_each_access_token() {
    let service = Service::start(0).await;
    let issuer = Arc::new(Issuer::start(ANY_PORT.parse().unwrap(), Algorithm::Rs256).await.unwrap());
    let assertions =
        ClientProof::assertions(move || issuer.sign(&issuer.claims("api://workload", "principal")));
    let client = service.client(assertions);
    for _ in 0..2 {
        service.read(Credential::Client(client.clone())).await.unwrap();
    }
    let log = service.log();
    let begin = "POST - grant_type=client_credentials\
                 &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
                 &client_assertion=ey";
    assert!(log[0].starts_with(begin) && log[2].starts_with(begin), "{log:?}");
    assert_ne!(log[0], log[2]);
}

#[tokio::test]
async fn an_issuer_publishes_its_keys_until_it_withdraws_them_or_stops() {
    let issuer = Issuer::start(ANY_PORT.parse().unwrap(), Algorithm::Es256).await.unwrap();
    let published = async || {
        let answer = reqwest_client().get(issuer.jwks_uri()).send().await.ok()?;
        let keys: Value = answer.json().await.unwrap();
        let ids = keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        Some(ids.collect::<Vec<_>>())
    };
    assert_eq!(published().await.unwrap(), ["key-1"]);
    issuer.rotate().unwrap();
    assert_eq!(published().await.unwrap(), ["key-1", "key-2"]);
    assert_eq!(issuer.key().unwrap().id(), "key-2");
    issuer.withdraw_old_keys();
    assert_eq!(published().await.unwrap(), ["key-2"]);
    issuer.stop().await;
    assert_eq!(published().await, None);
    issuer.resume().await.unwrap();
    assert_eq!(published().await.unwrap(), ["key-2"]);
    assert_eq!(issuer.times_read(), 4);
}

fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap()
}

/// A SCIM service and its token endpoint.
struct Service {
    address: SocketAddr,
    state: Arc<Mutex<Recorded>>,
}

#[derive(Default)]
struct Recorded {
    log: Vec<String>,
    lifetime: u64,
    given: usize,
    refused: usize,
}

impl Service {
    async fn start(lifetime: u64) -> Self {
        let state = Arc::new(Mutex::new(Recorded { lifetime, ..Recorded::default() }));
        let listener = tokio::net::TcpListener::bind(ANY_PORT).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/token", post(token))
            .route("/scim/v2/Users", get(users))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    fn client(&self, proof: ClientProof) -> OAuthClient {
        OAuthClient::new(&format!("http://{}/token", self.address), proof)
    }

    fn connection(&self, credential: Credential) -> Connection {
        let tenant_url = format!("http://{}/scim/v2", self.address);
        Connection::new(&tenant_url, "").unwrap().with_credential(credential)
    }

    async fn read(&self, credential: Credential) -> Result<Exchange, Error> {
        self.connection(credential).send(Request::new(Method::GET, "/Users")).await
    }

    fn refuse_what_was_given(&self) {
        let mut state = self.state.lock().unwrap();
        state.refused = state.given;
    }

    fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }
}

fn authorization(headers: &HeaderMap) -> String {
    headers.get("authorization").map_or("-", |value| value.to_str().unwrap()).to_owned()
}

async fn token(State(state): State<Arc<Mutex<Recorded>>>, headers: HeaderMap, body: String) -> Response {
    let mut state = state.lock().unwrap();
    state.log.push(format!("POST {} {body}", authorization(&headers)));
    if body.contains("client_id=nobody") {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"}))).into_response();
    }
    state.given += 1;
    let token = format!("access-{}", state.given);
    Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": state.lifetime})).into_response()
}

async fn users(State(state): State<Arc<Mutex<Recorded>>>, headers: HeaderMap) -> StatusCode {
    let mut state = state.lock().unwrap();
    let authorization = authorization(&headers);
    state.log.push(format!("GET {authorization}"));
    let number = authorization.strip_prefix("Bearer access-").and_then(|number| number.parse::<usize>().ok());
    if number.is_some_and(|number| number <= state.refused) {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    }
}
