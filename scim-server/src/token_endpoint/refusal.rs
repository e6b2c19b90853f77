//! Why the token endpoint gives no token (RFC 6749, section 5.2).

use std::{error::Error as Cause, net::IpAddr, time::Duration};

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use database::registry::view::Refused;
use serde::Serialize;

use crate::{
    body::BodyError,
    error::{self, chain},
    token_endpoint::answer,
};

/// What is wrong with a request, or with us.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// It cannot be understood.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The body is not there.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// No such tenant, no such client, a wrong secret, a bad assertion: the same answer for all.
    #[error("the client is unknown, or does not prove who it is")]
    InvalidClient,
    /// Another grant.
    #[error("the only grant is client_credentials")]
    UnsupportedGrantType,
    /// The client may not ask from there.
    #[error("requests from {0} are not allowed")]
    Source(IpAddr),
    /// Another method than POST.
    #[error("tokens are asked for with POST")]
    MethodNotAllowed,
    /// The tenant is suspended.
    #[error("the connection is suspended")]
    Suspended,
    /// `PostgreSQL` is away.
    #[error("the service is not available at the moment")]
    Unavailable(#[source] Box<dyn Cause + Send + Sync>),
    /// A defect of ours. Its cause is logged, not told.
    #[error("the request could not be processed")]
    Internal(#[source] Box<dyn Cause + Send + Sync>),
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidRequest(_) | Self::UnsupportedGrantType | Self::Body(BodyError::Incomplete) => {
                StatusCode::BAD_REQUEST
            }
            Self::Body(BodyError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Stalled) => StatusCode::REQUEST_TIMEOUT,
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::Source(_) => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Suspended | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code of RFC 6749, section 5.2; for what it has no word for, that of section 4.1.2.1.
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::Body(_) | Self::MethodNotAllowed => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Source(_) => "unauthorized_client",
            Self::Suspended | Self::Unavailable(_) => "temporarily_unavailable",
            Self::Internal(_) => "server_error",
        }
    }

    fn retry_in(&self) -> Option<Duration> {
        match self {
            Self::Suspended => Some(error::RESUMED_IN),
            Self::Unavailable(_) => Some(error::RETRY_IN),
            _ => None,
        }
    }

    fn log(&self) {
        match self {
            Self::Internal(cause) => {
                tracing::error!(cause = chain(cause.as_ref()), "a token cannot be issued");
            }
            Self::Unavailable(cause) => {
                tracing::warn!(cause = chain(cause.as_ref()), "a token cannot be issued now");
            }
            Self::Source(address) => error::log_refused_source(*address),
            _ => {}
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unknown => Self::InvalidClient,
            Refused::Source(address) => Self::Source(address),
            Refused::Undecided => Self::Unavailable(refused.into()),
        }
    }
}

impl From<database::Error> for Refusal {
    fn from(error: database::Error) -> Self {
        use database::Error::{Contention, Crowded, Missing, TimedOut, Unavailable};
        match error {
            // The credential was revoked, or the tenant deleted, a moment ago.
            Missing(_) => Self::InvalidClient,
            Unavailable(_) | TimedOut(_) | Contention(_) | Crowded => Self::Unavailable(error.into()),
            _ => Self::Internal(error.into()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.log();
        let body = Body { error: self.code(), error_description: self.to_string() };
        let mut response = answer::json(self.status(), &body);
        let headers = response.headers_mut();
        match self {
            // RFC 9110, section 11.6.1 wants it with every 401, RFC 6749 where the client used the header.
            Self::InvalidClient => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"scim\""));
            }
            Self::MethodNotAllowed => {
                headers.insert(ALLOW, HeaderValue::from_static("POST"));
            }
            _ => {}
        }
        if let Some(delay) = self.retry_in() {
            headers.insert(RETRY_AFTER, delay.as_secs().into());
        }
        response
    }
}
