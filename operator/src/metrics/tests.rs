//! The names of metrics, which dashboards and rules rely on.

use std::collections::BTreeSet;

use crds::ScimTenant;
use futures::{FutureExt as _, StreamExt as _, stream};
use kube::runtime::watcher::Event;
use prometheus_client::encoding::text::encode;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::fixtures::{settings, tenant};
use crate::watch::Cache;

const RULES: &str = include_str!("../../../charts/scim-operator/rules/alerts.yaml");

/// A tenant with a token that nobody has pasted and one before it.
fn rotated() -> ScimTenant {
    let mut tenant = tenant(json!({}));
    let status = json!({
        "token": {
            "generation": 2, "kind": "BearerToken", "issuedAt": "2027-01-15T08:00:00Z",
            "expiresAt": "2027-12-15T08:00:00Z",
            "previous": {
                "generation": 1, "lastUsedAt": "2027-01-15T08:00:00Z", "validUntil": "2027-01-16T08:00:00Z",
            },
        },
    });
    tenant.status = Some(serde_json::from_value(status).unwrap());
    tenant
}

/// One that another operator of the cluster serves.
fn of_another() -> ScimTenant {
    let mut tenant = rotated();
    tenant.metadata.name = Some("theirs".to_owned());
    tenant.status.get_or_insert_default().controller_name = Some("example.com/other".to_owned());
    tenant
}

/// What is exposed when everything has happened once.
fn exposed() -> String {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry, "scim-operator");
    metrics.reconciled(Controller::Tenant, "success", Duration::from_millis(7));
    metrics.schemas(&BTreeMap::from([(1, 5), (2, 3)]), 2);
    metrics.migrated("done");
    metrics.database("primary", true);
    let (cache, filler) = Cache::new();
    let told =
        filler.fill(stream::iter([rotated(), of_another()].map(Event::Apply).map(Ok))).count().now_or_never();
    assert_eq!(told, Some(2));
    registry.register_collector(Box::new(TenantCollector {
        tenants: cache,
        controller_name: settings().controller_name,
    }));
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

#[test]
fn metrics_have_the_names_that_dashboards_know() {
    let text = exposed();
    let acme = "namespace=\"customer-acme\",name=\"acme\"";
    for line in [
        "controller_runtime_reconcile_total{controller=\"scimtenant\",result=\"success\"} 1",
        "controller_runtime_reconcile_time_seconds_count{controller=\"scimtenant\"} 1",
        "leader_election_master_status{name=\"scim-operator\"} 0",
        "scim_operator_schema_migrations_total{result=\"done\"} 1",
        "scim_operator_tenant_schemas{version=\"1\"} 5",
        "scim_operator_tenant_schemas{version=\"2\"} 3",
        "scim_operator_tenant_schemas_outdated 5",
        "scim_operator_database_ready{database=\"primary\"} 1",
        "scim_operator_tenants{ready=\"true\"} 0",
        "scim_operator_tenants{ready=\"false\"} 1",
        &format!("scim_operator_tenant_ready{{{acme}}} 0"),
        &format!("scim_operator_credential_generation{{{acme}}} 2"),
        &format!(
            "scim_operator_credential_last_used_timestamp_seconds{{{acme},generation=\"1\"}} 1800000000"
        ),
        &format!("scim_operator_credential_expiry_timestamp_seconds{{{acme},generation=\"1\"}} 1800086400"),
        &format!("scim_operator_credential_expiry_timestamp_seconds{{{acme},generation=\"2\"}} 1828857600"),
        &format!("scim_operator_credential_unused{{{acme}}} 1"),
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line} is missing in\n{text}");
    }
    assert!(
        !text.contains(
            "last_used_timestamp_seconds{namespace=\"customer-acme\",name=\"acme\",generation=\"2\"}"
        )
    );
}

#[test]
fn a_tenant_of_another_operator_is_not_told() {
    let text = exposed();
    assert!(!text.contains("theirs"), "{text}");
}

#[test]
fn versions_that_no_schema_has_any_more_are_not_told() {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry, "scim-operator");
    metrics.schemas(&BTreeMap::from([(1, 5)]), 2);
    metrics.schemas(&BTreeMap::from([(2, 5)]), 2);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    assert!(
        !text.contains("version=\"1\"") && text.contains("scim_operator_tenant_schemas_outdated 0"),
        "{text}"
    );
}

#[test]
fn a_database_is_told_as_ready_or_not() {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry, "scim-operator");
    metrics.database("primary", true);
    metrics.database("eu", false);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for line in [
        "scim_operator_database_ready{database=\"primary\"} 1",
        "scim_operator_database_ready{database=\"eu\"} 0",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// A file of rules as Prometheus reads it
/// (<https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/>).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    alert: String,
    expr: String,
    r#for: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

fn rules() -> Vec<Rule> {
    let rules: Rules = serde_saphyr::from_str(RULES).unwrap();
    assert!(rules.groups.iter().all(|group| !group.name.is_empty()));
    rules.groups.into_iter().flat_map(|group| group.rules).collect()
}

/// The names of metrics in a text: they have prefixes that nothing else has.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words
        .filter(|word| {
            ["scim_", "controller_runtime_", "leader_"].iter().any(|prefix| word.starts_with(prefix))
        })
        .collect()
}

#[test]
fn rules_name_metrics_that_are_exposed() {
    let text = exposed();
    let exposed = names(&text);
    for Rule { alert, expr, .. } in rules() {
        let missing: Vec<&str> = names(&expr).difference(&exposed).copied().collect();
        assert!(!names(&expr).is_empty() && missing.is_empty(), "{alert}: {missing:?}");
    }
}

#[test]
fn alerts_say_what_is_wrong_and_where_to_read_on() {
    let rules = rules();
    for Rule { alert, r#for, labels, annotations, .. } in &rules {
        assert!(["warning", "critical"].contains(&labels["severity"].as_str()), "{alert}");
        assert!(!r#for.is_empty(), "{alert}");
        assert!(annotations["summary"].len() > 10 && annotations["description"].len() > 10, "{alert}");
        assert!(annotations["runbook_url"].starts_with("docs/"), "{alert}");
    }
    let names: Vec<&str> = rules.iter().map(|rule| rule.alert.as_str()).collect();
    insta::assert_debug_snapshot!(names, @r#"
    [
        "ScimTenantNotReady",
        "ScimCredentialUnused",
        "ScimCredentialExpires",
        "ScimSchemaMigrationStuck",
        "ScimOperatorNoLeader",
        "ScimReconcileErrors",
        "ScimDatabaseNotReady",
    ]
    "#);
}
