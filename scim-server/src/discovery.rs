//! What the server tells about itself (RFC 7644, section 4): configuration, resource types, schemas.

use axum::{
    extract::FromRequestParts,
    http::{
        StatusCode,
        header::{CONTENT_LOCATION, ETAG},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use scim::discovery::Document;

use crate::{
    conditional::{Conditions, Freshness},
    error::Error,
    query::Query,
    response,
    tenant::{Name, Tenant},
};

/// `GET /ServiceProviderConfig`
pub async fn service_provider_config(
    tenant: Tenant,
    _: NoFilter,
    conditions: Conditions,
) -> Result<Response, Error> {
    let document = scim::discovery::service_provider_config(tenant.base_url(), tenant.capacity());
    one(&document, &conditions)
}

/// `GET /ResourceTypes`
pub async fn resource_types(tenant: Tenant, _: NoFilter) -> Response {
    response::scim(StatusCode::OK, &scim::discovery::resource_types(tenant.catalog(), tenant.base_url()))
}

/// `GET /ResourceTypes/{name}`
pub async fn resource_type(tenant: Tenant, name: Name, conditions: Conditions) -> Result<Response, Error> {
    let found = scim::discovery::resource_type(tenant.catalog(), &name.0, tenant.base_url());
    one(&found.ok_or(Error::NoSuchResource)?, &conditions)
}

/// `GET /Schemas`
pub async fn schemas(tenant: Tenant, _: NoFilter) -> Response {
    response::scim(StatusCode::OK, &scim::discovery::schemas(tenant.catalog(), tenant.base_url()))
}

/// `GET /Schemas/{urn}`
pub async fn schema(tenant: Tenant, urn: Name, conditions: Conditions) -> Result<Response, Error> {
    let found = scim::discovery::schema(tenant.catalog(), &urn.0, tenant.base_url());
    one(&found.ok_or(Error::NoSuchResource)?, &conditions)
}

/// A query without a filter: everything else of the query is ignored here, but "if a filter is provided, the
/// service provider SHOULD respond with HTTP status code 403, so that clients do not take the answer for a
/// filtered one" (RFC 7644, section 4).
#[derive(Debug)]
pub struct NoFilter;

impl<S: Sync> FromRequestParts<S> for NoFilter {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = Query::from_request_parts(parts, state).await?;
        if query.has_filter() { Err(Error::FilterForbidden) } else { Ok(Self) }
    }
}

/// 200 with a document; 304 where the client has it already.
fn one(document: &Document, conditions: &Conditions) -> Result<Response, Error> {
    let headers = [(ETAG, document.tag.to_string()), (CONTENT_LOCATION, document.location.clone())];
    let answer = match conditions.on_read(&document.tag)? {
        Freshness::New => response::scim(StatusCode::OK, &document.body),
        Freshness::Known => StatusCode::NOT_MODIFIED.into_response(),
    };
    Ok((headers, answer).into_response())
}
