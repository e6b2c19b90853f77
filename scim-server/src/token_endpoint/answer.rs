//! The form of the token endpoint's answers (RFC 6749, section 5.1).

use std::time::Duration;

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, PRAGMA},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tenancy::Token;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// A token that works until so much later. The only place where its text is told.
#[derive(Debug)]
pub(super) struct Granted {
    /// The token.
    pub token: Token,
    /// How long it works.
    pub lifetime: Duration,
}

#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
}

impl IntoResponse for Granted {
    fn into_response(self) -> Response {
        let body = Body {
            access_token: self.token.expose(),
            token_type: "Bearer",
            expires_in: self.lifetime.as_secs(),
        };
        json(StatusCode::OK, &body)
    }
}

/// An answer of this endpoint. `Cache-Control` is on every answer of the server
/// ([`response`](crate::response)).
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(json) => (status, [(CONTENT_TYPE, JSON), (PRAGMA, NO_CACHE)], json).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
