//! What all requests share.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use axum::http::request::Parts;
use database::{Database, registry::view::RegistryView};

use crate::{
    catalogs::Catalogs,
    keys::KeyStore,
    source::{Peer, TrustedProxies},
};

/// The server's parts. Cheap to clone. Only [`authentication`](crate::authentication),
/// [`token_endpoint`](crate::token_endpoint) and [`tenant`](crate::tenant) look into it: an endpoint gets what it may touch as its arguments.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) registry: RegistryView,
    pub(crate) database: Database,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) keys: KeyStore,
    pub(crate) proxies: TrustedProxies,
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
    /// A server for the tenants of this registry, whose data is in this database, behind these proxies.
    pub fn new(registry: RegistryView, database: Database, proxies: TrustedProxies, limits: Limits) -> Self {
        Self { registry, database, catalogs: Arc::default(), keys: KeyStore::default(), proxies, limits }
    }

    /// The address of the client. A request that came by no connection comes from nowhere, which is in no range.
    pub(crate) fn source(&self, request: &Parts) -> IpAddr {
        let peer = request.extensions.get().map_or(Ipv4Addr::UNSPECIFIED.into(), |Peer(address)| *address);
        self.proxies.client(peer, &request.headers)
    }
}
