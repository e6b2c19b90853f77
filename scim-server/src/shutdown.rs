//! The end of a server that nobody notices: proxies learn of it first, then requests in flight finish.

use std::time::Duration;

use axum::Router;
use process::Readiness;
use tokio::{net::TcpListener, time};

use crate::connections::{self, End};

/// How much time each step of the end has.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Between the end of readiness and the end of accepting connections: proxies take this long to notice.
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
    connections::serve(listener, router, stop, times.grace).await
}
