//! Everything that a reconcile of a tenant writes but for its status: PostgreSQL first, then the cluster.
//!
//! It may end at any line and is then done again from the start: each step does nothing when it was done before, and
//! a token that was registered and never reached the Secret is replaced (see [`crate::tenant::credentials`]).

use crds::Reason;
use database::registry::{Issue, RegisteredTenant};
use tenancy::Token;
use tracing::info;

use crate::apply::{ApplyError, Intent, apply, delete};
use crate::context::Context;
use crate::error::Error;
use crate::obstacle::Obstacle;
use crate::registry;
use crate::tenant::credentials::NextToken;
use crate::tenant::desired::{
    Applied, Credentials, Desired, Outcome, Prepared, Registration, Route, SecretName, Step,
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

/// Makes the Secret hold the newest token. Answers with the row as it is then.
async fn let_in(
    identity: &Identity,
    step: Step<Credentials>,
    registered: RegisteredTenant,
    context: &Context,
) -> Result<(Outcome<SecretName>, RegisteredTenant), Error> {
    let credentials = match step {
        Step::Do(credentials) => credentials,
        Step::Blocked(obstacle) => return Ok((Outcome::Failed(obstacle), registered)),
        Step::Keep => return Ok((Outcome::Kept, registered)),
    };
    let issued = match &credentials.decision.token {
        NextToken::Present(token) => Ok((token.clone(), registered)),
        NextToken::New(issue) => replace_token(*issue, &credentials, identity, registered.clone(), context)
            .await
            .map_err(|error| (error, registered)),
    };
    let (token, registered) = match issued {
        Ok(issued) => issued,
        Err((error, registered)) => return Ok((Outcome::Failed(secret_obstacle(error)?), registered)),
    };
    let secret = credentials.secret.with_token(token.expose());
    let secrets = context.secrets(&identity.key.namespace);
    if let Err(error) = apply(&secrets, &secret, credentials.live.as_ref(), Intent::Write).await {
        return Ok((Outcome::Failed(secret_obstacle(error.into())?), registered));
    }
    if let Some(old) = &credentials.old {
        delete(&secrets, old).await?;
    }
    Ok((Outcome::Done(credentials.secret.name().to_owned()), registered))
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
    apply(&secrets, &rehearsal, credentials.live.as_ref(), Intent::Rehearse).await?;
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
        Err(ApplyError::Refused(message)) => {
            Ok(Outcome::Failed(Obstacle::lasting(Reason::RouteRefused, message)))
        }
        Err(ApplyError::Failed(error)) => Err(error),
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
        IssueError::Apply(ApplyError::Refused(message)) => {
            Ok(Obstacle::lasting(Reason::SecretRefused, message))
        }
        IssueError::Apply(ApplyError::Failed(error)) => Err(error),
    }
}
