//! The Tenant URL itself, and `/.search` below it: all kinds of resources together (RFC 7644, sections 3.4.2.1 and 3.4.3).

use axum::response::Response;
use store::Part;

use crate::{
    error::Error,
    listing,
    query::{Query, Search},
    tenant::Resources,
    view::View,
};

/// What names this endpoint in cursors.
const ENDPOINT: &str = "/";

/// `GET` of the Tenant URL
pub async fn list(resources: Resources, query: Query) -> Result<Response, Error> {
    let tenant = &resources.tenant;
    let types: Vec<_> = tenant.catalog().resource_types().collect();
    let views = types.iter().map(|resource_type| View::new(tenant, resource_type, &query));
    let views = views.collect::<Result<Vec<_>, _>>()?;
    let paging = listing::paging(tenant, &query, ENDPOINT)?;
    let (filters, sorts) = (query.filters(&types)?, query.sorts(&types)?);
    let parts = views.iter().enumerate().map(|(position, view)| Part {
        kind: view.resource_type.kind(),
        filter: filters.as_ref().and_then(|filters| filters.get(position)),
        sort: sorts.as_ref().and_then(|sorts| sorts.get(position)?.as_ref()),
        projection: &view.projection,
    });
    let listing = resources.list(&parts.collect::<Vec<_>>(), &paging.window).await?;
    listing::page(&views, &listing, &paging)
}

/// `POST /.search`
pub async fn search(resources: Resources, Search(query): Search) -> Result<Response, Error> {
    list(resources, query).await
}
