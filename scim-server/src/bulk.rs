//! `/Bulk` (RFC 7644, section 3.7): many changes by one request.

mod circle;
mod execution;
mod outcome;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use scim::bulk::BulkRequest;
use tokio::time::Instant;

use crate::{body::Json, error::Error, response, state::Server, tenant::Users};

/// `POST /Bulk`: 200 with what became of each operation, in the order of the request. Each is done, or not, by itself;
/// those that refer to each other in a circle are done together.
pub async fn bulk(deadline: Deadline, users: Users, Json(body): Json) -> Result<Response, Error> {
    let request = BulkRequest::parse(body, users.tenant.base_url())?;
    let answer = execution::run(users, deadline, request).await;
    Ok(response::scim(StatusCode::OK, &answer))
}

/// How long operations are begun, and how long one may take: the client must learn what was done before the whole request's
/// time is over.
///
/// As an argument it must stand before the body, which may take long to arrive.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// Half of the request's time: after it no operation is begun.
    begin: Instant,
    /// Three quarters of it: an operation that is not done then is given up, which undoes it.
    end: Instant,
}

impl Deadline {
    fn is_over(self) -> bool {
        Instant::now() >= self.begin
    }
}

impl FromRequestParts<Server> for Deadline {
    type Rejection = Error;

    async fn from_request_parts(_: &mut Parts, server: &Server) -> Result<Self, Error> {
        let (now, quarter) = (Instant::now(), server.limits.request_timeout / 4);
        Ok(Self { begin: now + 2 * quarter, end: now + 3 * quarter })
    }
}
