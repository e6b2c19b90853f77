//! The end of a server that nobody notices: proxies learn of it first, then requests in flight finish.
//!
//! 1. The readiness ends, and Kubernetes takes the server out of its Service.
//! 2. For a while requests are still taken, because proxies learn of that later. Every answer says `Connection: close`, so
//!    that a proxy or a client that keeps connections gives them up, and never sends a request into one that is about to be closed.
//! 3. No connection is taken any more. What was taken last has a moment to send its request.
//! 4. Requests in flight finish; connections without one are closed. Those of HTTP/2 are told so (GOAWAY), without a loss.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Version, header::CONNECTION},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use process::Readiness;
use tokio::{net::TcpListener, time};

use crate::connections::{self, End};

/// How long a server waits for others.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// For a client to take something of what is written to it.
    pub write: Duration,
    /// At the end: between the end of readiness and that of accepting connections. Proxies take this long to notice.
    pub delay: Duration,
    /// After that, for requests in flight.
    pub grace: Duration,
}

/// Serves until `signal`, then ends in steps.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    readiness: Readiness,
    signal: impl Future,
    times: Times,
) -> End {
    let leaving = Leaving::default();
    let router = router.layer(from_fn_with_state(leaving.clone(), say_goodbye));
    let stop = async {
        signal.await;
        readiness.shut_down();
        leaving.begin();
        time::sleep(times.delay).await;
    };
    connections::serve(listener, router, times.write, stop, times.grace).await
}

/// Whether the server is about to end. Clones share it.
#[derive(Clone, Debug, Default)]
struct Leaving(Arc<AtomicBool>);

impl Leaving {
    fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The connection is closed after such an answer, by both sides (RFC 9112, section 9.6). HTTP/2 has no such header.
async fn say_goodbye(State(leaving): State<Leaving>, request: Request, next: Next) -> Response {
    let version = request.version();
    let mut response = next.run(request).await;
    if version <= Version::HTTP_11 && leaving.has_begun() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
