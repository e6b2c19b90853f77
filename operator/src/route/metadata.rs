//! Names, labels and owners of routes, the same for either kind.

use crds::{ScimTenant, ScimTenantClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource as _;
use tenancy::TenantPath;

use crate::object::{class_labels, tenant_labels};
use crate::settings::Settings;

/// Begins the names of tenants' routes.
const TENANT: &str = "tenant.";
/// Begins the names of catch-alls.
const CATCH_ALL: &str = "host.";
/// Most characters in the name of an object
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names>).
const LONGEST_NAME: usize = 253;

/// The name of a tenant's route. Namespace and name are DNS labels, so no two tenants have the same.
pub(crate) fn tenant_route_name(path: &TenantPath) -> String {
    format!("{TENANT}{}.{}", path.namespace, path.name)
}

/// Namespace and name of the tenant whose route has this name.
pub(crate) fn routed_tenant(route_name: &str) -> Option<(&str, &str)> {
    route_name.strip_prefix(TENANT)?.split_once('.')
}

/// The name of the catch-all of a host. It is a DNS name, as names of routes are.
pub(crate) fn catch_all_name(host: &str) -> String {
    format!("{CATCH_ALL}{host}")
}

/// The host whose catch-all has this name.
pub(crate) fn caught_host(name: &str) -> Option<&str> {
    name.strip_prefix(CATCH_ALL)
}

/// Whether a host is short enough for [`catch_all_name`].
pub(crate) fn is_routable(host: &str) -> bool {
    catch_all_name(host).len() <= LONGEST_NAME
}

/// The metadata of a tenant's route.
pub(super) fn tenant_metadata(tenant: &ScimTenant, path: &TenantPath, settings: &Settings) -> ObjectMeta {
    ObjectMeta {
        name: Some(tenant_route_name(path)),
        namespace: Some(settings.server.namespace.to_string()),
        labels: Some(tenant_labels(tenant, settings)),
        ..ObjectMeta::default()
    }
}

/// The metadata of a class's catch-all, which goes with its class.
pub(crate) fn catch_all_metadata(class: &ScimTenantClass, host: &str, settings: &Settings) -> ObjectMeta {
    ObjectMeta {
        name: Some(catch_all_name(host)),
        namespace: Some(settings.server.namespace.to_string()),
        labels: Some(class_labels(class, settings)),
        owner_references: class.controller_owner_ref(&()).map(|owner| vec![owner]),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routes_name_tells_what_it_is_for() {
        let path = TenantPath::parse("customer-acme", "acme").unwrap();
        assert_eq!(routed_tenant(&tenant_route_name(&path)), Some(("customer-acme", "acme")));
        assert_eq!(caught_host(&catch_all_name("scim.example.com")), Some("scim.example.com"));
        assert_eq!(routed_tenant("host.scim.example.com"), None);
        assert_eq!(caught_host("tenant.customer-acme.acme"), None);
    }
}
