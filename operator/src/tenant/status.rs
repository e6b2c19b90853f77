//! The status of a tenant, from what was done: pure.

use std::time::Duration;

use crds::class::RouteKind;
use crds::tenant::{CredentialKind, ScimTenantStatus, TokenStatus};
use crds::{ConditionType, Reason, ScimTenant};
use database::registry::{Overlap, RegisteredTenant, Statistics};
use jiff::Timestamp;
use tenancy::Service;

use crate::conditions::{Conditions, Truth, whole_seconds};
use crate::duration;
use crate::obstacle::{Obstacle, Remedy};
use crate::tenant::desired::{Applied, Connection, Desired, Outcome};
use crate::tenant::entrance::{Entrance, Rotation};
use crate::tenant::home::Home;
use crate::tenant::standing::Standing;
use crate::tenant::validate::ValidatedTenant;

/// The obstacle that `Ready` speaks of: the first in the order in which a tenant is made.
pub(crate) fn first_obstacle<'a>(
    verdict: Result<&ValidatedTenant, &'a Obstacle>,
    applied: &'a Desired<Applied>,
) -> Option<&'a Obstacle> {
    let Desired { database, credentials, route } = applied;
    verdict
        .err()
        .or_else(|| database.obstacle())
        .or_else(|| credentials.obstacle())
        .or_else(|| route.obstacle())
}

/// The first obstacle of a part that passes. It is worth another try soon even behind one that stays.
pub(crate) fn passing_obstacle(applied: &Desired<Applied>) -> Option<&Obstacle> {
    let Desired { database, credentials, route } = applied;
    let parts = [database.obstacle(), credentials.obstacle(), route.obstacle()];
    parts.into_iter().flatten().find(|obstacle| obstacle.remedy == Remedy::Time)
}

/// The status. What was not looked at stays as the status before said it.
pub(crate) fn status(
    tenant: &ScimTenant,
    verdict: Result<&ValidatedTenant, &Obstacle>,
    home: &Home,
    applied: &Desired<Applied>,
    statistics: Option<&Statistics>,
    now: Timestamp,
) -> ScimTenantStatus {
    let before = tenant.status.clone().unwrap_or_default();
    let Desired { database, credentials, route } = applied;
    let mut conditions = Conditions::new(&before.conditions, tenant.metadata.generation, now);
    match verdict {
        Ok(validated) => conditions.set(
            ConditionType::Accepted,
            Truth::True,
            Reason::Valid,
            format!("ScimTenantClass {} takes this tenant", validated.class.name),
        ),
        Err(obstacle) => conditions.block(ConditionType::Accepted, obstacle),
    }
    part(&mut conditions, ConditionType::DatabaseReady, database, |registered| {
        (Reason::Provisioned, format!("schema {}", registered.schema_name()))
    });
    part(&mut conditions, ConditionType::CredentialsReady, credentials, |connection| {
        let standing = database.done().and_then(Standing::of);
        standing.map_or_else(|| gone(connection), |standing| standing.condition(connection))
    });
    part(&mut conditions, ConditionType::RouteReady, route, |routed| routed_by(routed.by));
    if let Some(obstacle) = first_obstacle(verdict, applied) {
        conditions.block(ConditionType::Ready, obstacle);
        conditions.explain(obstacle);
    } else {
        let (reason, message) = served(database.done());
        conditions.set(ConditionType::Ready, Truth::True, reason, message);
    }
    let conditions = conditions.into_vec();
    let status = ScimTenantStatus { observed_generation: tenant.metadata.generation, conditions, ..before };
    let status = with_registered(status, verdict, home, database, credentials);
    let status = with_connection(status, credentials);
    with_statistics(status, statistics)
}

/// What the registry holds, and what was accepted with it.
fn with_registered(
    before: ScimTenantStatus,
    verdict: Result<&ValidatedTenant, &Obstacle>,
    home: &Home,
    database: &Outcome<RegisteredTenant>,
    credentials: &Outcome<Connection>,
) -> ScimTenantStatus {
    let Some(registered) = database.done() else { return before };
    let url = &registered.configuration.tenant_url;
    let token = match &before.token {
        Some(told) if credentials.done().is_none() && is_lost(told, registered) => before.token.clone(),
        told => token(registered, verdict.ok().map(|validated| &validated.entrance), told.as_ref()),
    };
    let has_token_endpoint = token
        .as_ref()
        .is_some_and(|token| matches!(token.kind, CredentialKind::ClientSecret | CredentialKind::Federation));
    let status = ScimTenantStatus {
        tenant_url: Some(url.to_string()),
        token_url: has_token_endpoint.then(|| url.token_url()),
        database: Some(home.database.clone()),
        database_schema: Some(registered.schema_name().to_string()),
        token,
        ..before
    };
    match verdict {
        Err(_) => status,
        // Accepted is what tenant and row are.
        Ok(validated) => ScimTenantStatus {
            deletion_policy: Some(validated.deletion_policy),
            deletion_delay: validated.deletion_delay.map(duration::write),
            controller_name: Some(validated.controller_name.clone()),
            ..status
        },
    }
}

/// The newest credential and the one before. When the newest ends by schedule is known as long as the spec is accepted.
fn token(
    registered: &RegisteredTenant,
    entrance: Option<&Entrance>,
    before: Option<&TokenStatus>,
) -> Option<TokenStatus> {
    let token = Standing::of(registered)?.token(entrance.and_then(lifetime));
    let same = before.filter(|before| entrance.is_none() && before.generation == token.generation);
    Some(match same {
        Some(before) => TokenStatus { expires_at: before.expires_at.clone(), ..token },
        None => token,
    })
}

/// Whether the registry is older than what it was told of: the credential is still to be restored, and only the status knows
/// of it.
fn is_lost(told: &TokenStatus, registered: &RegisteredTenant) -> bool {
    let latest = registered.credentials.last();
    latest.is_none_or(|latest| i64::from(latest.generation.get()) < told.generation)
}

/// How long a credential works: until the next one is made, and as long as both work.
fn lifetime(entrance: &Entrance) -> Option<Duration> {
    match entrance {
        Entrance::Issued {
            rotation: Rotation { every: Some(every), overlap: Overlap::For(overlap) },
            ..
        } => every.checked_add(*overlap),
        Entrance::Issued { .. } | Entrance::Brought { .. } | Entrance::Trusted { .. } => None,
    }
}

fn with_connection(before: ScimTenantStatus, credentials: &Outcome<Connection>) -> ScimTenantStatus {
    match credentials.done() {
        Some(connection) => {
            ScimTenantStatus { secret_name: connection.secret_name().map(str::to_owned), ..before }
        }
        None => before,
    }
}

fn with_statistics(before: ScimTenantStatus, statistics: Option<&Statistics>) -> ScimTenantStatus {
    let Some(counted) = statistics else { return before };
    ScimTenantStatus {
        users: Some(number(counted.users)),
        groups: Some(number(counted.groups)),
        last_provisioned_at: counted.last_provisioned_at.map(whole_seconds).or(before.last_provisioned_at),
        ..before
    }
}

/// What `Ready` says of a tenant that nothing stands in the way of.
fn served(registered: Option<&RegisteredTenant>) -> (Reason, &'static str) {
    match registered.map(|registered| registered.configuration.service) {
        Some(Service::Suspended) => (
            Reason::Suspended,
            "every request is answered with 503, and all data is kept; spec.suspend: false ends it",
        ),
        Some(Service::Active) | None => (Reason::Connected, "an identity provider can connect"),
    }
}

fn routed_by(kind: RouteKind) -> (Reason, String) {
    let (reason, message) = match kind {
        RouteKind::Ingress => (Reason::Applied, "the Ingress is applied"),
        RouteKind::HTTPRoute => (Reason::Applied, "the Gateway has taken the HTTPRoute"),
        RouteKind::None => (
            Reason::NotRouted,
            "the class makes no routes: requests are led to the Service of the servers by others",
        ),
    };
    (reason, message.to_owned())
}

/// Somebody has revoked it since it was issued.
fn gone(connection: &Connection) -> (Reason, String) {
    match connection {
        Connection::Issued { secret_name } => (Reason::Issued, format!("Secret {secret_name}")),
        Connection::Brought { secret_name } => (Reason::Brought, format!("Secret {secret_name}")),
        Connection::Trusted => (Reason::Trusted, "what the issuer signs is accepted".to_owned()),
    }
}

/// The status of a tenant whose deletion waits.
pub(crate) fn deletion_waits(tenant: &ScimTenant, obstacle: &Obstacle, now: Timestamp) -> ScimTenantStatus {
    let before = tenant.status.clone().unwrap_or_default();
    let mut conditions = Conditions::new(&before.conditions, tenant.metadata.generation, now);
    conditions.keep(ConditionType::Accepted, "the tenant is being deleted");
    conditions.block(ConditionType::DatabaseReady, obstacle);
    let obstacle = &Obstacle { reason: Reason::DeletionWaits, ..obstacle.clone() };
    conditions.keep(ConditionType::CredentialsReady, "the tenant is being deleted");
    conditions.keep(ConditionType::RouteReady, "the tenant is being deleted");
    conditions.block(ConditionType::Ready, obstacle);
    conditions.explain(obstacle);
    ScimTenantStatus {
        observed_generation: tenant.metadata.generation,
        conditions: conditions.into_vec(),
        ..before
    }
}

fn part<T>(
    conditions: &mut Conditions<'_>,
    type_: ConditionType,
    outcome: &Outcome<T>,
    describe: impl FnOnce(&T) -> (Reason, String),
) {
    match outcome {
        Outcome::Done(done) => {
            let (reason, message) = describe(done);
            conditions.set(type_, Truth::True, reason, message);
        }
        Outcome::Failed(obstacle) => conditions.block(type_, obstacle),
        Outcome::Kept => conditions.keep(type_, "waits for what comes before"),
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
