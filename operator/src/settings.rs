//! What this installation is: the facts that decisions depend on besides what the cluster says.

use std::collections::BTreeMap;

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
    /// The names of its databases, in their order.
    pub(crate) databases: Vec<String>,
    /// Where routes lead to.
    pub(crate) server: ServerService,
}

/// The Services in front of the servers: each database has servers of its own.
#[derive(Debug, Clone)]
pub(crate) struct ServerService {
    /// Their namespace, which the routes are in too.
    pub(crate) namespace: Namespace,
    /// The name of the one for databases that have none of their own.
    pub(crate) name: String,
    /// The names of the others, by the name of the database.
    pub(crate) of_database: BTreeMap<String, String>,
    /// Their port.
    pub(crate) port: u16,
}

impl ServerService {
    /// The name of the Service in front of the servers of a database.
    pub(crate) fn of(&self, database: &str) -> &str {
        self.of_database.get(database).unwrap_or(&self.name)
    }
}
