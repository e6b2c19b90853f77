//! What has no tenant any more: pure.

use std::collections::HashSet;

use crds::metadata::label;
use database::registry::OwnedRow;
use kube::ResourceExt;
use uuid::Uuid;

/// Who is there.
#[derive(Debug, Default)]
pub(super) struct Living {
    /// The UIDs of the ScimTenants of all namespaces that we look after.
    pub(super) tenants: HashSet<String>,
    /// The namespaces of whose tenants nothing is known: others look after them.
    pub(super) elsewhere: Vec<Elsewhere>,
}

/// A namespace of whose tenants nothing is known.
#[derive(Debug)]
pub(super) struct Elsewhere {
    /// `metadata.uid`.
    pub(super) uid: Option<String>,
    /// `metadata.name`.
    pub(super) name: String,
}

impl Living {
    /// Whether a row's ScimTenant is gone, perhaps with its whole namespace.
    pub(super) fn lacks_owner_of(&self, row: &OwnedRow) -> bool {
        let namespace = row.owner.namespace_uid.to_string();
        !self.tenants.contains(&row.owner.uid.to_string())
            && !self.elsewhere.iter().any(|other| other.uid.as_ref() == Some(&namespace))
    }

    /// Whether the ScimTenant that a route was made for is gone.
    pub(super) fn lacks_tenant_of<K: ResourceExt>(&self, route: &K) -> bool {
        let Some(uid) = route.labels().get(label::TENANT_UID) else { return false };
        let namespace = route.labels().get(label::TENANT_NAMESPACE);
        !self.tenants.contains(uid) && !self.elsewhere.iter().any(|other| Some(&other.name) == namespace)
    }

    /// Whether the rows look like another cluster's: there are several, and none has its owner here or had it here since
    /// this process began (`residents`). So it is when this cluster comes in the place of one that is lost
    /// (`--take-over-cluster`), and its objects are not restored yet. To end the access of all of them would be worse than
    /// to wait for somebody to look.
    pub(super) fn is_of_another_cluster(&self, rows: &[OwnedRow], residents: &HashSet<Uuid>) -> bool {
        let was_never_here = |row: &OwnedRow| self.lacks_owner_of(row) && !residents.contains(&row.owner.uid);
        rows.len() > 1 && rows.iter().all(was_never_here)
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::networking::v1::Ingress;
    use serde_json::json;
    use tenancy::Owner;

    use super::*;
    use crate::fixtures::{NAMESPACE_UID, TENANT_UID, registered};

    fn living(tenant: &str) -> Living {
        Living { tenants: HashSet::from([tenant.to_owned()]), elsewhere: vec![] }
    }

    /// A namespace with this UID is looked after by somebody else.
    fn with_elsewhere(uid: &str, name: &str) -> Living {
        let elsewhere = vec![Elsewhere { uid: Some(uid.to_owned()), name: name.to_owned() }];
        Living { tenants: HashSet::new(), elsewhere }
    }

    fn row() -> OwnedRow {
        let registered = registered(vec![]);
        OwnedRow { id: registered.id, owner: registered.owner }
    }

    #[test]
    fn a_route_is_an_orphan_when_the_tenant_of_its_labels_is_not_there() {
        let route =
            |labels| -> Ingress { serde_json::from_value(json!({"metadata": {"labels": labels}})).unwrap() };
        let of = |uid| {
            route(json!({"scim-operator.io/tenant-uid": uid, "scim-operator.io/tenant-namespace": "one"}))
        };
        assert!(!living("a").lacks_tenant_of(&of("a")));
        assert!(living("a").lacks_tenant_of(&of("b")));
        assert!(!living("a").lacks_tenant_of(&route(json!({}))));
        assert!(!with_elsewhere("u", "one").lacks_tenant_of(&of("b")));
        assert!(with_elsewhere("u", "two").lacks_tenant_of(&of("b")));
    }

    #[test]
    fn a_row_is_an_orphan_when_its_owner_is_not_there() {
        assert!(!living(TENANT_UID).lacks_owner_of(&row()));
        assert!(living("another").lacks_owner_of(&row()));
    }

    #[test]
    fn a_row_of_a_namespace_that_somebody_else_looks_after_is_no_orphan_before_that_namespace_is_gone() {
        assert!(!with_elsewhere(NAMESPACE_UID, "customer-acme").lacks_owner_of(&row()));
        assert!(with_elsewhere("another", "customer-acme").lacks_owner_of(&row()));
    }

    #[test]
    fn several_rows_of_which_none_has_its_owner_here_are_of_another_cluster() {
        let nobody = HashSet::new();
        assert!(living("another").is_of_another_cluster(&[row(), row()], &nobody));
        assert!(!living(TENANT_UID).is_of_another_cluster(&[row(), row()], &nobody));
        assert!(!living("another").is_of_another_cluster(&[row()], &nobody), "the only tenant is gone");
    }

    #[test]
    fn rows_are_of_this_cluster_when_one_of_their_owners_was_here_though_all_are_gone() {
        let two = [1, 2].map(|number| {
            let owner = Owner { uid: Uuid::from_u128(number), ..row().owner };
            OwnedRow { owner, ..row() }
        });
        let gone = Living::default();
        assert!(gone.is_of_another_cluster(&two, &HashSet::from([Uuid::from_u128(3)])));
        assert!(!gone.is_of_another_cluster(&two, &HashSet::from([Uuid::from_u128(2)])));
        assert!(two.iter().all(|row| gone.lacks_owner_of(row)), "so both are retained");
    }
}
