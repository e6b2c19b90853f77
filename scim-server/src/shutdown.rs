//! The end of a server that nobody notices: proxies learn of it first, then requests in flight finish.

use std::time::Duration;

use axum::Router;
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
    let stop = async {
        signal.await;
        readiness.shut_down();
        time::sleep(times.delay).await;
    };
    connections::serve(listener, router, times.write, stop, times.grace).await
}
