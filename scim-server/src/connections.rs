//! Connections: HTTP/1 and HTTP/2 without TLS (which ends at the ingress controller), and their orderly end.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    time::Duration,
};

use axum::{Router, http::Request};
use hyper::{body::Incoming, rt::Executor};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, net::TcpStream, time};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::source::Peer;

/// How long a connection may wait for its next request, and a client may take to send its headers. Longer
/// than proxies keep idle connections (Envoy: an hour; nginx: a minute), so that the proxy is the one that closes: a request that
/// it sends while the server closes would be lost.
const HEADERS_WITHIN: Duration = Duration::from_mins(65);

/// How long a client may leave everything unread that is written to it. Otherwise one that stalls would hold the memory of its
/// answer for ever.
pub const WRITE_WITHIN: Duration = Duration::from_mins(1);

/// How long a request on an HTTP/2 connection may take with its answer. There a client that reads nothing of one answer goes on
/// reading others, which are perhaps other people's, so that answer alone is given up. More than any answer may take to be
/// written ([`stream`](crate::stream)).
const STREAM_WITHIN: Duration = Duration::from_mins(12);

/// How often the peer of an HTTP/2 connection is asked whether it is still there, and how long it may take to answer.
/// Otherwise a peer that vanished would hold its connection for ever.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// How large the head of a request may be, of HTTP/2 each header counted with 32 bytes more: larger than what
/// [`head`](crate::head) lets through, so that it is the one that answers.
const HEAD_BYTES: u32 = 128 * 1024;

/// How long accepting rests after it failed, which is when the process has no file descriptor left.
const REST: Duration = Duration::from_millis(100);

/// How long a connection that was taken last may wait with its first request when the server ends.
const LINGER: Duration = Duration::from_millis(500);

/// How the connections ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Every request was answered.
    Orderly,
    /// Some requests were still running when the time was over.
    Cut,
}

/// Serves connections until `stop`, then takes no more, waits a moment for first requests, and lets the requests in flight
/// finish for at most `grace`. A connection whose client takes nothing of an answer for `write` is ended.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    write: Duration,
    stop: impl Future,
    grace: Duration,
) -> End {
    let builder = builder();
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => start(&builder, &open, accepted, write, router.clone()),
                Err(error) => rest(error).await,
            },
        }
    }
    for accepted in waiting(listener) {
        start(&builder, &open, accepted, write, router.clone());
    }
    if open.count() > 0 {
        time::sleep(LINGER).await;
    }
    match time::timeout(grace, open.shutdown()).await {
        Ok(()) => End::Orderly,
        Err(_) => End::Cut,
    }
}

/// The last connections: their clients take them for open already, though nobody has accepted them yet. After these
/// there are none.
fn waiting(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let take = |listener: &std::net::TcpListener| {
        let (stream, peer) = listener.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    };
    // It does not block: there is an end.
    listener
        .into_std()
        .map_or_else(|_| Vec::new(), |listener| std::iter::from_fn(|| take(&listener)).collect())
}

/// Runs the requests on HTTP/2 connections, each with its answer, and gives up what takes too long.
#[derive(Clone, Copy, Debug)]
struct Streams;

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        tokio::spawn(time::timeout(STREAM_WITHIN, stream));
    }
}

fn builder() -> Builder<Streams> {
    let mut builder = Builder::new(Streams);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(HEAD_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(HEAD_BYTES)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_WITHIN);
    builder
}

fn start(
    builder: &Builder<Streams>,
    open: &GracefulShutdown,
    (stream, peer): (TcpStream, SocketAddr),
    write: Duration,
    router: Router,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    let service = TowerToHyperService::new(router.map_request(of(peer.ip())));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write));
    // Of a client that never says which HTTP it speaks; others have said something by then.
    stream.set_read_timeout(Some(HEADERS_WITHIN));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service).into_owned();
    let connection = open.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error, "a connection broke");
        }
    });
}

/// Tells each request of a connection where that comes from.
fn of(peer: IpAddr) -> impl Fn(Request<Incoming>) -> Request<Incoming> + Clone {
    move |mut request| {
        request.extensions_mut().insert(Peer(peer));
        request
    }
}

async fn rest(error: io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    time::sleep(REST).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

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

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_on_a_living_connection_is_given_up() {
        let (mut peer, stream) = duplex(64 * 1024);
        let service = TowerToHyperService::new(Router::<()>::new().fallback(async || vec![0_u8; 1 << 20]));
        let connection = builder().serve_connection(TokioIo::new(stream), service).into_owned();
        let _serving = tokio::spawn(connection);
        peer.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        // SETTINGS: INITIAL_WINDOW_SIZE is 0, so nothing of an answer is wanted yet. Then a GET of `/`.
        peer.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0").await.unwrap();
        peer.write_all(b"\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84").await.unwrap();
        let started = time::Instant::now();
        time::timeout(2 * STREAM_WITHIN, until_reset(&mut peer)).await.unwrap();
        assert!(started.elapsed() >= STREAM_WITHIN);
    }

    /// Reads frames up to RST_STREAM, and answers every PING.
    async fn until_reset(peer: &mut DuplexStream) {
        loop {
            let mut head = [0; 9];
            peer.read_exact(&mut head).await.unwrap();
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            peer.read_exact(&mut payload).await.unwrap();
            match (head[3], head[4]) {
                (3, _) => return,
                (6, 0) => {
                    peer.write_all(b"\0\0\x08\x06\x01\0\0\0\0").await.unwrap();
                    peer.write_all(&payload).await.unwrap();
                }
                _ => {}
            }
        }
    }
}
