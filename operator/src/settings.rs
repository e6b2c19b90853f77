//! What this installation is: the facts that decisions depend on besides what the cluster says.

use tenancy::{InstallationId, Namespace};

use crate::scope::Scope;

/// What this installation is.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Its name in the registry.
    pub(crate) installation: InstallationId,
    /// The `controllerName` of the classes that it serves.
    pub(crate) controller_name: String,
    /// The namespaces that it works in.
    pub(crate) scope: Scope,
    /// The name of its database.
    pub(crate) database_name: String,
    /// Where routes lead to.
    pub(crate) server: ServerService,
}

/// The Service in front of the servers.
#[derive(Debug, Clone)]
pub(crate) struct ServerService {
    /// Its namespace, which the routes are in too.
    pub(crate) namespace: Namespace,
    /// Its name.
    pub(crate) name: String,
    /// Its port.
    pub(crate) port: u16,
}
