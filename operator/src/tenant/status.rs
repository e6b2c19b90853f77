//! The status of a tenant, from what was done: pure.

use crds::tenant::{DeletionPolicy, PreviousToken, ScimTenantStatus, TokenStatus};
use crds::{ConditionType, Reason, ScimTenant};
use database::registry::{Credential, RegisteredTenant, Statistics};
use jiff::Timestamp;

use crate::conditions::{Conditions, Truth, whole_seconds};
use crate::obstacle::{Obstacle, Remedy};
use crate::tenant::desired::{Applied, Desired, Outcome};
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
    part(&mut conditions, ConditionType::CredentialsReady, credentials, |secret_name| {
        (Reason::Issued, credentials_message(secret_name, database.done()))
    });
    part(&mut conditions, ConditionType::RouteReady, route, |()| {
        (Reason::Applied, "the Ingress is applied".to_owned())
    });
    match first_obstacle(verdict, applied) {
        Some(obstacle) => {
            conditions.block(ConditionType::Ready, obstacle);
            conditions.explain(obstacle);
        }
        None => conditions.set(
            ConditionType::Ready,
            Truth::True,
            Reason::Connected,
            "an identity provider can connect",
        ),
    }
    let registered = database.done();
    ScimTenantStatus {
        observed_generation: tenant.metadata.generation,
        conditions: conditions.into_vec(),
        tenant_url: registered.map(|found| found.configuration.tenant_url.to_string()).or(before.tenant_url),
        secret_name: credentials.done().cloned().or(before.secret_name),
        database_schema: registered.map(|found| found.schema_name().to_string()).or(before.database_schema),
        token: registered.map_or(before.token, |found| token(&found.credentials)),
        deletion_policy: accepted_policy(verdict, database).or(before.deletion_policy),
        users: statistics.map(|counted| number(counted.users)).or(before.users),
        groups: statistics.map(|counted| number(counted.groups)).or(before.groups),
        last_provisioned_at: statistics
            .and_then(|counted| counted.last_provisioned_at)
            .map(whole_seconds)
            .or(before.last_provisioned_at),
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

/// The policy is accepted when tenant and row are.
fn accepted_policy(
    verdict: Result<&ValidatedTenant, &Obstacle>,
    database: &Outcome<RegisteredTenant>,
) -> Option<DeletionPolicy> {
    verdict.ok().filter(|_| database.done().is_some()).map(|validated| validated.deletion_policy)
}

fn credentials_message(secret_name: &str, registered: Option<&RegisteredTenant>) -> String {
    match registered.and_then(|found| token(&found.credentials)) {
        Some(TokenStatus { generation, previous: Some(previous), .. }) => format!(
            "Secret {secret_name} holds token {generation}; token {} works until it is used",
            previous.generation
        ),
        Some(TokenStatus { generation, .. }) => format!("Secret {secret_name} holds token {generation}"),
        None => format!("Secret {secret_name}"),
    }
}

/// The newest token, and the one before as long as it works. Of several that work, the one before is the one that
/// was used; else the newest of them.
fn token(credentials: &[Credential]) -> Option<TokenStatus> {
    let (newest, older) = credentials.split_last()?;
    if newest.revoked_at.is_some() {
        return None;
    }
    let mut works: Vec<&Credential> = Vec::new();
    if newest.first_used_at.is_none() {
        for credential in older.iter().rev() {
            works.extend(Some(credential).filter(|credential| credential.revoked_at.is_none()));
            if credential.first_used_at.is_some() {
                break;
            }
        }
    }
    let previous = works.iter().find(|credential| credential.first_used_at.is_some()).or(works.first());
    Some(TokenStatus {
        generation: i64::from(newest.generation.get()),
        issued_at: whole_seconds(newest.issued_at),
        last_used_at: newest.last_used_at.map(whole_seconds),
        previous: previous.map(|previous| PreviousToken {
            generation: i64::from(previous.generation.get()),
            last_used_at: previous.last_used_at.map(whole_seconds),
        }),
    })
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
