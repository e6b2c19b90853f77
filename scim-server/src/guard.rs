//! Every request ends with a SCIM answer, also one that takes too long or meets a defect.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt as _;
use tokio::time;

use crate::error::Error;

/// The layer that gives the rest of the server so much time, and answers for it when it panics. What the
/// request was about to write is rolled back in both cases. The time is that until the answer begins; one that lists
/// large groups may be sent for longer ([`stream`](crate::stream)).
pub async fn guard(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Error::Internal(Panicked.into()).into_response(),
        Err(_) => Error::TimedOut.into_response(),
    }
}

/// The panic itself was written to standard error where it happened.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked")]
struct Panicked;

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::StatusCode, middleware, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    async fn status(router: Router) -> StatusCode {
        let limit = Duration::from_millis(20);
        let router = router.layer(middleware::from_fn_with_state(limit, guard));
        let request = Request::get("/").body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_500() {
        async fn panics() {
            panic!("a defect");
        }
        assert_eq!(status(Router::new().route("/", get(panics))).await, StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_answered_with_503() {
        let hangs = async || time::sleep(Duration::from_mins(1)).await;
        assert_eq!(status(Router::new().route("/", get(hangs))).await, StatusCode::SERVICE_UNAVAILABLE);
    }
}
