//! The manifests of rights, read as the API server reads them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Manifest {
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    rules: Vec<PolicyRule>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    namespace: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

const CLUSTER: &str = include_str!("../rbac.yaml");
const NAMESPACED: &str = include_str!("../rbac-namespaced.yaml");
const USERS: &str = include_str!("../rbac-users.yaml");

fn manifests(text: &str) -> Vec<Manifest> {
    text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

/// One line for each resource of a rule.
fn grants(manifest: &Manifest) -> Vec<String> {
    let lines = manifest.rules.iter().flat_map(|rule| {
        rule.resources.iter().flatten().map(|resource| format!("{resource}: {}", rule.verbs.join(" ")))
    });
    lines.collect()
}

fn find<'a>(manifests: &'a [Manifest], kind: &str, namespace: Option<&str>) -> &'a Manifest {
    let mut found =
        manifests.iter().filter(|m| m.kind == kind && m.metadata.namespace.as_deref() == namespace);
    found.next().unwrap()
}

#[test]
fn nobody_gets_everything() {
    for manifest in [CLUSTER, NAMESPACED, USERS].into_iter().flat_map(manifests) {
        for rule in &manifest.rules {
            let lists = [&rule.api_groups, &rule.resources, &Some(rule.verbs.clone())].map(Clone::clone);
            assert!(lists.into_iter().flatten().flatten().all(|word| !word.contains('*')), "{manifest:?}");
        }
    }
}

#[test]
fn an_operator_of_a_few_namespaces_only_reads_what_is_the_clusters() {
    let namespaced = manifests(NAMESPACED);
    let role = find(&namespaced, "ClusterRole", None);
    assert_eq!(grants(role), ["scimtenantclasses: list watch", "namespaces: get list watch"]);
}

#[test]
fn an_operator_of_a_few_namespaces_may_do_there_what_the_other_may_do_everywhere() {
    let (cluster, namespaced) = (manifests(CLUSTER), manifests(NAMESPACED));
    let everywhere = grants(find(&cluster, "ClusterRole", None));
    for grant in grants(find(&namespaced, "Role", Some("customer-acme"))) {
        assert!(everywhere.contains(&grant), "{grant}");
    }
    let servers = Some("scim-system");
    assert_eq!(grants(find(&cluster, "Role", servers)), grants(find(&namespaced, "Role", servers)));
}

#[test]
fn people_get_tenants_and_neither_their_status_nor_classes() {
    let lines: Vec<String> = manifests(USERS)
        .iter()
        .map(|manifest| {
            let prefix = "rbac.authorization.k8s.io/aggregate-to-";
            let to: Vec<&str> =
                manifest.metadata.labels.keys().filter_map(|key| key.strip_prefix(prefix)).collect();
            format!("{} → {}: {}", manifest.metadata.name, to.join(" "), grants(manifest).join(", "))
        })
        .collect();
    insta::assert_debug_snapshot!(lines, @r#"
    [
        "scim-operator-view → admin edit view: scimtenants: get list watch",
        "scim-operator-edit → admin edit: scimtenants: create update patch delete",
        "scim-operator-admin → admin: scimtenants: create update patch delete deletecollection",
    ]
    "#);
}
