//! helm: what it renders it needs no cluster for; what it installs it installs as the administrator.

use tokio::process::Command;

use crate::api_server::ApiServer;
use crate::installation::{Artifact, Installation, NotInstalled};
use crate::state::StateDirectory;

/// helm with no cluster, to be given arguments: `lint`, `template`, `package`.
pub(crate) fn command(installation: &Installation) -> Result<Command, NotInstalled> {
    let mut command = Command::new(installation.path(Artifact::Helm)?);
    // Nothing of the person who runs it is read.
    command.env_remove("KUBECONFIG").env("HELM_NO_PLUGINS", "1").kill_on_drop(true);
    Ok(command)
}

/// helm as the administrator of a cluster. What it remembers is in the state folder.
pub(crate) fn command_for(
    installation: &Installation,
    api_server: &ApiServer,
    state: &StateDirectory,
) -> Result<Command, NotInstalled> {
    let mut command = command(installation)?;
    command.env("KUBECONFIG", api_server.admin().kubeconfig());
    for (variable, folder) in
        [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")]
    {
        command.env(variable, state.file(&format!("helm-{folder}")));
    }
    Ok(command)
}
