//! Bulk (RFC 7644 §3.7): many operations in one request, which may refer to what others of them create.

mod parse;
mod path;
mod plan;
mod references;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use crate::{Error, IfMatch, Kind};

/// The `schemas` of a bulk request's answer.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A bulk request, of which every operation is read or refused by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After so many errors nothing more is to be done; at least 1.
    pub fail_on_errors: Option<usize>,
    operations: Vec<Operation>,
    /// For each operation the positions of those that create what it refers to, in order.
    references: Vec<Vec<usize>>,
}

/// One operation of a bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Where it stands in the request, counted from 0.
    pub position: usize,
    /// The method: in capitals, or as it was sent where there is no such method. `None` if it was no text.
    pub method: Option<String>,
    /// What the client calls it, and the resource that it creates.
    pub bulk_id: Option<String>,
    /// What it asks for.
    pub action: Result<Action, Refusal>,
}

/// Why nothing is done for an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What the client is told.
    pub error: Error,
    /// The resource that the operation names, if it does.
    pub target: Option<Target>,
}

/// What an operation asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// POST.
    Create {
        /// The kind of the new resource.
        kind: Kind,
        /// The body.
        data: Value,
    },
    /// PUT.
    Replace {
        /// The resource.
        target: Target,
        /// The version that it must have.
        version: Option<IfMatch>,
        /// The body.
        data: Value,
    },
    /// PATCH.
    Patch {
        /// The resource.
        target: Target,
        /// The version that it must have.
        version: Option<IfMatch>,
        /// The body.
        data: Value,
    },
    /// DELETE.
    Delete {
        /// The resource.
        target: Target,
        /// The version that it must have.
        version: Option<IfMatch>,
    },
}

/// The resource that an operation works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its kind.
    pub kind: Kind,
    /// Its id as it was written: any text. `bulkId:…` until the operation is resolved.
    pub id: String,
}

/// What is done at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// This one operation.
    One(Operation),
    /// These, which all create and refer to each other in a circle: all of them or none. A single one refers to
    /// itself.
    Together(Vec<Operation>),
}

impl BulkRequest {
    /// Reads the body of a bulk request. `base_url` is the tenant's, without a slash at the end: a path may begin with
    /// it. What is wrong with one operation alone becomes that operation's [`action`](Operation::action).
    ///
    /// 413 where there are more operations than [`BULK_OPERATIONS`](crate::limits::BULK_OPERATIONS).
    pub fn parse(body: Value, base_url: &str) -> Result<Self, Error> {
        parse::request(body, base_url)
    }

    /// How many operations there are.
    pub fn number_of_operations(&self) -> usize {
        self.operations.len()
    }

    /// The order in which the operations are done: that of the request, but what creates a resource comes before
    /// whatever refers to it.
    pub fn into_steps(self) -> Vec<Step> {
        plan::steps(self.operations, &self.references)
    }
}

impl Operation {
    /// Puts ids in the place of all references to resources that other operations created. `ids` has them by their
    /// `bulkId`. 409 where one of them was not created; that reference stays. An operation that is refused already stays
    /// so; what it names is resolved.
    pub fn resolve(&mut self, ids: &HashMap<String, Uuid>) -> Result<(), Error> {
        let mut missing = None;
        references::replace(&mut self.action, &mut |bulk_id| {
            let id = ids.get(bulk_id).copied();
            if id.is_none() {
                missing.get_or_insert_with(|| bulk_id.to_owned());
            }
            id
        });
        match missing.filter(|_| self.action.is_ok()) {
            None => Ok(()),
            Some(bulk_id) => {
                let detail =
                    format!("'bulkId:{bulk_id}' was not created: mend its operation and send both again");
                Err(Error::with_status(409, detail))
            }
        }
    }

    /// The resource that it works on, or would if it were not refused. `None` for a POST, and where its path names none or
    /// one that no operation has created.
    pub fn target(&self) -> Option<&Target> {
        let target = match &self.action {
            Ok(action) => action.target(),
            Err(refusal) => refusal.target.as_ref(),
        };
        target.filter(|target| !references::is_reference(&target.id))
    }
}

impl Action {
    fn target(&self) -> Option<&Target> {
        match self {
            Self::Create { .. } => None,
            Self::Replace { target, .. } | Self::Patch { target, .. } | Self::Delete { target, .. } => {
                Some(target)
            }
        }
    }
}
