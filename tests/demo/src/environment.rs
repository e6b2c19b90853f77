//! `.demo/env`: what a second terminal sources to use the demo.

use std::collections::BTreeSet;
use std::path::PathBuf;

use control_plane::{Artifact, Stack};

use crate::failure::Failure;

const FILE: &str = "env";

/// Writes `KUBECONFIG`, and a `PATH` on which the kubectl and the helm are that were built.
pub(crate) fn write(stack: &Stack) -> Result<(), Failure> {
    let programs = [Artifact::Kubectl, Artifact::Helm].map(|program| stack.installation().path(program));
    let mut folders = BTreeSet::new();
    for program in programs {
        folders.extend(program?.parent().map(|folder| folder.display().to_string()));
    }
    let folders = folders.into_iter().collect::<Vec<_>>().join(":");
    let text = format!(
        "# To be sourced by a shell, while `make demo` runs.\nexport KUBECONFIG='{}'\nexport PATH='{folders}':\"$PATH\"\n",
        stack.admin().kubeconfig().display(),
    );
    std::fs::write(file(stack), text)
        .map_err(|error| Failure::Write(file(stack).display().to_string(), error))
}

/// Removes it: it would lead nowhere.
pub(crate) fn remove(stack: &Stack) {
    let _ = std::fs::remove_file(file(stack)); // it is written anew by the next demo
}

fn file(stack: &Stack) -> PathBuf {
    stack.state_directory().join(FILE)
}
