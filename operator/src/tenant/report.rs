//! Telling the world: the status, when it changed, and Events about what changed in it.

mod set_up;

use crds::tenant::{ScimTenantStatus, TokenStatus};
use crds::{ConditionType, Reason, ScimTenant};
use database::registry::{Origin, RegisteredTenant};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Api;
use kube::api::{Patch, PatchParams};
use kube::runtime::events::EventType;
use serde_json::json;

use crate::conditions::find;
use crate::context::Context;
use crate::error::Error;
use crate::event::{self, Note};
use crate::object::FIELD_MANAGER;
use crate::tenant::standing::{tells_of_waiting, told_noun};

/// The conditions that Events are about. Of `Ready` only success is told, and what has no condition of its own.
const TOLD: [ConditionType; 5] = [
    ConditionType::Accepted,
    ConditionType::DatabaseReady,
    ConditionType::CredentialsReady,
    ConditionType::RouteReady,
    ConditionType::Ready,
];

/// Writes the status, if it changed, onto the version that it was made from; then publishes the Events.
pub(crate) async fn report(
    tenant: &ScimTenant,
    status: ScimTenantStatus,
    context: &Context,
) -> Result<(), Error> {
    let before = tenant.status.clone().unwrap_or_default();
    if before == status {
        return Ok(());
    }
    let metadata = &tenant.metadata;
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let tenants: Api<ScimTenant> = Api::namespaced(context.client.clone(), namespace);
    let patch = json!({
        "apiVersion": "scim-operator.io/v1alpha1",
        "kind": "ScimTenant",
        "metadata": {"uid": metadata.uid, "resourceVersion": metadata.resource_version},
        "status": status,
    });
    let name = metadata.name.as_deref().unwrap_or_default();
    tenants.patch_status(name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(patch)).await?;
    for note in notes(tenant, &before, &status) {
        event::publish(tenant, &note, context).await;
    }
    Ok(())
}

/// What is told of where a tenant's data comes from; `None`: nothing that a condition would not tell.
pub(crate) fn of_origin(origin: Origin, registered: &RegisteredTenant) -> Option<Note> {
    let schema = registered.schema_name();
    let (type_, reason, message) = match origin {
        Origin::New | Origin::Registered | Origin::TakenUp => return None,
        Origin::Adopted => (
            EventType::Normal,
            Reason::DataAdopted,
            format!(
                "took up users and groups in schema {schema}, which a namespace of another UID left behind"
            ),
        ),
        Origin::MadeAnew => (
            EventType::Warning,
            Reason::SchemaMadeAnew,
            format!("schema {schema} was gone, with all users and groups; it was made again, empty"),
        ),
    };
    Some(Note { type_, reason: reason.as_str().to_owned(), message })
}

/// What is told of the change from one status to the next.
fn notes(tenant: &ScimTenant, before: &ScimTenantStatus, after: &ScimTenantStatus) -> Vec<Note> {
    let mut notes: Vec<Note> = event::changed(&before.conditions, &after.conditions, &TOLD)
        .filter(|(type_, condition)| {
            *type_ != ConditionType::Ready
                || condition.status == "True"
                || condition.reason == Reason::DeletionWaits.as_str()
        })
        .map(|(type_, condition)| Note {
            type_: event::severity(condition),
            reason: condition.reason.clone(),
            message: match type_ {
                ConditionType::Ready if condition.reason == Reason::Connected.as_str() => {
                    set_up::set_up(tenant, after)
                }
                _ => condition.message.clone(),
            },
        })
        .collect();
    if let Some(issued) = newly_issued(before, after)
        && !notes.iter().any(|note| note.reason == issued.reason)
    {
        notes.push(note(EventType::Normal, &issued.reason, issued.message.clone()));
    }
    if let Some(message) = first_use(before, after) {
        notes.push(note(EventType::Normal, Reason::CredentialUsed.as_str(), message));
    }
    if let Some(waits) = begins_to_wait(before, after) {
        notes.push(note(EventType::Warning, Reason::CredentialUnused.as_str(), waits.message.clone()));
    }
    notes
}

fn note(type_: EventType, reason: &str, message: String) -> Note {
    Note { type_, reason: reason.to_owned(), message }
}

/// The condition that tells of a new credential.
fn newly_issued<'a>(before: &ScimTenantStatus, after: &'a ScimTenantStatus) -> Option<&'a Condition> {
    let is_new = generation(before).is_some() && generation(before) != generation(after);
    find(&after.conditions, ConditionType::CredentialsReady)
        .filter(|issued| is_new && issued.status == "True")
}

/// What is told when the newest credential was used for the first time, and what becomes of the one before.
fn first_use(before: &ScimTenantStatus, after: &ScimTenantStatus) -> Option<String> {
    let (was, is) = (before.token.as_ref()?, after.token.as_ref()?);
    let was_used = was.generation == is.generation && was.last_used_at.is_some();
    if is.last_used_at.is_none() || was_used || was.generation > is.generation {
        return None;
    }
    let used = format!("{} {} was used", told_noun(is.kind), is.generation);
    let besides =
        is.previous.as_ref().and_then(|previous| Some((previous.generation, previous.valid_until.as_ref()?)));
    Some(match (besides, replaced(was, is)) {
        (Some((generation, end)), _) => format!("{used}; generation {generation} works until {}", end.0),
        (None, Some(generation)) => format!("{used}; generation {generation} ended"),
        (None, None) => format!("{used} for the first time"),
    })
}

/// The generation that worked before the newest one was used.
fn replaced(was: &TokenStatus, is: &TokenStatus) -> Option<i64> {
    if was.generation == is.generation {
        was.previous.as_ref().map(|previous| previous.generation)
    } else {
        Some(was.generation)
    }
}

/// The condition that tells that nobody uses the newest credential, when it did not before.
fn begins_to_wait<'a>(before: &ScimTenantStatus, after: &'a ScimTenantStatus) -> Option<&'a Condition> {
    let waited = waiting(before).is_some() && generation(before) == generation(after);
    waiting(after).filter(|_| !waited)
}

fn waiting(status: &ScimTenantStatus) -> Option<&Condition> {
    let credentials = find(&status.conditions, ConditionType::CredentialsReady);
    credentials.filter(|credentials| tells_of_waiting(&credentials.message))
}

fn generation(status: &ScimTenantStatus) -> Option<i64> {
    status.token.as_ref().map(|token| token.generation)
}

#[cfg(test)]
mod tests;
