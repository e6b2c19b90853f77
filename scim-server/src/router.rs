//! The table of endpoints, and the layers around it.

use axum::{
    Router,
    handler::Handler,
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodFilter, MethodRouter, any, on},
};

use crate::{
    authentication::authenticate, bulk, discovery, error::Error, groups, guard::guard, head::bounded, me::me,
    metrics::RequestMetrics, observation::observe, response::with_common_headers, search, state::Server,
    token_endpoint, users,
};

/// Where a tenant's endpoints are; the path of its Tenant URL.
pub const TENANT: &str = "/{namespace}/{name}/scim/v2";

/// Where a tenant's token endpoint is.
pub const TOKEN: &str = "/{namespace}/{name}/oauth2/token";

/// One method of one endpoint.
#[derive(Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path below [`TENANT`]; empty for the Tenant URL itself.
    pub path: &'static str,
    endpoint: MethodRouter<Server>,
}

/// The methods of SCIM (RFC 7644, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads a resource or a listing.
    Get,
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Every endpoint of RFC 7644, section 3.2 that this server has. The test of isolation walks over this table.
pub fn routes() -> Vec<Route> {
    use Method::{Delete, Get, Patch, Post, Put};
    vec![
        route(Get, "", search::list),
        route(Post, "/.search", search::search),
        route(Get, "/Users", users::list),
        route(Post, "/Bulk", bulk::bulk),
        route(Post, "/Users", users::create),
        route(Post, "/Users/.search", users::search),
        route(Get, "/Users/{id}", users::get),
        route(Put, "/Users/{id}", users::replace),
        route(Patch, "/Users/{id}", users::patch),
        route(Delete, "/Users/{id}", users::delete),
        route(Get, "/Groups", groups::list),
        route(Post, "/Groups", groups::create),
        route(Post, "/Groups/.search", groups::search),
        route(Get, "/Groups/{id}", groups::get),
        route(Put, "/Groups/{id}", groups::replace),
        route(Patch, "/Groups/{id}", groups::patch),
        route(Delete, "/Groups/{id}", groups::delete),
        route(Get, "/ServiceProviderConfig", discovery::service_provider_config),
        route(Get, "/ResourceTypes", discovery::resource_types),
        route(Get, "/ResourceTypes/{id}", discovery::resource_type),
        route(Get, "/Schemas", discovery::schemas),
        route(Get, "/Schemas/{id}", discovery::schema),
    ]
}

/// The whole server as a service. A request passes the layers from the last to the first.
pub fn router(server: Server, metrics: RequestMetrics) -> Router {
    let request_timeout = server.limits.request_timeout;
    routes()
        .into_iter()
        .fold(Router::new(), with_route)
        .route(&format!("{TENANT}/Me"), any(me))
        .route(&format!("{TENANT}/Me/"), any(me))
        .route(&format!("{TENANT}/Me/{{*path}}"), any(me))
        .fallback(async || Error::NoSuchEndpoint)
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(from_fn_with_state(server.clone(), authenticate))
        .route(TOKEN, token_endpoint::endpoint())
        .layer(from_fn(bounded))
        .layer(from_fn_with_state(request_timeout, guard))
        .layer(from_fn(with_common_headers))
        .layer(from_fn_with_state(metrics, observe))
        .with_state(server)
}

/// Adds an endpoint under its path, and under the same with a slash at the end, which some clients send.
fn with_route(router: Router<Server>, route: Route) -> Router<Server> {
    let path = format!("{TENANT}{}", route.path);
    router.route(&format!("{path}/"), route.endpoint.clone()).route(&path, route.endpoint)
}

fn route<H, T>(method: Method, path: &'static str, handler: H) -> Route
where
    H: Handler<T, Server>,
    T: 'static,
{
    let filter = match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    };
    Route { method, path, endpoint: on(filter, handler) }
}
