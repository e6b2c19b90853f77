//! The head of a request: its path and query, and its headers, are of bounded length.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use scim::limits;

use crate::error::Error;

/// The layer that refuses too long a head before anything looks into it. One of several hundred kilobytes, or of more
/// than a hundred headers, does not come this far: the connection refuses it with the same status, but without a body.
pub async fn bounded(request: Request, next: Next) -> Response {
    match check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => Error::Scim(error).into_response(),
    }
}

fn check(request: &Request) -> Result<(), scim::Error> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits::TARGET_BYTES {
        let detail = format!(
            "the path and query are longer than {} bytes: send the query as a body to /.search",
            limits::TARGET_BYTES
        );
        return Err(scim::Error::with_status(414, detail));
    }
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > limits::HEADER_BYTES {
        let detail = format!("the headers are longer than {} bytes: send fewer", limits::HEADER_BYTES);
        return Err(scim::Error::with_status(431, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::StatusCode, middleware, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    async fn status(query: usize, header: usize) -> StatusCode {
        let router = Router::new().route("/", get(async || ())).layer(middleware::from_fn(bounded));
        let request = Request::get(format!("/?{}", "x".repeat(query))).header("x", "y".repeat(header));
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn a_head_is_read_up_to_its_limits() {
        assert_eq!(status(limits::TARGET_BYTES - 2, limits::HEADER_BYTES - 1).await, StatusCode::OK);
        assert_eq!(status(limits::TARGET_BYTES - 1, 0).await, StatusCode::URI_TOO_LONG);
        assert_eq!(status(0, limits::HEADER_BYTES).await, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
}
