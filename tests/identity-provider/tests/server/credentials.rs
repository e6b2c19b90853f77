//! Every way in, as identity providers use it.

use std::sync::Arc;

use database::testing::{basic, client_secret, token, trusted};
use http::Method;
use identity_provider::{
    Algorithm, ClientProof, Connection, Credential, Issuer, OAuthClient, Request, SigningKey,
};
use serde_json::{Value, json};
use tenancy::{ClientId, CredentialKind, Token, Trust};

use crate::scene::Scene;

const AUDIENCE: &str = "api://workload";
const PRINCIPAL: &str = "9b3f1c1e-0000-4000-8000-000000000001";
const DIRECTORY: &str = "9b3f1c1e-0000-4000-8000-000000000002";

#[tokio::test]
async fn a_password_works_as_basic_and_as_a_bearer_token() {
    let (scene, password) = (Scene::start().await, token());
    let (connection, _) = scene.let_in_by(|_| basic("scim", &password)).await;
    let pair = |user_name: &str, password: &Token| Credential::Password {
        user_name: user_name.to_owned(),
        password: password.expose().to_owned(),
    };
    assert_eq!(status(&connection, pair("scim", &password)).await, 200);
    assert_eq!(status(&connection, Credential::Token(password.expose().to_owned())).await, 200);
    assert_eq!(status(&connection, pair("admin", &password)).await, 401);
    assert_eq!(status(&connection, pair("scim", &token())).await, 401);
    assert_eq!(status(&connection, Credential::Nothing).await, 401);
}

#[tokio::test]
async fn a_client_gets_access_tokens_for_its_secret_in_header_and_body() {
    let (scene, secret) = (Scene::start().await, token());
    let mut id = String::new();
    let (connection, token_url) = scene
        .let_in_by(|path| {
            id = ClientId::of(path).to_string();
            client_secret(path, &secret)
        })
        .await;
    let (id, secret) = (id, secret.expose().to_owned());
    for proof in [
        ClientProof::SecretInHeader { id: id.clone(), secret: secret.clone() },
        ClientProof::SecretInBody { id: id.clone(), secret: secret.clone() },
    ] {
        let client = OAuthClient::new(&token_url, proof);
        assert_eq!(status(&connection, Credential::Client(client)).await, 200);
    }
    assert_eq!(status(&connection, Credential::Token(secret)).await, 401, "the secret itself is no token");
    let wrong = ClientProof::SecretInBody { id, secret: "wrong".to_owned() };
    let refused = connection.ask_for_access_token(&OAuthClient::new(&token_url, wrong)).await.unwrap();
    assert_eq!(refused.response.status, 401);
    assert_eq!(refused.document().unwrap()["error"], "invalid_client");
}

#[tokio::test]
async fn a_federated_workload_gets_access_tokens_for_what_its_directory_signs() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let (scene, issuer) = (Scene::start().await, issuer(algorithm).await);
        let trust = trust(&issuer, Some(PRINCIPAL));
        let (connection, token_url) = scene.let_in_by(|_| trusted(CredentialKind::Federation, trust)).await;
        let ask = async |assertion: String| {
            let proof = ClientProof::assertions(move || Ok(assertion.clone()));
            connection.ask_for_access_token(&OAuthClient::new(&token_url, proof)).await.unwrap().response
        };
        for (claim, value) in [
            ("iss", json!("https://elsewhere.example.com")),
            ("aud", json!("api://other")),
            ("sub", json!("somebody")),
            ("tid", json!(PRINCIPAL)),
            ("exp", json!(1_000_000)),
        ] {
            let mut claims = claims(&issuer);
            claims[claim] = value;
            assert_eq!(ask(issuer.sign(&claims).unwrap()).await.status, 401, "{algorithm:?} {claim}");
        }
        let forged = SigningKey::forged(algorithm, issuer.key().unwrap().id()).unwrap();
        assert_eq!(ask(forged.sign(&claims(&issuer)).unwrap()).await.status, 401);

        let signs = Arc::clone(&issuer);
        let proof = ClientProof::assertions(move || signs.sign(&claims(&signs)));
        let client = OAuthClient::new(&token_url, proof);
        assert_eq!(status(&connection, Credential::Client(client)).await, 200, "{algorithm:?}");
        issuer.stop().await;
        assert_eq!(ask(issuer.sign(&claims(&issuer)).unwrap()).await.status, 200, "its keys are remembered");
    }
}

#[tokio::test]
async fn what_a_directory_signs_is_taken_itself_where_the_tenant_says_so() {
    let (scene, issuer) = (Scene::start().await, issuer(Algorithm::Rs256).await);
    let (connection, _) = scene.let_in_by(|_| trusted(CredentialKind::Jwt, trust(&issuer, None))).await;
    let signed = |claims: &Value| Credential::Token(issuer.sign(claims).unwrap());
    assert_eq!(status(&connection, signed(&claims(&issuer))).await, 200);
    let mut other = claims(&issuer);
    other["tid"] = json!(PRINCIPAL);
    assert_eq!(status(&connection, signed(&other)).await, 401);
}

async fn issuer(algorithm: Algorithm) -> Arc<Issuer> {
    Arc::new(Issuer::start("127.0.0.1:0".parse().unwrap(), algorithm).await.unwrap())
}

fn trust(issuer: &Issuer, subject: Option<&str>) -> Trust {
    Trust {
        issuer: issuer.url(),
        jwks_uri: issuer.jwks_uri(),
        audience: AUDIENCE.to_owned(),
        subject: subject.map(str::to_owned),
        directory_id: Some(DIRECTORY.to_owned()),
    }
}

fn claims(issuer: &Issuer) -> Value {
    let mut claims = issuer.claims(AUDIENCE, PRINCIPAL);
    claims["tid"] = json!(DIRECTORY);
    claims
}

async fn status(connection: &Connection, credential: Credential) -> u16 {
    let request = Request::new(Method::GET, "/Users").query("count=1");
    connection.with_credential(credential).send(request).await.unwrap().response.status
}
