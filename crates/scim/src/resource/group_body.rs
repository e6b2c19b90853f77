//! The body of a group: the group itself, and its members apart.

use serde_json::Value;
use uuid::Uuid;

use super::Resource;
use crate::{Error, Kind, MemberChange, ResourceType, edit::Step};

/// The body of a group, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBody {
    /// The group without its members.
    pub resource: Resource,
    /// The members; `None` when the body does not speak of them: a PUT then clears them (RFC 7644 §3.5.1).
    pub members: Option<Vec<MemberReference>>,
}

/// What a client names a member of a group by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberReference {
    /// The member's id.
    pub id: Uuid,
    /// What it is, if the client said so.
    pub kind: Option<Kind>,
}

impl GroupBody {
    /// Reads the body of a POST or PUT of a group.
    pub fn parse(resource_type: &ResourceType, body: Value) -> Result<Self, Error> {
        let (resource, steps) = super::parse(resource_type, body)?;
        let members = steps.into_iter().rev().find_map(|step| match step {
            Step::Members(MemberChange::Replace(members) | MemberChange::Add(members)) => Some(members),
            _ => None,
        });
        Ok(Self { resource, members })
    }
}
