//! Creates resources that refer to each other: all of them or none.

use scim::{
    GroupBody, Kind, Resource,
    bulk::{Action, Operation},
};
use store::{CreationError, NewResource, Stored};
use tokio::time::timeout_at;
use uuid::Uuid;

use super::{
    execution::Execution,
    outcome::{Named, Success},
};
use crate::error::Error;

impl Execution {
    /// Does the operations of a circle. Their ids are made before, so that each can name the others.
    pub(super) async fn together(&mut self, operations: Vec<Operation>) {
        let bulk_ids: Vec<_> = operations.iter().filter_map(|operation| operation.bulk_id.clone()).collect();
        self.ids.extend(bulk_ids.iter().map(|bulk_id| (bulk_id.clone(), Uuid::now_v7())));
        let mut named = Vec::with_capacity(operations.len());
        let mut resources = Vec::with_capacity(operations.len());
        for mut operation in operations {
            let prepared = self.prepare(&mut operation);
            named.push(Named::of(&operation));
            resources.push(prepared.and_then(|()| self.new_resource(operation)));
        }
        let created = match all(resources) {
            Ok(resources) => self.create(&resources).await,
            Err(errors) => Err(errors),
        };
        match created {
            Ok(created) => {
                for (named, created) in named.into_iter().zip(created) {
                    self.note(named, Ok(Success::Created(created)));
                }
            }
            Err(errors) => {
                for bulk_id in &bulk_ids {
                    self.ids.remove(bulk_id);
                }
                for (named, error) in named.into_iter().zip(errors) {
                    self.note(named, Err(error));
                }
            }
        }
    }

    /// What an operation that was prepared is to create.
    fn new_resource(&mut self, operation: Operation) -> Result<NewResource, scim::Error> {
        let (kind, data) = match operation.action.map_err(|refusal| refusal.error)? {
            Action::Create { kind, data } => (kind, data),
            // Nothing else is ever referred to.
            Action::Replace { .. } | Action::Patch { .. } | Action::Delete { .. } => return Err(left_out()),
        };
        let id =
            operation.bulk_id.and_then(|bulk_id| self.ids.get(&bulk_id).copied()).ok_or_else(left_out)?;
        let resource_type = self.resource_type(kind).map_err(|error| error.told())?;
        let GroupBody { resource, members } = match kind {
            Kind::User => GroupBody { resource: Resource::parse(resource_type, data)?, members: None },
            Kind::Group => GroupBody::parse(resource_type, data)?,
        };
        Ok(NewResource { id, kind, resource, members: members.unwrap_or_default() })
    }

    /// Creates them. Otherwise the errors are what each of the operations is answered.
    async fn create(&mut self, resources: &[NewResource]) -> Result<Vec<Stored>, Vec<scim::Error>> {
        let creating = self.users.tenant.create_together(resources);
        let created = match timeout_at(self.deadline.end, creating).await {
            Ok(created) => created.map_err(|CreationError { index, error }| (index, Error::from(error))),
            Err(_) => Err((None, Error::TimedOut)),
        };
        created.map_err(|(index, error)| {
            let error = self.told(&error);
            let is_cause = |at: usize| index.is_none_or(|index| index == at);
            (0..resources.len()).map(|at| if is_cause(at) { error.clone() } else { left_out() }).collect()
        })
    }
}

/// All of them; or, where one is missing, what each of the operations is answered.
fn all(resources: Vec<Result<NewResource, scim::Error>>) -> Result<Vec<NewResource>, Vec<scim::Error>> {
    if resources.iter().all(Result::is_ok) {
        return Ok(resources.into_iter().flatten().collect());
    }
    Err(resources.into_iter().map(|resource| resource.err().unwrap_or_else(left_out)).collect())
}

/// The refusal of an operation that was fine by itself.
fn left_out() -> scim::Error {
    let detail = "not created, because an operation failed with which this one is in a circle of references: mend that \
                  one and send all of them again";
    scim::Error::with_status(409, detail)
}
