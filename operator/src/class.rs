//! A ScimTenantClass, from what is declared to what is there: the table of contents.

mod accept;
mod catch_all;
mod choice;
mod report;
mod usage;

use std::sync::Arc;

use crds::ScimTenantClass;
use jiff::Timestamp;
use kube::Api;
use kube::runtime::controller::Action;
use kube::runtime::reflector::Store;

pub(crate) use crate::class::accept::{AcceptedClass, accept};
pub(crate) use crate::class::choice::choose_class;
pub(crate) use crate::class::usage::{classes, refers_to};

use crate::backoff::{next_look, resync};
use crate::class::catch_all::catch_all;
use crate::class::report::{report, status};
use crate::context::Context;
use crate::error::Error;
use crate::finalizer;
use crate::obstacle::Remedy;

/// What a reconcile of a class works with.
pub(crate) struct ClassContext {
    /// What every reconcile works with.
    pub(crate) shared: Arc<Context>,
    /// All ScimTenants, as the other controller's watch knows them.
    pub(crate) tenants: Store<crds::ScimTenant>,
}

/// Brings one class to what it declares: a finalizer as long as tenants refer to it, the catch-all Ingress of its
/// host, its status.
pub(crate) async fn reconcile(
    class: Arc<ScimTenantClass>,
    context: Arc<ClassContext>,
) -> Result<Action, Error> {
    let shared = &*context.shared;
    if class.spec.controller_name != shared.settings.controller_name {
        return Ok(Action::await_change());
    }
    if class.metadata.deletion_timestamp.is_some() {
        return let_go(&class, shared).await;
    }
    let is_known = usage::is_known(&class, &context).await?;
    let class = hold(&class, is_known, shared).await?;
    let verdict = match accept(&class, &shared.settings) {
        Ok(accepted) => catch_all(&class, &accepted, shared).await?,
        Err(obstacle) => Err(obstacle),
    };
    report(&class, status(&class, verdict.as_ref().err(), Timestamp::now()), shared).await?;
    match verdict {
        Err(obstacle) if obstacle.remedy == Remedy::Time => Err(Error::Waits(obstacle)),
        verdict => Ok(Action::requeue(next_look(verdict.err().as_ref()))),
    }
}

/// A class that is being deleted goes when the last tenant that refers to it went. Its Ingress goes with its owner.
async fn let_go(class: &ScimTenantClass, context: &Context) -> Result<Action, Error> {
    if !finalizer::is_set(class, finalizer::CLASS_IN_USE) {
        return Ok(Action::await_change());
    }
    if !usage::is_certain(class, context).await? {
        finalizer::remove(class, finalizer::CLASS_IN_USE, &Api::all(context.client.clone())).await?;
        return Ok(Action::await_change());
    }
    report(class, report::deletion_waits(class, Timestamp::now()), context).await?;
    Ok(Action::requeue(resync()))
}

/// Sets the finalizer, or removes it when the API server too knows of no tenant.
async fn hold(class: &ScimTenantClass, is_known: bool, context: &Context) -> Result<ScimTenantClass, Error> {
    let classes = Api::all(context.client.clone());
    if is_known {
        return finalizer::add(class, finalizer::CLASS_IN_USE, &classes).await;
    }
    if !finalizer::is_set(class, finalizer::CLASS_IN_USE) || usage::is_certain(class, context).await? {
        return Ok(class.clone());
    }
    finalizer::remove(class, finalizer::CLASS_IN_USE, &classes).await
}
