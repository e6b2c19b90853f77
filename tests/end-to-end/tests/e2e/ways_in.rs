//! Every way in (docs/credentials.md), through the ingress controller and both servers, and the ways from one to another.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use identity_provider::{Algorithm, ClientProof, Credential, Issuer, OAuthClient};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use product::{Handed, Manifest, Server};
use serde_json::{Value, json};

use crate::direct::to_each_server;
use crate::events::told;
use crate::people::status;
use crate::world::{AUDITED, SOON, World, eventually, eventually_within};

const BROUGHT: &str = "b7f0d1c29e5a48336d12fa9087c4e6b5b7f0d1c29e5a48336d12fa9087c4e6b5";
const BROUGHT_LATER: &str = "0c9f8e7d6b5a49382716f5e4d3c2b1a00c9f8e7d6b5a49382716f5e4d3c2b1a1";

fn secrets(world: &World, namespace: &str) -> Api<Secret> {
    Api::namespaced(world.client.clone(), namespace)
}

async fn bring(world: &World, namespace: &str, labels: Value, data: Value) {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "mine", "namespace": namespace, "labels": labels}, "stringData": data,
    });
    Manifest::parse("secret", &secret.to_string()).unwrap().apply(&world.client).await.unwrap();
}

fn consent() -> Value {
    json!({"scim-operator.io/credential": "true"})
}

/// One page of a connector with a user name and a "password / secret token": both are sent as the page's users like.
pub(crate) async fn basic_and_bearer_work_with_the_same_password(world: &World) {
    let customer = world.tenant("basic", json!({"authentication": {"basic": {}}})).await;
    let Handed::Password { user_name, password } = customer.handed.clone() else { panic!("{customer:?}") };
    let connection = customer.connection().unwrap();
    assert_eq!(status(&connection).await, 200, "as user name and password");
    assert_eq!(status(&connection.with_token(&password)).await, 200, "as a token");
    let wrong = |user_name: &str, password: &str| {
        let (user_name, password) = (user_name.to_owned(), password.to_owned());
        connection.with_credential(Credential::Password { user_name, password })
    };
    assert_eq!(status(&wrong("somebody", &password)).await, 401);
    assert_eq!(status(&wrong(&user_name, "wrong")).await, 401);
    world.annotate("basic", "basic", "scim-operator.io/revoke-tokens", "1").await;
    eventually("the revoked password ends", async || status(&connection).await == 401).await;
}

pub(crate) async fn a_client_gets_access_tokens_from_the_token_endpoint(world: &World) {
    let spec = json!({"authentication": {"oauth2": {"clientSecret": {}, "accessTokenLifetime": "2h"}}});
    let customer = world.tenant("oauth", spec).await;
    let Handed::Client { token_url, id, secret } = customer.handed.clone() else { panic!("{customer:?}") };
    assert_eq!(Some(&token_url), customer.token_url.as_ref(), "the Secret and the status say the same");
    let in_header = ClientProof::SecretInHeader { id: id.clone(), secret: secret.clone() };
    let in_body = ClientProof::SecretInBody { id: id.clone(), secret: secret.clone() };
    for proof in [in_header, in_body] {
        let client = OAuthClient::new(&token_url, proof);
        for server in to_each_server(world, &customer, &Credential::Client(client)) {
            assert_eq!(status(&server).await, 200, "an access token is good at every server");
        }
    }
    let connection = customer.connection().unwrap();
    let asked = connection
        .ask_for_access_token(&OAuthClient::new(
            &token_url,
            ClientProof::SecretInBody { id: id.clone(), secret: secret.clone() },
        ))
        .await
        .unwrap()
        .response;
    let granted = asked.json.unwrap();
    assert_eq!(
        (asked.status, &granted["token_type"], &granted["expires_in"]),
        (200, &json!("Bearer"), &json!(7200))
    );
    assert_eq!(status(&connection.with_token(&secret)).await, 401, "the client secret is no access token");
    let wrong = ClientProof::SecretInBody { id, secret: "wrong".to_owned() };
    let refused =
        connection.ask_for_access_token(&OAuthClient::new(&token_url, wrong)).await.unwrap().response;
    assert_eq!((refused.status, &refused.json.unwrap()["error"]), (401, &json!("invalid_client")));

    // Revoked: the access token ends with the secret that it was got with, on every server.
    let held = granted["access_token"].as_str().unwrap().to_owned();
    let servers = to_each_server(world, &customer, &Credential::Token(held));
    for server in &servers {
        assert_eq!(status(server).await, 200);
    }
    world.annotate("oauth", "oauth", "scim-operator.io/revoke-tokens", "1").await;
    for server in &servers {
        eventually("its access token ends", async || status(server).await == 401).await;
    }
}

fn trusting(issuer: &Issuer) -> Value {
    json!({"issuer": {
        "url": issuer.url(), "jwksURI": issuer.jwks_uri(), "audience": "api://workload", "subject": "principal",
    }})
}

/// A class that lets its tenants trust an issuer of a private network, and an issuer on this machine.
async fn issuer(world: &World, class: &str, namespace: &str) -> Arc<Issuer> {
    let manifest = json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": class},
        "spec": {
            "url": "https://scim.example.com", "route": {"kind": "Ingress"},
            "outgoing": {"privateAddresses": "Allow"},
            "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": class}}},
        },
    });
    world.apply(&manifest.to_string()).await;
    world.namespace(namespace, json!({"class": class})).await;
    Arc::new(Issuer::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Algorithm::Rs256).await.unwrap())
}

fn assertions(issuer: &Arc<Issuer>) -> ClientProof {
    let issuer = Arc::clone(issuer);
    ClientProof::assertions(move || issuer.sign(&issuer.claims("api://workload", "principal")))
}

pub(crate) async fn a_directory_federates_without_a_secret(world: &World) {
    let issuer = issuer(world, "federating", "federated").await;
    let spec =
        json!({"className": "federating", "authentication": {"oauth2": {"federation": trusting(&issuer)}}});
    world.redeclare("federated", "federated", spec).await;
    let customer = world.customer("federated", "federated").await;
    assert_eq!(customer.handed, Handed::Nothing, "nobody holds a secret");
    let token_url = customer.token_url.clone().unwrap();
    // Each one asks the token endpoint anew.
    let connection = || {
        let client = OAuthClient::new(&token_url, assertions(&issuer));
        customer.connection_with(Credential::Client(client)).unwrap()
    };
    assert_eq!(status(&connection()).await, 200);
    // Each server learns the keys by itself.
    let servers = world.installation.servers();
    let knows_the_key = async |server: &Server| {
        let token_url = format!("http://{}/federated/federated/oauth2/token", server.address());
        let client = OAuthClient::new(&token_url, assertions(&issuer));
        connection().ask_for_access_token(&client).await.unwrap().response.status == 200
    };
    issuer.rotate().unwrap();
    for server in servers {
        let rotated = async || knows_the_key(server).await;
        eventually_within(Duration::from_mins(1), "a new key is looked up when it is met", rotated).await;
    }
    issuer.stop().await;
    for server in servers {
        assert!(knows_the_key(server).await, "known keys are good while the issuer is away");
    }
    assert_eq!(status(&connection()).await, 200);
    for (claim, value) in
        [("aud", json!("api://another")), ("sub", json!("somebody")), ("exp", json!(1_000_000_000))]
    {
        let issuer = Arc::clone(&issuer);
        let proof = ClientProof::assertions(move || {
            let mut claims = issuer.claims("api://workload", "principal");
            claims[claim] = value.clone();
            issuer.sign(&claims)
        });
        let client = OAuthClient::new(&token_url, proof);
        let refused = connection().ask_for_access_token(&client).await.unwrap().response;
        assert_eq!(refused.status, 401, "a wrong {claim}");
    }
}

pub(crate) async fn signed_tokens_are_taken_in_place_of_a_secret(world: &World) {
    let issuer = issuer(world, "signing", "signed").await;
    let spec = json!({"className": "signing", "authentication": {"jwt": trusting(&issuer)}});
    world.redeclare("signed", "signed", spec).await;
    let customer = world.customer("signed", "signed").await;
    let token = issuer.sign(&issuer.claims("api://workload", "principal")).unwrap();
    for server in to_each_server(world, &customer, &Credential::Token(token)) {
        assert_eq!(status(&server).await, 200);
    }
    let elsewhere = issuer.sign(&issuer.claims("api://another", "principal")).unwrap();
    assert_eq!(status(&customer.connection_with(Credential::Token(elsewhere)).unwrap()).await, 401);
}

pub(crate) async fn a_brought_token_works_and_follows_its_secret(world: &World) {
    world.namespace("brought", json!({})).await;
    let spec =
        json!({"authentication": {"bearerToken": {"existingSecret": {"name": "mine", "key": "password"}}}});
    world.redeclare("brought", "brought", spec).await;
    world.condition("brought", "brought", "CredentialsReady", "False", "CredentialNotFound").await;
    bring(world, "brought", json!({}), json!({"password": BROUGHT})).await;
    world.condition("brought", "brought", "CredentialsReady", "False", "CredentialNotFound").await;
    bring(world, "brought", consent(), json!({"password": "password123"})).await;
    world.condition("brought", "brought", "CredentialsReady", "False", "WeakCredential").await;
    bring(world, "brought", consent(), json!({"password": format!("{BROUGHT}\n")})).await;
    let customer = world.customer("brought", "brought").await;
    world.condition("brought", "brought", "CredentialsReady", "True", "Brought").await;
    let with = |token: &str| customer.connection_with(Credential::Token(token.to_owned())).unwrap();
    assert_eq!(status(&with(BROUGHT)).await, 200, "the line break at its end is no part of it");

    bring(world, "brought", consent(), json!({"password": BROUGHT_LATER})).await;
    eventually("the token of the Secret works", async || status(&with(BROUGHT_LATER)).await == 200).await;
    eventually("the one before ends when it is used", async || status(&with(BROUGHT)).await == 401).await;
    secrets(world, "brought").delete("mine", &DeleteParams::default()).await.unwrap();
    world.condition("brought", "brought", "CredentialsReady", "False", "CredentialNotFound").await;
    assert_eq!(status(&with(BROUGHT_LATER)).await, 200, "a Secret that is away ends nothing");

    bring(world, "brought", consent(), json!({"password": BROUGHT_LATER})).await;
    world.condition("brought", "brought", "CredentialsReady", "True", "Brought").await;
    world.annotate("brought", "brought", "scim-operator.io/revoke-tokens", "1").await;
    eventually("a revoked token ends", async || status(&with(BROUGHT_LATER)).await == 401).await;
    world.condition("brought", "brought", "CredentialsReady", "False", "CredentialRevoked").await;
    let third = BROUGHT_LATER.replace('0', "f");
    bring(world, "brought", consent(), json!({"password": third})).await;
    eventually("another one works", async || status(&with(&third)).await == 200).await;
    let mine = secrets(world, "brought").get("mine").await.unwrap();
    assert!(mine.metadata.owner_references.is_none(), "it stays whose it was");
    world.delete_tenant("brought", "brought").await;
    assert!(secrets(world, "brought").get_opt("mine").await.unwrap().is_some());
}

pub(crate) async fn a_secret_without_consent_is_not_read(world: &World) {
    world.namespace("unlabelled", json!({})).await;
    bring(world, "unlabelled", json!({}), json!({"token": BROUGHT})).await;
    let spec = json!({"authentication": {"bearerToken": {"existingSecret": {"name": "mine"}}}});
    world.redeclare("unlabelled", "unlabelled", spec).await;
    world.condition("unlabelled", "unlabelled", "CredentialsReady", "False", "CredentialNotOffered").await;
    bring(world, "unlabelled", consent(), json!({"token": BROUGHT})).await;
    let customer = world.customer("unlabelled", "unlabelled").await;
    let connection = customer.connection_with(Credential::Token(BROUGHT.to_owned())).unwrap();
    assert_eq!(status(&connection).await, 200);
}

/// From a token to federation and back to a token: at each moment what the identity provider has works.
pub(crate) async fn another_way_in_leaves_no_gap(world: &World) {
    let issuer = issuer(world, "moving", "way-moved").await;
    world.redeclare("way-moved", "way-moved", json!({"className": "moving"})).await;
    let customer = world.customer("way-moved", "way-moved").await;
    let by_token = customer.connection().unwrap();
    assert_eq!(status(&by_token).await, 200);

    let federation = json!({"oauth2": {"federation": trusting(&issuer)}});
    world
        .redeclare("way-moved", "way-moved", json!({"className": "moving", "authentication": federation}))
        .await;
    world.condition("way-moved", "way-moved", "CredentialsReady", "True", "Trusted").await;
    assert_eq!(status(&by_token).await, 200, "the administrator has not changed anything yet");
    let gone = async || secrets(world, "way-moved").get_opt(&customer.secret_name).await.unwrap().is_none();
    eventually("the token's Secret goes, since nobody is to paste it any more", gone).await;
    let token_url = world.customer("way-moved", "way-moved").await.token_url.unwrap();
    let client = OAuthClient::new(&token_url, assertions(&issuer));
    let federated = customer.connection_with(Credential::Client(client)).unwrap();
    assert_eq!(status(&federated).await, 200);
    eventually("the token ends when the federation is used", async || status(&by_token).await == 401).await;

    world
        .redeclare(
            "way-moved",
            "way-moved",
            json!({"className": "moving", "authentication": {"bearerToken": {}}}),
        )
        .await;
    world.condition("way-moved", "way-moved", "CredentialsReady", "True", "Issued").await;
    let again = world.customer("way-moved", "way-moved").await;
    assert_eq!(status(&federated).await, 200);
    assert_eq!(status(&again.connection().unwrap()).await, 200);
    assert_eq!(world.generation("way-moved", "way-moved").await, 3);
}

pub(crate) async fn an_overlap_by_time_lets_both_work_and_then_ends(world: &World) {
    let spec = json!({"authentication": {"bearerToken": {"rotation": {"overlap": "24h"}}}});
    let old = world.tenant("overlap", spec).await.connection().unwrap();
    world.annotate("overlap", "overlap", "scim-operator.io/rotate-token", "1").await;
    eventually("there is a second token", async || world.generation("overlap", "overlap").await == 2).await;
    let new = world.customer("overlap", "overlap").await.connection().unwrap();
    for _ in 0..2 {
        assert_eq!((status(&new).await, status(&old).await), (200, 200), "both, though the new one was used");
    }
    let tenant = world.tenants("overlap").get("overlap").await.unwrap();
    let previous = tenant.status.unwrap().token.unwrap().previous.unwrap();
    assert!(previous.valid_until.is_some(), "status says until when");
    // A day later, for PostgreSQL.
    sqlx::query(
        "UPDATE scim_control.credentials SET valid_until = now() FROM scim_control.tenants t \
          WHERE t.id = tenant_id AND t.namespace = 'overlap' AND generation = 1",
    )
    .execute(&mut world.database().await)
    .await
    .unwrap();
    eventually("then the old one ends", async || status(&old).await == 401).await;
    assert_eq!(status(&new).await, 200);
}

/// By schedule: when the newest was used and is old enough, and never twice in a row.
pub(crate) async fn a_schedule_rotates_what_was_used(world: &World) {
    let spec = json!({"authentication": {"bearerToken": {"rotation": {"every": "2160h"}}}});
    let customer = world.tenant("scheduled", spec).await;
    let old = customer.connection().unwrap();
    assert_eq!(status(&old).await, 200);
    let three_months_pass = async || {
        sqlx::query(
            "UPDATE scim_control.credentials SET issued_at = issued_at - interval '91 days' FROM scim_control.tenants t \
              WHERE t.id = tenant_id AND t.namespace = 'scheduled'",
        )
        .execute(&mut world.database().await)
        .await
        .unwrap();
    };
    eventually("its use is noted", async || {
        let used: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM scim_control.credentials JOIN scim_control.tenants t ON t.id = tenant_id \
              WHERE t.namespace = 'scheduled' AND first_used_at IS NOT NULL",
        )
        .fetch_one(&mut world.database().await)
        .await
        .unwrap();
        used == 1
    })
    .await;
    three_months_pass().await;
    eventually_within(AUDITED, "a second token is made", async || {
        world.generation("scheduled", "scheduled").await == 2
    })
    .await;
    assert_eq!(status(&old).await, 200, "the old one works until the new one is used");
    three_months_pass().await;
    world.annotate("scheduled", "scheduled", "example.com/look", "again").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        world.generation("scheduled", "scheduled").await,
        2,
        "nobody has pasted the second one: no third is made"
    );
    eventually_within(AUDITED, "an Event tells that the new token waits", async || {
        told(world, "scheduled", "CredentialUnused").await
    })
    .await;
    let new = world.customer("scheduled", "scheduled").await.connection().unwrap();
    assert_eq!(status(&new).await, 200);
    let begin = Instant::now();
    eventually("the old one ends", async || status(&old).await == 401).await;
    assert!(begin.elapsed() < SOON);
}

/// What is ours in the Secret is put right without a new token; what makes no Secret makes none.
pub(crate) async fn an_unused_key_in_the_secret_does_no_harm(world: &World) {
    let customer = world.tenant("own-key", json!({})).await;
    let patch =
        Patch::Merge(json!({"stringData": {"note": "mine"}, "metadata": {"labels": {"mine": "true"}}}));
    secrets(world, "own-key").patch(&customer.secret_name, &PatchParams::default(), &patch).await.unwrap();
    world.annotate("own-key", "own-key", "example.com/look", "again").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.customer("own-key", "own-key").await.token, customer.token);
    assert_eq!(world.generation("own-key", "own-key").await, 1);
}
