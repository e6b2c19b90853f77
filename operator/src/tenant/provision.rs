//! Everything that a reconcile of a tenant writes but for its status: PostgreSQL first, then the cluster.
//!
//! It may end at any line and is then done again from the start: each step does nothing when it was done before, and
//! a token that was registered and never reached the Secret is replaced (see [`crate::tenant::credentials`]).

use crds::{Reason, ScimTenant};
use database::registry::{HandledAnnotations, Issue, NewCredential, OwnedRow, RegisteredTenant};
use tenancy::{ClientId, Generation, Token};
use tracing::info;

use crate::apply::{ApplyError, Intent, apply, delete};
use crate::context::Context;
use crate::error::Error;
use crate::event;
use crate::obstacle::Obstacle;
use crate::registry;
use crate::route;
use crate::tenant::credentials::{NextGiven, NextIssued};
use crate::tenant::desired::{
    Access, Applied, Connection, Credentials, Desired, Given, Issued, Outcome, Prepared, Registration,
    Revocation, Step,
};
use crate::tenant::entrance::IssuedKind;
use crate::tenant::identity::Identity;
use crate::tenant::report;
use crate::tenant::secret::{LiveSecret, USER_NAME};

/// Whose row is written, and in which database it is.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    identity: &'a Identity,
    database: &'a str,
}

/// Writes what is desired in the database `home` and in the cluster, part by part. What stands in the way of a part is part of the answer; an error means that
/// nothing can be said.
pub(crate) async fn provision(
    tenant: &ScimTenant,
    identity: &Identity,
    home: &str,
    desired: Desired<Prepared>,
    context: &Context,
) -> Result<Desired<Applied>, Error> {
    let Desired { database, credentials, route } = desired;
    let place = Place { identity, database: home };
    let database = register(tenant, place, database, context).await?;
    let Outcome::Done(registered) = database else {
        let credentials = cut_off(place, credentials.revocation, context).await;
        return Ok(Desired { database, credentials, route: Outcome::Kept });
    };
    let (credentials, registered) = let_in(place, credentials, registered, context).await?;
    let route = route::lead_there(route, context).await?;
    Ok(Desired { database: Outcome::Done(registered), credentials, route })
}

/// Registers the tenant, and tells what became of what was there: no later pass would know.
async fn register(
    tenant: &ScimTenant,
    place: Place<'_>,
    step: Step<Registration>,
    context: &Context,
) -> Result<Outcome<RegisteredTenant>, Error> {
    let Registration { owner, configuration, foreign } = match step {
        Step::Do(registration) => registration,
        Step::Blocked(obstacle) => return Ok(Outcome::Failed(obstacle)),
        Step::Keep => return Ok(Outcome::Kept),
    };
    let written = async {
        context
            .databases
            .registry(place.database)
            .await?
            .register(&place.identity.key, owner, &configuration, foreign)
            .await
    };
    match written.await {
        Ok((registered, origin)) => {
            if let Some(note) = report::of_origin(origin, &registered) {
                event::publish(tenant, &note, context).await;
            }
            Ok(Outcome::Done(registered))
        }
        Err(error) => registry::obstacle(&error).map(Outcome::Failed),
    }
}

/// Ends what is to end of a tenant whose database is not as it should be: a leak does not wait for a person who brings back a
/// table. Where PostgreSQL itself is away, the next pass does it.
async fn cut_off(place: Place<'_>, revocation: Option<Revocation>, context: &Context) -> Outcome<Connection> {
    let Some(Revocation { row, handled }) = revocation else { return Outcome::Kept };
    match revoke(place, row, &handled, context).await {
        Ok(Ok(_)) => Outcome::Failed(revoked()),
        Ok(Err(_)) | Err(_) => Outcome::Kept,
    }
}

/// Ends what is to end, then lets the identity provider in. Answers with the row as it is then.
async fn let_in(
    place: Place<'_>,
    access: Access,
    registered: RegisteredTenant,
    context: &Context,
) -> Result<(Outcome<Connection>, RegisteredTenant), Error> {
    let Access { revocation, credentials } = access;
    let mut registered = match revocation {
        None => registered,
        // The row may belong to another owner since it was read.
        Some(Revocation { handled, .. }) => match revoke(place, registered.row(), &handled, context).await? {
            Ok(revoked) => revoked,
            Err(obstacle) => return Ok((Outcome::Failed(obstacle), registered)),
        },
    };
    let connected = match credentials {
        Step::Do(Credentials::Issued(issued)) => issue(&issued, place, &mut registered, context).await,
        Step::Do(Credentials::Given(given)) => take(&given, place, &mut registered, context).await,
        Step::Blocked(obstacle) => return Ok((Outcome::Failed(obstacle), registered)),
        Step::Keep if works_no_more(&registered) => return Ok((Outcome::Failed(revoked()), registered)),
        Step::Keep => return Ok((Outcome::Kept, registered)),
    };
    match connected {
        Ok(connection) => Ok((Outcome::Done(connection), registered)),
        Err(Hindrance::Blocked(obstacle)) => Ok((Outcome::Failed(obstacle), registered)),
        Err(Hindrance::Apply(error)) => {
            Ok((Outcome::Failed(error.into_obstacle(Reason::SecretRefused)?), registered))
        }
    }
}

/// Makes the Secret hold the newest of what we make.
async fn issue(
    issued: &Issued,
    place: Place<'_>,
    registered: &mut RegisteredTenant,
    context: &Context,
) -> Result<Connection, Hindrance> {
    let Issued { decision, secret, live, old } = issued;
    let secrets = context.secrets(&place.identity.key.namespace);
    let live = live.as_ref().map(LiveSecret::object);
    let token = match &decision.next {
        NextIssued::Present(token) => token.clone(),
        NextIssued::Later => return Err(Hindrance::Blocked(lost_again(secret.name()))),
        NextIssued::Restored(token, generation) => {
            let credential = credential(secret.kind(), token, place.identity);
            let issue = Issue::Known(*generation);
            *registered = validate(&credential, issue, &decision.handled, place, registered, context).await?;
            token.clone()
        }
        NextIssued::New(issue) => {
            // Whether the API server would take the Secret is asked before, with another text in the token's place, so
            // that a Secret that is refused does not use up a token with each attempt.
            apply(&secrets, &secret.with("issued-next"), live, Intent::Rehearse).await?;
            let token = new_token()?;
            let credential = credential(secret.kind(), &token, place.identity);
            *registered =
                validate(&credential, *issue, &decision.handled, place, registered, context).await?;
            token
        }
    };
    apply(&secrets, &secret.with(token.expose()), live, Intent::Write).await?;
    if let Some(old) = old {
        delete(&secrets, old.object()).await?;
    }
    Ok(Connection::Issued { secret_name: secret.name().to_owned() })
}

/// Makes valid what others make. Secrets of ours from before go: they would hold what works no longer than until this is
/// used.
async fn take(
    given: &Given,
    place: Place<'_>,
    registered: &mut RegisteredTenant,
    context: &Context,
) -> Result<Connection, Hindrance> {
    let Given { credential, decision, connection, obsolete } = given;
    if let NextGiven::New(issue) = decision.next {
        *registered = validate(credential, issue, &decision.handled, place, registered, context).await?;
    }
    for secret in obsolete {
        delete(&context.secrets(&place.identity.key.namespace), secret.object()).await?;
    }
    Ok(connection.clone())
}

/// Makes a credential valid. Answers with the row as it is then.
async fn validate(
    credential: &NewCredential,
    issue: Issue,
    handled: &HandledAnnotations,
    place: Place<'_>,
    registered: &RegisteredTenant,
    context: &Context,
) -> Result<RegisteredTenant, Hindrance> {
    let written = async {
        let registry = context.databases.registry(place.database).await?;
        let generation: Generation =
            registry.issue(registered.id, registered.owner, credential, issue, handled).await?;
        info!(tenant = %place.identity.key, %generation, kind = %credential.kind, ?issue, "issued a credential");
        registry.tenant(&place.identity.key).await
    };
    match written.await {
        Ok(Some(registered)) => Ok(registered),
        Ok(None) => Err(Error::Raced.into()),
        Err(error) => Err(Hindrance::Blocked(registry::obstacle(&error)?)),
    }
}

/// What the registry is to know of what we make.
fn credential(kind: IssuedKind, token: &Token, identity: &Identity) -> NewCredential {
    let principal = match kind {
        IssuedKind::BearerToken => None,
        IssuedKind::Basic => Some(USER_NAME.to_owned()),
        IssuedKind::ClientSecret => Some(ClientId::of(&identity.key.path()).as_str().to_owned()),
    };
    NewCredential { kind: kind.into(), digest: token.digest(), principal, trust: None }
}

/// Ends everything that lets in, before anything that the API server could refuse.
async fn revoke(
    place: Place<'_>,
    row: OwnedRow,
    handled: &HandledAnnotations,
    context: &Context,
) -> Result<Result<RegisteredTenant, Obstacle>, Error> {
    let revoked = async {
        let registry = context.databases.registry(place.database).await?;
        registry.revoke(row.id, row.owner, handled).await?;
        info!(tenant = %place.identity.key, "revoked every credential");
        registry.tenant(&place.identity.key).await
    };
    match revoked.await {
        Ok(Some(registered)) => Ok(Ok(registered)),
        Ok(None) => Err(Error::Raced),
        Err(error) => registry::obstacle(&error).map(Err),
    }
}

/// Whether there were credentials, and none works.
fn works_no_more(registered: &RegisteredTenant) -> bool {
    !registered.credentials.is_empty() && registered.working().next().is_none()
}

fn revoked() -> Obstacle {
    Obstacle::lasting(
        Reason::CredentialRevoked,
        "every credential was revoked, and none is issued as long as something else stands in the way",
    )
}

fn lost_again(secret_name: &str) -> Obstacle {
    Obstacle::passing(
        Reason::SecretLost,
        format!(
            "the Secret {secret_name} does not hold the token that was just issued; a new one follows when that one \
             is ten seconds old"
        ),
    )
}

fn new_token() -> Result<Token, Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Error::Random)?;
    Ok(Token::from_random(random))
}

/// Why the identity provider is not let in.
#[derive(Debug)]
enum Hindrance {
    Apply(ApplyError),
    Blocked(Obstacle),
}

impl From<ApplyError> for Hindrance {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

impl From<Error> for Hindrance {
    fn from(error: Error) -> Self {
        Self::Apply(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, credential, registered, token, used};
    use database::registry::Credential;

    #[test]
    fn a_tenant_whose_every_credential_ended_says_so_and_one_that_never_had_any_does_not() {
        let revoked = |credential| Credential { revoked_at: Some(NOW), ..credential };
        let (first, second) = (|| used(credential(1, &token(1))), || credential(2, &token(2)));
        assert!(works_no_more(&registered(vec![revoked(first()), revoked(second())])));
        assert!(!works_no_more(&registered(vec![revoked(first()), second()])));
        assert!(!works_no_more(&registered(vec![])));
    }
}
