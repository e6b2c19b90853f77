//! What there is to be of a tenant, before and after it was written.
//!
//! The status can only be made from [`Desired<Applied>`], so it cannot say more than what was done; and whoever takes
//! a [`Desired`] apart names all of its parts, so a part that is forgotten does not compile.

use crds::ScimTenant;
use database::registry::{HandledAnnotations, RegisteredTenant, State};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use tenancy::{Owner, TenantConfiguration, TenantUrl, Token};

use crate::object::Found;
use crate::obstacle::Obstacle;
use crate::registry::owned_by_another;
use crate::route::tenant_route;
use crate::settings::Settings;
use crate::tenant::credentials::{self, Decision};
use crate::tenant::dereference::Dereferenced;
use crate::tenant::identity::Identity;
use crate::tenant::secret::{ConnectionSecret, LiveSecret};
use crate::tenant::validate::ValidatedTenant;

/// The parts of a tenant.
#[derive(Debug)]
pub(crate) struct Desired<S: Stage> {
    /// Row and schema.
    pub(crate) database: S::Database,
    /// Token and Secret.
    pub(crate) credentials: S::Credentials,
    /// Ingress.
    pub(crate) route: S::Route,
}

/// What is known of each part.
pub(crate) trait Stage {
    /// Of row and schema.
    type Database;
    /// Of token and Secret.
    type Credentials;
    /// Of the Ingress.
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
    type Route = Step<Route>;
}

impl Stage for Applied {
    type Database = Outcome<RegisteredTenant>;
    type Credentials = Outcome<SecretName>;
    type Route = Outcome<()>;
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

/// The name of the Secret that holds the token.
pub(crate) type SecretName = String;

/// How the registry is to know the tenant.
#[derive(Debug)]
pub(crate) enum Registration {
    /// Active, with this configuration.
    Register(Owner, Box<TenantConfiguration>),
    /// As it does: the tenant is served by what was last accepted.
    LastAccepted(Box<RegisteredTenant>),
}

/// Who is not let in any more, and who is to be.
#[derive(Debug)]
pub(crate) struct Access {
    /// Every token ends, whatever becomes of the Secret; with the annotations that this acts on.
    pub(crate) revocation: Option<HandledAnnotations>,
    /// Token and Secret.
    pub(crate) secret: Step<Credentials>,
}

impl Access {
    const UNCHANGED: Self = Self { revocation: None, secret: Step::Keep };
}

/// How an identity provider is to be let in.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// By which token.
    pub(crate) decision: Decision,
    /// The Secret but for its token.
    pub(crate) secret: ConnectionSecret,
    /// The Secret as it was read.
    pub(crate) live: Option<LiveSecret>,
    /// The Secret under the name that the tenant had before, to be deleted.
    pub(crate) old: Option<LiveSecret>,
}

impl Credentials {
    /// The Secret as the API server gave it.
    pub(crate) fn live_object(&self) -> Option<&Secret> {
        self.live.as_ref().map(LiveSecret::object)
    }
}

/// How requests are to get to the servers.
#[derive(Debug)]
pub(crate) struct Route {
    /// The Ingress.
    pub(crate) ingress: Box<Ingress>,
    /// The Ingress as it was read.
    pub(crate) live: Option<Box<Ingress>>,
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
    if registered.is_some_and(|registered| registered.owner.namespace_uid != validated.owner.namespace_uid) {
        return blocked(owned_by_another());
    }
    let registration = Registration::Register(validated.owner, Box::new(validated.configuration.clone()));
    Desired {
        database: Step::Do(registration),
        credentials: Access {
            revocation: registered.and_then(|registered| credentials::revocation(tenant, registered)),
            secret: credentials(
                tenant,
                identity,
                registered,
                &validated.configuration.tenant_url,
                found,
                settings,
            ),
        },
        route: route(tenant, identity, validated, found, settings),
    }
}

/// What there is to be of a tenant that was not accepted: what it was, if it was. Its tokens can still be rotated
/// and revoked, because a leak does not wait for a correct spec; in a namespace that is being deleted only revoked,
/// since nothing can be made there.
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
    let secret = if found.namespace.is_terminating {
        Step::Keep
    } else {
        credentials(tenant, identity, Some(registered), url, found, settings)
    };
    Desired {
        database: Step::Do(Registration::LastAccepted(Box::new(registered.clone()))),
        credentials: Access { revocation: credentials::revocation(tenant, registered), secret },
        route: Step::Keep,
    }
}

fn blocked(obstacle: Obstacle) -> Desired<Prepared> {
    Desired { database: Step::Blocked(obstacle), credentials: Access::UNCHANGED, route: Step::Keep }
}

fn credentials(
    tenant: &ScimTenant,
    identity: &Identity,
    registered: Option<&RegisteredTenant>,
    url: &TenantUrl,
    found: &Dereferenced,
    settings: &Settings,
) -> Step<Credentials> {
    let name = &identity.secret_name;
    if let Found::Foreign = found.secret {
        return Step::Blocked(Obstacle::lasting(
            crds::Reason::SecretNameTaken,
            format!("the Secret {name} is there and does not belong to this ScimTenant"),
        ));
    }
    let (live, old) = (found.secret.ours().cloned(), found.old_secret.clone());
    let held: Vec<Token> = [&live, &old].into_iter().flatten().filter_map(LiveSecret::token).collect();
    Step::Do(Credentials {
        decision: credentials::decide(tenant, registered, &held, found.read_at),
        secret: ConnectionSecret::new(tenant, name, url, settings),
        live,
        old,
    })
}

fn route(
    tenant: &ScimTenant,
    identity: &Identity,
    validated: &ValidatedTenant,
    found: &Dereferenced,
    settings: &Settings,
) -> Step<Route> {
    let ingress = Box::new(tenant_route(tenant, &identity.key.path(), &validated.class, settings));
    if let Found::Foreign = found.route {
        return Step::Blocked(Obstacle::lasting(
            crds::Reason::RouteNameTaken,
            format!(
                "the Ingress {} in namespace {} is there and does not belong to this ScimTenant",
                ingress.metadata.name.as_deref().unwrap_or_default(),
                settings.server.namespace
            ),
        ));
    }
    Step::Do(Route { ingress, live: found.route.ours().cloned().map(Box::new) })
}

#[cfg(test)]
mod tests;
