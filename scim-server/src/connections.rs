//! Connections: HTTP/1 and HTTP/2 without TLS (which ends at the ingress controller), and their orderly end.

use std::{io, pin::pin, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, net::TcpStream, time};

/// How long a connection may wait for its next request, and a client may take to send its headers. Longer
/// than proxies keep idle connections, so that the proxy is the one that closes.
const HEADERS_WITHIN: Duration = Duration::from_mins(2);

/// How often the peer of an HTTP/2 connection is asked whether it is still there, and how long it may take to answer.
/// Otherwise a peer that vanished would hold its connection for ever.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// How long accepting rests after it failed, which is when the process has no file descriptor left.
const REST: Duration = Duration::from_millis(100);

/// How the connections ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every request was answered.
    Orderly,
    /// Some requests were still running when the time was over.
    Cut,
}

/// Serves connections until `stop`, then takes no more and lets the requests in flight finish for at most
/// `grace`.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future, grace: Duration) -> End {
    let builder = builder();
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => start(&builder, &open, stream, router.clone()),
                Err(error) => rest(error).await,
            },
        }
    }
    drop(listener);
    match time::timeout(grace, open.shutdown()).await {
        Ok(()) => End::Orderly,
        Err(_) => End::Cut,
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_WITHIN);
    builder
}

fn start(builder: &Builder<TokioExecutor>, open: &GracefulShutdown, stream: TcpStream, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = open.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error, "a connection broke");
        }
    });
}

async fn rest(error: io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    time::sleep(REST).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_answers_no_ping_loses_its_connection() {
        let (mut peer, stream) = duplex(64 * 1024);
        let service = TowerToHyperService::new(Router::<()>::new());
        let connection = builder().serve_connection(TokioIo::new(stream), service).into_owned();
        let serving = tokio::spawn(connection);
        // The preface of HTTP/2 (RFC 9113, section 3.4) with empty settings, and then nothing.
        peer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut received = Vec::new();
        peer.read_to_end(&mut received).await.unwrap();
        assert!(serving.await.unwrap().is_err());
    }
}
