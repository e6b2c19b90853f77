//! What is left of tenants that are gone without a word (their finalizer was taken away by force) is found: their
//! routes are removed, their rows retained, which ends their tokens.

use std::collections::HashSet;
use std::time::Duration;

use crds::ScimTenant;
use crds::metadata::label;
use database::registry::{Change, OwnedRow, RegistryError};
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{DeleteParams, ListParams, Preconditions};
use kube::{Api, ResourceExt as _};
use tracing::{info, warn};

use crate::context::Context;
use crate::error::{Error, in_full};
use crate::object::selector;

const INTERVAL: Duration = Duration::from_mins(1);
const PAGE: u32 = 500;

/// Sweeps now and every minute, until it is dropped.
pub(crate) async fn run(context: &Context) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = sweep(context).await {
            warn!(error = in_full(&error), "could not look for what is left of tenants that are gone");
        }
    }
}

async fn sweep(context: &Context) -> Result<(), Error> {
    // Tenants last: one that is made meanwhile is among the tenants then, not its row among the rows.
    let rows = rows(context).await;
    let labels = format!("{},{}", selector(&context.settings), label::TENANT_UID);
    let routes = context.routes().list(&ListParams::default().labels(&labels)).await?.items;
    let tenants = uids(context).await?;
    for orphan in routes.iter().filter(|route| is_orphaned_route(route, &tenants)) {
        info!(route = orphan.name_any(), "removes a route without a tenant");
        remove(orphan, context).await?;
    }
    // While PostgreSQL is away, routes are looked after all the same.
    for orphan in rows?.into_iter().filter(|row| is_orphaned_row(row, &tenants)) {
        if context.registry.get().await?.retain(orphan.id, orphan.owner).await? == Change::Written {
            info!(id = %orphan.id, "retains the data of a tenant that is gone");
        }
    }
    Ok(())
}

async fn rows(context: &Context) -> Result<Vec<OwnedRow>, RegistryError> {
    context.registry.get().await?.active(&context.settings.installation).await
}

/// The UIDs of all tenants.
async fn uids(context: &Context) -> Result<HashSet<String>, Error> {
    let tenants: Api<ScimTenant> = Api::all(context.client.clone());
    let mut parameters = ListParams::default().limit(PAGE);
    let mut uids = HashSet::new();
    loop {
        let page = tenants.list_metadata(&parameters).await?;
        uids.extend(page.items.into_iter().filter_map(|tenant| tenant.metadata.uid));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(uids),
        }
    }
}

/// Deletes the route as it was read: one that a tenant of the same name has taken over meanwhile stays.
async fn remove(route: &Ingress, context: &Context) -> Result<(), Error> {
    let as_read = Preconditions { uid: route.uid(), resource_version: route.resource_version() };
    let parameters = DeleteParams { preconditions: Some(as_read), ..DeleteParams::default() };
    match context.routes().delete(&route.name_any(), &parameters).await.map_err(Error::from) {
        Err(Error::Raced) => Ok(()),
        Err(Error::Kubernetes(kube::Error::Api(status))) if status.is_not_found() => Ok(()),
        deleted => deleted.map(|_| ()),
    }
}

fn is_orphaned_route(route: &Ingress, tenants: &HashSet<String>) -> bool {
    route.labels().get(label::TENANT_UID).is_some_and(|uid| !tenants.contains(uid))
}

fn is_orphaned_row(row: &OwnedRow, tenants: &HashSet<String>) -> bool {
    !tenants.contains(&row.owner.uid.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{TENANT_UID, registered};

    #[test]
    fn a_route_is_an_orphan_when_the_tenant_of_its_label_is_not_there() {
        let route = |labels| serde_json::from_value(json!({"metadata": {"labels": labels}})).unwrap();
        let tenants = HashSet::from(["a".to_owned()]);
        assert!(!is_orphaned_route(&route(json!({"scim-operator.io/tenant-uid": "a"})), &tenants));
        assert!(is_orphaned_route(&route(json!({"scim-operator.io/tenant-uid": "b"})), &tenants));
        assert!(!is_orphaned_route(&route(json!({})), &tenants));
    }

    #[test]
    fn a_row_is_an_orphan_when_its_owner_is_not_there() {
        let registered = registered(vec![]);
        let row = OwnedRow { id: registered.id, owner: registered.owner };
        assert!(!is_orphaned_row(&row, &HashSet::from([TENANT_UID.to_owned()])));
        assert!(is_orphaned_row(&row, &HashSet::from(["another".to_owned()])));
    }
}
