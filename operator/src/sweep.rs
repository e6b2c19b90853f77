//! Routes whose tenant is gone without a word (its finalizer was taken away by force) are found and removed.

use std::collections::HashSet;
use std::time::Duration;

use crds::ScimTenant;
use crds::metadata::label;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use tracing::{info, warn};

use crate::apply::delete;
use crate::context::Context;
use crate::error::{Error, in_full};
use crate::object::selector;

const INTERVAL: Duration = Duration::from_hours(1);
const PAGE: u32 = 500;

/// Sweeps now and every hour, until it is dropped.
pub(crate) async fn run(context: &Context) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = sweep(context).await {
            warn!(error = in_full(&error), "could not look for routes without a tenant");
        }
    }
}

async fn sweep(context: &Context) -> Result<(), Error> {
    // Routes first: a tenant that is made meanwhile is among the tenants then, not its route among the routes.
    let labels = format!("{},{}", selector(&context.settings), label::TENANT_UID);
    let routes = context.routes().list(&ListParams::default().labels(&labels)).await?.items;
    let tenants = uids(context).await?;
    for orphan in routes.iter().filter(|route| is_orphan(route, &tenants)) {
        info!(route = orphan.name_any(), "removes a route without a tenant");
        delete(&context.routes(), orphan).await?;
    }
    Ok(())
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

fn is_orphan(route: &Ingress, tenants: &HashSet<String>) -> bool {
    route.labels().get(label::TENANT_UID).is_some_and(|uid| !tenants.contains(uid))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_route_is_an_orphan_when_the_tenant_of_its_label_is_not_there() {
        let route = |labels| serde_json::from_value(json!({"metadata": {"labels": labels}})).unwrap();
        let tenants = HashSet::from(["a".to_owned()]);
        assert!(!is_orphan(&route(json!({"scim-operator.io/tenant-uid": "a"})), &tenants));
        assert!(is_orphan(&route(json!({"scim-operator.io/tenant-uid": "b"})), &tenants));
        assert!(!is_orphan(&route(json!({})), &tenants));
    }
}
