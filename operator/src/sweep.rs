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
use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{DeleteParams, ListParams, Preconditions};
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::{Api, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::{error, info, warn};
use uuid::Uuid;

pub(crate) use crate::sweep::residents::Residents;

use crate::context::Context;
use crate::error::{Error, in_full};
use crate::object::selector;
use crate::page;
use crate::route::HttpRoute;
use crate::scope::Scope;
use crate::sweep::orphans::{Elsewhere, Living};

const INTERVAL: Duration = Duration::from_mins(10);
/// How long a database may take to tell its rows: the others wait for it.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);
/// The time from a tenant that is gone to the sweep because of it: more may follow.
const AFTERWARDS: Duration = Duration::from_secs(5);

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
        join_all(context.databases.names().map(|database| drop_due(database, context))).await;
    }
}

async fn sweep(context: &Context) -> Result<(), Error> {
    // Tenants last: one that is made meanwhile is among the tenants then, not its row among the rows.
    let residents = context.residents.all();
    let rows = join_all(context.databases.names().map(|database| rows(database, context))).await;
    let ingresses = routes::<Ingress>(context).await?;
    let has_http_routes = context.gateway_api.has_http_routes(&context.client).await?;
    let http_routes = if has_http_routes { routes::<HttpRoute>(context).await? } else { vec![] };
    let living = living(context).await?;
    // Access first. One half that fails does not hold up the other.
    let retained = retain_all(rows, &living, &residents, context).await;
    for orphan in ingresses.iter().filter(|route| living.lacks_tenant_of(*route)) {
        remove(orphan, context).await?;
    }
    for orphan in http_routes.iter().filter(|route| living.lacks_tenant_of(*route)) {
        remove(orphan, context).await?;
    }
    retained
}

/// Ends the access of tenants that are gone, in each database that could be read: one that could not does not hold up the others.
/// Who was here is kept in mind until all could be.
async fn retain_all(
    rows: Vec<Result<Vec<OwnedRow>, RegistryError>>,
    living: &Living,
    residents: &HashSet<Uuid>,
    context: &Context,
) -> Result<(), Error> {
    let mut owners = Some(HashSet::new());
    let mut retained = Ok(());
    for (database, rows) in context.databases.names().zip(rows) {
        let outcome = match rows {
            Ok(rows) => retain(database, &rows, living, residents, context).await,
            Err(error) => Err(error.into()),
        };
        let of_database = outcome.unwrap_or_else(|error| {
            retained = Err(error);
            None
        });
        owners = owners.zip(of_database).map(|(owners, others)| &owners | &others);
    }
    if let Some(owners) = owners {
        context
            .residents
            .forget(residents, |uid| owners.contains(uid) || living.tenants.contains(&uid.to_string()));
    }
    retained
}

/// Ends the access of tenants that are gone, and keeps their data. Answers with the owners of all rows; with none if it left
/// everything as it is.
async fn retain(
    database: &str,
    rows: &[OwnedRow],
    living: &Living,
    residents: &HashSet<Uuid>,
    context: &Context,
) -> Result<Option<HashSet<Uuid>>, Error> {
    if living.is_of_another_cluster(rows, residents) {
        error!(
            installation = %context.settings.installation,
            database,
            rows = rows.len(),
            "no tenant of the registry is in this cluster: is it a new one in the place of another, and is everything \
             restored? Nothing is retained until one is here"
        );
        return Ok(None);
    }
    for orphan in rows.iter().filter(|row| living.lacks_owner_of(row)) {
        if context.databases.registry(database).await?.retain(orphan.id, orphan.owner).await?
            == Change::Written
        {
            info!(id = %orphan.id, "retains the data of a tenant that is gone");
        }
    }
    Ok(Some(rows.iter().map(|row| row.owner.uid).collect()))
}

/// Drops the data of tenants that were deleted long enough ago.
async fn drop_due(database: &str, context: &Context) {
    let dropped = async {
        let registry = context.databases.registry(database).await?;
        registry.drop_due(&context.settings.installation).await
    };
    match dropped.await {
        Ok(rows) => {
            for row in rows {
                info!(id = %row.id, schema = %row.schema_name(), "dropped the data of a tenant: its time has come");
            }
        }
        Err(error) => warn!(database, error = in_full(&error), "could not drop data whose time has come"),
    }
}

async fn rows(database: &str, context: &Context) -> Result<Vec<OwnedRow>, RegistryError> {
    let rows =
        async { context.databases.registry(database).await?.active(&context.settings.installation).await };
    timeout(ANSWERS_WITHIN, rows).await.unwrap_or(Err(RegistryError::Away))
}

/// The routes of a kind that we made for tenants.
async fn routes<K>(context: &Context) -> Result<Vec<PartialObjectMeta<K>>, Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    let labels = format!("{},{}", selector(&context.settings.installation), label::TENANT_UID);
    Ok(page::all(&route_api(context), ListParams::default().labels(&labels)).await?)
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
    for namespace in page::all(&namespaces, ListParams::default()).await? {
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
    let tenants = page::all(&tenants, ListParams::default()).await?;
    Ok(tenants.into_iter().filter_map(|tenant| tenant.uid()).collect())
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
