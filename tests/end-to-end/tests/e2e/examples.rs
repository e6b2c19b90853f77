//! The examples for GitOps and for databases: a real API server takes every object, by the CRDs of the tools that they speak
//! to, and the chart takes every set of values.

use std::path::{Path, PathBuf};

use control_plane::Artifact;
use product::{Manifest, repository};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::world::World;

/// Namespaces that exist before, or that an example makes: a dry run makes none.
const NAMESPACES: [&str; 5] = ["argocd", "flux-system", "scim-system", "customer-acme", "customer-globex"];
/// Of the Barman Cloud plugin, whose API is in no module that can be had.
const UNCHECKED: [&str; 1] = ["ObjectStore"];
/// For kustomize and helm, which the API server never sees.
const FOR_TOOLS: [&str; 2] = ["kustomization.yaml", "values.yaml"];

pub(crate) async fn the_api_server_takes_every_object_by_the_crds_of_its_tool(world: &World) {
    let stack = world.installation.stack();
    let path = |artifact| stack.installation().path(artifact).unwrap();
    let crds = [Artifact::ApiCrds, Artifact::ArgoCdCrds, Artifact::MonitoringCrds].map(path);
    stack.apply_crds(&crds).await.unwrap();
    for namespace in NAMESPACES {
        world.namespace(namespace, json!({})).await;
    }
    let mut taken = 0;
    for file in manifests() {
        let manifest =
            Manifest::parse(&file.to_string_lossy(), &std::fs::read_to_string(&file).unwrap()).unwrap();
        let known = |object: &&Value| !UNCHECKED.iter().any(|kind| object["kind"] == *kind);
        for object in manifest.objects().iter().filter(known) {
            let refused = refusal(world, object).await;
            assert_eq!(refused, None, "{}", file.display());
            taken += 1;
        }
    }
    assert!(taken > 30, "{taken} objects");
    let wrong = json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"name": "wrong", "namespace": "flux-system"}, "spec": {"interval": "1h", "valeus": {}},
    });
    let refused = refusal(world, &wrong).await.expect("an unknown field is refused");
    assert!(refused.contains("valeus"), "{refused}");
}

/// What kubectl says when the API server would not take the object.
async fn refusal(world: &World, object: &Value) -> Option<String> {
    let scratch = control_plane::ScratchDirectory::create("scim-example-").unwrap();
    let copy = scratch.path().join("object.json");
    std::fs::write(&copy, object.to_string()).unwrap();
    let arguments =
        ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f"];
    let mut kubectl = world.installation.stack().kubectl().unwrap();
    let output = kubectl.args(arguments).arg(&copy).output().await.unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

pub(crate) async fn the_chart_takes_the_values_of_every_example(world: &World) {
    let stack = world.installation.stack();
    let mut values = Vec::new();
    for file in files("examples") {
        let text = std::fs::read_to_string(&file).unwrap();
        if file.ends_with("values.yaml") {
            values.push((file, text));
            continue;
        }
        let Ok(manifest) = Manifest::parse(&file.to_string_lossy(), &text) else { continue };
        for object in manifest.objects() {
            let places = ["/spec/values", "/spec/sources/0/helm/valuesObject"];
            let found = places.into_iter().filter_map(|place| object.pointer(place));
            values.extend(found.map(|found: &Value| (file.clone(), found.to_string())));
        }
    }
    assert_eq!(values.len(), 5, "three databases, Flux, Argo CD");
    for (file, text) in values {
        let scratch = control_plane::ScratchDirectory::create("scim-example-").unwrap();
        let copy = scratch.path().join("values.yaml");
        std::fs::write(&copy, text).unwrap();
        let mut helm = stack.installation().helm().unwrap();
        helm.args([
            "template",
            "scim-operator",
            "charts/scim-operator",
            "--namespace",
            "scim-system",
            "--values",
        ]);
        let rendered = succeeds(helm.arg(&copy).current_dir(repository()), &file).await;
        assert!(rendered.contains("kind: Deployment"), "{}", file.display());
        assert!(!rendered.contains("kind: StatefulSet"), "{}: no embedded PostgreSQL", file.display());
    }
}

pub(crate) async fn kustomize_builds_what_flux_applies(world: &World) {
    let folder = repository().join("examples/gitops/flux/platform/database");
    let mut kubectl = world.installation.stack().kubectl().unwrap();
    let built = succeeds(kubectl.arg("kustomize").arg(&folder), &folder).await;
    assert!(built.contains("kind: Cluster"), "{built}");
}

async fn succeeds(command: &mut Command, about: &Path) -> String {
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", about.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn manifests() -> Vec<PathBuf> {
    let is_for_a_tool = |file: &PathBuf| FOR_TOOLS.iter().any(|name| file.ends_with(name));
    let mut all = [files("examples/gitops"), files("examples/databases")].concat();
    all.retain(|file| !is_for_a_tool(file));
    all
}

/// The YAML files below a folder of the repository, in an order that is always the same.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![repository().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
