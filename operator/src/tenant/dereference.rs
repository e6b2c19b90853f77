//! Everything that a reconcile of a tenant reads, read in one step.

use std::collections::BTreeMap;

use crds::{ScimTenant, ScimTenantClass};
use database::registry::{OwnedRow, RegisteredTenant, RegistryError, State, Statistics};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use tracing::debug;
use uuid::Uuid;

use crate::class::classes;
use crate::context::Context;
use crate::error::Error;
use crate::object::{Found, found_by_controller, found_by_label};
use crate::obstacle::Obstacle;
use crate::registry;
use crate::route::tenant_route_name;
use crate::tenant::identity::{Identity, age};
use crate::tenant::secret::LiveSecret;

/// Everything that a reconcile of a tenant reads.
#[derive(Debug)]
pub(crate) struct Dereferenced {
    /// When it was read.
    pub(crate) read_at: Timestamp,
    /// All classes of the cluster: which is the default is a matter of all.
    pub(crate) classes: Vec<ScimTenantClass>,
    /// The tenant's namespace.
    pub(crate) namespace: FoundNamespace,
    /// What the registry holds under the tenant's name, whoever owns it; or why it could not be read.
    pub(crate) registered: Result<Option<RegisteredTenant>, Obstacle>,
    /// How much the tenant holds; `None` when it was not time to count.
    pub(crate) statistics: Option<Statistics>,
    /// What is under the name of the tenant's Secret.
    pub(crate) secret: Found<LiveSecret>,
    /// The Secret that the tenant had under another name.
    pub(crate) old_secret: Option<LiveSecret>,
    /// What is under the name of the tenant's Ingress.
    pub(crate) route: Found<Ingress>,
}

/// What matters of a namespace.
#[derive(Debug, Clone)]
pub(crate) struct FoundNamespace {
    /// `metadata.uid`.
    pub(crate) uid: Uuid,
    /// `metadata.labels`.
    pub(crate) labels: BTreeMap<String, String>,
    /// Whether it is being deleted.
    pub(crate) is_terminating: bool,
}

/// Reads everything. A registry that cannot be read is part of the answer: the rest can still be checked.
pub(crate) async fn dereference(
    tenant: &ScimTenant,
    identity: &Identity,
    context: &Context,
) -> Result<Dereferenced, Error> {
    let read_at = Timestamp::now();
    let registered = match registered(identity, context).await {
        Ok(registered) => Ok(registered),
        // Registering writes it anew.
        Err(RegistryError::Unreadable { .. }) => Ok(None),
        Err(error) => Err(registry::obstacle(&error)?),
    };
    let (classes, namespace, secret, old_secret, route) = tokio::try_join!(
        classes(context),
        namespace(identity, context),
        secret(&identity.secret_name, identity, context),
        old_secret(tenant, identity, context),
        route(identity, context),
    )?;
    Ok(Dereferenced {
        read_at,
        classes,
        namespace: namespace.ok_or(Error::Raced)?,
        statistics: statistics(registered.as_ref().ok().and_then(Option::as_ref), tenant, identity, context)
            .await,
        registered,
        secret,
        old_secret,
        route,
    })
}

/// The namespace of a tenant; `None` when it is gone.
pub(crate) async fn namespace(
    identity: &Identity,
    context: &Context,
) -> Result<Option<FoundNamespace>, Error> {
    let namespaces: Api<Namespace> = Api::all(context.client.clone());
    let Some(namespace) = namespaces.get_metadata_opt(identity.key.namespace.as_str()).await? else {
        return Ok(None);
    };
    let metadata = namespace.metadata;
    Ok(Some(FoundNamespace {
        uid: metadata.uid.and_then(|uid| uid.parse().ok()).ok_or(Error::Unnamed("UID"))?,
        labels: metadata.labels.unwrap_or_default(),
        is_terminating: metadata.deletion_timestamp.is_some(),
    }))
}

/// The Ingress under the tenant's name.
pub(crate) async fn route(identity: &Identity, context: &Context) -> Result<Found<Ingress>, Error> {
    let live = context.routes().get_opt(&tenant_route_name(&identity.key.path())).await?;
    Ok(found_by_label(live, &identity.key))
}

/// To whom the registry's row under the tenant's name belongs.
pub(crate) async fn row(identity: &Identity, context: &Context) -> Result<Option<OwnedRow>, RegistryError> {
    context.registry.get().await?.owner_of(&identity.key).await
}

/// The registry's row under the tenant's name, whoever owns it.
async fn registered(
    identity: &Identity,
    context: &Context,
) -> Result<Option<RegisteredTenant>, RegistryError> {
    context.registry.get().await?.tenant(&identity.key).await
}

/// The Secret of this name.
pub(crate) async fn secret(
    name: &str,
    identity: &Identity,
    context: &Context,
) -> Result<Found<LiveSecret>, Error> {
    let live = context.secrets(&identity.key.namespace).get_opt(name).await?;
    Ok(found_by_controller(live, &identity.uid.to_string()).map(LiveSecret::new))
}

/// The Secret that the status names, if the tenant wants another one by now.
pub(crate) async fn old_secret(
    tenant: &ScimTenant,
    identity: &Identity,
    context: &Context,
) -> Result<Option<LiveSecret>, Error> {
    let name = tenant.status.as_ref().and_then(|status| status.secret_name.as_deref());
    match name.filter(|name| *name != identity.secret_name) {
        Some(name) => Ok(secret(name, identity, context).await?.ours().cloned()),
        None => Ok(None),
    }
}

/// Counts, if it is time to. What cannot be counted now is counted later.
async fn statistics(
    registered: Option<&RegisteredTenant>,
    tenant: &ScimTenant,
    identity: &Identity,
    context: &Context,
) -> Option<Statistics> {
    let registered =
        registered.filter(|found| found.owner.uid == identity.uid && found.state == State::Active)?;
    if !context.census.is_due(identity.uid) {
        return None;
    }
    match context.registry.get().await.ok()?.statistics(registered.id).await {
        Ok(statistics) => {
            context.census.counted(identity.uid, age(tenant));
            Some(statistics)
        }
        Err(error) => {
            debug!(tenant = %identity.key, %error, "could not count users and groups");
            None
        }
    }
}
