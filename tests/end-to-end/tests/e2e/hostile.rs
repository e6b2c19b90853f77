//! Hostile resources: nothing that somebody may apply makes the operator panic, retry hot, touch another namespace or write
//! SQL of their making.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{ListParams, PostParams};
use serde_json::{Value, json};
use sqlx::Row as _;

use crate::metrics::reconciles;
use crate::world::World;

/// What is applied, and what becomes of it.
enum Fate {
    /// The API server refuses it.
    Refused,
    /// It is served like any other.
    Served,
    /// It is told why not, for this reason of `Ready`.
    Told(&'static str),
}

fn object(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenant",
        "metadata": {"name": name}, "spec": spec,
    })
}

fn extension(urn: &str, attribute: &str) -> Value {
    json!({"profile": {"extensions": [
        {"urn": urn, "resource": "User", "attributes": [{"name": attribute, "type": "string"}]},
    ]}})
}

fn many_attributes(count: usize) -> Value {
    let attributes: Vec<Value> =
        (0..count).map(|number| json!({"name": format!("a{number}"), "type": "string"})).collect();
    json!({"profile": {"extensions": [{"urn": "urn:example:x", "resource": "User", "attributes": attributes}]}})
}

fn table() -> Vec<(String, Value, Fate)> {
    use Fate::{Refused, Served, Told};
    let quoted = "x\"; DROP SCHEMA scim_control CASCADE; --";
    let secret = |name: &str| json!({"authentication": {"bearerToken": {"secretName": name}}});
    let brought = |name: &str, key: &str| json!({"authentication": {"bearerToken": {"existingSecret": {"name": name, "key": key}}}});
    vec![
        ("a".repeat(253), json!({}), Refused),
        ("a".repeat(64), json!({}), Refused),
        ("a".repeat(63), json!({}), Served),
        // What a name of 63 characters would be cut to.
        (format!("{}b", "a".repeat(62)), json!({}), Served),
        ("ünïcode".to_owned(), json!({}), Refused),
        ("tenant.with.dots".to_owned(), json!({}), Refused),
        ("-dash".to_owned(), json!({}), Refused),
        (quoted.to_owned(), json!({}), Refused),
        ("select".to_owned(), json!({}), Served),
        ("public".to_owned(), json!({}), Served),
        ("pg-catalog".to_owned(), json!({}), Served),
        ("scim".to_owned(), json!({}), Served),
        ("null".to_owned(), json!({}), Served),
        ("0".to_owned(), json!({}), Served),
        ("quoted-name".to_owned(), json!({"displayName": quoted}), Served),
        ("nul-name".to_owned(), json!({"displayName": "a\u{0}b"}), Refused),
        ("long-name".to_owned(), json!({"displayName": "x".repeat(257)}), Refused),
        ("unicode-name".to_owned(), json!({"displayName": "Ærø 株式会社 \u{1f680} \u{202e}"}), Served),
        ("class-path".to_owned(), json!({"className": "../default"}), Refused),
        ("class-other".to_owned(), json!({"className": "no-such-class"}), Told("ClassNotFound")),
        ("secret-path".to_owned(), secret("../../kube-system/token"), Refused),
        ("secret-namespace".to_owned(), secret("hostile-victim/victim"), Refused),
        ("secret-taken".to_owned(), secret("somebody-elses"), Told("SecretNameTaken")),
        ("secret-shared-one".to_owned(), secret("shared"), Served),
        ("secret-shared-two".to_owned(), secret("shared"), Told("SecretNameTaken")),
        ("brought-missing".to_owned(), brought("not-there", "token"), Told("CredentialNotFound")),
        ("brought-unlabelled".to_owned(), brought("somebody-elses", "token"), Told("CredentialNotOffered")),
        ("brought-path".to_owned(), brought("somebody-elses", "../token"), Refused),
        ("urn-quoted".to_owned(), extension("urn:example:\"; DROP TABLE users; --", "a"), Refused),
        ("attribute-quoted".to_owned(), extension("urn:example:x", "a\"; DROP TABLE users; --"), Refused),
        ("attribute-reserved".to_owned(), extension("urn:example:x", "select"), Served),
        ("attributes-many".to_owned(), many_attributes(10_000), Refused),
        (
            "urn-core".to_owned(),
            extension("urn:ietf:params:scim:schemas:core:2.0:User", "a"),
            Told("InvalidProfile"),
        ),
        (
            "issuer-private".to_owned(),
            json!({"authentication": {"jwt": {"issuer": {"url": "https://idp", "jwksURI": "https://169.254.169.254/keys", "audience": "a"}}}}),
            Told("IssuerNotAllowed"),
        ),
        (
            "issuer-plain".to_owned(),
            json!({"authentication": {"jwt": {"issuer": {"url": "https://idp", "jwksURI": "http://idp.example.com/keys", "audience": "a"}}}}),
            Told("IssuerNotAllowed"),
        ),
        ("unknown-field".to_owned(), json!({"namespace": "kube-system"}), Refused),
    ]
}

pub(crate) async fn no_resource_harms_the_operator_or_others(world: &World) {
    let namespace = "hostile";
    let victim = world.tenant("hostile-victim", json!({})).await;
    world.namespace(namespace, json!({})).await;
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), namespace);
    let theirs: Secret = serde_json::from_value(
        json!({"metadata": {"name": "somebody-elses"}, "stringData": {"token": "not yours"}}),
    )
    .unwrap();
    let theirs = secrets.create(&PostParams::default(), &theirs).await.unwrap();
    let elsewhere = everywhere_else(world, namespace).await;

    for (name, spec, fate) in table() {
        let created = create(world, namespace, &object(&name, &spec)).await;
        match (fate, created) {
            (Fate::Refused, Err(kube::Error::Api(status))) if (400..500).contains(&status.code) => {}
            (Fate::Served, Ok(())) => {
                world.condition(namespace, &name, "Ready", "True", "Connected").await;
            }
            (Fate::Told(reason), Ok(())) => {
                world.condition(namespace, &name, "Ready", "False", reason).await;
            }
            (_, created) => panic!(
                "{name} is {}",
                if let Err(error) = created { error.to_string() } else { "accepted".to_owned() }
            ),
        }
    }

    assert_eq!(secrets.get("somebody-elses").await.unwrap(), theirs);
    assert_eq!(everywhere_else(world, namespace).await, elsewhere, "other namespaces are untouched");
    assert_eq!(
        world.customer("hostile-victim", "hostile-victim").await.token,
        victim.token,
        "the neighbour's token too"
    );
    only_our_schemas_exist(world).await;
    let before = reconciles(world).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let reconciled = reconciles(world).await - before;
    let tenants = world.tenants(namespace).list(&ListParams::default()).await.unwrap().items.len();
    println!("hostile: {tenants} tenants, {reconciled} reconciles in ten quiet seconds");
    assert!(
        reconciled < 40.0,
        "nothing is retried hot: {reconciled} reconciles of {tenants} tenants in ten seconds"
    );
    world.delete_namespace(namespace).await;
}

/// As JSON, with unknown fields refused, as `kubectl apply` does.
async fn create(world: &World, namespace: &str, object: &Value) -> Result<(), kube::Error> {
    let url =
        format!("/apis/scim-operator.io/v1alpha1/namespaces/{namespace}/scimtenants?fieldValidation=Strict");
    let request = http::Request::post(url)
        .header("Content-Type", "application/json")
        .body(serde_json::to_vec(object).unwrap())
        .unwrap();
    world.client.request::<Value>(request).await.map(|_| ())
}

/// The Secrets of all other namespaces.
async fn everywhere_else(world: &World, namespace: &str) -> Vec<(Option<String>, Option<String>)> {
    let all: Api<Secret> = Api::all(world.client.clone());
    let secrets = all.list(&ListParams::default()).await.unwrap().items.into_iter();
    secrets
        .filter(|secret| secret.metadata.namespace.as_deref() != Some(namespace))
        .map(|secret| (secret.metadata.uid, secret.metadata.resource_version))
        .collect()
}

async fn only_our_schemas_exist(world: &World) {
    let rows = sqlx::query("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_.*|information_schema|public|scim_control|tenant_[0-9]+)$'")
        .fetch_all(&mut world.database().await)
        .await
        .unwrap();
    let others: Vec<String> = rows.iter().map(|row| row.get("nspname")).collect();
    assert!(others.is_empty(), "somebody made schemas: {others:?}");
}
