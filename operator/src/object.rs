//! Labels and owners of the objects that we make.

use std::collections::BTreeMap;

use crds::metadata::label;
use crds::{ScimTenant, ScimTenantClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use tenancy::{InstallationId, TenantKey};

use crate::apply::is_spec_ours;
use crate::settings::Settings;

/// The name that our writes carry in `managedFields`.
pub(crate) const FIELD_MANAGER: &str = "scim-operator";

/// What is in the cluster under the name of an object that we want.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found<K> {
    /// Nothing.
    Absent,
    /// The object that we made.
    Ours(K),
    /// An object of somebody else, which is never touched.
    Foreign,
}

impl<K> Found<K> {
    /// The object, if it is ours.
    pub(crate) fn ours(&self) -> Option<&K> {
        match self {
            Self::Ours(object) => Some(object),
            Self::Absent | Self::Foreign => None,
        }
    }

    /// The same, with our object as something else.
    pub(crate) fn map<L>(self, into: impl FnOnce(K) -> L) -> Found<L> {
        match self {
            Self::Absent => Found::Absent,
            Self::Ours(object) => Found::Ours(into(object)),
            Self::Foreign => Found::Foreign,
        }
    }
}

/// Sorts what was found under a name by its controller (`metadata.ownerReferences`).
pub(crate) fn found_by_controller<K: Resource>(object: Option<K>, owner_uid: &str) -> Found<K> {
    sort(object, |metadata| {
        let owners = metadata.owner_references.iter().flatten();
        owners.into_iter().any(|owner| owner.uid == owner_uid && owner.controller == Some(true))
    })
}

/// Sorts what was found under the name of a tenant's route by the installation that its labels name: owners must be in the
/// same namespace (<https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>), and routes are
/// not. Another name in there is another's claim; a label that somebody took away is none, as long as we made the `spec`.
///
/// Not by the tenant's UID: what a tenant of the same name left behind, whose finalizer was taken away, is taken over.
pub(crate) fn found_by_label<K: Resource>(object: Option<K>, tenant: &TenantKey) -> Found<K> {
    let ours = [(label::MANAGED_BY, label::MANAGER), (label::INSTALLATION, tenant.installation.as_str())];
    sort(object, |metadata| {
        let value = |key| metadata.labels.as_ref().and_then(|labels| labels.get(key)).map(String::as_str);
        ours.into_iter().all(|(key, ours)| match value(key) {
            Some(name) => name == ours,
            None => is_spec_ours(metadata),
        })
    })
}

fn sort<K: Resource>(object: Option<K>, is_ours: impl Fn(&ObjectMeta) -> bool) -> Found<K> {
    match object {
        None => Found::Absent,
        Some(object) if is_ours(object.meta()) => Found::Ours(object),
        Some(_) => Found::Foreign,
    }
}

/// The labels of what belongs to a tenant.
pub(crate) fn tenant_labels(tenant: &ScimTenant, settings: &Settings) -> BTreeMap<String, String> {
    let metadata = &tenant.metadata;
    let own = [
        (label::TENANT_NAMESPACE, metadata.namespace.clone().unwrap_or_default()),
        (label::TENANT_NAME, metadata.name.clone().unwrap_or_default()),
        (label::TENANT_UID, metadata.uid.clone().unwrap_or_default()),
    ];
    with_common(own, settings)
}

/// The labels of what belongs to a class.
pub(crate) fn class_labels(class: &ScimTenantClass, settings: &Settings) -> BTreeMap<String, String> {
    with_common([(label::CLASS_NAME, class.metadata.name.clone().unwrap_or_default())], settings)
}

/// Selects everything that an installation made.
pub(crate) fn selector(installation: &InstallationId) -> String {
    format!("{}={},{}={}", label::MANAGED_BY, label::MANAGER, label::INSTALLATION, installation)
}

/// The labels of what an installation made.
pub(crate) fn labels_of(installation: &InstallationId) -> BTreeMap<String, String> {
    let common =
        [(label::MANAGED_BY, label::MANAGER.to_owned()), (label::INSTALLATION, installation.to_string())];
    common.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn with_common<const N: usize>(own: [(&str, String); N], settings: &Settings) -> BTreeMap<String, String> {
    let own = own.into_iter().map(|(key, value)| (key.to_owned(), value));
    labels_of(&settings.installation).into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Secret;
    use serde_json::json;

    use super::*;
    use crate::fixtures::{identity, settings, tenant};

    fn secret(metadata: &serde_json::Value) -> Secret {
        serde_json::from_value(json!({"metadata": metadata})).unwrap()
    }

    #[test]
    fn an_object_is_ours_by_the_uid_of_its_controller() {
        let owner = |uid, controller| {
            json!({"ownerReferences": [
                {"apiVersion": "v", "kind": "k", "name": "n", "uid": uid, "controller": controller}
            ]})
        };
        assert!(matches!(found_by_controller(Some(secret(&owner("a", true))), "a"), Found::Ours(_)));
        assert_eq!(found_by_controller(Some(secret(&owner("b", true))), "a"), Found::Foreign);
        assert_eq!(found_by_controller(Some(secret(&owner("a", false))), "a"), Found::Foreign);
        assert_eq!(found_by_controller(Some(secret(&json!({}))), "a"), Found::Foreign);
        assert_eq!(found_by_controller(None::<Secret>, "a"), Found::Absent);
    }

    #[test]
    fn a_route_is_ours_by_its_installation_and_one_that_was_left_behind_is_too() {
        let key = identity(&tenant(json!({}))).key;
        let labels = tenant_labels(&tenant(json!({})), &settings());
        let route = |change: Option<(&str, &str)>| {
            let mut labels = labels.clone();
            labels.extend(change.map(|(key, value)| (key.to_owned(), value.to_owned())));
            found_by_label(Some(secret(&json!({"labels": labels}))), &key)
        };
        assert!(matches!(route(None), Found::Ours(_)));
        for edited in [label::TENANT_UID, label::TENANT_NAMESPACE, label::TENANT_NAME] {
            assert!(matches!(route(Some((edited, "another"))), Found::Ours(_)), "{edited}");
        }
        for other in [label::MANAGED_BY, label::INSTALLATION] {
            assert_eq!(route(Some((other, "another"))), Found::Foreign, "{other}");
        }
        assert_eq!(found_by_label(Some(secret(&json!({}))), &key), Found::Foreign);
    }

    #[test]
    fn a_route_whose_labels_were_taken_away_is_ours_if_we_made_its_spec() {
        let key = identity(&tenant(json!({}))).key;
        let made_by = |manager| {
            let fields =
                json!([{"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {"f:rules": {}}}}]);
            found_by_label(Some(secret(&json!({"managedFields": fields}))), &key)
        };
        assert!(matches!(made_by(FIELD_MANAGER), Found::Ours(_)));
        assert_eq!(made_by("kubectl"), Found::Foreign);
    }
}
