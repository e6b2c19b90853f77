//! The CRDs take every object that the last released ones took. What a change may do, `crdify/compatibility.yaml` says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use control_plane::{Artifact, Installation};

/// What a version of a CRD begins with.
const VERSION: &str = "    name: ";
/// A part of the tenants' CRD as it is written, to be changed.
const KEY: &str = "                          userNameKey:
                            default: username
                            description: The key of the user name in it.
                            maxLength: 253
                            minLength: 1
                            pattern: ^[A-Za-z0-9._-]+$
                            type: string
";
const REQUIRED: &str = "                        required:
                        - name
";
const VALUES: &str = "                            - Public
                            - USGovernment
";

#[test]
fn every_crd_takes_what_the_last_released_one_took() {
    let released = last_released();
    let mut compared = 0;
    for entry in fs::read_dir(&released).unwrap() {
        let before = entry.unwrap().path();
        let now = crds().join(before.file_name().unwrap());
        let refused = refused(&fs::read_to_string(&before).unwrap(), &fs::read_to_string(now).unwrap());
        assert!(refused.is_empty(), "{} is incompatible: {refused:#?}", before.display());
        compared += 1;
    }
    assert_eq!(compared, 2, "{}", released.display());
}

#[test]
fn what_would_refuse_an_object_of_before_is_refused() {
    let crd = tenants();
    for (what, from, to, told) in [
        ("a field removed", KEY, "", "removed field"),
        (
            "a field required",
            REQUIRED,
            &*format!("{REQUIRED}                        - passwordKey\n"),
            "new required",
        ),
        ("a type changed", KEY, &KEY.replace("type: string", "type: integer"), "type changed"),
        ("a value removed", VALUES, "                            - Public\n", "enum values removed"),
        ("a bound tightened", KEY, &KEY.replace("253", "252"), "maximum decreased"),
        ("a lower bound tightened", KEY, &KEY.replace("minLength: 1", "minLength: 2"), "minimum increased"),
        (
            "a default changed",
            KEY,
            &KEY.replace("default: username", "default: user"),
            "default value changed",
        ),
        (
            "a default removed",
            KEY,
            &KEY.replace("default: username", "nullable: false"),
            "default value removed",
        ),
        ("a pattern changed", KEY, &KEY.replace("A-Z", "B-Z"), "unhandled"),
        (
            "a rule changed",
            "rule: duration(self) >= duration('1h')",
            "rule: duration(self) >= duration('2h')",
            "unhandled",
        ),
        ("the scope changed", "scope: Namespaced", "scope: Cluster", "scope changed"),
        ("the version removed", "name: v1alpha1", "name: v1beta1", "removed"),
    ] {
        let refused = refused(&crd, &changed(&crd, from, to)).join("\n");
        assert!(refused.contains(told), "{what}: {refused:?}");
    }
}

#[test]
fn what_takes_every_object_of_before_is_allowed() {
    let crd = tenants();
    let field = "                          another: {type: string}\n";
    for (what, from, to) in [
        ("a field added", KEY, &*format!("{field}{KEY}")),
        ("a field no more required", REQUIRED, ""),
        ("a value added", VALUES, &format!("{VALUES}                            - China\n")),
        ("a bound loosened", KEY, &KEY.replace("253", "512")),
        ("a description changed", KEY, &KEY.replace("The key of", "Which key has")),
    ] {
        let refused = refused(&crd, &changed(&crd, from, to));
        assert!(refused.is_empty(), "{what}: {refused:#?}");
    }
}

/// What crdify refuses of the change, a line each.
fn refused(before: &str, now: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        format!("file://{}", path.display())
    };
    let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("crdify/compatibility.yaml");
    let output = Command::new(Installation::of_environment().path(Artifact::Crdify).unwrap())
        .arg(format!("--config={}", configuration.display()))
        .args([file("before.yaml", &stored(before)), file("now.yaml", now)])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let refused: Vec<_> = told.lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), refused.is_empty(), "{told}{said}");
    refused
}

/// The CRD as a cluster has it that stores objects in its versions.
fn stored(crd: &str) -> String {
    let versions: Vec<_> = crd.lines().filter_map(|line| line.strip_prefix(VERSION)).collect();
    assert!(!versions.is_empty(), "the CRD has a version");
    format!("{crd}\nstatus: {{storedVersions: [{}]}}\n", versions.join(", "))
}

fn changed(crd: &str, from: &str, to: &str) -> String {
    assert!(crd.contains(from), "the CRD still has {from}");
    crd.replacen(from, to, 1)
}

fn tenants() -> String {
    fs::read_to_string(crds().join("scim-operator.io_scimtenants.yaml")).unwrap()
}

fn crds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds")
}

/// The folder of the highest version.
fn last_released() -> PathBuf {
    let folders = fs::read_dir(crds().join("released")).expect("crds/released has a folder for each release");
    let version = |path: &PathBuf| -> Vec<u64> {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.split('.').map(|number| number.parse().expect("a version")).collect()
    };
    folders.map(|entry| entry.unwrap().path()).max_by_key(version).expect("a release")
}
