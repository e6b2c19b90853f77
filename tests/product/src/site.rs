//! Where an installation of the product is, and what tells it from others in the same cluster and on the same database.

use crate::{INSTALLATION_ID, SERVER_SERVICE, SYSTEM_NAMESPACE};

/// One installation's names. The default is the one that [`Installation`](crate::Installation) starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id in the registry.
    pub id: String,
    /// The classes that it serves; without it, those of the default controller.
    pub controller_name: Option<String>,
    /// The namespace of its operators and servers, which holds its Lease and its routes, too.
    pub namespace: String,
    /// The Service of its servers.
    pub service: String,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            id: INSTALLATION_ID.to_owned(),
            controller_name: None,
            namespace: SYSTEM_NAMESPACE.to_owned(),
            service: SERVER_SERVICE.to_owned(),
        }
    }
}
