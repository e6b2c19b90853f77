//! The body of a request: bytes of bounded length, and JSON in one of the two media types.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use futures::StreamExt as _;
use serde_json::Value;
use tokio::time;

use crate::{error::Error, state::Server};

/// The JSON value that a client sent.
pub struct Json(pub Value);

impl FromRequest<Server> for Json {
    type Rejection = Error;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Error> {
        if !is_scim(request.headers()) {
            return Err(Error::UnsupportedMediaType);
        }
        let (parts, body) = request.into_parts();
        let bytes = bytes(&parts.headers, body, server.limits.body, server.limits.upload_timeout()).await?;
        scim::json::parse(&bytes).map(Self).map_err(|error| Error::Scim(error.into()))
    }
}

/// Why a body is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is longer than this many bytes.
    #[error("the body must not be longer than {0} bytes")]
    TooLarge(usize),
    /// It did not arrive whole.
    #[error("the body ended early")]
    Incomplete,
    /// It did not arrive in time.
    #[error("the body took too long to arrive")]
    Stalled,
}

/// The bytes of a body that is not longer than `limit` and arrives `within` so much time.
pub async fn bytes(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    within: Duration,
) -> Result<Vec<u8>, BodyError> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(BodyError::TooLarge(limit));
    }
    time::timeout(within, collect(body, limit)).await.unwrap_or(Err(BodyError::Stalled))
}

/// Whether the headers tell of a form (RFC 6749, appendix B).
pub fn is_form(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_TYPE) && is_one_of(headers, &["application/x-www-form-urlencoded"])
}

/// Whether the headers tell of SCIM's own media type (RFC 7644, section 3.8), or of plain JSON, which `OneLogin` and
/// others send, or of none, as Okta's published test of 2016: then the body may be looked at (RFC 9110, section 8.3).
fn is_scim(headers: &HeaderMap) -> bool {
    is_one_of(headers, &["application/scim+json", "application/json"])
}

/// Whether the body is a text in UTF-8 of one of these types, as far as the headers tell.
fn is_one_of(headers: &HeaderMap, types: &[&str]) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    let media_type = text(CONTENT_TYPE);
    let mut parts = media_type.iter().flat_map(|value| value.split(';')).map(str::trim);
    let is_of_type = parts.next().is_none_or(|media_type| types.contains(&media_type));
    let is_utf8 = parts
        .filter_map(|parameter| parameter.strip_prefix("charset="))
        .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"));
    let is_plain = text(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    is_of_type && is_utf8 && is_plain
}

async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyError::Incomplete)?;
        if bytes.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn accepts(media_type: &'static str) -> bool {
        is_scim(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]))
    }

    #[test]
    fn both_media_types_are_accepted_with_and_without_charset() {
        assert!(accepts("application/scim+json"));
        assert!(accepts("application/scim+json; charset=utf-8"));
        assert!(accepts("application/scim+json;charset=\"UTF-8\""));
        assert!(accepts("Application/JSON"));
        assert!(accepts("application/json; odata=minimal"));
        assert!(is_scim(&HeaderMap::new()), "the body is looked at");
    }

    #[test]
    fn other_media_types_charsets_and_encodings_are_not() {
        assert!(!accepts("text/plain"));
        assert!(!accepts("application/xml"));
        assert!(!accepts("application/scim+json; charset=utf-16"));
        assert!(!accepts("application/jsonp"));
        let compressed = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")];
        let compressed = compressed.map(|(name, value)| (name, HeaderValue::from_static(value)));
        assert!(!is_scim(&HeaderMap::from_iter(compressed)));
    }

    #[test]
    fn a_form_says_that_it_is_one() {
        let form = |media_type| {
            is_form(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]))
        };
        assert!(form("application/x-www-form-urlencoded"));
        assert!(form("application/x-www-form-urlencoded;charset=UTF-8"));
        assert!(!form("application/x-www-form-urlencoded; charset=utf-16"));
        assert!(!form("application/json"));
        assert!(!form(""));
        assert!(!is_form(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        assert_eq!(collect(Body::from("12345"), 5).await.unwrap(), b"12345");
        assert!(matches!(collect(Body::from("123456"), 5).await, Err(BodyError::TooLarge(5))));
    }
}
