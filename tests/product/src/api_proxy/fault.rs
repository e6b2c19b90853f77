//! What the API server answers when it refuses, word for word as Kubernetes does.

use std::time::Duration;

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 409: the object was changed since it was read.
    Conflict,
    /// 429: too busy.
    TooManyRequests {
        /// After which it can be tried again; whole seconds.
        retry_after: Duration,
    },
    /// 500.
    InternalError,
}

impl Fault {
    pub(super) fn response(self) -> Response<Body> {
        let (code, reason) = match self {
            Self::Conflict => (StatusCode::CONFLICT, "Conflict"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        };
        let mut body = status(code, reason, "injected by a test");
        let mut response = Response::new(Body::empty());
        if let Self::TooManyRequests { retry_after } = self {
            body["details"] = json!({"retryAfterSeconds": retry_after.as_secs()});
            response.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().into());
        }
        *response.status_mut() = code;
        json_body(response, &body)
    }
}

/// A watch whose resource version is too old: it begins, tells so, and ends.
pub(super) fn expired_watch() -> Response<Body> {
    let object = status(StatusCode::GONE, "Expired", "too old resource version (injected by a test)");
    json_body(Response::new(Body::empty()), &json!({"type": "ERROR", "object": object}))
}

fn status(code: StatusCode, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code.as_u16(),
    })
}

fn json_body(mut response: Response<Body>, body: &Value) -> Response<Body> {
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response.map(|_| Body::from(format!("{body}\n")))
}
