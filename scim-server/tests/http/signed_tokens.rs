//! A signed token of an issuer in place of a bearer token, as Entra sends one when its Secret Token is empty.

use std::time::{Duration, Instant};

use database::{
    registry::{HandledAnnotations, Issue, NewCredential, Overlap},
    testing::TestDatabase,
};
use identity_provider::{Algorithm, Issuer, SigningKey};
use serde_json::json;
use tenancy::{CredentialKind, TokenDigest, Trust};

use crate::{
    federation::{claims, issuer, trust, trust_in},
    oauth::TokenClient,
    server::{Client, Scene, TestServer, until_status},
};

/// A tenant that trusts an issuer by its tokens.
async fn scene() -> (Scene, Issuer) {
    let (scene, issuer) = (Scene::start().await, issuer(Algorithm::Rs256).await);
    let anybody = Trust { subject: None, ..trust_in(&issuer) };
    trust(&scene.database, &scene.tenant, CredentialKind::Jwt, anybody).await;
    (scene, issuer)
}

async fn status(client: &Client) -> u16 {
    client.get("/Users").await.status.as_u16()
}

#[tokio::test]
async fn a_signed_token_is_as_good_as_a_bearer_token_and_ends_the_one_before() {
    let (scene, issuer) = scene().await;
    assert_eq!(status(&scene.scim).await, 200, "nobody sent a signed one yet");
    let by_issuer = scene.scim.with_token(&issuer.sign(&claims(&issuer)).unwrap());
    assert_eq!(status(&by_issuer).await, 200);
    assert_eq!(status(&by_issuer).await, 200);
    assert_eq!(status(&scene.scim).await, 401);
    assert_eq!(issuer.times_read(), 1);
}

#[tokio::test]
async fn any_other_signed_token_is_the_same_as_none() {
    let (scene, issuer) = scene().await;
    let good = claims(&issuer);
    let mut expired = good.clone();
    expired["exp"] = json!(1);
    let mut of_another_audience = good.clone();
    of_another_audience["aud"] = json!("somebody else");
    let key = issuer.key().unwrap();
    let none = scene.scim.with_token("scim_wrong").get("/Users").await;
    for (case, token) in [
        ("expired", issuer.sign(&expired).unwrap()),
        ("of another audience", issuer.sign(&of_another_audience).unwrap()),
        ("forged", SigningKey::forged(Algorithm::Rs256, key.id()).unwrap().sign(&good).unwrap()),
        ("without a kid", key.sign_with_header(&json!({"alg": "RS256"}), &good).unwrap()),
    ] {
        let refused = scene.scim.with_token(&token).get("/Users").await;
        assert_eq!((refused.status, &refused.body), (none.status, &none.body), "{case}");
        assert_eq!(refused.headers.len(), none.headers.len(), "{case}");
    }
    let signed = issuer.sign(&good).unwrap();
    assert_eq!(scene.scim.get_as("scim", &signed).await.status, 401, "it is no password");
    let client = TokenClient::new(&scene.server, &scene.tenant);
    assert_eq!(client.by_assertion(&signed).await.status, 401, "nor an assertion");
    let other = scene.server.client(&scene.database.tenant().await);
    assert_eq!(status(&other.with_token(&signed)).await, 401, "nor good for somebody else");
}

#[tokio::test]
async fn a_narrowed_trust_counts_from_its_first_use() {
    let (scene, issuer) = scene().await;
    trust(&scene.database, &scene.tenant, CredentialKind::Jwt, trust_in(&issuer)).await;
    let right = scene.scim.with_token(&issuer.sign(&claims(&issuer)).unwrap());
    let mut of_somebody = claims(&issuer);
    of_somebody["sub"] = json!("somebody");
    let wrong = scene.scim.with_token(&issuer.sign(&of_somebody).unwrap());
    assert_eq!(status(&wrong).await, 200, "the narrow one was not used");
    assert_eq!(status(&right).await, 200);
    assert_eq!(status(&wrong).await, 401);
    assert_eq!(status(&right).await, 200);
}

#[tokio::test]
async fn keys_that_moved_are_read_at_their_new_place_first() {
    let (scene, issuer) = scene().await;
    let by_issuer = scene.scim.with_token(&issuer.sign(&claims(&issuer)).unwrap());
    assert_eq!(status(&by_issuer).await, 200);
    let moved = Trust { jwks_uri: format!("{}?moved", issuer.jwks_uri()), ..trust_in(&issuer) };
    trust(&scene.database, &scene.tenant, CredentialKind::Jwt, moved).await;
    let started = Instant::now();
    while scene.database.read(&scene.tenant).await.credentials[2].first_used_at.is_none() {
        assert_eq!(status(&by_issuer).await, 200);
        assert!(started.elapsed() < Duration::from_secs(3), "the new one is not used");
    }
    assert_eq!(issuer.times_read(), 2);
}

#[tokio::test]
async fn a_replica_that_has_not_heard_of_the_trust_asks() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let issuer = issuer(Algorithm::Es256).await;
    for _ in 0..3 {
        let tenant = database.tenant().await;
        trust(&database, &tenant, CredentialKind::Jwt, trust_in(&issuer)).await;
        let signed = issuer.sign(&claims(&issuer)).unwrap();
        assert_eq!(status(&server.client(&tenant).with_token(&signed)).await, 200);
    }
}

#[tokio::test]
async fn a_revoked_trust_ends_on_every_replica() {
    let (scene, issuer) = scene().await;
    let replica = TestServer::start(&scene.database).await;
    let signed = issuer.sign(&claims(&issuer)).unwrap();
    let clients = [&scene.server, &replica].map(|server| server.client(&scene.tenant).with_token(&signed));
    for client in &clients {
        assert_eq!(status(client).await, 200);
    }
    let (id, handled) = (scene.tenant.registered.id, HandledAnnotations::default());
    scene.database.registry.revoke(id, scene.tenant.owner, &handled).await.unwrap();
    for client in &clients {
        until_status(401, async || client.get("/Users").await).await;
    }
}

#[tokio::test]
async fn a_brought_token_that_looks_like_a_signed_one_works_beside_a_trust() {
    let (scene, issuer) = scene().await;
    // Signed by the trusted issuer for somebody else, and brought as it is.
    let mut claims = claims(&issuer);
    claims["aud"] = json!("somebody else");
    let text = issuer.sign(&claims).unwrap();
    let brought = NewCredential {
        kind: CredentialKind::BearerToken,
        digest: TokenDigest::of(&text),
        principal: None,
        trust: None,
    };
    scene.database.issue(&scene.tenant, &brought, Issue::Replacement(Overlap::UntilUsed)).await;
    assert_eq!(status(&scene.scim.with_token(&text)).await, 200);
}
