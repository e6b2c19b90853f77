//! A ScimTenantClass, from what is declared to what is there: the table of contents.

mod accept;
mod choice;
mod report;
mod usage;

use std::sync::Arc;

use crds::{Reason, ScimTenantClass};
use jiff::Timestamp;
use k8s_openapi::api::networking::v1::Ingress;
use kube::runtime::controller::Action;
use kube::runtime::reflector::Store;
use kube::{Api, ResourceExt as _};

pub(crate) use crate::class::accept::{AcceptedClass, accept};
pub(crate) use crate::class::choice::choose_class;
pub(crate) use crate::class::usage::{classes, refers_to};

use crate::apply::{ApplyError, Intent, apply};
use crate::backoff::resync;
use crate::class::report::{report, status};
use crate::context::Context;
use crate::error::Error;
use crate::finalizer;
use crate::object::{Found, found_by_controller};
use crate::obstacle::Obstacle;
use crate::route::{class_route, class_route_name};

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
    let users = usage::known(&class, &context).await?;
    let live = live_route(&class, shared).await?;
    let class = hold(&class, users, shared).await?;
    let verdict = match accept(&class, &shared.settings) {
        Ok(accepted) => catch_all(&class, &accepted, live, shared).await?,
        Err(obstacle) => Err(obstacle),
    };
    report(&class, status(&class, verdict.as_ref().err(), Timestamp::now()), shared).await?;
    Ok(Action::requeue(resync()))
}

/// A class that is being deleted goes when the last tenant that refers to it went. Its Ingress goes with its owner.
async fn let_go(class: &ScimTenantClass, context: &Context) -> Result<Action, Error> {
    if !finalizer::is_set(class, finalizer::CLASS_IN_USE) {
        return Ok(Action::await_change());
    }
    let users = usage::counted(class, context).await?;
    if users == 0 {
        finalizer::remove(class, finalizer::CLASS_IN_USE, &Api::all(context.client.clone())).await?;
        return Ok(Action::await_change());
    }
    report(class, report::deletion_waits(class, users, Timestamp::now()), context).await?;
    Ok(Action::requeue(resync()))
}

/// Sets or removes the finalizer.
async fn hold(class: &ScimTenantClass, users: usize, context: &Context) -> Result<ScimTenantClass, Error> {
    let classes = Api::all(context.client.clone());
    match users {
        0 => finalizer::remove(class, finalizer::CLASS_IN_USE, &classes).await,
        _ => finalizer::add(class, finalizer::CLASS_IN_USE, &classes).await,
    }
}

async fn live_route(class: &ScimTenantClass, context: &Context) -> Result<Found<Ingress>, Error> {
    let live = context.routes().get_opt(&class_route_name(&class.name_any())).await?;
    Ok(found_by_controller(live, &class.uid().unwrap_or_default()))
}

/// Makes sure of the Ingress for what no tenant's path matches.
async fn catch_all(
    class: &ScimTenantClass,
    accepted: &AcceptedClass,
    live: Found<Ingress>,
    context: &Context,
) -> Result<Result<(), Obstacle>, Error> {
    let desired = class_route(class, accepted, &context.settings);
    if let Found::Foreign = live {
        let name = desired.name_any();
        let namespace = &context.settings.server.namespace;
        let message =
            format!("the Ingress {name} in namespace {namespace} is there and does not belong to this class");
        return Ok(Err(Obstacle::lasting(Reason::RouteNameTaken, message)));
    }
    match apply(&context.routes(), &desired, live.ours(), Intent::Write).await {
        Ok(_) => Ok(Ok(())),
        Err(ApplyError::Refused(message)) => Ok(Err(Obstacle::lasting(Reason::RouteRefused, message))),
        Err(ApplyError::Failed(error)) => Err(error),
    }
}
