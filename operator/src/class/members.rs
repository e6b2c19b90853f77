//! The tenants of a class, as a watch knows them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crds::class::TenantCounts;
use crds::{ScimTenant, ScimTenantClass};

use crate::class::AcceptedClass;
use crate::class::choice::belongs;
use crate::concern::{is_ready, was_accepted};
use crate::route::{is_routable, routed_tenant};

/// The tenants of a class.
#[derive(Debug)]
pub(super) struct Members(Vec<Arc<ScimTenant>>);

impl Members {
    /// Those of `tenants` that belong to the class.
    pub(super) fn of(
        class: &ScimTenantClass,
        classes: &[ScimTenantClass],
        tenants: impl IntoIterator<Item = Arc<ScimTenant>>,
    ) -> Self {
        Self(tenants.into_iter().filter(|tenant| belongs(tenant, class, classes)).collect())
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(super) fn counts(&self) -> TenantCounts {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let ready = self.0.iter().filter(|tenant| is_ready(tenant)).count();
        TenantCounts {
            total: number(self.0.len()),
            ready: number(ready),
            not_ready: number(self.0.len() - ready),
        }
    }

    /// The hosts to catch all requests of: the class's own, or that of each tenant that was ever accepted. A stranger
    /// cannot have a host by naming the class. What makes no host is said at the tenant.
    pub(super) fn hosts(&self, class: &AcceptedClass) -> BTreeSet<String> {
        let hosts = match class.url.for_all() {
            Some(host) => vec![host],
            None => self
                .0
                .iter()
                .filter(|tenant| was_accepted(tenant))
                .filter_map(|tenant| {
                    let metadata = &tenant.metadata;
                    let namespace = metadata.namespace.as_deref()?.parse().ok()?;
                    class.url.for_tenant(&namespace, &metadata.name.as_deref()?.parse().ok()?).ok()
                })
                .collect(),
        };
        hosts.iter().map(|host| host.host().to_owned()).filter(|host| is_routable(host)).collect()
    }

    /// Whether one of them is the tenant of one of these routes.
    pub(super) fn has_one_routed_by(&self, route_names: impl IntoIterator<Item = String>) -> bool {
        let paths: HashSet<(&str, &str)> = self
            .0
            .iter()
            .filter_map(|tenant| {
                Some((tenant.metadata.namespace.as_deref()?, tenant.metadata.name.as_deref()?))
            })
            .collect();
        route_names.into_iter().any(|name| routed_tenant(&name).is_some_and(|path| paths.contains(&path)))
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use serde_json::json;

    use super::*;
    use crate::class::accept;
    use crate::fixtures::{class, settings, tenant};

    fn member(namespace: &str, name: &str, ready: &str) -> Arc<ScimTenant> {
        let mut tenant = tenant(json!({}));
        tenant.metadata.namespace = Some(namespace.to_owned());
        tenant.metadata.name = Some(name.to_owned());
        let status = json!({
            "tenantURL": "https://scim.example.com/a/b/scim/v2",
            "conditions": [{
                "type": "Ready", "status": ready, "reason": "Reason", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }],
        });
        tenant.status = Some(serde_json::from_value(status).unwrap());
        Arc::new(tenant)
    }

    fn stranger() -> Arc<ScimTenant> {
        let mut tenant = tenant(json!({}));
        tenant.metadata.namespace = Some("stranger".to_owned());
        Arc::new(tenant)
    }

    fn hosts(url: &str, tenants: Vec<Arc<ScimTenant>>) -> Vec<String> {
        let class = class("default", json!({"url": url}));
        let accepted = accept(&class, &settings()).unwrap();
        Members::of(&class, from_ref(&class), tenants).hosts(&accepted).into_iter().collect()
    }

    #[test]
    fn a_class_with_one_host_catches_it_with_and_without_tenants() {
        assert_eq!(hosts("https://scim.example.com", vec![]), ["scim.example.com"]);
        let tenants = vec![member("a", "one", "True"), stranger()];
        assert_eq!(hosts("http://localhost:8080", tenants), ["localhost"]);
    }

    #[test]
    fn a_class_with_a_host_for_each_namespace_catches_those_of_its_tenants_once() {
        let tenants = || {
            vec![
                member("b", "one", "True"),
                member("a", "one", "False"),
                member("a", "two", "True"),
                stranger(),
            ]
        };
        assert_eq!(
            hosts("https://{namespace}.scim.example.com", tenants()),
            ["a.scim.example.com", "b.scim.example.com"]
        );
        assert_eq!(
            hosts("https://{name}-{namespace}.scim.example.com", tenants()),
            ["one-a.scim.example.com", "one-b.scim.example.com", "two-a.scim.example.com"]
        );
        assert_eq!(hosts("https://{namespace}.scim.example.com", vec![]), [""; 0]);
    }

    #[test]
    fn names_that_make_no_host_are_left_out() {
        let tenants = vec![member(&"n".repeat(60), "name", "True"), member("a", "one", "True")];
        assert_eq!(hosts("https://{name}-{namespace}.scim.example.com", tenants), ["one-a.scim.example.com"]);
    }

    #[test]
    fn a_class_has_routes_of_a_kind_as_long_as_one_of_its_tenants_has() {
        let class = class("default", json!({}));
        let members = Members::of(&class, from_ref(&class), [member("a", "one", "True")]);
        let is_routed_by =
            |names: &[&str]| members.has_one_routed_by(names.iter().map(|&name| name.to_owned()));
        assert!(is_routed_by(&["tenant.b.one", "tenant.a.one"]));
        assert!(!is_routed_by(&["tenant.b.one", "host.a.one"]));
        assert!(!is_routed_by(&[]));
    }

    #[test]
    fn the_tenants_of_the_class_are_counted_and_no_others() {
        let class = class("default", json!({}));
        let mut of_another = ScimTenant::clone(&member("c", "one", "True"));
        of_another.spec.class_name = Some("another".to_owned());
        let tenants =
            [member("a", "one", "True"), member("b", "one", "False"), stranger(), Arc::new(of_another)];
        let members = Members::of(&class, from_ref(&class), tenants);
        assert_eq!(members.counts(), TenantCounts { total: 3, ready: 1, not_ready: 2 });
        assert!(!members.is_empty());
    }
}
