//! Everything that a reconcile of a tenant writes but for its status: PostgreSQL first, then the cluster.
//!
//! It may end at any line and is then done again from the start: each step does nothing when it was done before, and
//! a token that was registered and never reached the Secret is replaced (see [`crate::tenant::credentials`]).

use crds::Reason;
use database::registry::{HandledAnnotations, Issue, RegisteredTenant};
use tenancy::Token;
use tracing::info;

use crate::apply::{ApplyError, Intent, apply, delete};
use crate::context::Context;
use crate::error::Error;
use crate::obstacle::Obstacle;
use crate::registry;
use crate::tenant::credentials::NextToken;
use crate::tenant::desired::{
    Access, Applied, Credentials, Desired, Outcome, Prepared, Registration, Route, SecretName, Step,
};
use crate::tenant::identity::Identity;

/// Writes what is desired, part by part. What stands in the way of a part is part of the answer; an error means that
/// nothing can be said.
pub(crate) async fn provision(
    identity: &Identity,
    desired: Desired<Prepared>,
    context: &Context,
) -> Result<Desired<Applied>, Error> {
    let Desired { database, credentials, route } = desired;
    let database = register(identity, database, context).await?;
    let Outcome::Done(registered) = database else {
        return Ok(Desired { database, credentials: Outcome::Kept, route: Outcome::Kept });
    };
    let (credentials, registered) = let_in(identity, credentials, registered, context).await?;
    let route = lead_there(route, context).await?;
    Ok(Desired { database: Outcome::Done(registered), credentials, route })
}

async fn register(
    identity: &Identity,
    step: Step<Registration>,
    context: &Context,
) -> Result<Outcome<RegisteredTenant>, Error> {
    let (owner, configuration) = match step {
        Step::Do(Registration::Register(owner, configuration)) => (owner, configuration),
        Step::Do(Registration::LastAccepted(registered)) => return Ok(Outcome::Done(*registered)),
        Step::Blocked(obstacle) => return Ok(Outcome::Failed(obstacle)),
        Step::Keep => return Ok(Outcome::Kept),
    };
    let written =
        async { context.registry.get().await?.register(&identity.key, owner, &configuration).await };
    match written.await {
        Ok(registered) => Ok(Outcome::Done(registered)),
        Err(error) => registry::obstacle(&error).map(Outcome::Failed),
    }
}

/// Ends the tokens that are to end, then makes the Secret hold the newest. Answers with the row as it is then.
async fn let_in(
    identity: &Identity,
    access: Access,
    registered: RegisteredTenant,
    context: &Context,
) -> Result<(Outcome<SecretName>, RegisteredTenant), Error> {
    let Access { revocation, secret } = access;
    let registered = match revocation {
        None => registered,
        Some(handled) => match revoke(identity, &registered, &handled, context).await? {
            Ok(revoked) => revoked,
            Err(obstacle) => return Ok((Outcome::Failed(obstacle), registered)),
        },
    };
    let credentials = match secret {
        Step::Do(credentials) => credentials,
        Step::Blocked(obstacle) => return Ok((Outcome::Failed(obstacle), registered)),
        Step::Keep => return Ok((Outcome::Kept, registered)),
    };
    let issued = match &credentials.decision.token {
        NextToken::Present(token) => Ok((token.clone(), registered)),
        NextToken::New(issue) => replace_token(*issue, &credentials, identity, registered.clone(), context)
            .await
            .map_err(|error| (error, registered)),
        NextToken::Later => {
            return Ok((Outcome::Failed(lost_again(credentials.secret.name())), registered));
        }
    };
    let (token, registered) = match issued {
        Ok(issued) => issued,
        Err((error, registered)) => return Ok((Outcome::Failed(secret_obstacle(error)?), registered)),
    };
    let secret = credentials.secret.with_token(token.expose());
    let secrets = context.secrets(&identity.key.namespace);
    if let Err(error) = apply(&secrets, &secret, credentials.live_object(), Intent::Write).await {
        return Ok((Outcome::Failed(secret_obstacle(error.into())?), registered));
    }
    if let Some(old) = &credentials.old {
        delete(&secrets, old.object()).await?;
    }
    Ok((Outcome::Done(credentials.secret.name().to_owned()), registered))
}

/// Ends every token, before anything that the API server could refuse.
async fn revoke(
    identity: &Identity,
    registered: &RegisteredTenant,
    handled: &HandledAnnotations,
    context: &Context,
) -> Result<Result<RegisteredTenant, Obstacle>, Error> {
    let revoked = async {
        let registry = context.registry.get().await?;
        registry.revoke(registered.id, registered.owner, handled).await?;
        info!(tenant = %identity.key, "revoked every token");
        registry.tenant(&identity.key).await
    };
    match revoked.await {
        Ok(Some(registered)) => Ok(Ok(registered)),
        Ok(None) => Err(Error::Raced),
        Err(error) => registry::obstacle(&error).map(Err),
    }
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

/// Makes a token valid. Whether the API server would take the Secret is asked before, with another text in the
/// token's place, so that a Secret that is refused does not use up a token with each attempt.
async fn replace_token(
    issue: Issue,
    credentials: &Credentials,
    identity: &Identity,
    registered: RegisteredTenant,
    context: &Context,
) -> Result<(Token, RegisteredTenant), IssueError> {
    let secrets = context.secrets(&identity.key.namespace);
    let rehearsal = credentials.secret.with_token("issued-next");
    apply(&secrets, &rehearsal, credentials.live_object(), Intent::Rehearse).await?;
    let token = new_token()?;
    let handled = &credentials.decision.handled;
    let registered = async {
        let registry = context.registry.get().await?;
        let generation =
            registry.issue_token(registered.id, registered.owner, &token.digest(), issue, handled).await?;
        info!(tenant = %identity.key, %generation, ?issue, "issued a token");
        registry.tenant(&identity.key).await
    };
    match registered.await {
        Ok(Some(registered)) => Ok((token, registered)),
        Ok(None) => Err(Error::Raced.into()),
        Err(error) => Err(IssueError::Blocked(registry::obstacle(&error)?)),
    }
}

fn new_token() -> Result<Token, Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Error::Random)?;
    Ok(Token::from_random(random))
}

async fn lead_there(step: Step<Route>, context: &Context) -> Result<Outcome<()>, Error> {
    let Route { ingress, live } = match step {
        Step::Do(route) => route,
        Step::Blocked(obstacle) => return Ok(Outcome::Failed(obstacle)),
        Step::Keep => return Ok(Outcome::Kept),
    };
    match apply(&context.routes(), &*ingress, live.as_deref(), Intent::Write).await {
        Ok(_) => Ok(Outcome::Done(())),
        Err(error) => error.into_obstacle(Reason::RouteRefused).map(Outcome::Failed),
    }
}

/// Why there is no token in the Secret.
#[derive(Debug)]
enum IssueError {
    Apply(ApplyError),
    Blocked(Obstacle),
}

impl From<ApplyError> for IssueError {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

impl From<Error> for IssueError {
    fn from(error: Error) -> Self {
        Self::Apply(error.into())
    }
}

fn secret_obstacle(error: IssueError) -> Result<Obstacle, Error> {
    match error {
        IssueError::Blocked(obstacle) => Ok(obstacle),
        IssueError::Apply(error) => error.into_obstacle(Reason::SecretRefused),
    }
}
