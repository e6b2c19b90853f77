//! Federation: assertions of an issuer that the tenant trusts, for access tokens (RFC 7523).

use std::{net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use database::{
    registry::{HandledAnnotations, Issue, Overlap},
    testing::{TestDatabase, TestTenant, trusted},
};
use identity_provider::{Algorithm, Issuer, SigningKey};
use ring::hmac;
use serde_json::{Value, json};
use tenancy::{CredentialKind, PrivateAddresses, TenantConfiguration, Trust};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    oauth::{ASSERTION_TYPE, TokenClient, access_token, answer},
    server::{Scene, reconfigure, until_status},
};

const AUDIENCE: &str = "api://scim";
const SUBJECT: &str = "provisioning-service";

pub async fn issuer(algorithm: Algorithm) -> Issuer {
    Issuer::start(SocketAddr::from(([127, 0, 0, 1], 0)), algorithm).await.unwrap()
}

/// Trust in this issuer, whose keys are on this machine.
pub fn trust_in(issuer: &Issuer) -> Trust {
    Trust {
        issuer: issuer.url(),
        jwks_uri: issuer.jwks_uri(),
        audience: AUDIENCE.to_owned(),
        subject: Some(SUBJECT.to_owned()),
        directory_id: None,
    }
}

pub fn claims(issuer: &Issuer) -> Value {
    issuer.claims(AUDIENCE, SUBJECT)
}

/// The tenant trusts this from now on, and what it had before works until then.
pub async fn trust(database: &TestDatabase, tenant: &TestTenant, kind: CredentialKind, trust: Trust) {
    database.issue(tenant, &trusted(kind, trust), Issue::Replacement(Overlap::UntilUsed)).await;
}

/// A tenant that trusts an issuer by its assertions.
struct Federated {
    scene: Scene,
    issuer: Issuer,
    client: TokenClient,
}

impl Federated {
    async fn start(algorithm: Algorithm) -> Self {
        let (scene, issuer) = (Scene::start().await, issuer(algorithm).await);
        trust(&scene.database, &scene.tenant, CredentialKind::Federation, trust_in(&issuer)).await;
        let client = TokenClient::new(&scene.server, &scene.tenant);
        Self { scene, issuer, client }
    }

    /// What becomes of an assertion of these claims.
    async fn status(&self, claims: &Value) -> u16 {
        self.client.by_assertion(&self.issuer.sign(claims).unwrap()).await.status.as_u16()
    }
}

#[tokio::test]
async fn a_signed_assertion_is_good_for_an_access_token() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let federated = Federated::start(algorithm).await;
        let assertion = federated.issuer.sign(&claims(&federated.issuer)).unwrap();
        let answer = federated.client.by_assertion(&assertion).await;
        let token = access_token(&answer);
        assert_eq!(answer.body["expires_in"], 3600);
        assert_eq!(federated.scene.scim.with_token(&token).get("/Users").await.status, 200);
        assert_eq!(
            federated.client.by_assertion(&assertion).await.status,
            200,
            "it is good until it expires"
        );
        assert_eq!(federated.scene.scim.with_token(&assertion).get("/Users").await.status, 401);
    }
}

#[tokio::test]
async fn a_client_id_is_that_of_the_tenant_or_of_the_issuer() {
    let federated = Federated::start(Algorithm::Es256).await;
    let assertion = federated.issuer.sign(&claims(&federated.issuer)).unwrap();
    for (id, status) in [(federated.client.id.as_str(), 200), (SUBJECT, 200), ("somebody", 401)] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        assert_eq!(answer(federated.client.request(&form)).await.status, status, "{id}");
    }
}

#[tokio::test]
async fn an_assertion_that_says_something_else_is_refused() {
    let federated = Federated::start(Algorithm::Es256).await;
    let good = claims(&federated.issuer);
    let now = good["iat"].as_i64().unwrap();
    for (name, value) in [
        ("iss", json!("https://issuer.example.com")),
        ("iss", Value::Null),
        ("aud", json!("api://other")),
        ("aud", json!(["api://other"])),
        ("aud", Value::Null),
        ("sub", json!("somebody")),
        ("sub", Value::Null),
        ("exp", json!(now - 301)),
        ("exp", json!("never")),
        ("exp", Value::Null),
        ("nbf", json!(now + 400)),
        ("iat", json!(now + 400)),
    ] {
        let mut claims = good.clone();
        claims[name] = value.clone();
        assert_eq!(federated.status(&claims).await, 401, "{name}: {value}");
    }
    assert_eq!(federated.status(&good).await, 200);
}

#[tokio::test]
async fn the_directory_is_compared_without_case() {
    let (scene, issuer) = (Scene::start().await, issuer(Algorithm::Es256).await);
    let directory = Trust { directory_id: Some("aaaa-1111".to_owned()), ..trust_in(&issuer) };
    trust(&scene.database, &scene.tenant, CredentialKind::Federation, directory).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    for (tid, status) in [(json!("AAAA-1111"), 200), (json!("bbbb-1111"), 401), (Value::Null, 401)] {
        let mut claims = claims(&issuer);
        claims["tid"] = tid.clone();
        let answer = client.by_assertion(&issuer.sign(&claims).unwrap()).await;
        assert_eq!(answer.status, status, "{tid}");
    }
}

#[tokio::test]
async fn what_the_issuer_did_not_sign_is_refused() {
    let federated = Federated::start(Algorithm::Rs256).await;
    let (issuer, good) = (&federated.issuer, claims(&federated.issuer));
    let key = issuer.key().unwrap();
    let header = |algorithm: &str| json!({"typ": "JWT", "alg": algorithm, "kid": key.id()});
    let public: Value =
        crate::server::http_client().get(issuer.jwks_uri()).send().await.unwrap().json().await.unwrap();
    let modulus = public["keys"][0]["n"].as_str().unwrap();
    let signed = issuer.sign(&good).unwrap();
    let (message, _) = signed.rsplit_once('.').unwrap();
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let by_hmac = |secret: &[u8]| {
        let message = format!("{}.{}", part(&header("HS256")), part(&good));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let cases = [
        ("alg none", format!("{}.{}.", part(&header("none")), part(&good))),
        ("alg none with a signature", format!("{}.{}.c2ln", part(&header("none")), part(&good))),
        ("the public key as a secret", by_hmac(modulus.as_bytes())),
        ("its bytes as a secret", by_hmac(&URL_SAFE_NO_PAD.decode(modulus).unwrap())),
        ("another algorithm than the key's", key.sign_with_header(&header("ES256"), &good).unwrap()),
        ("another hash", key.sign_with_header(&header("RS512"), &good).unwrap()),
        ("no kid", key.sign_with_header(&json!({"alg": "RS256"}), &good).unwrap()),
        ("an unknown kid", key.sign_with_header(&json!({"alg": "RS256", "kid": "x"}), &good).unwrap()),
        ("another key", SigningKey::forged(Algorithm::Rs256, key.id()).unwrap().sign(&good).unwrap()),
        ("no signature", format!("{message}.")),
        ("something after it", format!("{signed}.x")),
        ("padding", format!("{signed}=")),
        (
            "16 kilobytes",
            key.sign_with_header(&header("RS256"), &json!({"pad": "x".repeat(16 * 1024)})).unwrap(),
        ),
    ];
    for (case, assertion) in cases {
        assert_eq!(federated.client.by_assertion(&assertion).await.status, 401, "{case}");
    }
    assert_eq!(federated.client.by_assertion(&signed).await.status, 200);
}

#[tokio::test]
async fn keys_are_read_once_and_again_when_one_is_unknown() {
    let federated = Federated::start(Algorithm::Es256).await;
    let good = claims(&federated.issuer);
    let assertion = federated.issuer.sign(&good).unwrap();
    let together = (0..20).map(|_| federated.client.by_assertion(&assertion));
    for answer in futures::future::join_all(together).await {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(federated.issuer.times_read(), 1);
    federated.issuer.rotate().unwrap();
    assert_eq!(federated.status(&good).await, 200);
    assert_eq!(federated.client.by_assertion(&assertion).await.status, 200, "the old key is published still");
    assert_eq!(federated.issuer.times_read(), 2);
    federated.issuer.rotate().unwrap();
    federated.issuer.withdraw_old_keys();
    assert_eq!(federated.status(&good).await, 200);
    assert_eq!(federated.client.by_assertion(&assertion).await.status, 401, "its key was withdrawn");
}

#[tokio::test]
async fn strangers_cannot_have_the_issuer_asked_again_and_again() {
    let federated = Federated::start(Algorithm::Es256).await;
    let good = claims(&federated.issuer);
    assert_eq!(federated.status(&good).await, 200);
    for number in 0..10 {
        let key = SigningKey::forged(Algorithm::Es256, &format!("stranger-{number}")).unwrap();
        assert_eq!(federated.client.by_assertion(&key.sign(&good).unwrap()).await.status, 401);
    }
    assert_eq!(federated.issuer.times_read(), 2);
}

#[tokio::test]
async fn known_keys_are_good_while_the_issuer_is_away() {
    let federated = Federated::start(Algorithm::Es256).await;
    let good = claims(&federated.issuer);
    assert_eq!(federated.status(&good).await, 200);
    federated.issuer.stop().await;
    assert_eq!(federated.status(&good).await, 200);
    federated.issuer.rotate().unwrap();
    assert_eq!(federated.status(&good).await, 401, "nobody can say whose the new key is");
}

#[tokio::test]
async fn an_issuer_that_is_slow_holds_up_nobody_else() {
    let federated = Federated::start(Algorithm::Es256).await;
    let good = claims(&federated.issuer);
    // It takes connections, and then says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = federated.scene.database.tenant().await;
    let jwks_uri = format!("http://{}/keys", silent.local_addr().unwrap());
    let slow = Trust { jwks_uri, ..trust_in(&federated.issuer) };
    trust(&federated.scene.database, &other, CredentialKind::Federation, slow).await;
    let waiting = {
        let client = TokenClient::new(&federated.scene.server, &other);
        let assertion = federated.issuer.sign(&good).unwrap();
        tokio::spawn(async move { client.by_assertion(&assertion).await.status })
    };
    let (_connection, _) = silent.accept().await.unwrap();
    let started = Instant::now();
    assert_eq!(federated.status(&good).await, 200);
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(waiting.await.unwrap(), 401);
    assert!(started.elapsed() < Duration::from_secs(10), "nobody waits for long");
}

#[tokio::test]
async fn trust_is_for_one_tenant_and_ends_with_its_revocation() {
    let federated = Federated::start(Algorithm::Es256).await;
    let (scene, good) = (&federated.scene, claims(&federated.issuer));
    let stranger = TokenClient::new(&scene.server, &scene.database.tenant().await);
    let assertion = federated.issuer.sign(&good).unwrap();
    assert_eq!(stranger.by_assertion(&assertion).await.status, 401);
    let token = access_token(&federated.client.by_assertion(&assertion).await);
    let (id, handled) = (scene.tenant.registered.id, HandledAnnotations::default());
    scene.database.registry.revoke(id, scene.tenant.owner, &handled).await.unwrap();
    let scim = scene.scim.with_token(&token);
    until_status(401, async || scim.get("/Users").await).await;
    assert_eq!(federated.client.by_assertion(&assertion).await.status, 401);
}

#[tokio::test]
async fn a_tenant_moves_from_one_issuer_to_another_without_a_gap() {
    let federated = Federated::start(Algorithm::Es256).await;
    let good = claims(&federated.issuer);
    assert_eq!(federated.status(&good).await, 200);
    let new = issuer(Algorithm::Rs256).await;
    let scene = &federated.scene;
    trust(&scene.database, &scene.tenant, CredentialKind::Federation, trust_in(&new)).await;
    assert_eq!(federated.status(&good).await, 200, "the new one was not used");
    // The old issuer is asked for nothing that the new one signed.
    federated.issuer.stop().await;
    let by_new = new.sign(&claims(&new)).unwrap();
    assert_eq!(federated.client.by_assertion(&by_new).await.status, 200);
    assert_eq!(federated.status(&good).await, 401);
}

#[tokio::test]
async fn keys_of_private_addresses_are_not_fetched_unless_they_are_allowed() {
    let (scene, issuer) = (Scene::start().await, issuer(Algorithm::Es256).await);
    let deny = |configuration: &mut TenantConfiguration| {
        configuration.private_addresses = PrivateAddresses::Deny;
    };
    let denied = scene.database.tenant_with(deny).await;
    trust(&scene.database, &denied, CredentialKind::Federation, trust_in(&issuer)).await;
    let assertion = issuer.sign(&claims(&issuer)).unwrap();
    let status = async |tenant| TokenClient::new(&scene.server, tenant).by_assertion(&assertion).await.status;
    assert_eq!(status(&denied).await, 401);
    assert_eq!(issuer.times_read(), 0);
    // Nor is anything told of them that was fetched for somebody else.
    trust(&scene.database, &scene.tenant, CredentialKind::Federation, trust_in(&issuer)).await;
    assert_eq!(status(&scene.tenant).await, 200);
    assert_eq!(status(&denied).await, 401);
    // A class that denies them from now on is heeded by what stands, and without a new key.
    reconfigure(&scene.database, &scene.tenant, deny).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    until_status(401, async || client.by_assertion(&assertion).await).await;
    assert_eq!(issuer.times_read(), 1);
}

#[tokio::test]
async fn a_narrowed_trust_counts_from_its_first_use() {
    let (scene, issuer) = (Scene::start().await, issuer(Algorithm::Es256).await);
    let wide = Trust { subject: None, ..trust_in(&issuer) };
    trust(&scene.database, &scene.tenant, CredentialKind::Federation, wide).await;
    trust(&scene.database, &scene.tenant, CredentialKind::Federation, trust_in(&issuer)).await;
    let client = TokenClient::new(&scene.server, &scene.tenant);
    let status = async |subject| {
        let assertion = issuer.sign(&issuer.claims(AUDIENCE, subject)).unwrap();
        client.by_assertion(&assertion).await.status
    };
    assert_eq!(status("somebody").await, 200, "the narrow one was not used");
    assert_eq!(status(SUBJECT).await, 200);
    assert_eq!(status("somebody").await, 401);
    assert_eq!(status(SUBJECT).await, 200);
}
