//! A ScimTenant, from what is declared to what is there: the table of contents.

mod cleanup;
mod credentials;
mod dereference;
mod desired;
mod identity;
mod provision;
mod report;
mod secret;
mod status;
mod validate;

use std::sync::Arc;

use crds::ScimTenant;
use jiff::Timestamp;
use kube::Api;
use kube::runtime::controller::Action;

pub(crate) use crate::tenant::dereference::Dereferenced;
#[cfg(test)]
pub(crate) use crate::tenant::dereference::FoundNamespace;
pub(crate) use crate::tenant::identity::Identity;
#[cfg(test)]
pub(crate) use crate::tenant::secret::LiveSecret;

use crate::backoff::{next_look, resync};
use crate::census::next_count;
use crate::context::Context;
use crate::error::Error;
use crate::finalizer;
use crate::obstacle::Obstacle;
use crate::tenant::cleanup::cleanup;
use crate::tenant::dereference::dereference;
use crate::tenant::identity::age;
use crate::tenant::provision::provision;
use crate::tenant::report::report;
use crate::tenant::status::{first_obstacle, passing_obstacle, status};
use crate::tenant::validate::{ValidatedTenant, Verdict, validate};

/// Brings one tenant to what it declares: reads everything, decides, writes everything. A settled tenant is read and
/// not written.
pub(crate) async fn reconcile(tenant: Arc<ScimTenant>, context: Arc<Context>) -> Result<Action, Error> {
    let settings = &context.settings;
    let identity = Identity::of(&tenant, settings)?;
    if tenant.metadata.deletion_timestamp.is_some() {
        return cleanup(&tenant, &identity, &context).await;
    }
    let found = dereference(&tenant, &identity, &context).await?;
    let (tenant, verdict, desired) = match validate(&tenant, &identity, &found, settings) {
        Verdict::ServedByAnother => return Ok(Action::await_change()),
        Verdict::Rejected(obstacle) => {
            let desired = desired::rejected(&tenant, &identity, &found, settings);
            (ScimTenant::clone(&tenant), Err(obstacle), desired)
        }
        Verdict::Accepted(validated) => {
            hold_class(&validated, &found, &context).await?;
            let tenant = guard(&tenant, &identity, &context).await?;
            let desired = desired::accepted(&tenant, &identity, &validated, &found, settings);
            (tenant, Ok(validated), desired)
        }
    };
    let verdict: Result<&ValidatedTenant, &Obstacle> = verdict.as_deref();
    let applied = provision(&identity, desired, &context).await?;
    let status = status(&tenant, verdict, &applied, found.statistics.as_ref(), Timestamp::now());
    report(&tenant, status, &context).await?;
    if let Some(obstacle) = passing_obstacle(&applied) {
        return Err(Error::Waits(obstacle.clone()));
    }
    Ok(Action::requeue(match first_obstacle(verdict, &applied) {
        None => next_count(age(&tenant)).unwrap_or_else(resync),
        obstacle => next_look(obstacle),
    }))
}

/// Makes sure that the class does not go before its tenant, before the tenant becomes anything. The class controller
/// does the same by what its watches have told it, and takes it back.
async fn hold_class(
    validated: &ValidatedTenant,
    found: &Dereferenced,
    context: &Context,
) -> Result<(), Error> {
    let name = Some(&validated.class.name);
    let class = found.classes.iter().find(|class| class.metadata.name.as_ref() == name);
    // What is being deleted takes no new finalizers.
    if let Some(class) = class.filter(|class| class.metadata.deletion_timestamp.is_none()) {
        finalizer::add(class, finalizer::CLASS_IN_USE, &Api::all(context.client.clone())).await?;
    }
    Ok(())
}

/// Makes sure that the tenant does not go unnoticed, before there is anything to clean up.
async fn guard(tenant: &ScimTenant, identity: &Identity, context: &Context) -> Result<ScimTenant, Error> {
    let tenants = Api::namespaced(context.client.clone(), identity.key.namespace.as_str());
    finalizer::add(tenant, finalizer::TENANT, &tenants).await
}
