//! Everything that a reconcile of a tenant reads, read in one step.

use std::collections::BTreeMap;

use crds::{ScimTenant, ScimTenantClass};
use database::registry::{RegisteredTenant, RegistryError, State, Statistics};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use tenancy::{SchemaName, TenantId};
use tracing::debug;
use uuid::Uuid;

use crate::context::Context;
use crate::error::Error;
use crate::object::{Found, found_by_controller};
use crate::obstacle::Obstacle;
use crate::registry;
use crate::route::{self, FoundRoutes};
use crate::tenant::brought::{Offer, offer};
use crate::tenant::entrance::brought_secret;
use crate::tenant::home::{Home, home};
use crate::tenant::identity::{Identity, age};
use crate::tenant::secret::LiveSecret;

/// Everything that a reconcile of a tenant reads.
#[derive(Debug)]
pub(crate) struct Dereferenced {
    /// All classes of the cluster: which is the default is a matter of all.
    pub(crate) classes: Vec<ScimTenantClass>,
    /// The tenant's namespace.
    pub(crate) namespace: FoundNamespace,
    /// The database that its data is in, or would be.
    pub(crate) home: Home,
    /// What the registry there holds under the tenant's name, whoever owns it; or why it could not be read.
    pub(crate) registered: Result<Option<RegisteredTenant>, Obstacle>,
    /// The schema that the status names, if it is there and the registry has no row of it.
    pub(crate) lost_schema: Option<SchemaName>,
    /// How much the tenant holds; `None` when it was not time to count.
    pub(crate) statistics: Option<Statistics>,
    /// What is under the name of the tenant's Secret, also of a tenant that wants none: it may have had one.
    pub(crate) secret: Found<LiveSecret>,
    /// The Secret that the tenant had under another name.
    pub(crate) old_secret: Option<LiveSecret>,
    /// What is in the Secret that somebody brings; `None`: nobody is asked to.
    pub(crate) brought: Option<Offer>,
    /// What is under the names of the tenant's routes.
    pub(crate) routes: FoundRoutes,
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

/// Reads everything but the classes. A registry that cannot be read is part of the answer: the rest can still be checked.
pub(crate) async fn dereference(
    tenant: &ScimTenant,
    identity: &Identity,
    classes: Vec<ScimTenantClass>,
    context: &Context,
) -> Result<Dereferenced, Error> {
    let home = home(tenant, identity, &classes, context).await;
    let (registered, lost_schema) = match registered(tenant, identity, &home, context).await {
        Ok((registered, lost_schema)) => (Ok(registered), lost_schema),
        Err(error) => {
            context.databases.doubt(&home.database, &error);
            (Err(registry::obstacle(&error)?), None)
        }
    };
    let (namespace, secret, old_secret, brought, routes) = tokio::try_join!(
        namespace(identity, context),
        secret(&identity.secret_name, identity, context),
        old_secret(tenant, identity, context),
        brought(tenant, identity, context),
        route::find(identity, context),
    )?;
    Ok(Dereferenced {
        classes,
        namespace: namespace.ok_or(Error::Raced)?,
        statistics: {
            let registered = registered.as_ref().ok().and_then(Option::as_ref);
            statistics(registered, tenant, identity, &home, context).await
        },
        home,
        registered,
        lost_schema,
        secret,
        old_secret,
        brought,
        routes,
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

/// The registry's row under the tenant's name, whoever owns it; if there is none, the schema that was the tenant's.
async fn registered(
    tenant: &ScimTenant,
    identity: &Identity,
    home: &Home,
    context: &Context,
) -> Result<(Option<RegisteredTenant>, Option<SchemaName>), RegistryError> {
    let registry = context.databases.registry(&home.database).await?;
    match registry.tenant(&identity.key).await {
        Ok(Some(registered)) => return Ok((Some(registered), None)),
        Ok(None) => {}
        // Registering writes it anew.
        Err(RegistryError::Unreadable { .. }) => return Ok((None, None)),
        Err(error) => return Err(error),
    }
    let told = tenant.status.as_ref().and_then(|status| status.database_schema.as_deref());
    match told.and_then(TenantId::of_schema).map(SchemaName::of) {
        Some(schema) if registry.schema_without_row(&schema).await? => Ok((None, Some(schema))),
        _ => Ok((None, None)),
    }
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

/// The Secret that the status names, if it is ours and the tenant wants another one by now.
pub(crate) async fn old_secret(
    tenant: &ScimTenant,
    identity: &Identity,
    context: &Context,
) -> Result<Option<LiveSecret>, Error> {
    let name = tenant.status.as_ref().and_then(|status| status.secret_name.as_deref());
    let brought = brought_secret(tenant).map(|brought| brought.name);
    let is_old = |name: &&str| *name != identity.secret_name && Some(*name) != brought.as_deref();
    match name.filter(is_old) {
        Some(name) => Ok(secret(name, identity, context).await?.ours().cloned()),
        None => Ok(None),
    }
}

/// What is in the Secret that somebody brings.
async fn brought(
    tenant: &ScimTenant,
    identity: &Identity,
    context: &Context,
) -> Result<Option<Offer>, Error> {
    let Some(wanted) = brought_secret(tenant) else { return Ok(None) };
    let live = context.secrets(&identity.key.namespace).get_opt(&wanted.name).await?;
    Ok(Some(offer(live.as_ref(), &wanted)))
}

/// Counts, if it is time to. What cannot be counted now is counted later.
async fn statistics(
    registered: Option<&RegisteredTenant>,
    tenant: &ScimTenant,
    identity: &Identity,
    home: &Home,
    context: &Context,
) -> Option<Statistics> {
    let registered =
        registered.filter(|found| found.owner.uid == identity.uid && found.state == State::Active)?;
    if !context.census.is_due(identity.uid) {
        return None;
    }
    match context.databases.registry(&home.database).await.ok()?.statistics(registered.id).await {
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
