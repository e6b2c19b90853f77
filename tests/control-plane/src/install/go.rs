//! Programs and files out of pinned Go modules.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::tool::{ToolError, quiet, run};
use crate::program::Module;

/// Builds `package` into the file `target`, static and with no path of this machine in it.
pub(super) async fn build(
    module: &Module,
    package: &str,
    linker_flags: &str,
    target: &Path,
    log: &Path,
) -> Result<(), ToolError> {
    let mut command = go(module, &["build", "-trimpath", "-ldflags", linker_flags, "-o"]);
    command.arg(target).arg(package).env("CGO_ENABLED", "0");
    run(&mut command, log).await
}

/// The folder with the source of the module `dependency`, in the version that `module` pins.
pub(super) async fn source(module: &Module, dependency: &str, log: &Path) -> Result<PathBuf, ToolError> {
    run(&mut go(module, &["mod", "download", dependency]), log).await?;
    let output = go(module, &["list", "-m", "-f", "{{.Dir}}", dependency]).output().await;
    let output = output.map_err(|source| ToolError::Run { command: "go list".to_owned(), source })?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Makes CRDs out of the types of `packages` in the folder `target`, a file for each kind.
pub(super) async fn definitions(
    module: &Module,
    packages: &[&str],
    target: &Path,
    log: &Path,
) -> Result<(), ToolError> {
    // Without descriptions: Argo CD's alone would be too long for an object of the API server.
    let options = ["tool", "controller-gen", "crd:maxDescLen=0,allowDangerousTypes=true"];
    let mut command = go(module, &options);
    command.arg(format!("output:crd:dir={}", target.display()));
    command.args(packages.iter().map(|package| format!("paths={package}")));
    run(&mut command, log).await
}

fn go(module: &Module, arguments: &[&str]) -> Command {
    let mut command = quiet("go", arguments);
    command.current_dir(module.directory()).env("GOWORK", "off");
    command
}
