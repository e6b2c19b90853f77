//! Everything that goes wrong, and the SCIM error that a client sees of it.

use std::{error::Error as Cause, time::Duration};

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use database::registry::view::Refused;
use scim::ScimType;
use store::StoreError;

use crate::response;

/// What a client is told to wait while the database is away.
const RETRY_IN: Duration = Duration::from_secs(5);

/// A request that is not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused what the client sent.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// No such tenant, no token, a wrong one, one that was revoked: the same answer for all.
    #[error("the request carries no valid bearer token for this address")]
    Unauthorized,
    /// No endpoint is at this path.
    #[error("there is no such endpoint")]
    NoSuchEndpoint,
    /// No resource has this id: never had, has no longer, or is another tenant's.
    #[error("there is no such resource")]
    NoSuchResource,
    /// The endpoint does not know the method.
    #[error("this endpoint does not support the method")]
    MethodNotAllowed,
    /// The discovery endpoints take no filter (RFC 7644, section 4).
    #[error("this endpoint does not support filters")]
    FilterForbidden,
    /// The body is in another format than JSON.
    #[error(
        "the body must be of the type application/scim+json or application/json, in UTF-8 and not compressed"
    )]
    UnsupportedMediaType,
    /// The body is longer than allowed; holds the limit in bytes.
    #[error("the body must not be longer than {0} bytes")]
    TooLarge(usize),
    /// The body did not arrive whole.
    #[error("the body ended early")]
    Incomplete,
    /// The body did not arrive in time.
    #[error("the body took too long to arrive")]
    Stalled,
    /// The body is not JSON.
    #[error("the body is not valid JSON: {0}")]
    NotJson(serde_json::Error),
    /// A parameter of the query cannot be read.
    #[error("the parameter {name} {problem}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Nothing came of the request in time.
    #[error("the request took too long")]
    TimedOut,
    /// `PostgreSQL` is away, somebody was in the way for too long, or the tenant has too many requests under way.
    #[error("the service is not available at the moment")]
    Unavailable(#[source] Box<dyn Cause + Send + Sync>),
    /// A defect of ours. Its cause is logged, not told.
    #[error("the request could not be processed")]
    Internal(#[source] Box<dyn Cause + Send + Sync>),
}

impl Error {
    /// A parameter of the query that cannot be read, and what is wrong with it.
    pub fn parameter(name: &str, problem: &'static str) -> Self {
        Self::Parameter { name: name.to_owned(), problem }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Scim(error) => StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NoSuchEndpoint | Self::NoSuchResource => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::FilterForbidden => StatusCode::FORBIDDEN,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete | Self::NotJson(_) | Self::Parameter { .. } => StatusCode::BAD_REQUEST,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
            Self::TimedOut | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn scim_type(&self) -> Option<ScimType> {
        match self {
            Self::Scim(error) => error.scim_type,
            Self::Incomplete | Self::NotJson(_) => Some(ScimType::InvalidSyntax),
            Self::Parameter { name, .. } if name == "filter" => Some(ScimType::InvalidFilter),
            Self::Parameter { .. } => Some(ScimType::InvalidValue),
            _ => None,
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match self {
            Self::Unauthorized => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"scim\""));
            }
            Self::TimedOut | Self::Unavailable(_) => {
                headers.insert(RETRY_AFTER, RETRY_IN.as_secs().into());
            }
            _ => {}
        }
        headers
    }

    /// Writes down what the client is not told.
    fn log(&self) {
        match self {
            Self::Internal(cause) => tracing::error!(cause = chain(cause.as_ref()), "a request failed"),
            Self::Unavailable(cause) => {
                tracing::warn!(cause = chain(cause.as_ref()), "a request cannot be served");
            }
            _ => {}
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Scim(error) => Self::Scim(error),
            error @ StoreError::Unavailable(_) => Self::Unavailable(error.into()),
            error @ StoreError::Database(_) => Self::Internal(error.into()),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unknown => Self::Unauthorized,
            Refused::Undecided => Self::Unavailable(refused.into()),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let error = scim::Error {
            status: self.status().as_u16(),
            scim_type: self.scim_type(),
            detail: self.to_string(),
        };
        let body = response::scim(self.status(), &error.to_json());
        (self.headers(), body).into_response()
    }
}

/// An error with its causes, in one line.
pub fn chain(error: &(dyn Cause + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
