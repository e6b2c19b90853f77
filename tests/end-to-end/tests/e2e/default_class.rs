//! The class that an installation is configured with: `--default-class-file`.

use std::fs;

use crds::ScimTenantClass;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, Patch, PatchParams};
use product::{Manifest, OperatorOptions};
use serde_json::{Value, json};

use crate::events::warned;
use crate::neighbour::{install, options, site};
use crate::run::account;
use crate::world::{World, eventually};

const CLASS: &str = "configured";
const INSTALLATION: &str = "scim-operator.io/installation";

pub(crate) async fn a_class_follows_the_file_unless_somebody_else_made_it(world: &World) {
    let site = site(CLASS);
    install(world, &site).await;
    may_make_classes(world, &site.namespace).await;
    let file = world.installation.stack().state_directory().join("class.yaml");
    let write = |spec: &Value| fs::write(&file, manifest(spec).to_string()).unwrap();
    write(&json!({"deletionPolicies": ["Delete"], "limits": {"maxPageSize": 7}}));
    let arguments = vec![format!("--default-class-file={}", file.display())];
    let operator = OperatorOptions { arguments, ..options(&site) };
    let operator = world.installation.add_operator(&operator).await.unwrap();
    let restart = async || {
        operator.stop().await;
        operator.start().await.unwrap();
    };
    eventually("the class is there and accepted", async || is_accepted(found(world).await.as_ref())).await;
    let made = found(world).await.unwrap();
    assert_eq!(made.labels()[INSTALLATION], CLASS);
    assert_eq!(made.spec.controller_name, "example.com/configured");

    // What the file says comes back, what it says no more goes, what others set besides stays.
    let theirs = Patch::Merge(json!({
        "metadata": {"annotations": {"example.com/team": "a"}}, "spec": {"limits": {"maxPageSize": 9}},
    }));
    world.classes().patch(CLASS, &PatchParams::default(), &theirs).await.unwrap();
    write(&json!({"limits": {"maxPageSize": 8}}));
    restart().await;
    let page_size =
        async || json!(found(world).await.map(|class| class.spec))["limits"]["maxPageSize"].clone();
    eventually("it follows the file", async || page_size().await == 8).await;
    let class = found(world).await.unwrap();
    assert_eq!(class.uid(), made.uid());
    assert_eq!(json!(class.spec)["deletionPolicies"], json!(["Retain"]), "the default");
    assert_eq!(class.annotations()["example.com/team"], "a");

    operator.stop().await;
    world.classes().delete(CLASS, &DeleteParams::default()).await.unwrap();
    eventually("it is gone", async || found(world).await.is_none()).await;
    apply(world, &json!({"limits": {"maxPageSize": 3}})).await;
    operator.start().await.unwrap();
    eventually("an Event tells that the class is left alone", async || {
        warned(world, "default", "ClassNameTaken").await
    })
    .await;
    let class = found(world).await.unwrap();
    assert_eq!(page_size().await, 3);
    assert!(
        !json!(class.managed_fields()).to_string().contains("scim-operator-configuration"),
        "nothing of it was written"
    );

    // As the message says.
    let ours = Patch::Merge(json!({"metadata": {"labels": {
        "app.kubernetes.io/managed-by": "scim-operator", INSTALLATION: CLASS,
    }}}));
    world.classes().patch(CLASS, &PatchParams::default(), &ours).await.unwrap();
    restart().await;
    eventually("it follows the file from now on", async || page_size().await == 8).await;

    // An error in the file harms nothing else.
    write(&json!({"limits": {"maxPageSize": 5}, "surprise": true}));
    restart().await;
    world.namespace("configured", json!({"class": CLASS})).await;
    world.redeclare("configured", "tenant", json!({"className": CLASS})).await;
    world.condition("configured", "tenant", "Ready", "True", "Connected").await;
    assert_eq!(page_size().await, 8);
    world.delete_tenant("configured", "tenant").await;
    operator.stop().await;
    world.classes().delete(CLASS, &DeleteParams::default()).await.unwrap();
}

fn manifest(more: &Value) -> Value {
    let mut spec = json!({
        "url": "http://configured.scim.test", "route": {"kind": "None"},
        "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": CLASS}}},
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass",
        "metadata": {"name": CLASS}, "spec": spec,
    })
}

/// Applies the class as an administrator.
async fn apply(world: &World, more: &Value) {
    let mut class = manifest(more);
    class["spec"]["controllerName"] = json!("example.com/configured");
    Manifest::parse("class", &class.to_string()).unwrap().apply(&world.client).await.unwrap();
}

/// What `--default-class-file` needs beside the operator's own rights.
async fn may_make_classes(world: &World, namespace: &str) {
    let more = json!([{"apiGroups": ["scim-operator.io"], "resources": ["scimtenantclasses"], "verbs": ["get", "create"]}]);
    account(world, namespace, "scim-operator", json!([]), more).await;
}

async fn found(world: &World) -> Option<ScimTenantClass> {
    world.classes().get_opt(CLASS).await.unwrap()
}

fn is_accepted(class: Option<&ScimTenantClass>) -> bool {
    let status = class.and_then(|class| class.status.as_ref());
    let mut conditions = status.into_iter().flat_map(|status| &status.conditions);
    conditions.any(|condition| condition.type_ == "Accepted" && condition.status == "True")
}
