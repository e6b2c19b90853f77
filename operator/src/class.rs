//! A ScimTenantClass, from what is declared to what is there: the table of contents.

mod accept;
mod catch_all;
mod choice;
mod members;
mod report;
mod usage;

use std::sync::Arc;

use crds::ScimTenantClass;
use jiff::Timestamp;
use kube::runtime::controller::Action;
use kube::{Api, ResourceExt as _};

pub(crate) use crate::class::accept::{AcceptedClass, accept, source_ranges};
pub(crate) use crate::class::catch_all::{SettledCatchAlls, may_catch};
pub(crate) use crate::class::choice::choose_class;
pub(crate) use crate::class::usage::classes;

use crate::backoff::{next_look, resync};
use crate::class::catch_all::catch_all;
use crate::class::members::Members;
use crate::class::report::{report, status};
use crate::context::Context;
use crate::error::Error;
use crate::finalizer;
use crate::obstacle::Remedy;
use crate::scope::Scope;
use crate::watch::Cache;

/// What a reconcile of a class works with.
pub(crate) struct ClassContext {
    /// What every reconcile works with.
    pub(crate) shared: Arc<Context>,
    /// All ScimTenants, as the other controller's watch knows them.
    pub(crate) tenants: Cache<crds::ScimTenant>,
}

/// Brings one class to what it declares: a finalizer as long as tenants refer to it, the catch-alls of its hosts, its
/// status. An operator of some namespaces writes none of the class itself, and knows of some of its tenants only.
pub(crate) async fn reconcile(
    class: Arc<ScimTenantClass>,
    context: Arc<ClassContext>,
) -> Result<Action, Error> {
    let shared = &*context.shared;
    let settings = &shared.settings;
    if class.spec.controller_name != settings.controller_name {
        return Ok(Action::await_change());
    }
    let is_ours_to_write = settings.scope == Scope::Cluster;
    if class.metadata.deletion_timestamp.is_some() {
        return if is_ours_to_write { let_go(&class, shared).await } else { Ok(Action::await_change()) };
    }
    let members = usage::members(&class, &context).await?;
    let class =
        if is_ours_to_write { hold(&class, &members, shared).await? } else { ScimTenantClass::clone(&class) };
    let verdict = match accept(&class, settings) {
        Ok(accepted) => catch_all(&class, &accepted, &members, shared).await?,
        Err(obstacle) => Err(obstacle),
    };
    let (name, database) = (class.name_any(), &class.spec.database);
    let progress = shared.progress.of(database, &name);
    let standing = shared.databases.standing(database, &name);
    if is_ours_to_write {
        let now = Timestamp::now();
        let refused = verdict.as_ref().err();
        let status = status(&class, refused, standing.as_ref(), members.counts(), progress, now);
        report(&class, status, shared).await?;
    }
    match verdict {
        Err(obstacle) if obstacle.remedy == Remedy::Time => Err(Error::Waits(obstacle)),
        Ok(Some(look)) => Ok(Action::requeue(look)),
        verdict => Ok(Action::requeue(next_look(verdict.err().as_ref()))),
    }
}

/// A class that is being deleted goes when the last tenant that refers to it went. Its catch-alls go with their owner.
async fn let_go(class: &ScimTenantClass, context: &Context) -> Result<Action, Error> {
    if !finalizer::is_set(class, finalizer::CLASS_IN_USE) {
        return Ok(Action::await_change());
    }
    let tenants = usage::first(class, report::NAMED + 1, context).await?;
    if tenants.is_empty() {
        finalizer::remove(class, finalizer::CLASS_IN_USE, &Api::all(context.client.clone())).await?;
        return Ok(Action::await_change());
    }
    report(class, report::deletion_waits(class, &tenants, Timestamp::now()), context).await?;
    Ok(Action::requeue(resync()))
}

/// Sets the finalizer, or removes it when the API server too knows of no tenant.
async fn hold(
    class: &ScimTenantClass,
    members: &Members,
    context: &Context,
) -> Result<ScimTenantClass, Error> {
    let classes = Api::all(context.client.clone());
    if !members.is_empty() {
        return finalizer::add(class, finalizer::CLASS_IN_USE, &classes).await;
    }
    if !finalizer::is_set(class, finalizer::CLASS_IN_USE)
        || !usage::first(class, 1, context).await?.is_empty()
    {
        return Ok(class.clone());
    }
    finalizer::remove(class, finalizer::CLASS_IN_USE, &classes).await
}
