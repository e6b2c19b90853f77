//! PATCH (RFC 7644 §3.5.2): parsed once, then applied to a resource; changes of a group's members come apart.

mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;
use uuid::Uuid;

use crate::{
    Error, Kind, MemberReference, Resource, ResourceType,
    edit::{self, Edit, Verb, Work},
    resource::{changed_immutable, check, immutable, missing, required, required_stays},
};

/// The operations of a PATCH, resolved against a resource type.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchRequest {
    edits: Vec<PositionedEdit>,
    member_changes: Vec<MemberChange>,
}

/// An edit, with the position and the verb of the operation that asks for it.
#[derive(Clone, Debug, PartialEq)]
struct PositionedEdit {
    operation: usize,
    verb: Verb,
    edit: Edit,
}

/// One change of a group's members. Changes are made in order; adding a member that is there, or removing one
/// that is not, changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// These become members.
    Add(Vec<MemberReference>),
    /// These are no members any more.
    Remove(Vec<Uuid>),
    /// Members of this kind are no members any more (`members[type eq "User"]`).
    RemoveOfKind(Kind),
    /// Nobody is a member any more.
    RemoveAll,
    /// Exactly these are members.
    Replace(Vec<MemberReference>),
}

impl PatchRequest {
    /// Reads the body of a PATCH. Errors name the operation by its position in `Operations`, counted from 0.
    pub fn parse(resource_type: &ResourceType, body: Value) -> Result<Self, Error> {
        parse::request(resource_type, body)
    }

    /// What becomes of the group's members, in order; empty for users.
    pub fn member_changes(&self) -> &[MemberChange] {
        &self.member_changes
    }

    /// Whether there is anything but changes of members.
    pub fn changes_attributes(&self) -> bool {
        !self.edits.is_empty()
    }

    /// The resource after all operations but those on members, valid again. If one fails, nothing has
    /// happened.
    ///
    /// A required attribute that was missing before (because a profile has become stricter) may stay missing,
    /// so that such a resource can still be disabled.
    pub fn apply(&self, resource_type: &ResourceType, resource: Resource) -> Result<Resource, Error> {
        let before = resource.into_document();
        let mut document = before.clone();
        let mut work = Work::new();
        for PositionedEdit { operation, edit, .. } in &self.edits {
            edit::apply(&mut document, edit, &mut work).map_err(|error| at(*operation, &error))?;
        }
        let was_missing = missing(resource_type, &before);
        let is_missing = missing(resource_type, &document);
        if let Some(path) = is_missing.iter().find(|path| !was_missing.contains(path)) {
            return Err(self.required(path));
        }
        check(resource_type, &document)?;
        if let Some(path) = changed_immutable(resource_type, &before, &document) {
            let error = immutable(&path);
            return Err(self
                .last_on(&path)
                .map_or_else(|| error.clone(), |cause| at(cause.operation, &error)));
        }
        Ok(Resource::from_stored(document))
    }

    /// The refusal of what leaves a required attribute without a value: `mutability` where the client asks for just
    /// that (RFC 7644 §3.5.2.2).
    fn required(&self, path: &str) -> Error {
        match self.last_on(path) {
            Some(cause) if cause.verb == Verb::Remove => at(cause.operation, &required_stays(path)),
            Some(cause) => at(cause.operation, &required(path)),
            None => required(path),
        }
    }

    fn last_on(&self, path: &str) -> Option<&PositionedEdit> {
        self.edits.iter().rev().find(|positioned| positioned.edit.concerns(path))
    }
}

/// The error with the operation's position before it.
fn at(operation: usize, error: &Error) -> Error {
    Error { detail: format!("Operations[{operation}]: {}", error.detail), ..error.clone() }
}
