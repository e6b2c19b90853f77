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
use tracing::{error, info, warn};

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
    // Access first. One half that fails does not hold up the other.
    let retained = match rows {
        Ok(rows) => retain(&rows, &tenants, context).await,
        Err(error) => Err(error.into()),
    };
    for orphan in routes.iter().filter(|route| is_orphaned_route(route, &tenants)) {
        info!(route = orphan.name_any(), "removes a route without a tenant");
        remove(orphan, context).await?;
    }
    retained
}

/// Ends the access of tenants that are gone, and keeps their data.
async fn retain(rows: &[OwnedRow], tenants: &HashSet<String>, context: &Context) -> Result<(), Error> {
    if belongs_to_another_cluster(rows, tenants) {
        let installation = &context.settings.installation;
        error!(
            %installation,
            rows = rows.len(),
            "no tenant of the registry is in this cluster: does another cluster use the same --installation? \
             nothing is retained"
        );
        return Ok(());
    }
    for orphan in rows.iter().filter(|row| is_orphaned_row(row, tenants)) {
        if context.registry.get().await?.retain(orphan.id, orphan.owner).await? == Change::Written {
            info!(id = %orphan.id, "retains the data of a tenant that is gone");
        }
    }
    Ok(())
}

/// Whether the rows look like another cluster's (or this is a restored one): there are several, and none has its owner
/// here. To end the access of all of them would be worse than to wait for somebody to look.
fn belongs_to_another_cluster(rows: &[OwnedRow], tenants: &HashSet<String>) -> bool {
    rows.len() > 1 && rows.iter().all(|row| is_orphaned_row(row, tenants))
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
    fn several_rows_of_which_none_has_its_owner_here_are_of_another_cluster() {
        let registered = registered(vec![]);
        let row = OwnedRow { id: registered.id, owner: registered.owner };
        let (here, elsewhere) =
            (HashSet::from([TENANT_UID.to_owned()]), HashSet::from(["another".to_owned()]));
        assert!(belongs_to_another_cluster(&[row, row], &elsewhere));
        assert!(!belongs_to_another_cluster(&[row, row], &here));
        assert!(!belongs_to_another_cluster(&[row], &elsewhere), "the only tenant is gone");
    }

    #[test]
    fn a_row_is_an_orphan_when_its_owner_is_not_there() {
        let registered = registered(vec![]);
        let row = OwnedRow { id: registered.id, owner: registered.owner };
        assert!(!is_orphaned_row(&row, &HashSet::from([TENANT_UID.to_owned()])));
        assert!(is_orphaned_row(&row, &HashSet::from(["another".to_owned()])));
    }
}
