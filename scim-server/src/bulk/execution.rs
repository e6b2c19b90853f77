//! Does the operations of a bulk request, one after the other, as the single requests would for which they stand.

use std::collections::HashMap;

use scim::{
    IfMatch, Kind, Projection, ResourceType,
    bulk::{Action, BulkRequest, Operation, Refusal, Step, Target},
};
use store::Precondition;
use tokio::time::timeout_at;
use uuid::Uuid;

use super::{
    Deadline,
    outcome::{BulkResponse, Named, Outcome, Success},
};
use crate::{
    error::Error,
    tenant::{Groups, Users},
};

/// Does the operations until all are done, or as many have failed as the client accepts.
pub(super) async fn run(users: Users, deadline: Deadline, request: BulkRequest) -> BulkResponse {
    let most_errors = request.fail_on_errors.unwrap_or(usize::MAX);
    let mut execution = Execution {
        groups: users.tenant.groups(),
        users,
        deadline,
        ids: HashMap::new(),
        is_unavailable: false,
        errors: 0,
        outcomes: Vec::with_capacity(request.number_of_operations()),
    };
    for step in request.into_steps() {
        if execution.errors >= most_errors {
            break;
        }
        match step {
            Step::One(operation) => execution.one(operation).await,
            Step::Together(operations) => execution.together(operations).await,
        }
    }
    BulkResponse::new(execution.outcomes)
}

/// The state between two steps.
pub(super) struct Execution {
    pub(super) users: Users,
    pub(super) groups: Groups,
    pub(super) deadline: Deadline,
    /// What was created, by its bulkId.
    pub(super) ids: HashMap<String, Uuid>,
    /// Whether the database went away: then nothing more is tried.
    is_unavailable: bool,
    errors: usize,
    outcomes: Vec<Outcome>,
}

impl Execution {
    async fn one(&mut self, mut operation: Operation) {
        let prepared = self.prepare(&mut operation);
        let named = Named::of(&operation);
        let result = match (operation.action, prepared) {
            (Err(Refusal { error, .. }), _) | (_, Err(error)) => Err(error),
            (Ok(action), Ok(())) => {
                let performed = timeout_at(self.deadline.end, self.perform(action)).await;
                performed.unwrap_or(Err(Error::TimedOut)).map_err(|error| self.told(&error))
            }
        };
        if let (Some(bulk_id), Ok(Success::Created(created))) = (operation.bulk_id, &result) {
            self.ids.insert(bulk_id, created.id);
        }
        self.note(named, result);
    }

    async fn perform(&self, action: Action) -> Result<Success, Error> {
        match action {
            Action::Create { kind: Kind::User, data } => self.users.create(data).await.map(Success::Created),
            Action::Create { kind: Kind::Group, data } => {
                let created = self.groups.create(data, &self.nothing_of(Kind::Group)?).await;
                created.map(Success::Created)
            }
            Action::Replace { target, version, data } => {
                let (id, expected, shown) = (id(&target)?, expected(version), self.nothing_of(target.kind)?);
                let replaced = match target.kind {
                    Kind::User => self.users.replace(id, &expected, data, &shown).await,
                    Kind::Group => self.groups.replace(id, &expected, data, &shown).await,
                };
                replaced.map(Success::Changed)
            }
            Action::Patch { target, version, data } => {
                let (id, expected, shown) = (id(&target)?, expected(version), self.nothing_of(target.kind)?);
                let patched = match target.kind {
                    Kind::User => self.users.patch(id, &expected, data, &shown).await,
                    Kind::Group => self.groups.patch(id, &expected, data, &shown).await,
                };
                patched.map(Success::Changed)
            }
            Action::Delete { target, version } => {
                let (id, expected) = (id(&target)?, expected(version));
                let deleted = match target.kind {
                    Kind::User => self.users.delete(id, &expected).await,
                    Kind::Group => self.groups.delete(id, &expected).await,
                };
                deleted.map(|()| Success::Deleted)
            }
        }
    }

    /// What is read of a resource of which nothing is shown but its version.
    fn nothing_of(&self, kind: Kind) -> Result<Projection, Error> {
        Ok(Projection::parse(Some("id"), None, self.resource_type(kind)?)?)
    }

    pub(super) fn resource_type(&self, kind: Kind) -> Result<&ResourceType, Error> {
        match kind {
            Kind::User => Ok(self.users.resource_type()),
            Kind::Group => self.groups.resource_type(),
        }
    }

    /// Looks whether an operation may be begun, and puts ids in the place of its references.
    pub(super) fn prepare(&self, operation: &mut Operation) -> Result<(), scim::Error> {
        if self.is_unavailable || self.deadline.is_over() {
            let why = if self.is_unavailable {
                "the service is not available"
            } else {
                "half of the request's time was over"
            };
            let detail = format!("the operation was not begun, because {why}: send it again");
            return Err(scim::Error::with_status(503, detail));
        }
        operation.resolve(&self.ids)
    }

    /// What the client is told of an error.
    pub(super) fn told(&mut self, error: &Error) -> scim::Error {
        self.is_unavailable |= matches!(error, Error::Unavailable(_));
        error.told()
    }

    /// Notes what became of an operation.
    pub(super) fn note(&mut self, operation: Named, result: Result<Success, scim::Error>) {
        self.errors += usize::from(result.is_err());
        self.outcomes.push(Outcome::new(operation, result, self.users.tenant.base_url()));
    }
}

/// As in the path of a request, a text that is written as no id is, is the id of nothing.
fn id(target: &Target) -> Result<Uuid, Error> {
    store::parse_id(&target.id).ok_or(Error::NoSuchResource)
}

fn expected(version: Option<IfMatch>) -> Precondition {
    Precondition { if_match: version, ..Precondition::default() }
}
