//! What is written down of a request: one log line, two metrics, an id, a span. Never a token, a body or a query.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

use crate::{
    metrics::RequestMetrics,
    path::{tenant_path, token_path},
    router::{TENANT, TOKEN},
    span::{Beginning, RequestSpans},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id that is taken over from a proxy, in bytes.
const LONGEST_ID: usize = 128;

/// The outermost layer. The request keeps the id that the proxy gave it, or gets one; it is on every log line
/// that the request causes, with the tenant that the path names, and in the answer.
pub async fn observe(State(metrics): State<RequestMetrics>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = route(&request);
    let path = request.uri().path();
    let tenant = tenant_path(path).or_else(|| token_path(path));
    let spans = RequestSpans::new(Beginning {
        id: id.to_str().unwrap_or_default(),
        tenant: tenant.as_ref(),
        method: &method,
        route: &route,
        headers: request.headers(),
    });

    let mut response = spans.around(next.run(request)).await;

    let duration = started.elapsed();
    let status = response.status();
    spans.end(status, || {
        tracing::info!(
            namespace = tenant.as_ref().map(|tenant| tenant.namespace.as_str()),
            name = tenant.as_ref().map(|tenant| tenant.name.as_str()),
            %method,
            route,
            status = status.as_u16(),
            duration_ms = duration.as_secs_f64() * 1000.0,
            "answered"
        );
    });
    metrics.record(&method, &route, status, duration);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The template of the endpoint below the tenant's URL, such as `/Users/{id}`; `/` for that URL itself, `none` where no
/// endpoint is. The token endpoint is `/oauth2/token`.
fn route(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if matched == Some(TOKEN) {
        return "/oauth2/token".to_owned();
    }
    match matched.and_then(|path| path.strip_prefix(TENANT)) {
        None => "none".to_owned(),
        Some("" | "/") => "/".to_owned(),
        Some(path) => path.trim_end_matches('/').to_owned(),
    }
}

fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|id| id.len() <= LONGEST_ID && id.to_str().is_ok());
    let new = || HeaderValue::from_str(&Uuid::now_v7().to_string()).ok();
    given.cloned().or_else(new).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_id_is_kept_unless_it_is_unreasonable() {
        let given = |id: &str| HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(id).unwrap())]);
        assert_eq!(request_id(&given("abc-1")), "abc-1");
        assert_eq!(request_id(&given(&"x".repeat(200))).len(), 36);
        assert_eq!(request_id(&HeaderMap::new()).len(), 36);
    }
}
