//! What the API server refuses by itself, by the rules in the CRDs: accepts …, rejects ….

use crds::{ScimTenant, ScimTenantClass};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::world::World;

pub(crate) async fn the_api_server_refuses_what_cannot_work(world: &World) {
    world.namespace("admission", json!({})).await;
    let tenants = world.tenants("admission");
    let tenant = |name: &str, spec: Value| json!({"apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenant", "metadata": {"name": name}, "spec": spec});
    accepts::<ScimTenant>(&tenants, &tenant("acme", json!({}))).await;
    accepts::<ScimTenant>(
        &tenants,
        &tenant(
            "acme",
            json!({"displayName": "Acme", "identityProvider": "Okta", "deletionPolicy": "Delete"}),
        ),
    )
    .await;
    for (name, spec, why) in [
        ("acme.inc", json!({}), "DNS label"),
        ("acme", json!({"identityProvider": "Google"}), "identityProvider"),
        ("acme", json!({"deletionPolicy": "Drop"}), "deletionPolicy"),
        ("acme", json!({"className": "UPPER"}), "className"),
        ("acme", json!({"displayName": "x".repeat(300)}), "displayName"),
        ("acme", json!({"authentication": {"bearerToken": {"secretName": "a/b"}}}), "secretName"),
        (
            "acme",
            json!({"profile": {"extensions": [{"urn": "no-urn", "resource": "User", "attributes": [{"name": "a", "type": "string"}]}]}}),
            "urn",
        ),
        (
            "acme",
            json!({"profile": {"extensions": [{"urn": "urn:example:x", "resource": "User"}]}}),
            "extensions",
        ),
        (
            "acme",
            json!({"profile": {"extensions": [{"urn": "urn:example:x", "resource": "User", "attributes": [{"name": "a", "type": "text"}]}]}}),
            "type",
        ),
        (
            "acme",
            json!({"profile": {"extensions": [{"urn": "urn:example:x", "resource": "User", "attributes": [{"name": "a", "mutability": "writeOnly"}]}]}}),
            "mutability",
        ),
        (
            "acme",
            json!({"profile": {"extensions": [{"urn": "urn:example:x", "resource": "Group", "attributes": [{"name": "a", "uniqueness": "server"}]}]}}),
            "only attributes of User can be unique",
        ),
        ("acme", json!({"profile": {"returningUsers": "Maybe"}}), "returningUsers"),
    ] {
        rejects::<ScimTenant>(&tenants, &tenant(name, spec), why).await;
    }

    let classes = world.classes();
    let class = |change: (&str, Value)| {
        let mut class = json!({
            "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": "admission"},
            "spec": {
                "url": "https://scim.example.com", "route": {"kind": "Ingress"},
                "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"a": "b"}}},
            },
        });
        class["spec"][change.0] = change.1;
        class
    };
    accepts::<ScimTenantClass>(&classes, &class(("database", json!("primary")))).await;
    for (field, value, why) in [
        ("url", json!("scim.example.com"), "url"),
        ("url", json!("https://scim.example.com/path"), "url"),
        ("url", json!("https://10.0.0.1"), "host"),
        ("url", json!("ftp://scim.example.com"), "url"),
        ("allowedNamespaces", json!({"from": "Selector"}), "selector"),
        ("allowedNamespaces", json!({"from": "All", "selector": {"matchLabels": {"a": "b"}}}), "selector"),
        ("deletionPolicies", json!([]), "deletionPolicies"),
        ("limits", json!({"maxPageSize": 0}), "maxPageSize"),
        ("route", json!({"kind": "Tunnel"}), "kind"),
    ] {
        rejects::<ScimTenantClass>(&classes, &class((field, value)), why).await;
    }
    let immutable = Patch::Merge(json!({"spec": {"controllerName": "example.com/another"}}));
    let refused =
        classes.patch("default", &PatchParams { dry_run: true, ..PatchParams::default() }, &immutable).await;
    assert!(refused.unwrap_err().to_string().contains("controllerName cannot be changed"));
}

async fn accepts<K>(api: &Api<K>, object: &Value)
where
    K: Resource + Clone + DeserializeOwned + Serialize + std::fmt::Debug,
{
    let outcome = create(api, object).await;
    assert!(outcome.is_ok(), "{object} is refused: {outcome:?}");
}

async fn rejects<K>(api: &Api<K>, object: &Value, why: &str)
where
    K: Resource + Clone + DeserializeOwned + Serialize + std::fmt::Debug,
{
    match create(api, object).await {
        Ok(()) => panic!("{object} is accepted"),
        Err(kube::Error::Api(status)) => {
            assert!(status.code == 422, "{object}: {status:?}");
            assert!(
                status.message.contains(why),
                "{object} is refused, but not for `{why}`: {}",
                status.message
            );
        }
        Err(error) => panic!("{object}: {error}"),
    }
}

/// A dry run that goes through the server's whole validation, as JSON, not as our types would write it.
async fn create<K>(api: &Api<K>, object: &Value) -> Result<(), kube::Error>
where
    K: Resource + Clone + DeserializeOwned + Serialize + std::fmt::Debug,
{
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    let bytes = serde_json::to_vec(object).unwrap();
    let request = kube::core::Request::new(api.resource_url()).create(&parameters, bytes).unwrap();
    api.clone().into_client().request::<Value>(request).await.map(|_| ())
}
