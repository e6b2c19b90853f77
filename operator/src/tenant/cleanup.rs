//! The end of a tenant. Nothing comes before it: a class that is missing, a spec that is invalid or a namespace that
//! is being deleted must not keep a tenant from going (cloudnative-pg#10868), and nothing is dropped that belongs to
//! another (cloudnative-pg#10866).

use crds::tenant::DeletionPolicy;
use crds::{Reason, ScimTenant, ScimTenantClass};
use database::registry::{Change, OwnedRow};
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
    let row = match dereference::row(identity, context).await {
        Ok(row) => Ok(row),
        Err(error) => Err(registry::obstacle(&error)?),
    };
    let (classes, namespace, route, secret, old_secret) = tokio::try_join!(
        classes(context),
        dereference::namespace(identity, context),
        dereference::route(identity, context),
        dereference::secret(&identity.secret_name, identity, context),
        dereference::old_secret(tenant, identity, context),
    )?;
    let row = match part(identity, row, looked_after(tenant, &classes, &context.settings)) {
        Part::LetGo(row) => row,
        Part::Nothing => return Ok(Action::await_change()),
        Part::Wait(obstacle) => return wait(tenant, &obstacle, context).await,
        Part::AskAgain(obstacle) => return Err(Error::Waits(obstacle)),
    };
    if let Some(route) = route.ours() {
        delete(&context.routes(), route).await?;
    }
    for secret in secret.ours().into_iter().chain(&old_secret) {
        delete(&context.secrets(&identity.key.namespace), secret.object()).await?;
    }
    if let Some(row) = row {
        let policy = last_policy(tenant, namespace.as_ref(), &classes, &context.settings);
        match let_go(row, policy, context).await? {
            Ok(Change::Written) => {
                info!(tenant = %identity.key, id = %row.id, ?policy, "let a tenant go");
                event::publish(tenant, &farewell(row, policy), context).await;
            }
            // By a pass before, which came no further.
            Ok(Change::Unchanged) => {}
            Err(obstacle) => return wait(tenant, &obstacle, context).await,
        }
    }
    let tenants = Api::namespaced(context.client.clone(), identity.key.namespace.as_str());
    finalizer::remove(tenant, finalizer::TENANT, &tenants).await?;
    context.census.forget(identity.uid);
    Ok(Action::await_change())
}

/// What this operator has to do about a tenant that is to go.
#[derive(Debug, PartialEq)]
enum Part {
    /// To let it go, with its row in the registry.
    LetGo(Option<OwnedRow>),
    /// Nothing: it is another operator's, and was never ours.
    Nothing,
    /// To wait for the registry, and to say so.
    Wait(Obstacle),
    /// It is another operator's now, which says what there is to say; whether it was ours, the registry is asked
    /// again.
    AskAgain(Obstacle),
}

/// Who looks after a tenant.
#[derive(Debug, Clone, Copy, PartialEq)]
enum LookedAfter {
    /// This operator.
    ByUs,
    /// The operator that its class names.
    ByAnother,
}

fn part(identity: &Identity, row: Result<Option<OwnedRow>, Obstacle>, looked_after: LookedAfter) -> Part {
    let own = row.map(|row| row.filter(|row| row.owner.uid == identity.uid));
    match (own, looked_after) {
        (Ok(None), LookedAfter::ByAnother) => Part::Nothing,
        (Ok(own), _) => Part::LetGo(own),
        (Err(obstacle), LookedAfter::ByUs) => Part::Wait(obstacle),
        (Err(obstacle), LookedAfter::ByAnother) => Part::AskAgain(obstacle),
    }
}

/// By us, unless the tenant's class says otherwise.
fn looked_after(tenant: &ScimTenant, classes: &[ScimTenantClass], settings: &Settings) -> LookedAfter {
    match choose_class(tenant, classes) {
        Ok(class) if class.spec.controller_name != settings.controller_name => LookedAfter::ByAnother,
        Ok(_) | Err(_) => LookedAfter::ByUs,
    }
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
    row: OwnedRow,
    policy: DeletionPolicy,
    context: &Context,
) -> Result<Result<Change, Obstacle>, Error> {
    let written = async {
        let registry = context.registry.get().await?;
        match policy {
            DeletionPolicy::Retain => registry.retain(row.id, row.owner).await,
            DeletionPolicy::Delete => registry.delete(row.id, row.owner).await,
        }
    };
    match written.await {
        Ok(change) => Ok(Ok(change)),
        Err(error) => registry::obstacle(&error).map(Err),
    }
}

/// Says why the deletion waits, and what a person can do who cannot wait.
async fn wait(tenant: &ScimTenant, obstacle: &Obstacle, context: &Context) -> Result<Action, Error> {
    let obstacle = Obstacle {
        message: format!(
            "{}; the deletion waits for it. Whoever removes the finalizer {} leaves the data behind; its tokens end \
             when PostgreSQL is back",
            obstacle.message,
            finalizer::TENANT
        ),
        ..obstacle.clone()
    };
    report(tenant, deletion_waits(tenant, &obstacle, Timestamp::now()), context).await?;
    Err(Error::Waits(obstacle))
}

fn farewell(row: OwnedRow, policy: DeletionPolicy) -> event::Note {
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
    use tenancy::Owner;

    use super::*;
    use crate::fixtures::{class, identity, namespace, registered, settings, tenant};

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
        let by = |spec, classes: &[_]| looked_after(&tenant(spec), classes, &settings());
        assert_eq!(by(json!({}), &[other]), LookedAfter::ByAnother);
        assert_eq!(by(json!({}), &[]), LookedAfter::ByUs);
        assert_eq!(by(json!({"className": "gone"}), &[]), LookedAfter::ByUs);
        let nothing = part(&identity(&tenant(json!({}))), Ok(None), LookedAfter::ByAnother);
        assert_eq!(nothing, Part::Nothing);
    }

    #[test]
    fn a_row_of_ours_is_let_go_whoever_looks_after_the_tenant_and_no_other() {
        let identity = identity(&tenant(json!({})));
        let registered = registered(vec![]);
        let row = OwnedRow { id: registered.id, owner: registered.owner };
        for looked_after in [LookedAfter::ByUs, LookedAfter::ByAnother] {
            assert_eq!(part(&identity, Ok(Some(row)), looked_after), Part::LetGo(Some(row)));
        }
        let successor = Owner { uid: uuid::Uuid::nil(), ..row.owner };
        let theirs = OwnedRow { owner: successor, ..row };
        assert_eq!(part(&identity, Ok(Some(theirs)), LookedAfter::ByUs), Part::LetGo(None));
    }

    #[test]
    fn a_registry_that_cannot_be_read_is_asked_again_whoever_looks_after_the_tenant() {
        let identity = identity(&tenant(json!({})));
        let away = || Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer");
        assert_eq!(part(&identity, Err(away()), LookedAfter::ByUs), Part::Wait(away()));
        assert_eq!(part(&identity, Err(away()), LookedAfter::ByAnother), Part::AskAgain(away()));
    }
}
