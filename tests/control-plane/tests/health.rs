//! Flux and Argo CD understand our objects at every stage of their life.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use control_plane::Installation;
use control_plane::health::{Judgement, judge};
use serde_json::{Value, json};

const BEFORE: &str = "InProgress, Progressing: The operator has not taken up generation 3 yet";

#[tokio::test]
async fn a_tenant_is_understood_while_it_is_made_and_works() {
    let unavailable = "PostgreSQL does not answer";
    let stages = [
        ("never reconciled: what the CRD sets by default", tenant(-1, &[]), BEFORE),
        ("edited, and not reconciled yet", tenant(2, &[ready("True", "Connected", "")]), BEFORE),
        ("reconciled in part", tenant(3, &[reconciling(unavailable)]), BEFORE),
        (
            "reconciling: it waits for what passes",
            tenant(3, &[ready("False", "DatabaseUnavailable", unavailable), reconciling(unavailable)]),
            "InProgress, Progressing: PostgreSQL does not answer",
        ),
        (
            "ready",
            tenant(3, &[ready("True", "Connected", "an identity provider can connect")]),
            "Current, Healthy: an identity provider can connect",
        ),
        (
            "stalled: somebody has to act",
            tenant(3, &[ready("False", "ClassNotFound", "no class gone"), stalled("no class gone")]),
            "Failed, Degraded: no class gone",
        ),
        (
            "stalled a generation ago, and mended since",
            tenant(2, &[ready("False", "ClassNotFound", "no class gone"), stalled("no class gone")]),
            BEFORE,
        ),
    ];
    check(&stages).await;
}

#[tokio::test]
async fn a_tenant_is_understood_when_it_is_stopped() {
    let connected = ready("True", "Connected", "an identity provider can connect");
    let unavailable = ready("False", "DatabaseUnavailable", "PostgreSQL does not answer");
    let paused = condition("Paused", "True", "Paused", "it is left as it is");
    let stages = [
        (
            "suspended",
            tenant(3, &[ready("True", "Suspended", "every request is answered with 503")]),
            "Current, Suspended: every request is answered with 503",
        ),
        (
            "paused before it was reconciled",
            tenant(-1, std::slice::from_ref(&paused)),
            "InProgress, Suspended: it is left as it is",
        ),
        (
            "paused while it was not ready",
            tenant(3, &[unavailable, reconciling("PostgreSQL does not answer"), paused.clone()]),
            "InProgress, Suspended: it is left as it is",
        ),
        (
            "paused, and edited since",
            tenant(2, &[connected.clone(), paused.clone()]),
            "InProgress, Suspended: it is left as it is",
        ),
        (
            "paused while all is as declared: it works",
            tenant(3, &[connected, paused]),
            "Current, Healthy: an identity provider can connect",
        ),
    ];
    check(&stages).await;
}

#[tokio::test]
async fn a_tenant_is_understood_when_it_is_deleted_and_without_a_status() {
    let waits = "PostgreSQL does not answer";
    let stages = [
        (
            "being deleted",
            deleting(tenant(3, &[ready("True", "Connected", "")])),
            "Terminating, Progressing: It is being deleted",
        ),
        (
            "being deleted, which waits",
            deleting(tenant(2, &[ready("False", "DeletionWaits", waits), stalled(waits)])),
            "Terminating, Progressing: PostgreSQL does not answer",
        ),
        (
            "without a status: kstatus takes it for ready, which is why the CRD sets one by default",
            object("ScimTenant", &json!({"generation": 3}), &Value::Null),
            "Current, Progressing: The operator has not taken up generation 3 yet",
        ),
    ];
    check(&stages).await;
}

#[tokio::test]
async fn a_class_is_understood_at_every_stage_of_its_life() {
    let accepted = |truth, message| condition("Accepted", truth, "Any", message);
    let stages = [
        ("never reconciled", class(-1, &[]), BEFORE),
        ("accepted", class(3, &[accepted("True", "all is well")]), "Current, Healthy: all is well"),
        ("edited since", class(2, &[accepted("True", "all is well")]), BEFORE),
        (
            "stalled",
            class(3, &[accepted("False", "spec.database is other"), stalled("spec.database is other")]),
            "Failed, Degraded: spec.database is other",
        ),
        (
            "reconciling",
            class(3, &[accepted("False", "a webhook is away"), reconciling("a webhook is away")]),
            "InProgress, Progressing: a webhook is away",
        ),
        (
            "being deleted",
            deleting(class(3, &[accepted("False", "tenants refer to it")])),
            "Terminating, Progressing: It is being deleted",
        ),
    ];
    check(&stages).await;
}

#[tokio::test]
async fn a_script_never_fails_whatever_is_missing() {
    let statuses = [
        Value::Null,
        json!({}),
        json!({"conditions": []}),
        json!({"observedGeneration": 3, "conditions": [{}]}),
        json!({"observedGeneration": 3, "conditions": [{"type": "Ready", "status": "True"}]}),
        json!({"observedGeneration": 3, "conditions": [{"type": "Accepted", "status": "True"}]}),
        json!({"observedGeneration": 3, "conditions": [{"type": "Stalled", "status": "True"}]}),
        json!({"observedGeneration": 3, "conditions": [{"type": "Paused", "status": "True"}]}),
        json!({"observedGeneration": 3, "conditions": [{"type": "Ready", "status": "False"}]}),
    ];
    let metadata = [Value::Null, json!({}), json!({"generation": 3})];
    let objects: Vec<Value> = ["ScimTenant", "ScimTenantClass"]
        .iter()
        .flat_map(|kind| metadata.iter().map(move |metadata| (kind, metadata)))
        .flat_map(|(kind, metadata)| statuses.iter().map(|status| object(kind, metadata, status)))
        .collect();
    let judgements = judge(&Installation::of_environment(), &objects).await.unwrap();
    assert_eq!(judgements.len(), objects.len());
}

#[tokio::test]
async fn a_kind_without_a_script_is_an_error_that_names_the_script() {
    let stranger = json!({"apiVersion": "example.com/v1", "kind": "Stranger", "metadata": {"name": "x"}});
    let error = judge(&Installation::of_environment(), &[stranger]).await.unwrap_err().to_string();
    assert!(error.contains("example.com/Stranger/health.lua"), "{error}");
}

/// Each stage has a name, an object, and `<kstatus>, <Argo CD>: <Argo CD's message>`.
async fn check(stages: &[(&str, Value, &str)]) {
    let objects: Vec<_> = stages.iter().map(|(_, object, _)| object.clone()).collect();
    let judgements = judge(&Installation::of_environment(), &objects).await.unwrap();
    assert_eq!(judgements.len(), stages.len());
    for ((name, _, expected), Judgement { kstatus, argo, argo_message, .. }) in stages.iter().zip(judgements)
    {
        assert_eq!(format!("{kstatus:?}, {argo:?}: {argo_message}"), *expected, "{name}");
    }
}

/// A tenant of generation 3 whose status is about generation `observed`.
fn tenant(observed: i64, conditions: &[Value]) -> Value {
    let metadata = json!({"name": "acme", "namespace": "customer-acme", "generation": 3});
    object("ScimTenant", &metadata, &json!({"observedGeneration": observed, "conditions": conditions}))
}

/// A class of generation 3 whose status is about generation `observed`.
fn class(observed: i64, conditions: &[Value]) -> Value {
    let metadata = json!({"name": "default", "generation": 3});
    object("ScimTenantClass", &metadata, &json!({"observedGeneration": observed, "conditions": conditions}))
}

fn deleting(mut object: Value) -> Value {
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    object["metadata"]["finalizers"] = json!(["scim-operator.io/x"]);
    object
}

/// An object without what is null.
fn object(kind: &str, metadata: &Value, status: &Value) -> Value {
    let mut object = json!({"apiVersion": "scim-operator.io/v1alpha1", "kind": kind, "spec": {}});
    for (name, value) in [("metadata", metadata), ("status", status)] {
        if !value.is_null() {
            object[name] = value.clone();
        }
    }
    object
}

fn ready(truth: &str, reason: &str, message: &str) -> Value {
    condition("Ready", truth, reason, message)
}

fn reconciling(message: &str) -> Value {
    condition("Reconciling", "True", "Any", message)
}

fn stalled(message: &str) -> Value {
    condition("Stalled", "True", "Any", message)
}

fn condition(kind: &str, truth: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": truth, "reason": reason, "message": message, "observedGeneration": 3})
}
