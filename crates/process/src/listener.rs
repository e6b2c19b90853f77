//! A socket that listens, and an error that names its address.

use std::{io, net::SocketAddr};

use tokio::net::TcpListener;

/// Listens on a TCP address; port 0 takes a free one.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError { address, source })
}

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ListenError {
    address: SocketAddr,
    source: io::Error,
}
