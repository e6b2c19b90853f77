//! kubectl as the administrator, and what we ask of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::api_server::ApiServer;
use crate::installation::{Artifact, Installation, NotInstalled};
use crate::stack::StackError;

/// kubectl, to be given arguments.
pub(crate) fn command(installation: &Installation, api_server: &ApiServer) -> Result<Command, NotInstalled> {
    let mut command = Command::new(installation.path(Artifact::Kubectl)?);
    command.env("KUBECONFIG", api_server.admin().kubeconfig()).kill_on_drop(true);
    Ok(command)
}

/// Applies YAML files with CRDs, and waits until their kinds are served.
pub(crate) async fn apply_crds(
    installation: &Installation,
    api_server: &ApiServer,
    files: &[PathBuf],
) -> Result<(), StackError> {
    let files: Vec<OsString> = files.iter().flat_map(|file| ["-f".into(), file.into()]).collect();
    let kubectl = || command(installation, api_server);
    run(kubectl()?.args(["apply", "--server-side"]).args(&files)).await?;
    run(kubectl()?.args(["wait", "--for=condition=Established", "--timeout=30s"]).args(&files)).await
}

/// Deletes the CRDs of a YAML file with all objects of their kinds, and waits until they are gone.
pub(crate) async fn delete_crds(
    installation: &Installation,
    api_server: &ApiServer,
    file: &Path,
) -> Result<(), StackError> {
    let mut kubectl = command(installation, api_server)?;
    run(kubectl.args(["delete", "--ignore-not-found", "--timeout=30s", "-f"]).arg(file)).await
}

async fn run(command: &mut Command) -> Result<(), StackError> {
    let output = command.output().await?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let arguments: Vec<_> = command.as_std().get_args().take(2).map(|text| text.to_string_lossy()).collect();
    Err(StackError::Kubectl { arguments: arguments.join(" "), said })
}
