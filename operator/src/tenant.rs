//! A ScimTenant, from what is declared to what is there: the table of contents.

mod brought;
mod cleanup;
mod credentials;
mod dereference;
mod desired;
mod entrance;
mod fate;
mod hand_over;
mod home;
mod identity;
mod moment;
mod pause;
mod provision;
mod report;
mod responsibility;
mod secret;
mod standing;
mod status;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use crds::ScimTenant;
use jiff::Timestamp;
use kube::Api;
use kube::runtime::controller::Action;

pub(crate) use crate::tenant::dereference::Dereferenced;
#[cfg(test)]
pub(crate) use crate::tenant::dereference::FoundNamespace;
pub(crate) use crate::tenant::desired::{Outcome, Step};
pub(crate) use crate::tenant::entrance::{Entrance, IssuedKind};
#[cfg(test)]
pub(crate) use crate::tenant::home::Home;
pub(crate) use crate::tenant::identity::Identity;
pub(crate) use crate::tenant::responsibility::lets_go;
#[cfg(test)]
pub(crate) use crate::tenant::secret::LiveSecret;
pub(crate) use crate::tenant::validate::{ValidatedTenant, validate};

use crate::backoff::{next_look, resync};
use crate::census::next_count;
use crate::class::classes;
use crate::context::Context;
use crate::error::Error;
use crate::finalizer;
use crate::obstacle::Obstacle;
use crate::scope::Scope;
use crate::tenant::cleanup::cleanup;
use crate::tenant::dereference::dereference;
use crate::tenant::desired::{Applied, Desired};
use crate::tenant::hand_over::hand_over;
use crate::tenant::identity::age;
use crate::tenant::moment::next_moment;
use crate::tenant::pause::{is_paused, pause};
use crate::tenant::provision::provision;
use crate::tenant::report::report;
use crate::tenant::responsibility::{LookedAfter, as_ours, looked_after};
use crate::tenant::status::{passing_obstacle, status};

/// Brings one tenant to what it declares: reads everything, decides, writes everything. A settled tenant is read and
/// not written.
pub(crate) async fn reconcile(tenant: Arc<ScimTenant>, context: Arc<Context>) -> Result<Action, Error> {
    let settings = &context.settings;
    let identity = Identity::of(&tenant, settings)?;
    if tenant.metadata.deletion_timestamp.is_some() {
        return cleanup(&tenant, &identity, &context).await;
    }
    if is_paused(&tenant) {
        return pause(&tenant, &context).await;
    }
    let classes = classes(&context).await?;
    if looked_after(&tenant, &classes, &settings.controller_name) == LookedAfter::ByAnother {
        return hand_over(&tenant, &identity, &classes, &context).await;
    }
    let tenant = as_ours(&tenant, &settings.controller_name);
    let found = dereference(&tenant, &identity, classes, &context).await?;
    let verdict = validate(&tenant, &identity, &found, settings);
    let (tenant, desired) = match &verdict {
        Err(_) => {
            let desired = desired::rejected(&tenant, &identity, &found, settings);
            (tenant, desired)
        }
        Ok(validated) => {
            hold_class(validated, &found, &context).await?;
            let tenant = as_ours(&guard(&tenant, &identity, &context).await?, &settings.controller_name);
            let desired = desired::accepted(&tenant, &identity, validated, &found, settings);
            (tenant, desired)
        }
    };
    let verdict: Result<&ValidatedTenant, &Obstacle> = verdict.as_ref();
    let applied = provision(&tenant, &identity, &found.home.database, desired, &context).await?;
    let status = status(&tenant, verdict, &found.home, &applied, found.statistics.as_ref(), Timestamp::now());
    report(&tenant, status, &context).await?;
    if let Some(obstacle) = passing_obstacle(&applied) {
        return Err(Error::Waits(obstacle.clone()));
    }
    let look = next_pass(&tenant, verdict, &applied);
    let entrance = verdict.ok().map(|validated| &validated.entrance);
    let moment = applied.database.done().and_then(|registered| {
        let decided_at = found.registered.as_ref().ok().and_then(Option::as_ref).map(|before| before.now);
        next_moment(registered, entrance, decided_at.unwrap_or(registered.now))
    });
    Ok(Action::requeue(moment.map_or(look, |moment| moment.min(look))))
}

/// The time until the next pass, if nobody changes anything and nothing happens by itself.
fn next_pass(
    tenant: &ScimTenant,
    verdict: Result<&ValidatedTenant, &Obstacle>,
    applied: &Desired<Applied>,
) -> Duration {
    let Desired { database, credentials, route } = applied;
    let obstacles = [verdict.err(), database.obstacle(), credentials.obstacle(), route.obstacle()];
    let looks = obstacles.into_iter().flatten().map(|obstacle| next_look(Some(obstacle)));
    let look = looks.chain(route.done().and_then(|routed| routed.look_again)).min();
    look.or_else(|| next_count(age(tenant))).unwrap_or_else(resync)
}

/// Makes sure that the class does not go before its tenant, before the tenant becomes anything. The class controller
/// does the same by what its watches have told it, and takes it back.
async fn hold_class(
    validated: &ValidatedTenant,
    found: &Dereferenced,
    context: &Context,
) -> Result<(), Error> {
    // Who looks after a few namespaces has no right to write what is the whole cluster's.
    if context.settings.scope != Scope::Cluster {
        return Ok(());
    }
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
