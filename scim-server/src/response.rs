//! The form of every answer: SCIM's media type, and the headers that all of them carry.

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// RFC 7644, section 8.1. Entra refuses anything else.
const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json; charset=utf-8");

/// The same in the general type of JSON.
const PLAIN_JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer with a body.
pub fn scim(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(json) => text(status, json.into()),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// An answer whose body is JSON already.
pub fn text(status: StatusCode, json: Body) -> Response {
    (status, [(CONTENT_TYPE, SCIM_JSON)], json).into_response()
}

/// The layer that adds what all answers carry: nobody guesses their type, and nobody keeps them, because they
/// hold personal data.
pub async fn with_common_headers(request: Request, next: Next) -> Response {
    let wants_plain_json = accepts_only_plain_json(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if wants_plain_json && headers.get(CONTENT_TYPE) == Some(&SCIM_JSON) {
        headers.insert(CONTENT_TYPE, PLAIN_JSON);
    }
    response
}

/// Whether the client takes `application/json`, but not SCIM's own type, as `OneLogin` (RFC 7644, section 3.8).
fn accepts_only_plain_json(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let ranges = lines.flat_map(|line| line.split(',')).filter_map(|range| range.split(';').next());
    let ranges: Vec<_> = ranges.map(|range| range.trim().to_ascii_lowercase()).collect();
    let accepts = |range: &str| ranges.iter().any(|accepted| accepted == range);
    accepts("application/json") && !["application/scim+json", "application/*", "*/*"].into_iter().any(accepts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_is_for_those_who_take_nothing_else() {
        let wants = |accept| {
            accepts_only_plain_json(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]))
        };
        assert!(wants("application/json"));
        assert!(wants("text/plain, Application/JSON; charset=utf-8"));
        for accept in [
            "",
            "*/*",
            "text/plain",
            "application/json, */*;q=0.1",
            "application/scim+json, application/json",
        ] {
            assert!(!wants(accept), "{accept}");
        }
        assert!(!accepts_only_plain_json(&HeaderMap::new()));
    }
}
