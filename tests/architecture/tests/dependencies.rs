//! The direction of dependencies, out of `cargo metadata`: ARCHITECTURE.md, "The crates", as a test.

#![allow(clippy::expect_used, reason = "a test says what it expects by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Each crate of the product, which crates of ours it may use, and which libraries it never sees (design §8).
const TABLE: &[(&str, &[&str], &[&str])] = &[
    ("scim", &[], &["tokio", "kube", "k8s-openapi", "sqlx", "axum", "reqwest"]),
    ("tenancy", &["scim"], &["tokio", "kube", "k8s-openapi", "sqlx", "axum", "reqwest"]),
    ("database", &["tenancy", "scim"], &["kube", "k8s-openapi", "axum"]),
    ("store", &["scim", "tenancy", "database"], &["kube", "k8s-openapi", "axum", "http"]),
    ("process", &[], &["kube", "k8s-openapi", "sqlx"]),
    ("crds", &["tenancy"], &["sqlx", "axum"]),
    ("operator", &["crds", "tenancy", "scim", "database", "process"], &["axum", "sqlx"]),
    ("scim-server", &["scim", "tenancy", "store", "database", "process"], &["kube", "k8s-openapi", "sqlx"]),
];

/// Libraries of which two versions in one tree mean types that do not fit, or two TLS stacks.
const ONCE: &[&str] = &[
    "kube",
    "k8s-openapi",
    "schemars",
    "rustls",
    "sqlx",
    "axum",
    "http",
    "hyper",
    "tokio",
    "serde_json",
    "jiff",
];

#[test]
fn a_crate_uses_only_the_crates_to_its_left() {
    let metadata = metadata();
    let direct = direct_dependencies(&metadata);
    let ours: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    for (name, allowed, never) in TABLE {
        let uses =
            direct.get(*name).unwrap_or_else(|| panic!("there is no crate `{name}` any more: mend TABLE"));
        let of_ours: Vec<_> = uses
            .iter()
            .filter(|used| ours.contains(used.as_str()) && !allowed.contains(&used.as_str()))
            .collect();
        assert!(
            of_ours.is_empty(),
            "`{name}` may use {allowed:?} of ours, but its Cargo.toml names {of_ours:?}"
        );
        let forbidden: Vec<_> = uses.iter().filter(|used| never.contains(&used.as_str())).collect();
        assert!(
            forbidden.is_empty(),
            "`{name}` must not know {forbidden:?} (ARCHITECTURE.md, \"The crates\")"
        );
    }
}

#[test]
fn every_crate_of_the_product_stands_in_the_table() {
    let metadata = metadata();
    let listed: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    let missing: Vec<&str> = packages(&metadata)
        .filter(|package| is_member(&metadata, package))
        .filter(|package| !package["manifest_path"].as_str().unwrap_or_default().contains("/tests/"))
        .filter_map(|package| package["name"].as_str())
        .filter(|name| !listed.contains(name))
        .collect();
    assert!(missing.is_empty(), "say in TABLE what these crates may use: {missing:?}");
}

#[test]
fn libraries_whose_types_cross_crates_come_once() {
    let metadata = metadata();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages(&metadata) {
        if let (Some(name), Some(version)) = (package["name"].as_str(), package["version"].as_str()) {
            versions.entry(name).or_default().insert(version);
        }
    }
    let twice: Vec<_> = ONCE
        .iter()
        .filter_map(|name| versions.get(name).filter(|found| found.len() > 1).map(|found| (name, found)))
        .collect();
    assert!(twice.is_empty(), "more than one version in the tree: {twice:?}");
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().expect("cargo metadata lists packages").iter()
}

fn is_member(metadata: &Value, package: &Value) -> bool {
    metadata["workspace_members"].as_array().is_some_and(|members| members.contains(&package["id"]))
}

/// Per package, the names in its `[dependencies]`; what only its tests use may be anything.
fn direct_dependencies(metadata: &Value) -> BTreeMap<&str, BTreeSet<String>> {
    packages(metadata)
        .filter(|package| is_member(metadata, package))
        .filter_map(|package| {
            let normal =
                package["dependencies"].as_array()?.iter().filter(|dependency| dependency["kind"].is_null());
            let names =
                normal.filter_map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect();
            Some((package["name"].as_str()?, names))
        })
        .collect()
}
