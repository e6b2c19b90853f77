//! PATCH (RFC 7644 §3.5.2): parsed once, then applied to a resource; changes of a group's members come apart.

mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::{
    Error, Filter, Kind, MemberReference, Resource, ResourceType,
    edit::{self, Edit, Verb, Work},
    resource::{
        Misfit, Missing, changed_immutable, check, immutable, keep_immutable_in_lists, missing, required,
        required_stays,
    },
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
#[derive(Clone, Debug, PartialEq)]
pub enum MemberChange {
    /// These become members.
    Add(Vec<MemberReference>),
    /// These are no members any more; one whose kind the client says only if it is of that kind.
    Remove(Vec<MemberReference>),
    /// Members of this kind are no members any more (`members[type eq "User"]`).
    RemoveOfKind(Kind),
    /// Members for which the filter holds are no members any more. Its references are relative
    /// ([`crate::AttributeRef::membership_part`]), and it compares anything but `$ref`.
    RemoveWhere(Filter),
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
    /// so that such a resource can still be disabled; but a list that is set anew has what its elements need. Stored
    /// values that do not fit their definition any more stay until they are written. Elements that are written anew
    /// keep the immutable parts of which the operations are silent. A user whose `active` was removed has
    /// none, as scim2-tester demands, and is disabled ([`Resource::is_active`]).
    pub fn apply(&self, resource_type: &ResourceType, resource: Resource) -> Result<Resource, Error> {
        let before = resource.into_document();
        let mut document = before.clone();
        let mut work = Work::new();
        for PositionedEdit { operation, edit, .. } in &self.edits {
            edit::apply(&mut document, edit, &mut work).map_err(|error| at(*operation, &error))?;
        }
        // Silence keeps them, as in a PUT; a removal of the part itself does not.
        keep_immutable_in_lists(resource_type, &before, &mut document, |path| {
            let edits = || self.edits.iter().map(|positioned| &positioned.edit);
            edits().any(|edit| edit.concerns(path)) && !edits().any(|edit| edit.removes_immutable_part(path))
        });
        let was_missing = missing(resource_type, &before);
        let is_missing = missing(resource_type, &document);
        let is_new = |missing: &&Missing| {
            let was_there = was_missing.iter().all(|before| before.path != missing.path);
            was_there || self.edits.iter().any(|positioned| positioned.edit.sets_all(&missing.path))
        };
        if let Some(missing) = is_missing.iter().find(is_new) {
            return Err(self.required(missing));
        }
        check(resource_type, &document).map_err(|Misfit { path, error }| match path {
            Some(path) => self.caused(&path, error),
            None => error,
        })?;
        if let Some(path) = changed_immutable(resource_type, &before, &document) {
            return Err(self.caused(&path, immutable(&path)));
        }
        Ok(Resource::from_stored(document))
    }

    /// The refusal of what stands at a path, with the operation that put it there.
    fn caused(&self, path: &str, error: Error) -> Error {
        match self.last_on(path) {
            Some(cause) => at(cause.operation, &error),
            None => error,
        }
    }

    /// The refusal of what leaves a required attribute without a value: `mutability` where the client asks for just
    /// that (RFC 7644 §3.5.2.2).
    fn required(&self, Missing { path, place }: &Missing) -> Error {
        match self.last_on(path) {
            Some(cause) if cause.verb == Verb::Remove => at(cause.operation, &required_stays(path)),
            Some(cause) => at(cause.operation, &required(place)),
            None => required(place),
        }
    }

    fn last_on(&self, path: &str) -> Option<&PositionedEdit> {
        self.edits.iter().rev().find(|positioned| positioned.edit.concerns(path))
    }
}

/// The error with the operation's position before it.
pub(crate) fn at(operation: usize, error: &Error) -> Error {
    Error { detail: format!("Operations[{operation}]: {}", error.detail), ..error.clone() }
}
