//! What there is to be of a tenant, before and after it was written.
//!
//! The status can only be made from [`Desired<Applied>`], so it cannot say more than what was done; and whoever takes
//! a [`Desired`] apart names all of its parts, so a part that is forgotten does not compile.

mod access;

use crds::{ConditionType, Reason, ScimTenant};
use database::registry::{Foreign, HandledAnnotations, NewCredential, OwnedRow, RegisteredTenant, State};
use tenancy::{Owner, TenantConfiguration};

use crate::conditions::find;
use crate::obstacle::Obstacle;
use crate::registry::{owned_by_another, registration_lost};
use crate::route::{self, RoutePlan, Routed};
use crate::settings::Settings;
use crate::tenant::credentials::{self, Decision, NextGiven, NextIssued};
use crate::tenant::dereference::Dereferenced;
use crate::tenant::desired::access::Situation;
use crate::tenant::identity::Identity;
use crate::tenant::secret::{ConnectionSecret, LiveSecret};
use crate::tenant::validate::{ValidatedTenant, last_accepted};

/// The parts of a tenant.
#[derive(Debug)]
pub(crate) struct Desired<S: Stage> {
    /// Row and schema.
    pub(crate) database: S::Database,
    /// What lets the identity provider in.
    pub(crate) credentials: S::Credentials,
    /// Ingress or HTTPRoute.
    pub(crate) route: S::Route,
}

/// What is known of each part.
pub(crate) trait Stage {
    /// Of row and schema.
    type Database;
    /// Of what lets the identity provider in.
    type Credentials;
    /// Of the route.
    type Route;
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Prepared {}

/// What was done.
#[derive(Debug)]
pub(crate) enum Applied {}

impl Stage for Prepared {
    type Database = Step<Registration>;
    type Credentials = Access;
    type Route = Step<RoutePlan>;
}

impl Stage for Applied {
    type Database = Outcome<RegisteredTenant>;
    type Credentials = Outcome<Connection>;
    type Route = Outcome<Routed>;
}

/// What is to be done about a part.
#[derive(Debug)]
pub(crate) enum Step<T> {
    /// This.
    Do(T),
    /// Nothing, since something stands in the way.
    Blocked(Obstacle),
    /// Nothing: it stays as it is.
    Keep,
}

/// What was done about a part.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// All.
    Done(T),
    /// Nothing, since something stands in the way.
    Failed(Obstacle),
    /// Nothing was tried.
    Kept,
}

impl<T> Outcome<T> {
    /// What was done, if all was.
    pub(crate) fn done(&self) -> Option<&T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Failed(_) | Self::Kept => None,
        }
    }

    /// What stands in the way.
    pub(crate) fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Self::Failed(obstacle) => Some(obstacle),
            Self::Done(_) | Self::Kept => None,
        }
    }
}

/// What lets the identity provider in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Connection {
    /// What is in this Secret of ours.
    Issued {
        /// Its name.
        secret_name: String,
    },
    /// What is in this Secret of somebody else.
    Brought {
        /// Its name.
        secret_name: String,
    },
    /// What an issuer signs.
    Trusted,
}

impl Connection {
    /// The Secret that holds what lets the identity provider in.
    pub(crate) fn secret_name(&self) -> Option<&str> {
        match self {
            Self::Issued { secret_name } | Self::Brought { secret_name } => Some(secret_name),
            Self::Trusted => None,
        }
    }
}

/// How the registry is to know the tenant: active.
#[derive(Debug)]
pub(crate) struct Registration {
    /// To whom the row is to belong.
    pub(crate) owner: Owner,
    /// What servers serve it by.
    pub(crate) configuration: Box<TenantConfiguration>,
    /// Whether it may take over what another namespace left.
    pub(crate) foreign: Foreign,
}

/// Who is not let in any more, and who is to be.
#[derive(Debug)]
pub(crate) struct Access {
    /// Everything that lets in ends, whatever becomes of the rest.
    pub(crate) revocation: Option<Revocation>,
    /// What is to let the identity provider in.
    pub(crate) credentials: Step<Credentials>,
}

impl Access {
    const UNCHANGED: Self = Self { revocation: None, credentials: Step::Keep };
}

/// Everything that lets in ends.
#[derive(Debug, PartialEq)]
pub(crate) struct Revocation {
    /// Of this row, as it was read.
    pub(crate) row: OwnedRow,
    /// The annotations that this acts on.
    pub(crate) handled: HandledAnnotations,
}

impl Revocation {
    /// The one that is asked for and was not done.
    fn of(tenant: &ScimTenant, registered: &RegisteredTenant) -> Option<Self> {
        let handled = credentials::revocation(tenant, registered)?;
        Some(Self { row: registered.row(), handled })
    }
}

/// How an identity provider is to be let in.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// By what we make.
    Issued(Box<Issued>),
    /// By what others make.
    Given(Box<Given>),
}

/// What we make, and where it is to be read.
#[derive(Debug)]
pub(crate) struct Issued {
    /// Which one.
    pub(crate) decision: Decision<NextIssued>,
    /// The Secret but for what is secret in it.
    pub(crate) secret: ConnectionSecret,
    /// The Secret as it was read.
    pub(crate) live: Option<LiveSecret>,
    /// The Secret under the name that the tenant had before, to be deleted.
    pub(crate) old: Option<LiveSecret>,
}

/// What others make.
#[derive(Debug)]
pub(crate) struct Given {
    /// This.
    pub(crate) credential: NewCredential,
    /// What is to be done about it.
    pub(crate) decision: Decision<NextGiven>,
    /// How it lets in.
    pub(crate) connection: Connection,
    /// The Secrets of ours that nobody needs when it is valid, to be deleted.
    pub(crate) obsolete: Vec<LiveSecret>,
}

/// What there is to be of a tenant that was accepted.
pub(crate) fn accepted(
    tenant: &ScimTenant,
    identity: &Identity,
    validated: &ValidatedTenant,
    found: &Dereferenced,
    settings: &Settings,
) -> Desired<Prepared> {
    let registered = match &found.registered {
        Ok(registered) => registered.as_ref(),
        Err(obstacle) => return blocked(obstacle.clone()),
    };
    if let Some(schema) = &found.lost_schema {
        return blocked(registration_lost(schema));
    }
    let is_foreign = |registered: &RegisteredTenant| {
        registered.owner.namespace_uid != validated.owner.namespace_uid
            && validated.foreign == Foreign::Refuse
    };
    if registered.is_some_and(is_foreign) {
        return blocked(owned_by_another());
    }
    let url = &validated.configuration.tenant_url;
    let situation = Situation { tenant, identity, registered, url, found, settings };
    Desired {
        database: Step::Do(Registration {
            owner: validated.owner,
            configuration: Box::new(validated.configuration.clone()),
            foreign: validated.foreign,
        }),
        credentials: Access {
            revocation: registered.and_then(|registered| Revocation::of(tenant, registered)),
            credentials: situation.let_in(&validated.entrance),
        },
        route: route::prepare(tenant, identity, validated, &found.routes, settings),
    }
}

/// What there is to be of a tenant that was not accepted: what it was, if it was, and what somebody took away of that is
/// there again. What lets in can still be replaced by its like and revoked, because a leak does not wait for a correct spec; in
/// a namespace that is being deleted only revoked, since nothing can be made there.
pub(crate) fn rejected(
    tenant: &ScimTenant,
    identity: &Identity,
    found: &Dereferenced,
    settings: &Settings,
) -> Desired<Prepared> {
    let is_served = |registered: &&RegisteredTenant| {
        registered.owner.uid == identity.uid && registered.state == State::Active
    };
    let Some(registered) = found.registered.as_ref().ok().and_then(Option::as_ref).filter(is_served) else {
        return Desired { database: Step::Keep, credentials: Access::UNCHANGED, route: Step::Keep };
    };
    let url = &registered.configuration.tenant_url;
    let situation = Situation { tenant, identity, registered: Some(registered), url, found, settings };
    let credentials = if found.namespace.is_terminating { Step::Keep } else { situation.let_in_as_before() };
    let served = last_accepted(identity, registered, found, settings);
    let configuration = served.as_ref().map_or(&registered.configuration, |served| &served.configuration);
    Desired {
        database: Step::Do(Registration {
            owner: registered.owner,
            configuration: Box::new(configuration.clone()),
            foreign: Foreign::Refuse,
        }),
        credentials: Access { revocation: Revocation::of(tenant, registered), credentials },
        route: route_as_before(tenant, identity, served.as_ref(), found, settings),
    }
}

/// The route that was last accepted, as long as its class says how it is made. Otherwise nobody can make it again, and it is told
/// if somebody took it away.
fn route_as_before(
    tenant: &ScimTenant,
    identity: &Identity,
    served: Option<&ValidatedTenant>,
    found: &Dereferenced,
    settings: &Settings,
) -> Step<RoutePlan> {
    if let Some(served) = served.filter(|_| !found.namespace.is_terminating) {
        return route::prepare(tenant, identity, served, &found.routes, settings);
    }
    let is_there = found.routes.ingress.ours().is_some() || found.routes.http_route.ours().is_some();
    let told = tenant.status.as_ref().and_then(|status| find(&status.conditions, ConditionType::RouteReady));
    let needs_none = told.is_some_and(|told| told.reason == Reason::NotRouted.as_str());
    if is_there || needs_none { Step::Keep } else { Step::Blocked(route_missing()) }
}

fn route_missing() -> Obstacle {
    Obstacle::lasting(
        Reason::Waiting,
        "no Ingress or HTTPRoute leads to the tenant, and none is made as long as the ScimTenant is not accepted",
    )
}

fn blocked(obstacle: Obstacle) -> Desired<Prepared> {
    Desired { database: Step::Blocked(obstacle), credentials: Access::UNCHANGED, route: Step::Keep }
}

#[cfg(test)]
mod tests;
