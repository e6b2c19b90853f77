//! What the chart renders, for several sets of values, each beside what it rendered before.

use std::fs;

use control_plane::Installation;
use product::chart::{self, CHART};
use product::repository;

use crate::world::Cluster;

pub(crate) const RELEASE: &str = "scim-operator";
pub(crate) const NAMESPACE: &str = "scim-system";
const VALUES: &str = "tests/end-to-end/tests/chart/values";

/// The names of the sets.
pub(crate) fn sets() -> Vec<String> {
    let entries = fs::read_dir(repository().join(VALUES)).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The values of a set.
pub(crate) fn values(set: &str) -> String {
    fs::read_to_string(repository().join(VALUES).join(format!("{set}.yaml"))).unwrap()
}

pub(crate) async fn helm_lint_is_content(_: &Cluster) {
    let mut helm = Installation::of_environment().helm().unwrap();
    helm.args(["lint", "--strict"]).arg(repository().join(CHART));
    chart::run(&mut helm, "").await.unwrap();
}

pub(crate) async fn the_charts_definitions_are_those_of_crds(_: &Cluster) {
    let files = |folder: &str| {
        let entries = fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .map(|path| (path.file_name().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
            .collect();
        files.sort();
        files
    };
    assert!(files("crds") == files(&format!("{CHART}/files/crds")), "run `make crds`");
}

/// Renders the set, and compares.
pub(crate) async fn as_before(set: &str) {
    let rendered = chart::template(RELEASE, NAMESPACE, &values(set)).await.unwrap();
    let documents: Vec<_> = rendered.split("\n---\n").map(without_definition).collect();
    compare(set, &documents.join("\n---\n"));
}

/// Definitions are compared with `crds/` by another test.
fn without_definition(document: &str) -> &str {
    let is_definition = document.contains("\nkind: CustomResourceDefinition\n");
    document.split("\nspec:\n").next().filter(|_| is_definition).unwrap_or(document)
}

pub(crate) async fn a_new_release_is_told_what_to_do_next(_: &Cluster) {
    for set in ["defaults", "default-class", "namespaces"] {
        let mut helm = Installation::of_environment().helm().unwrap();
        helm.args(["install", RELEASE]).arg(repository().join(CHART)).args(["--namespace", NAMESPACE]);
        helm.args(["--dry-run=client", "--values", "-"]);
        let told = chart::run(&mut helm, &values(set)).await.unwrap();
        let notes = told.rsplit_once("\nNOTES:\n").map_or("", |(_, notes)| notes);
        compare(&format!("notes-{set}"), notes);
    }
}

fn compare(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!(name, text);
    });
}
