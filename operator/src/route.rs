//! How requests get to the servers: an Ingress or an HTTPRoute for each tenant and a catch-all of the same kind for each
//! host, or none of these. What was read of a tenant's routes becomes a plan, and the plan becomes what is there.
//!
//! When a class changes its kind, the new route is there, its Gateway has taken it, and proxies had time to learn of it,
//! before the old one goes.

mod acceptance;
mod digest;
mod discovery;
mod http_route;
mod ingress;
mod kind;
mod metadata;
mod plan;
mod ranges;
mod traffic;

use std::time::Duration;

use crds::Reason;
use crds::class::{GatewayRoute, IngressRoute, RouteKind};
pub(crate) use gateway_api::httproutes::HttpRoute;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;

pub(crate) use crate::route::discovery::GatewayApi;
pub(crate) use crate::route::http_route::http_route;
pub(crate) use crate::route::ingress::ingress;
pub(crate) use crate::route::kind::{Route, gateway_api_missing};
pub(crate) use crate::route::metadata::{catch_all_metadata, caught_host, is_routable, routed_tenant};
pub(crate) use crate::route::plan::{RoutePlan, prepare};
pub(crate) use crate::route::traffic::Traffic;

use crate::apply::{Intent, apply, delete};
use crate::context::Context;
use crate::error::Error;
use crate::object::{Found, found_by_label};
use crate::route::metadata::tenant_route_name;
use crate::route::plan::Change;
use crate::tenant::{Identity, Outcome, Step};

/// How long the proxies of an ingress controller or Gateway may take to learn of a route.
const SPREADING: SignedDuration = SignedDuration::from_secs(10);

/// How a class's tenants are routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClassRoute {
    /// By Ingresses.
    Ingress(IngressRoute),
    /// By HTTPRoutes of the Gateway API.
    HttpRoute(GatewayRoute),
    /// By nothing that we make.
    None,
}

/// What is under the name of a tenant's routes.
#[derive(Debug)]
pub(crate) struct FoundRoutes {
    /// The Ingress.
    pub(crate) ingress: Found<Ingress>,
    /// The HTTPRoute.
    pub(crate) http_route: FoundHttpRoute,
}

/// What is under the name of a tenant's HTTPRoute.
#[derive(Debug)]
pub(crate) enum FoundHttpRoute {
    /// The cluster knows no HTTPRoutes.
    Unsupported,
    /// This.
    Known(Found<Box<HttpRoute>>),
}

impl FoundHttpRoute {
    /// The object, if it is ours.
    pub(crate) fn ours(&self) -> Option<&HttpRoute> {
        match self {
            Self::Unsupported => None,
            Self::Known(found) => found.ours().map(Box::as_ref),
        }
    }
}

/// How a tenant is routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Routed {
    /// By an Ingress, by an HTTPRoute that its Gateway took, or by nothing that we make.
    pub(crate) by: RouteKind,
    /// The time until the route of another kind is to be removed, if one is left.
    pub(crate) look_again: Option<Duration>,
}

impl Routed {
    /// With nothing of another kind left.
    pub(crate) fn settled(by: RouteKind) -> Self {
        Self { by, look_again: None }
    }
}

/// Reads what is under the names of a tenant's routes, of either kind.
pub(crate) async fn find(identity: &Identity, context: &Context) -> Result<FoundRoutes, Error> {
    let name = tenant_route_name(&identity.key.path());
    let ingress = context.routes().get_opt(&name).await?;
    let http_route = if context.gateway_api.has_http_routes(&context.client).await? {
        let live = http_routes(context).get_opt(&name).await?;
        FoundHttpRoute::Known(found_by_label(live, &identity.key).map(Box::new))
    } else {
        FoundHttpRoute::Unsupported
    };
    Ok(FoundRoutes { ingress: found_by_label(ingress, &identity.key), http_route })
}

/// Makes the route that is wanted, and removes the one of the other kind as soon as requests can take the new one.
pub(crate) async fn lead_there(step: Step<RoutePlan>, context: &Context) -> Result<Outcome<Routed>, Error> {
    let plan = match step {
        Step::Do(plan) => plan,
        Step::Blocked(obstacle) => return Ok(Outcome::Failed(obstacle)),
        Step::Keep => return Ok(Outcome::Kept),
    };
    let (ingresses, http_routes) = (context.routes(), http_routes(context));
    match plan {
        RoutePlan::Ingress { change, obsolete } => {
            replace(RouteKind::Ingress, &ingresses, &change, &http_routes, obsolete.as_deref()).await
        }
        RoutePlan::HttpRoute { change, obsolete } => {
            replace(RouteKind::HTTPRoute, &http_routes, &change, &ingresses, obsolete.as_deref()).await
        }
        RoutePlan::None { ingress, http_route } => {
            delete_all(&ingresses, ingress.as_deref()).await?;
            delete_all(&http_routes, http_route.as_deref()).await?;
            Ok(Outcome::Done(Routed::settled(RouteKind::None)))
        }
    }
}

/// Removes a tenant's routes of either kind: ours alone, and only the objects that were read.
pub(crate) async fn remove(found: &FoundRoutes, context: &Context) -> Result<(), Error> {
    delete_all(&context.routes(), found.ingress.ours()).await?;
    delete_all(&http_routes(context), found.http_route.ours()).await
}

/// The HTTPRoutes beside the servers. A cluster without [`GatewayApi`] answers with 404 to everything.
pub(crate) fn http_routes(context: &Context) -> Api<HttpRoute> {
    Api::namespaced(context.client.clone(), context.settings.server.namespace.as_str())
}

/// Deletes the routes that were read, and no others of their names.
pub(crate) async fn delete_all<K: Route>(
    api: &Api<K>,
    routes: impl IntoIterator<Item = &K>,
) -> Result<(), Error> {
    for route in routes {
        delete(api, route).await?;
    }
    Ok(())
}

/// As long as requests cannot take the new route, the old one stays.
async fn replace<K: Route, O: Route>(
    by: RouteKind,
    api: &Api<K>,
    change: &Change<K>,
    obsolete_api: &Api<O>,
    obsolete: Option<&O>,
) -> Result<Outcome<Routed>, Error> {
    let route = match apply(api, &*change.desired, change.live.as_deref(), Intent::Write).await {
        Ok(route) => route,
        Err(error) => return error.into_obstacle(Reason::RouteRefused).map(Outcome::Failed),
    };
    if let Some(hindrance) = route.hindrance() {
        return Ok(Outcome::Failed(hindrance));
    }
    let look_again = obsolete.and_then(|_| time_to_spread(&route, Timestamp::now()));
    if look_again.is_none() {
        delete_all(obsolete_api, obsolete).await?;
    }
    Ok(Outcome::Done(Routed { by, look_again }))
}

/// The time until every proxy can be taken to know a route: neither kind has a condition that says so. A clock that is
/// behind makes it no longer.
pub(crate) fn time_to_spread<K: Route>(route: &K, now: Timestamp) -> Option<Duration> {
    let age = now.duration_since(route.taken_at()?);
    let left = SPREADING.checked_sub(age)?;
    Duration::try_from(left.min(SPREADING)).ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests;
