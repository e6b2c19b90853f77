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
        ("acme", json!({"sourceRanges": ["10.0.0.1/8"]}), "CIDR"),
        ("acme", json!({"sourceRanges": ["10.0.0.1"]}), "CIDR"),
        ("acme", json!({"suspend": "yes"}), "suspend"),
        ("acme", json!({"deletionDelay": "a week"}), "deletionDelay"),
        ("acme", json!({"deletionDelay": "8761h"}), "8760h"),
    ] {
        rejects::<ScimTenant>(&tenants, &tenant(name, spec), why).await;
    }
}

pub(crate) async fn the_api_server_refuses_classes_that_cannot_work(world: &World) {
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
    for (field, value) in [
        ("url", json!("https://{name}-{namespace}.scim.example.com")),
        ("route", json!({"kind": "HTTPRoute", "gateway": {"name": "public", "namespace": "gateways"}})),
        ("route", json!({"kind": "None"})),
        ("sourceRanges", json!(["203.0.113.0/24", "2001:db8::/32"])),
        ("retainedData", json!("Adopt")),
        ("deletionDelay", json!("168h")),
        ("outgoing", json!({"privateAddresses": "Allow"})),
    ] {
        accepts::<ScimTenantClass>(&classes, &class((field, value))).await;
    }
    for (field, value, why) in [
        ("url", json!("https://{customer}.scim.example.com"), "url"),
        ("route", json!({"kind": "HTTPRoute"}), "gateway"),
        ("route", json!({"kind": "None", "ingress": {}}), "ingress"),
        ("route", json!({"kind": "Ingress", "gateway": {"name": "public"}}), "gateway"),
        ("sourceRanges", json!(["::/999"]), "CIDR"),
        ("retainedData", json!("Steal"), "retainedData"),
        ("outgoing", json!({"privateAddresses": true}), "privateAddresses"),
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

/// Every way in, and every rule about them.
pub(crate) async fn the_api_server_refuses_ways_in_that_cannot_work(world: &World) {
    world.namespace("admission", json!({})).await;
    let tenants = world.tenants("admission");
    let tenant = |authentication: Value| json!({"apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenant", "metadata": {"name": "acme"}, "spec": {"authentication": authentication}});
    let directory = "11111111-2222-3333-4444-555555555555";
    let workload =
        json!({"entra": {"directoryID": directory, "audience": "api://workload", "subject": "principal"}});
    let issuer = json!({"url": "https://idp.example.com", "jwksURI": "https://idp.example.com/keys", "audience": "scim"});
    for authentication in [
        json!({}),
        json!({"bearerToken": {"secretName": "a", "rotation": {"every": "2160h", "overlap": "24h"}}}),
        json!({"bearerToken": {"existingSecret": {"name": "mine", "key": "tls.key"}, "rotation": {"overlap": "24h"}}}),
        json!({"basic": {}}),
        json!({"basic": {"existingSecret": {"name": "mine"}}}),
        json!({"oauth2": {"clientSecret": {}, "accessTokenLifetime": "6h"}}),
        json!({"oauth2": {"federation": workload}}),
        json!({"jwt": {"entra": {"directoryID": directory, "cloud": "USGovernment"}}}),
        json!({"jwt": {"issuer": issuer}}),
    ] {
        accepts::<ScimTenant>(&tenants, &tenant(authentication)).await;
    }
    for (authentication, why) in [
        (json!({"bearerToken": {}, "basic": {}}), "choose one of bearerToken, basic, oauth2 and jwt"),
        (json!({"bearerToken": {"existingSecret": {"name": "a"}, "secretName": "b"}}), "secretName"),
        (json!({"bearerToken": {"existingSecret": {"name": "a"}, "rotation": {"every": "24h"}}}), "every"),
        (
            json!({"bearerToken": {"existingSecret": {"name": "a", "namespace": "b"}, "secretName": "b"}}),
            "secretName",
        ),
        (json!({"bearerToken": {"existingSecret": {"name": "a/b"}}}), "existingSecret.name"),
        (json!({"bearerToken": {"existingSecret": {"name": "a", "key": "../b"}}}), "existingSecret.key"),
        (json!({"bearerToken": {"rotation": {"overlap": "0s"}}}), "overlap"),
        (json!({"bearerToken": {"rotation": {"overlap": "9000h"}}}), "8760h"),
        (json!({"bearerToken": {"rotation": {"every": "1m"}}}), "at least 1h"),
        (json!({"bearerToken": {"rotation": {"every": "90d"}}}), "every"),
        (json!({"basic": {"existingSecret": {"name": "a"}, "secretName": "b"}}), "secretName"),
        (json!({"oauth2": {}}), "choose one of clientSecret and federation"),
        (
            json!({"oauth2": {"clientSecret": {}, "federation": workload}}),
            "choose one of clientSecret and federation",
        ),
        (json!({"oauth2": {"clientSecret": {}, "accessTokenLifetime": "59m"}}), "from 1h to 6h"),
        (json!({"oauth2": {"clientSecret": {}, "accessTokenLifetime": "7h"}}), "from 1h to 6h"),
        (
            json!({"oauth2": {"federation": {"entra": {"directoryID": directory}}}}),
            "needs audience and subject",
        ),
        (json!({"oauth2": {"federation": {"issuer": issuer}}}), "needs subject"),
        (json!({"jwt": {}}), "choose one of entra and issuer"),
        (json!({"jwt": {"entra": {"directoryID": "acme.onmicrosoft.com"}}}), "directoryID"),
        (
            json!({"jwt": {"issuer": {"url": "https://a", "jwksURI": "file:///etc/passwd", "audience": "a"}}}),
            "jwksURI",
        ),
    ] {
        rejects::<ScimTenant>(&tenants, &tenant(authentication), why).await;
    }
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
