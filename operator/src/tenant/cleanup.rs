//! The end of a tenant. Nothing comes before it: a class that is missing, a spec that is invalid or a namespace that
//! is being deleted must not keep a tenant from going (cloudnative-pg#10868), and nothing is dropped that belongs to
//! another (cloudnative-pg#10866).

use crds::tenant::DeletionPolicy;
use crds::{Reason, ScimTenant, ScimTenantClass};
use database::registry::RegisteredTenant;
use jiff::Timestamp;
use kube::Api;
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;
use tracing::info;

use crate::apply::delete;
use crate::class::{choose_class, classes};
use crate::context::Context;
use crate::error::Error;
use crate::event;
use crate::finalizer;
use crate::obstacle::Obstacle;
use crate::registry;
use crate::settings::Settings;
use crate::tenant::dereference::{self, FoundNamespace};
use crate::tenant::identity::Identity;
use crate::tenant::report::report;
use crate::tenant::status::deletion_waits;
use crate::tenant::validate::{Placement, place};

/// Lets a tenant go: its route, its Secret, its data by its deletion policy, and last the finalizer.
///
/// The garbage collector would take the Secret too, but later: a tenant that is made again at once would find its name
/// taken.
pub(crate) async fn cleanup(
    tenant: &ScimTenant,
    identity: &Identity,
    context: &Context,
) -> Result<Action, Error> {
    if !finalizer::is_set(tenant, finalizer::TENANT) {
        return Ok(Action::await_change());
    }
    let registered = match dereference::registered(identity, context).await {
        Ok(registered) => Ok(registered),
        Err(error) => Err(registry::obstacle(&error)?),
    };
    let (classes, namespace, route, secret, old_secret) = tokio::try_join!(
        classes(context),
        dereference::namespace(identity, context),
        dereference::route(identity, context),
        dereference::secret(&identity.secret_name, identity, context),
        dereference::old_secret(tenant, identity, context),
    )?;
    let own = match &registered {
        Ok(registered) => registered.as_ref().filter(|row| row.owner.uid == identity.uid),
        Err(obstacle) if is_ours(tenant, &classes, &context.settings) => {
            return wait(tenant, obstacle, context).await;
        }
        Err(_) => None,
    };
    if own.is_none() && !is_ours(tenant, &classes, &context.settings) {
        return Ok(Action::await_change());
    }
    if let Some(route) = route.ours() {
        delete(&context.routes(), route).await?;
    }
    for secret in secret.ours().into_iter().chain(&old_secret) {
        delete(&context.secrets(&identity.key.namespace), secret).await?;
    }
    if let Some(row) = own {
        let policy = last_policy(tenant, namespace.as_ref(), &classes, &context.settings);
        if let Err(obstacle) = let_go(row, policy, context).await? {
            return wait(tenant, &obstacle, context).await;
        }
        info!(tenant = %identity.key, id = %row.id, ?policy, "let a tenant go");
        event::publish(tenant, &farewell(row, policy), context).await;
    }
    let tenants = Api::namespaced(context.client.clone(), identity.key.namespace.as_str());
    finalizer::remove(tenant, finalizer::TENANT, &tenants).await?;
    context.census.forget(identity.uid);
    Ok(Action::await_change())
}

/// Whether it is for this operator to let the tenant go: unless its class says that it is for another.
fn is_ours(tenant: &ScimTenant, classes: &[ScimTenantClass], settings: &Settings) -> bool {
    choose_class(tenant, classes).map_or(true, |class| class.spec.controller_name == settings.controller_name)
}

/// What becomes of the data: as the class allows now; if the tenant cannot be accepted now, as it was last accepted,
/// unless tenant or class say Retain by now. In doubt the data stays.
fn last_policy(
    tenant: &ScimTenant,
    namespace: Option<&FoundNamespace>,
    classes: &[ScimTenantClass],
    settings: &Settings,
) -> DeletionPolicy {
    let placed = namespace.map(|namespace| place(tenant, namespace, classes, settings));
    if let Some(Ok(Placement { deletion_policy, .. })) = placed {
        return deletion_policy;
    }
    let is_refused = tenant.spec.deletion_policy == Some(DeletionPolicy::Retain)
        || choose_class(tenant, classes)
            .is_ok_and(|class| !class.spec.deletion_policies.contains(&DeletionPolicy::Delete));
    match tenant.status.as_ref().and_then(|status| status.deletion_policy) {
        Some(accepted) if !is_refused => accepted,
        _ => DeletionPolicy::Retain,
    }
}

async fn let_go(
    row: &RegisteredTenant,
    policy: DeletionPolicy,
    context: &Context,
) -> Result<Result<(), Obstacle>, Error> {
    let written = async {
        let registry = context.registry.get().await?;
        match policy {
            DeletionPolicy::Retain => registry.retain(row.id, row.owner).await,
            DeletionPolicy::Delete => registry.delete(row.id, row.owner).await,
        }
    };
    match written.await {
        Ok(_) => Ok(Ok(())),
        Err(error) => registry::obstacle(&error).map(Err),
    }
}

/// Says why the deletion waits, and what a person can do who cannot wait.
async fn wait(tenant: &ScimTenant, obstacle: &Obstacle, context: &Context) -> Result<Action, Error> {
    let obstacle = Obstacle {
        message: format!(
            "{}; the deletion waits for it. Whoever removes the finalizer {} leaves the data behind",
            obstacle.message,
            finalizer::TENANT
        ),
        ..obstacle.clone()
    };
    report(tenant, deletion_waits(tenant, &obstacle, Timestamp::now()), context).await?;
    Err(Error::Waits(obstacle))
}

fn farewell(row: &RegisteredTenant, policy: DeletionPolicy) -> event::Note {
    let (reason, message) = match policy {
        DeletionPolicy::Retain => (
            Reason::DataRetained,
            format!("users and groups stay in schema {} for a ScimTenant of this name", row.schema_name()),
        ),
        DeletionPolicy::Delete => {
            (Reason::DataDeleted, format!("users and groups in schema {} are deleted", row.schema_name()))
        }
    };
    event::Note { type_: EventType::Normal, reason: reason.as_str().to_owned(), message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{class, namespace, settings, tenant};

    const BOTH: &str = "both";

    fn policy(spec: serde_json::Value, accepted: Option<DeletionPolicy>, allowed: &str) -> DeletionPolicy {
        let mut tenant = tenant(spec);
        tenant.status.get_or_insert_default().deletion_policy = accepted;
        let classes = match allowed {
            BOTH => vec![class("default", json!({"deletionPolicies": ["Retain", "Delete"]}))],
            "retain" => vec![class("default", json!({}))],
            "invalid" => {
                vec![class("default", json!({"deletionPolicies": ["Retain", "Delete"], "database": "other"}))]
            }
            _ => vec![],
        };
        last_policy(&tenant, Some(&namespace()), &classes, &settings())
    }

    #[test]
    fn a_tenant_that_could_be_accepted_now_has_the_policy_that_it_says() {
        assert_eq!(policy(json!({"deletionPolicy": "Delete"}), None, BOTH), DeletionPolicy::Delete);
        assert_eq!(policy(json!({}), Some(DeletionPolicy::Delete), BOTH), DeletionPolicy::Retain);
    }

    #[test]
    fn without_a_class_that_accepts_it_the_last_accepted_policy_holds() {
        for class in ["none", "invalid"] {
            let spec = json!({"deletionPolicy": "Delete"});
            assert_eq!(policy(spec.clone(), Some(DeletionPolicy::Delete), class), DeletionPolicy::Delete);
            assert_eq!(policy(spec, Some(DeletionPolicy::Retain), class), DeletionPolicy::Retain);
        }
    }

    #[test]
    fn a_tenant_that_was_never_accepted_keeps_the_data() {
        assert_eq!(policy(json!({"deletionPolicy": "Delete"}), None, "none"), DeletionPolicy::Retain);
        assert_eq!(policy(json!({"deletionPolicy": "Delete"}), None, "retain"), DeletionPolicy::Retain);
    }

    #[test]
    fn retain_always_has_its_way() {
        let accepted = Some(DeletionPolicy::Delete);
        assert_eq!(policy(json!({"deletionPolicy": "Retain"}), accepted, "none"), DeletionPolicy::Retain);
        assert_eq!(policy(json!({"deletionPolicy": "Delete"}), accepted, "retain"), DeletionPolicy::Retain);
    }

    #[test]
    fn a_tenant_of_another_operators_class_is_left_to_it() {
        let other = class("default", json!({"controllerName": "example.com/other"}));
        assert!(!is_ours(&tenant(json!({})), &[other], &settings()));
        assert!(is_ours(&tenant(json!({})), &[], &settings()));
        assert!(is_ours(&tenant(json!({"className": "gone"})), &[], &settings()));
    }
}
