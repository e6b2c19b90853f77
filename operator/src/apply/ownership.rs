//! Who wrote which field of a live object, by its `managedFields`
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde_json::{Map, Value, json};

use crate::object::FIELD_MANAGER;

/// Whether somebody else had a hand in the `spec` that we made, even where it still holds all that we want: a field of ours
/// is theirs now (a list that they added to), or they set one that we do not.
pub(super) fn is_spec_edited(desired: &Value, live: &ObjectMeta) -> bool {
    let Some(desired) = desired.get("spec").and_then(Value::as_object) else { return false };
    let ours = spec_fields(live, is_ours);
    desired.keys().any(|field| !ours.contains(field.as_str())) || !surplus(desired, live).is_empty()
}

/// The patch that goes before an apply: it makes fields which we own by POST owned by apply, without which an apply that
/// leaves them out would not take them away (as client-go's `csaupgrade` does for kubectl), and takes away what others added
/// to `spec`. `None` where there is nothing to do.
pub(super) fn claim(desired: &Value, live: &ObjectMeta) -> Option<Value> {
    let spec = desired.get("spec").and_then(Value::as_object).and_then(|spec| without_surplus(spec, live));
    let mut patch = json!({"metadata": {"uid": live.uid, "resourceVersion": live.resource_version}});
    if let Some(entries) = as_if_applied(live, FIELD_MANAGER) {
        patch["metadata"]["managedFields"] = json!(entries);
    } else if spec.is_none() {
        return None;
    }
    if let Some(spec) = spec {
        patch["spec"] = spec;
    }
    Some(patch)
}

/// The `managedFields` with what this manager owns by POST as if it were by apply; `None` when it owns nothing by POST.
pub(crate) fn as_if_applied(live: &ObjectMeta, manager: &str) -> Option<Vec<ManagedFieldsEntry>> {
    let is_created = |entry: &ManagedFieldsEntry| {
        entry.manager.as_deref() == Some(manager) && entry.operation.as_deref() == Some("Update")
    };
    let mut entries = live.managed_fields.clone()?;
    let mut created = entries.iter_mut().filter(|entry| is_created(entry)).peekable();
    created.peek()?;
    for entry in created {
        entry.operation = Some("Apply".to_owned());
    }
    Some(entries)
}

/// Whether we made the `spec` of an object: for one whose labels were taken away.
pub(crate) fn is_spec_ours(live: &ObjectMeta) -> bool {
    !spec_fields(live, is_ours).is_empty()
}

/// Whether anybody set a field of `spec`: what the API server chose by itself when the object was made is nobody's.
pub(crate) fn is_field_set(live: &ObjectMeta, field: &str) -> bool {
    spec_fields(live, |_| true).contains(field)
}

/// What takes away from a `spec` what others added, if they did. It comes with all that we want, because the rest alone may
/// be invalid.
fn without_surplus(desired: &Map<String, Value>, live: &ObjectMeta) -> Option<Value> {
    let surplus = surplus(desired, live);
    let gone = surplus.iter().map(|field| ((*field).to_owned(), Value::Null));
    (!surplus.is_empty()).then(|| desired.clone().into_iter().chain(gone).collect())
}

/// The fields of `spec` that others set and we do not want.
fn surplus<'a>(desired: &Map<String, Value>, live: &'a ObjectMeta) -> BTreeSet<&'a str> {
    let theirs = spec_fields(live, |entry| !is_ours(entry));
    theirs.into_iter().filter(|field| !desired.contains_key(*field)).collect()
}

fn is_ours(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(FIELD_MANAGER)
}

/// The fields directly below `spec` that these managers own. Lists in there are owned as a whole: those of Ingress and
/// HTTPRoute are atomic.
fn spec_fields(live: &ObjectMeta, is_meant: impl Fn(&ManagedFieldsEntry) -> bool) -> BTreeSet<&str> {
    let entries = live.managed_fields.iter().flatten();
    entries
        .filter(|entry| entry.subresource.is_none() && is_meant(entry))
        .filter_map(|entry| entry.fields_v1.as_ref()?.0.get("f:spec")?.as_object())
        .flat_map(Map::keys)
        .filter_map(|key| key.strip_prefix("f:"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: &[&str]) -> Value {
        let spec: Map<String, Value> = fields.iter().map(|field| (format!("f:{field}"), json!({}))).collect();
        json!({"manager": manager, "operation": operation, "fieldsV1": {"f:spec": spec}})
    }

    fn live(entries: &[Value]) -> ObjectMeta {
        let metadata = json!({"uid": "u", "resourceVersion": "7", "managedFields": entries});
        serde_json::from_value(metadata).unwrap()
    }

    fn desired() -> Value {
        json!({"spec": {"rules": []}})
    }

    #[test]
    fn what_was_created_is_claimed_for_apply_once() {
        let other = entry("kubectl", "Update", &[]);
        let patch =
            claim(&desired(), &live(&[other.clone(), entry("scim-operator", "Update", &["rules"])])).unwrap();
        assert_eq!(patch["metadata"]["managedFields"][1]["operation"], "Apply");
        assert_eq!(patch["metadata"]["managedFields"][0]["operation"], "Update");
        assert_eq!(patch["metadata"]["resourceVersion"], "7");
        assert_eq!(claim(&desired(), &live(&[other, entry("scim-operator", "Apply", &["rules"])])), None);
    }

    #[test]
    fn a_spec_that_is_ours_alone_is_not_edited() {
        for operation in ["Update", "Apply"] {
            assert!(!is_spec_edited(&desired(), &live(&[entry("scim-operator", operation, &["rules"])])));
        }
        assert!(!is_spec_edited(&json!({"data": {}}), &live(&[])), "there is no spec");
    }

    #[test]
    fn a_list_that_somebody_added_to_is_not_ours_any_more() {
        let taken =
            [entry("scim-operator", "Update", &["host"]), entry("kubectl-edit", "Update", &["rules"])];
        assert!(is_spec_edited(&desired(), &live(&taken)));
        assert!(is_spec_edited(&desired(), &live(&[])), "somebody wiped who owns what");
    }

    #[test]
    fn a_field_that_somebody_added_is_taken_away() {
        let added = [
            entry("scim-operator", "Apply", &["rules"]),
            entry("kubectl-edit", "Update", &["defaultBackend"]),
        ];
        assert!(is_spec_edited(&desired(), &live(&added)));
        let patch = claim(&desired(), &live(&added)).unwrap();
        assert_eq!(patch["spec"], json!({"rules": [], "defaultBackend": null}));
        assert_eq!(patch["metadata"].get("managedFields"), None);
    }

    #[test]
    fn somebody_who_agrees_with_us_is_left_alone() {
        let both = [entry("scim-operator", "Apply", &["rules"]), entry("argocd", "Apply", &["rules"])];
        assert!(!is_spec_edited(&desired(), &live(&both)));
    }

    #[test]
    fn what_controllers_write_into_a_status_is_of_no_matter() {
        let mut status = entry("gateway", "Update", &["rules", "other"]);
        status["subresource"] = json!("status");
        assert!(!is_spec_edited(&desired(), &live(&[status, entry("scim-operator", "Apply", &["rules"])])));
    }
}
