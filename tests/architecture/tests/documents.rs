//! What documents say is shown by a test is shown by one: their tables cannot rot.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders that hold Rust sources.
const SOURCES: &[&str] = &["crates", "crds", "operator", "scim-server", "tests"];

/// The documents whose tables name tests.
const DOCUMENTS: &[&str] =
    &[PROVIDERS, "docs/faults.md", "docs/deletion.md", "docs/security.md", "docs/upgrade.md"];
const PROVIDERS: &str = "docs/identity-providers.md";

#[test]
fn every_test_that_a_document_names_exists() {
    let mut tests = SOURCES.iter().flat_map(|folder| tests_in(folder)).collect::<BTreeSet<_>>();
    tests.extend(end_to_end_tests());
    tests.extend(chart_tests());
    for document in DOCUMENTS {
        let named = named_tests(document);
        assert!(!named.is_empty(), "{document} names no test");
        let unknown = named.difference(&tests).cloned().collect::<Vec<_>>();
        assert!(unknown.is_empty(), "{document} names tests that are not there: {unknown:?}");
    }
}

#[test]
fn every_test_of_a_provider_is_in_the_document() {
    let tests = tests_in("scim-server/tests/http/providers");
    assert!(!tests.is_empty(), "the tests of the providers are somewhere else now: mend this path");
    let missing = tests.difference(&named_tests(PROVIDERS)).cloned().collect::<Vec<_>>();
    assert!(missing.is_empty(), "docs/identity-providers.md does not name {missing:?}");
}

/// The words in backquotes that read as a sentence: at least three parts, joined by underscores.
fn named_tests(document: &str) -> BTreeSet<String> {
    let document = fs::read_to_string(root().join(document)).unwrap();
    let quoted = document.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_name = |word: &&str| {
        word.split('_').count() > 2
            && word.chars().all(|char| char == '_' || char.is_ascii_lowercase() || char.is_ascii_digit())
    };
    quoted.filter(is_name).map(str::to_owned).collect()
}

/// The end-to-end tests that are run: `module::name` of their table.
fn end_to_end_tests() -> BTreeSet<String> {
    let table = fs::read_to_string(root().join("tests/end-to-end/tests/e2e/main.rs")).unwrap();
    let (_, table) = table.split_once("tests![").unwrap();
    let (table, _) = table.split_once("];").unwrap();
    let entries = table.split(',').filter_map(|entry| entry.trim().split_once("::"));
    entries.map(|(_, name)| name.to_owned()).collect()
}

/// The tests of the chart that are run: `trial!(…, module::name)`.
fn chart_tests() -> BTreeSet<String> {
    let main = fs::read_to_string(root().join("tests/end-to-end/tests/chart/main.rs")).unwrap();
    let trials = main.split("trial!(").skip(1).filter_map(|trial| trial.split_once(')'));
    trials.filter_map(|(trial, _)| trial.rsplit_once("::")).map(|(_, name)| name.to_owned()).collect()
}

/// The names of all functions without parameters that follow a test's attribute, in the files below this folder.
fn tests_in(folder: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in rust_files(&root().join(folder)) {
        let text = fs::read_to_string(file).unwrap();
        let mut after_attribute = false;
        for line in text.lines().map(str::trim) {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                after_attribute = true;
            } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| after_attribute) {
                names.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
                after_attribute = false;
            }
        }
    }
    names
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
