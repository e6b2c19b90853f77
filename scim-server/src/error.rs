//! Everything that goes wrong, and the SCIM error that a client sees of it.

use std::{error::Error as Cause, net::IpAddr, time::Duration};

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use database::registry::view::Refused;
use scim::ScimType;
use store::StoreError;

use crate::{body::BodyError, response};

/// What a client is told to wait while the database is away.
pub(crate) const RETRY_IN: Duration = Duration::from_secs(5);

/// What a client is told to wait while its tenant is suspended: nobody knows for how long.
pub(crate) const RESUMED_IN: Duration = Duration::from_mins(1);

/// A request that is not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine refused what the client sent.
    #[error(transparent)]
    Scim(#[from] scim::Error),
    /// No such tenant, no credential, a wrong one, one that was revoked: the same answer for all.
    #[error("the request carries no valid credential for this address")]
    Unauthorized,
    /// The credential is right, and the tenant takes no requests from there.
    #[error("requests from {0} are not allowed for this connection")]
    Source(IpAddr),
    /// The tenant is suspended; its data is kept.
    #[error("the connection is suspended: its data is kept, and nothing is served until it is resumed")]
    Suspended,
    /// No endpoint is at this path.
    #[error("there is no such endpoint")]
    NoSuchEndpoint,
    /// No resource has this id: never had, has no longer, or is another tenant's.
    #[error("there is no such resource")]
    NoSuchResource,
    /// The endpoint does not know the method.
    #[error("this endpoint does not support the method")]
    MethodNotAllowed,
    /// `/Me` names nobody.
    #[error("/Me names nobody here: the token is a connection's, not a person's. Use /Users/{{id}}")]
    NobodyInPerson,
    /// The discovery endpoints take no filter (RFC 7644, section 4).
    #[error("this endpoint does not support filters")]
    FilterForbidden,
    /// The body is in another format than JSON.
    #[error(
        "the body must be of the type application/scim+json or application/json, in UTF-8 and not compressed"
    )]
    UnsupportedMediaType,
    /// The body is not there.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// A parameter of the query cannot be read.
    #[error("the parameter {name} {problem}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A header holds bytes that are no text.
    #[error("the header {0} holds other characters than ASCII")]
    Header(HeaderName),
    /// Nothing came of the request in time.
    #[error("the request took too long")]
    TimedOut,
    /// Somebody was in the way for too long, or the tenant has too many requests under way.
    #[error("other requests were in the way: send fewer at once, or send it again later")]
    Busy(#[source] Box<dyn Cause + Send + Sync>),
    /// `PostgreSQL` is away.
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
            Self::NobodyInPerson => StatusCode::NOT_IMPLEMENTED,
            Self::FilterForbidden | Self::Source(_) => StatusCode::FORBIDDEN,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Stalled) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Incomplete) | Self::Parameter { .. } | Self::Header(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Suspended | Self::TimedOut | Self::Busy(_) | Self::Unavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn scim_type(&self) -> Option<ScimType> {
        match self {
            Self::Scim(error) => error.scim_type,
            Self::Body(BodyError::Incomplete) => Some(ScimType::InvalidSyntax),
            Self::Parameter { name, .. } if name == "filter" => Some(ScimType::InvalidFilter),
            Self::Parameter { .. } | Self::Header(_) => Some(ScimType::InvalidValue),
            _ => None,
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match self {
            Self::Unauthorized => {
                for scheme in ["Bearer realm=\"scim\"", "Basic realm=\"scim\", charset=\"UTF-8\""] {
                    headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
                }
            }
            Self::Suspended => {
                headers.insert(RETRY_AFTER, RESUMED_IN.as_secs().into());
            }
            Self::TimedOut | Self::Busy(_) | Self::Unavailable(_) => {
                headers.insert(RETRY_AFTER, RETRY_IN.as_secs().into());
            }
            _ => {}
        }
        headers
    }

    /// What the client is told. What it is not told is written to the log.
    pub fn told(&self) -> scim::Error {
        self.log();
        scim::Error { status: self.status().as_u16(), scim_type: self.scim_type(), detail: self.to_string() }
    }

    fn log(&self) {
        match self {
            Self::Internal(cause) => tracing::error!(cause = chain(cause.as_ref()), "a request failed"),
            Self::Busy(cause) | Self::Unavailable(cause) => {
                tracing::warn!(cause = chain(cause.as_ref()), "a request cannot be served");
            }
            Self::Source(address) => log_refused_source(*address),
            _ => {}
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Scim(error) => Self::Scim(error),
            StoreError::Unavailable(
                database::Error::Crowded | database::Error::TimedOut(_) | database::Error::Contention(_),
            ) => Self::Busy(error.into()),
            StoreError::Unavailable(_) => Self::Unavailable(error.into()),
            StoreError::Database(_) => Self::Internal(error.into()),
        }
    }
}

impl From<serde_json::Error> for Error {
    /// An answer cannot be written.
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unknown => Self::Unauthorized,
            Refused::Source(address) => Self::Source(address),
            Refused::Undecided => Self::Unavailable(refused.into()),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = response::scim(self.status(), &self.told().to_json());
        (self.headers(), body).into_response()
    }
}

/// Whoever set the ranges wants to know what they keep out.
pub(crate) fn log_refused_source(address: IpAddr) {
    tracing::info!(%address, "a valid credential came from where requests are not allowed");
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
