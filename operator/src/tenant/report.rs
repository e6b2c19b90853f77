//! Telling the world: the status, when it changed, and Events about what changed in it.

use crds::metadata::connection_secret;
use crds::tenant::{IdentityProvider, ScimTenantStatus};
use crds::{ConditionType, Reason, ScimTenant};
use kube::Api;
use kube::api::{Patch, PatchParams};
use kube::runtime::events::EventType;
use serde_json::json;

use crate::conditions::find;
use crate::context::Context;
use crate::error::Error;
use crate::event::{self, Note};
use crate::object::FIELD_MANAGER;

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
                ConditionType::Ready if condition.status == "True" => set_up(tenant, after),
                _ => condition.message.clone(),
            },
        })
        .collect();
    let generation = |status: &ScimTenantStatus| status.token.as_ref().map(|token| token.generation);
    let is_new_token = generation(before).is_some() && generation(before) != generation(after);
    let issued = find(&after.conditions, ConditionType::CredentialsReady);
    if let Some(issued) = issued.filter(|issued| is_new_token && issued.status == "True")
        && !notes.iter().any(|note| note.reason == issued.reason)
    {
        notes.push(Note {
            type_: EventType::Normal,
            reason: issued.reason.clone(),
            message: issued.message.clone(),
        });
    }
    notes
}

/// What an administrator does next, in the words of the identity provider.
fn set_up(tenant: &ScimTenant, status: &ScimTenantStatus) -> String {
    let url = status.tenant_url.as_deref().unwrap_or_default();
    let secret = status.secret_name.as_deref().unwrap_or_default();
    let token = format!("the value of key {} in Secret {secret}", connection_secret::TOKEN);
    match tenant.spec.identity_provider {
        // Without the flag Entra sends PATCH bodies of its own kind, which are understood too:
        // https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility
        IdentityProvider::Entra => format!(
            "In Microsoft Entra, enterprise application, Provisioning: Tenant URL is {url}?aadOptscim062020, \
             Secret Token is {token}. Press Test Connection"
        ),
        IdentityProvider::Okta => format!(
            "In Okta, application, Provisioning, Integration: SCIM connector base URL is {url}, unique identifier \
             field is userName, authentication mode is HTTP Header, its token is {token}. Press Test Connector \
             Configuration"
        ),
        IdentityProvider::Generic => format!("The SCIM 2.0 base URL is {url}, the bearer token is {token}"),
    }
}

#[cfg(test)]
mod tests;
