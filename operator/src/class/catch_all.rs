//! The routes that catch what no tenant's path matches, so that a tenant that does not exist and a wrong token get the same
//! answer: one for each host, however many classes share it. It belongs to the class that made it first; ingress
//! controllers refuse a second one for the same host and path.

mod plan;
mod settled;

use std::collections::HashSet;
use std::time::Duration;

use crds::metadata::label;
use crds::{Reason, ScimTenantClass};
use jiff::Timestamp;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

pub(crate) use crate::class::catch_all::settled::SettledCatchAlls;

use crate::apply::{Intent, apply};
use crate::class::AcceptedClass;
use crate::class::catch_all::plan::{Plan, is_made_by, plan};
use crate::class::catch_all::settled::Wanted;
use crate::class::members::Members;
use crate::context::Context;
use crate::error::Error;
use crate::object::selector;
use crate::obstacle::{Obstacle, Remedy};
use crate::route::{
    ClassRoute, Route, Traffic, catch_all_metadata, caught_host, delete_all, gateway_api_missing, http_route,
    http_routes, ingress, time_to_spread,
};

/// Routes on one page of a list.
const PAGE: u32 = 500;

/// The time until another look at the routes of a kind that the class has no more.
const LEFT: Duration = Duration::from_secs(30);

/// Makes sure of the routes of the class's hosts, then that those are gone which nobody needs: of hosts that the class had
/// before, and of the other kind as soon as requests can take the new one and no tenant is routed by the old one. Answers
/// with the time until another look at what is left of the latter.
///
/// Nothing is read as long as the same is wanted and no route changed.
pub(super) async fn catch_all(
    class: &ScimTenantClass,
    accepted: &AcceptedClass,
    members: &Members,
    context: &Context,
) -> Result<Result<Option<Duration>, Obstacle>, Error> {
    let uid = class.uid().unwrap_or_default();
    let hosts = members.hosts(accepted);
    let wanted = Wanted { generation: class.metadata.generation, hosts: hosts.clone() };
    if context.catch_alls.is_settled(&uid, &wanted) {
        return Ok(Ok(None));
    }
    context.catch_alls.begin(&uid, wanted);
    let settings = &context.settings;
    let (ingresses, http_routes) = (context.routes(), http_routes(context));
    let has_http_routes = context.gateway_api.has_http_routes(&context.client).await?;
    let our_ingresses = made_by(class, &ingresses, context).await?;
    let our_http_routes = if has_http_routes { made_by(class, &http_routes, context).await? } else { vec![] };
    let metadata = |host: &String| catch_all_metadata(class, host, settings);
    let traffic = |host: &String| Traffic::of_host(host, accepted);
    let done = match &accepted.route {
        ClassRoute::Ingress(route) => {
            let render = |host| ingress(metadata(host), route, &traffic(host), settings);
            let done = make(class, &ingresses, hosts.iter().map(render).collect(), our_ingresses).await?;
            done.then_remove(&http_routes, our_http_routes, members, context).await?
        }
        ClassRoute::HttpRoute(_) if !has_http_routes => return Ok(Err(gateway_api_missing())),
        ClassRoute::HttpRoute(gateway) => {
            let render = |host| http_route(metadata(host), gateway, &traffic(host), settings);
            let done = make(class, &http_routes, hosts.iter().map(render).collect(), our_http_routes).await?;
            done.then_remove(&ingresses, our_ingresses, members, context).await?
        }
        ClassRoute::None => {
            let done = Done::default().then_remove(&ingresses, our_ingresses, members, context).await?;
            done.then_remove(&http_routes, our_http_routes, members, context).await?
        }
    };
    if done.is_settled() {
        context.catch_alls.settle(&uid);
    }
    Ok(done.obstacle.map_or(Ok(done.look_again), Err))
}

/// Whether a route of this name is one to catch what is left of a host that the class has, or may have for a tenant.
pub(crate) fn may_catch(class: &ScimTenantClass, route_name: &str) -> bool {
    let Some(host) = caught_host(route_name) else { return false };
    let url = class.spec.url.replace("{namespace}", "*").replace("{name}", "*");
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let pattern = authority.split([':', '/']).next().unwrap_or_default();
    match (pattern.split_once('*'), pattern.rsplit_once('*')) {
        (Some((begin, _)), Some((_, end))) => {
            host.len() > begin.len() + end.len() && host.starts_with(begin) && host.ends_with(end)
        }
        _ => host == pattern,
    }
}

/// What came of it.
#[derive(Debug, Default)]
struct Done {
    /// What stands in the way.
    obstacle: Option<Obstacle>,
    /// The names of the routes that requests cannot take yet, or that not every proxy may know.
    waiting: HashSet<String>,
    /// The time until another look at routes that are not wanted and still needed.
    look_again: Option<Duration>,
}

impl Done {
    fn is_settled(&self) -> bool {
        self.obstacle.is_none() && self.waiting.is_empty() && self.look_again.is_none()
    }

    /// Removes the routes of a kind that the class has no more. As long as a tenant is routed by that kind, requests for its
    /// host come that way, and also those for no tenant.
    async fn then_remove<K: Route>(
        mut self,
        api: &Api<K>,
        obsolete: Vec<K>,
        members: &Members,
        context: &Context,
    ) -> Result<Self, Error> {
        if obsolete.is_empty() {
            return Ok(self);
        }
        if is_still_routed(members, api, context).await? {
            self.look_again = Some(LEFT);
            return Ok(self);
        }
        let (needed, unneeded): (Vec<K>, Vec<K>) =
            obsolete.into_iter().partition(|route| self.waiting.contains(&route.name_any()));
        delete_all(api, &unneeded).await?;
        if !needed.is_empty() {
            self.look_again = Some(LEFT);
        }
        Ok(self)
    }
}

/// Makes the routes of one kind, and removes those of this kind that the class made and does not want.
async fn make<K: Route>(
    class: &ScimTenantClass,
    api: &Api<K>,
    wanted: Vec<K>,
    own: Vec<K>,
) -> Result<Done, Error> {
    let own_names: HashSet<String> = own.iter().map(K::name_any).collect();
    let mut others = vec![];
    for name in wanted.iter().map(K::name_any).filter(|name| !own_names.contains(name)) {
        others.extend(api.get_opt(&name).await?);
    }
    let Plan { changes, mut obstacles, mut waiting, unwanted } = plan(class, wanted, own, others);
    for (desired, live) in changes {
        match apply(api, &desired, live.as_ref(), Intent::Write).await {
            Ok(route)
                if route.hindrance().is_none() && time_to_spread(&route, Timestamp::now()).is_none() => {}
            Ok(_) => {
                waiting.insert(desired.name_any());
            }
            Err(error) => {
                obstacles.push(error.into_obstacle(Reason::RouteRefused)?);
                waiting.insert(desired.name_any());
            }
        }
    }
    delete_all(api, &unwanted).await?;
    // One that passes is tried again soon, and the others are seen then too.
    let obstacle = obstacles.into_iter().min_by_key(|obstacle| obstacle.remedy == Remedy::Change);
    Ok(Done { obstacle, waiting, look_again: None })
}

/// Whether a tenant of the class is routed by a kind.
async fn is_still_routed<K: Route>(
    members: &Members,
    api: &Api<K>,
    context: &Context,
) -> Result<bool, Error> {
    let labels = format!("{},{}", selector(&context.settings.installation), label::TENANT_UID);
    let mut parameters = ListParams::default().labels(&labels).limit(PAGE);
    loop {
        let page = api.list_metadata(&parameters).await?;
        if members.has_one_routed_by(page.items.iter().map(ResourceExt::name_any)) {
            return Ok(true);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(false),
        }
    }
}

/// What a class made of one kind.
async fn made_by<K: Route>(
    class: &ScimTenantClass,
    api: &Api<K>,
    context: &Context,
) -> Result<Vec<K>, Error> {
    let labels =
        format!("{},{}={}", selector(&context.settings.installation), label::CLASS_NAME, class.name_any());
    let mut parameters = ListParams::default().labels(&labels).limit(PAGE);
    let mut made = vec![];
    loop {
        let page = api.list(&parameters).await?;
        made.extend(page.items.into_iter().filter(|route| is_made_by(class, route)));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(made),
        }
    }
}

#[cfg(test)]
mod tests;
