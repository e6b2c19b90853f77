//! What the server tells about itself (RFC 7644, section 4): configuration, resource types, schemas.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde_json::Value;

use crate::{error::Error, query::Query, response, tenant::Name, tenant::Tenant};

/// `GET /ServiceProviderConfig`
pub async fn service_provider_config(tenant: Tenant, _: NoFilter) -> Response {
    let max_results = tenant.max_page_size();
    ok(&scim::discovery::service_provider_config(tenant.base_url(), max_results))
}

/// `GET /ResourceTypes`
pub async fn resource_types(tenant: Tenant, _: NoFilter) -> Response {
    ok(&scim::discovery::resource_types(tenant.catalog(), tenant.base_url()))
}

/// `GET /ResourceTypes/{name}`
pub async fn resource_type(tenant: Tenant, name: Name) -> Result<Response, Error> {
    let found = scim::discovery::resource_type(tenant.catalog(), &name.0, tenant.base_url());
    found.as_ref().map(ok).ok_or(Error::NoSuchResource)
}

/// `GET /Schemas`
pub async fn schemas(tenant: Tenant, _: NoFilter) -> Response {
    ok(&scim::discovery::schemas(tenant.catalog(), tenant.base_url()))
}

/// `GET /Schemas/{urn}`
pub async fn schema(tenant: Tenant, urn: Name) -> Result<Response, Error> {
    let found = scim::discovery::schema(tenant.catalog(), &urn.0, tenant.base_url());
    found.as_ref().map(ok).ok_or(Error::NoSuchResource)
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

fn ok(body: &Value) -> Response {
    response::scim(StatusCode::OK, body)
}
