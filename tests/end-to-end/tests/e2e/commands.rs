//! What the chart's Jobs ask of `scim-operator` besides: passwords, and a tenant to try an installation with.

use std::collections::BTreeMap;
use std::fs;

use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::people::status;
use crate::run::{account, run};
use crate::world::World;

/// An upgrade adds what it needs, and a password that PostgreSQL knows stays.
pub(crate) async fn passwords_are_made_once(world: &World) {
    const NAMESPACE: &str = "passwords";
    world.namespace(NAMESPACE, json!({})).await;
    let here = json!([
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["database"], "verbs": ["get", "patch"]},
    ]);
    account(world, NAMESPACE, "generate-secret", here, json!([])).await;
    let generate = async |keys: &[&str]| {
        let mut arguments = vec!["generate-secret", "--namespace", NAMESPACE, "--name", "database"];
        arguments.extend(["--label", "app.kubernetes.io/component=postgresql"]);
        arguments.extend(keys.iter().flat_map(|key| ["--key", *key]));
        let log = run(world, NAMESPACE, "generate-secret", &arguments).await.expect_success();
        let secrets: Api<Secret> = Api::namespaced(world.client.clone(), NAMESPACE);
        let secret = secrets.get("database").await.unwrap();
        for value in values(&secret).values() {
            assert!(!log.contains(value.as_str()), "no password is in the log: {log}");
        }
        secret
    };
    let first = generate(&["operator", "server"]).await;
    assert_eq!(first.labels()["app.kubernetes.io/component"], "postgresql");
    assert_eq!(values(&first).values().map(String::len).collect::<Vec<_>>(), [64, 64]);
    let second = generate(&["operator", "server"]).await;
    assert_eq!(second.resource_version(), first.resource_version(), "there was nothing to write");

    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), NAMESPACE);
    let chosen = Patch::Merge(json!({"stringData": {"server": "chosen", "other": "theirs"}}));
    secrets.patch("database", &PatchParams::default(), &chosen).await.unwrap();
    let third = values(&generate(&["operator", "server", "postgres"]).await);
    assert_eq!(third["operator"], values(&first)["operator"]);
    assert_eq!((&*third["server"], &*third["other"]), ("chosen", "theirs"));
    assert_eq!(third["postgres"].len(), 64);
}

/// As `helm test` does it, from nothing to nothing; a customer's tenant of that name is safe.
pub(crate) async fn a_tenant_to_try_with_comes_and_goes(world: &World) {
    const NAMESPACE: &str = "trial";
    world.namespace(NAMESPACE, json!({})).await;
    let here = json!([
        {"apiGroups": ["scim-operator.io"], "resources": ["scimtenants"], "verbs": ["create"]},
        {"apiGroups": ["scim-operator.io"], "resources": ["scimtenants"], "resourceNames": ["trial", "customer"],
         "verbs": ["get", "patch", "delete"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["trial-scim"], "verbs": ["get"]},
    ]);
    account(world, NAMESPACE, "test-tenant", here, json!([])).await;
    let directory = world.installation.stack().state_directory().join("trial");
    fs::create_dir(&directory).unwrap();
    let test_tenant = async |verb: &str, name: &str, more: &[&str]| {
        let arguments = [&["test-tenant", verb, "--namespace", NAMESPACE, "--name", name], more].concat();
        run(world, NAMESPACE, "test-tenant", &arguments).await
    };
    let into = ["--directory", directory.to_str().unwrap()];
    // What failed before is taken up.
    test_tenant("create", "trial", &[]).await.expect_success();
    let log = test_tenant("create", "trial", &into).await.expect_success();
    let file = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
    assert!(!log.contains(&file("token")), "no token is in the log: {log}");
    let customer = world.customer(NAMESPACE, "trial").await;
    assert_eq!((file("tenantURL"), file("token")), (customer.tenant_url.clone(), customer.token.clone()));
    assert_eq!(status(&customer.connection().unwrap()).await, 200);
    test_tenant("delete", "trial", &[]).await.expect_success();
    assert!(world.tenants(NAMESPACE).get_opt("trial").await.unwrap().is_none());
    test_tenant("delete", "trial", &[]).await.expect_success();

    let no_class = ["--class-name", "nowhere", "--timeout", "2s"];
    let log = test_tenant("create", "trial", &no_class).await.expect_failure();
    assert!(log.contains("ClassNotFound: there is no ScimTenantClass nowhere"), "{log}");
    test_tenant("delete", "trial", &[]).await.expect_success();

    world.redeclare(NAMESPACE, "customer", json!({})).await;
    for verb in ["create", "delete"] {
        let log = test_tenant(verb, "customer", &[]).await.expect_failure();
        assert!(log.contains("choose another --name"), "{log}");
    }
    world.customer(NAMESPACE, "customer").await;
}

fn values(secret: &Secret) -> BTreeMap<String, String> {
    let data = secret.data.clone().unwrap_or_default().into_iter();
    data.map(|(key, value)| (key, String::from_utf8(value.0).unwrap())).collect()
}
