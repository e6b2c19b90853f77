//! The end of a tenant. Nothing comes before it: a pause, a class that is missing, a spec that is invalid or a namespace that
//! is being deleted must not keep a tenant from going (cloudnative-pg#10868), and nothing is dropped that belongs to
//! another (cloudnative-pg#10866).
//!
//! It may end at any line and is then done again from the start. The finalizer goes last, so whoever comes next, also another
//! operator of the installation, finds the tenant and what is left of it.

use crds::{Reason, ScimTenant, ScimTenantClass};
use database::registry::{Change, OwnedRow, RegistryError};
use jiff::Timestamp;
use kube::Api;
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;
use tracing::info;

use crate::apply::delete;
use crate::class::classes;
use crate::conditions::whole_seconds;
use crate::context::Context;
use crate::error::Error;
use crate::event;
use crate::finalizer;
use crate::obstacle::Obstacle;
use crate::registry;
use crate::route;
use crate::settings::Settings;
use crate::tenant::dereference;
use crate::tenant::fate::{Fate, fate};
use crate::tenant::hand_over::hand_over;
use crate::tenant::home::{self, Located};
use crate::tenant::identity::Identity;
use crate::tenant::report::report;
use crate::tenant::responsibility::{LookedAfter, as_ours, last_served, lets_go};
use crate::tenant::status::deletion_waits;

/// Lets a tenant go: its routes, its Secret, its data by its deletion policy, and last the finalizer.
///
/// The garbage collector would take the Secret too, but later: a tenant that is made again at once would find its name
/// taken. A Secret that was brought is not the tenant's, and stays.
pub(crate) async fn cleanup(
    tenant: &ScimTenant,
    identity: &Identity,
    context: &Context,
) -> Result<Action, Error> {
    if !finalizer::is_set(tenant, finalizer::TENANT) {
        return Ok(Action::await_change());
    }
    let classes = classes(context).await?;
    let Located { database, row, .. } = home::row(tenant, identity, &classes, context).await;
    let row = match row {
        Ok(row) => Ok(row),
        // The rows of this installation are another cluster's: none is this tenant's.
        Err(RegistryError::InstallationTaken { .. }) => Ok(None),
        Err(error) => Err(registry::obstacle(&error)?),
    };
    match part(tenant, identity, row, &classes, &context.settings) {
        Part::LetGo(row) => {
            let tenant = as_ours(tenant, &context.settings.controller_name);
            let_go(&tenant, identity, (&database, row), &classes, context).await
        }
        Part::HandOver => hand_over(tenant, identity, &classes, context).await,
        Part::Nothing => Ok(Action::await_change()),
        Part::Wait(obstacle) => wait(tenant, &obstacle, context).await,
        Part::AskAgain(obstacle) => Err(Error::Waits(obstacle)),
    }
}

/// What this operator has to do about a tenant that is to go.
#[derive(Debug, PartialEq)]
enum Part {
    /// To let it go, with its row in the registry.
    LetGo(Option<OwnedRow>),
    /// To keep what it has, and to leave the finalizer to the operator that served the tenant since.
    HandOver,
    /// Nothing: it is another operator's, and was never ours.
    Nothing,
    /// To wait for the registry, and to say so.
    Wait(Obstacle),
    /// It is another operator's now, which says what there is to say; whether it was ours, the registry is asked
    /// again.
    AskAgain(Obstacle),
}

fn part(
    tenant: &ScimTenant,
    identity: &Identity,
    row: Result<Option<OwnedRow>, Obstacle>,
    classes: &[ScimTenantClass],
    settings: &Settings,
) -> Part {
    let own = row.map(|row| row.filter(|row| row.owner.uid == identity.uid));
    let controller_name = &settings.controller_name;
    let is_ours = lets_go(tenant, classes, controller_name);
    match own {
        Ok(own) if is_ours => Part::LetGo(own),
        Ok(Some(_)) if last_served(tenant, controller_name) == Some(LookedAfter::ByAnother) => Part::HandOver,
        Ok(Some(own)) => Part::LetGo(Some(own)),
        Ok(None) => Part::Nothing,
        Err(obstacle) if is_ours => Part::Wait(obstacle),
        Err(obstacle) => Part::AskAgain(obstacle),
    }
}

async fn let_go(
    tenant: &ScimTenant,
    identity: &Identity,
    (database, row): (&str, Option<OwnedRow>),
    classes: &[ScimTenantClass],
    context: &Context,
) -> Result<Action, Error> {
    let (namespace, routes, secret, old_secret) = tokio::try_join!(
        dereference::namespace(identity, context),
        route::find(identity, context),
        dereference::secret(&identity.secret_name, identity, context),
        dereference::old_secret(tenant, identity, context),
    )?;
    route::remove(&routes, context).await?;
    for secret in secret.ours().into_iter().chain(&old_secret) {
        delete(&context.secrets(&identity.key.namespace), secret.object()).await?;
    }
    if let Some(row) = row {
        let fate = fate(tenant, identity, namespace.as_ref(), classes, &context.settings);
        match seal(database, row, fate, context).await? {
            Ok(Some(farewell)) => {
                info!(tenant = %identity.key, id = %row.id, ?fate, "let a tenant go");
                event::publish(tenant, &farewell, context).await;
            }
            // By a pass before, which came no further.
            Ok(None) => {}
            Err(obstacle) => return wait(tenant, &obstacle, context).await,
        }
    }
    let tenants = Api::namespaced(context.client.clone(), identity.key.namespace.as_str());
    finalizer::remove(tenant, finalizer::TENANT, &tenants).await?;
    context.census.forget(identity.uid);
    Ok(Action::await_change())
}

/// Ends the access, and does with the data what is to be done. Answers with what there is to tell.
async fn seal(
    database: &str,
    row: OwnedRow,
    fate: Fate,
    context: &Context,
) -> Result<Result<Option<event::Note>, Obstacle>, Error> {
    let told = |change, ending| (change == Change::Written).then(|| farewell(row, ending));
    let written = async {
        let registry = context.databases.registry(database).await?;
        Ok(match fate {
            Fate::Kept => told(registry.retain(row.id, row.owner).await?, Ending::Kept),
            Fate::Dropped => told(registry.delete(row.id, row.owner).await?, Ending::Dropped),
            Fate::DroppedAfter(delay) => registry
                .retain_until(row.id, row.owner, delay)
                .await?
                .map(|moment| farewell(row, Ending::DroppedAt(moment))),
        })
    };
    match written.await {
        Ok(told) => Ok(Ok(told)),
        // Another cluster has taken the row over meanwhile, and decides about the data.
        Err(RegistryError::InstallationTaken { .. }) => Ok(Ok(None)),
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

/// What became of the data.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Kept,
    Dropped,
    DroppedAt(Timestamp),
}

fn farewell(row: OwnedRow, ending: Ending) -> event::Note {
    let schema = row.schema_name();
    let (reason, message) = match ending {
        Ending::Kept => (
            Reason::DataRetained,
            format!("users and groups stay in schema {schema} for a ScimTenant of this name"),
        ),
        Ending::Dropped => (Reason::DataDeleted, format!("users and groups in schema {schema} are deleted")),
        Ending::DroppedAt(moment) => (
            Reason::DataDeletionScheduled,
            format!(
                "users and groups in schema {schema} are deleted at {}; a ScimTenant that is made again in this namespace \
                 under this name before takes them up",
                whole_seconds(moment).0
            ),
        ),
    };
    event::Note { type_: EventType::Normal, reason: reason.as_str().to_owned(), message }
}

#[cfg(test)]
mod tests;
