//! What is left of tenants that are gone without a word (their finalizer was taken away by force) is found: their routes are
//! removed, their rows retained, which ends their tokens. And data is dropped whose time has come.

mod orphans;
mod residents;

use std::collections::HashSet;
use std::fmt::Debug;
use std::time::Duration;

use crds::ScimTenant;
use crds::metadata::label;
use database::registry::{Change, OwnedRow, RegistryError};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{DeleteParams, ListParams, Preconditions};
use kube::core::{NamespaceResourceScope, ObjectList, PartialObjectMeta};
use kube::{Api, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{error, info, warn};
use uuid::Uuid;

pub(crate) use crate::sweep::residents::Residents;

use crate::context::Context;
use crate::error::{Error, in_full};
use crate::object::selector;
use crate::route::HttpRoute;
use crate::scope::Scope;
use crate::sweep::orphans::{Elsewhere, Living};

const INTERVAL: Duration = Duration::from_mins(10);
/// The time from a tenant that is gone to the sweep because of it: more may follow.
const AFTERWARDS: Duration = Duration::from_secs(5);
const PAGE: u32 = 500;

/// Sweeps now, every ten minutes and when a tenant is gone, until it is dropped.
pub(crate) async fn run(context: &Context) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = context.wake.sweep_is_wanted() => sleep(AFTERWARDS).await,
        }
        if let Err(error) = sweep(context).await {
            warn!(error = in_full(&error), "could not look for what is left of tenants that are gone");
        }
        if let Err(error) = drop_due(context).await {
            warn!(error = in_full(&error), "could not drop data whose time has come");
        }
    }
}

async fn sweep(context: &Context) -> Result<(), Error> {
    // Tenants last: one that is made meanwhile is among the tenants then, not its row among the rows.
    let residents = context.residents.all();
    let rows = rows(context).await;
    let ingresses = routes::<Ingress>(context).await?;
    let has_http_routes = context.gateway_api.has_http_routes(&context.client).await?;
    let http_routes = if has_http_routes { routes::<HttpRoute>(context).await? } else { vec![] };
    let living = living(context).await?;
    // Access first. One half that fails does not hold up the other.
    let retained = match rows {
        Ok(rows) => retain(&rows, &living, &residents, context).await,
        Err(error) => Err(error.into()),
    };
    for orphan in ingresses.iter().filter(|route| living.lacks_tenant_of(*route)) {
        remove(orphan, context).await?;
    }
    for orphan in http_routes.iter().filter(|route| living.lacks_tenant_of(*route)) {
        remove(orphan, context).await?;
    }
    retained
}

/// Ends the access of tenants that are gone, and keeps their data.
async fn retain(
    rows: &[OwnedRow],
    living: &Living,
    residents: &HashSet<Uuid>,
    context: &Context,
) -> Result<(), Error> {
    if living.is_of_another_cluster(rows, residents) {
        error!(
            installation = %context.settings.installation,
            rows = rows.len(),
            "no tenant of the registry is in this cluster: is it a new one in the place of another, and is everything \
             restored? Nothing is retained until one is here"
        );
        return Ok(());
    }
    for orphan in rows.iter().filter(|row| living.lacks_owner_of(row)) {
        if context.registry.get().await?.retain(orphan.id, orphan.owner).await? == Change::Written {
            info!(id = %orphan.id, "retains the data of a tenant that is gone");
        }
    }
    let owners: HashSet<Uuid> = rows.iter().map(|row| row.owner.uid).collect();
    context
        .residents
        .forget(residents, |uid| owners.contains(uid) || living.tenants.contains(&uid.to_string()));
    Ok(())
}

/// Drops the data of tenants that were deleted long enough ago.
async fn drop_due(context: &Context) -> Result<(), RegistryError> {
    for row in context.registry.get().await?.drop_due(&context.settings.installation).await? {
        info!(id = %row.id, schema = %row.schema_name(), "dropped the data of a tenant: its time has come");
    }
    Ok(())
}

async fn rows(context: &Context) -> Result<Vec<OwnedRow>, RegistryError> {
    context.registry.get().await?.active(&context.settings.installation).await
}

/// The routes of a kind that we made for tenants.
async fn routes<K>(context: &Context) -> Result<Vec<PartialObjectMeta<K>>, Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let labels = format!("{},{}", selector(&context.settings), label::TENANT_UID);
    Ok(pages(&route_api(context), &ListParams::default().labels(&labels)).await?)
}

/// Who is there. Of a namespace that may not be listed nothing is known, as of one that somebody else looks after.
async fn living(context: &Context) -> Result<Living, Error> {
    let mut living = Living::default();
    let Context { client, settings, .. } = context;
    if settings.scope == Scope::Cluster {
        living.tenants.extend(uids(Api::all(client.clone())).await?);
        return Ok(living);
    }
    let namespaces: Api<PartialObjectMeta<Namespace>> = Api::all(client.clone());
    for namespace in pages(&namespaces, &ListParams::default()).await? {
        let (uid, name) = (namespace.uid(), namespace.name_any());
        if !settings.scope.contains(&name) {
            living.elsewhere.push(Elsewhere { uid, name });
            continue;
        }
        match uids(Api::namespaced(client.clone(), &name)).await {
            Ok(uids) => living.tenants.extend(uids),
            Err(kube::Error::Api(status)) if status.is_forbidden() => {
                warn!(namespace = name, "the tenants of a namespace may not be listed: {}", status.message);
                living.elsewhere.push(Elsewhere { uid, name });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(living)
}

async fn uids(tenants: Api<PartialObjectMeta<ScimTenant>>) -> Result<Vec<String>, kube::Error> {
    let tenants = pages(&tenants, &ListParams::default()).await?;
    Ok(tenants.into_iter().filter_map(|tenant| tenant.uid()).collect())
}

/// Everything, read in pages, so that no answer is too large.
async fn pages<K>(api: &Api<K>, parameters: &ListParams) -> Result<Vec<K>, kube::Error>
where
    K: Clone + Debug + DeserializeOwned,
{
    let mut parameters = parameters.clone().limit(PAGE);
    let mut all = Vec::new();
    loop {
        let ObjectList { items, metadata, .. } = api.list(&parameters).await?;
        all.extend(items);
        match metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(all),
        }
    }
}

/// Deletes the route as it was read: one that a tenant of the same name has taken over meanwhile stays.
async fn remove<K>(route: &PartialObjectMeta<K>, context: &Context) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    info!(route = route.name_any(), kind = %K::kind(&()), "removes a route without a tenant");
    let as_read = Preconditions { uid: route.uid(), resource_version: route.resource_version() };
    let parameters = DeleteParams { preconditions: Some(as_read), ..DeleteParams::default() };
    let routes: Api<PartialObjectMeta<K>> = route_api(context);
    match routes.delete(&route.name_any(), &parameters).await.map_err(Error::from) {
        Err(Error::Raced) => Ok(()),
        Err(Error::Kubernetes(kube::Error::Api(status))) if status.is_not_found() => Ok(()),
        deleted => deleted.map(|_| ()),
    }
}

fn route_api<K>(context: &Context) -> Api<PartialObjectMeta<K>>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::namespaced(context.client.clone(), context.settings.server.namespace.as_str())
}
