//! What all requests share.

use std::{sync::Arc, time::Duration};

use database::{Database, registry::view::RegistryView};

use crate::catalogs::Catalogs;

/// The server's parts. Cheap to clone. Only [`authentication`](crate::authentication) and
/// [`tenant`](crate::tenant) look into it: an endpoint gets what it may touch as its arguments.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) registry: RegistryView,
    pub(crate) database: Database,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) limits: Limits,
}

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest body, in bytes.
    pub body: usize,
    /// After which it is answered with 503.
    pub request_timeout: Duration,
}

impl Limits {
    /// How long a body may take to arrive: half of the request's time, so that the other half is for serving it.
    pub(crate) fn upload_timeout(self) -> Duration {
        self.request_timeout / 2
    }
}

impl Server {
    /// A server for the tenants of this registry, whose data is in this database.
    pub fn new(registry: RegistryView, database: Database, limits: Limits) -> Self {
        Self { registry, database, catalogs: Arc::default(), limits }
    }
}
