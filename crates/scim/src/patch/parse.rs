//! The body of a PATCH: operations become typed edits and changes of members.

use serde_json::Value;

use super::{MemberChange, PatchRequest, PositionedEdit, at};
use crate::{
    Error, ResourceType, ScimType, dialect,
    edit::{self, Step, Verb},
    json::take,
    limits,
    resource::check_body,
};

/// Reads the body. Its `schemas` may be missing: what it is follows from the method.
pub(super) fn request(resource_type: &ResourceType, body: Value) -> Result<PatchRequest, Error> {
    check_body(&body)?;
    let mut request = PatchRequest { edits: Vec::new(), member_changes: Vec::new() };
    for (position, operation) in operations(body)?.into_iter().enumerate() {
        let (verb, steps) = steps(resource_type, operation).map_err(|error| at(position, &error))?;
        for step in steps {
            match step {
                Step::Edit(edit) => request.edits.push(PositionedEdit { operation: position, verb, edit }),
                // Nobody is added.
                Step::Members(MemberChange::Add(members)) if members.is_empty() => {}
                Step::Members(change) => request.member_changes.push(change),
            }
        }
    }
    let members = request.member_changes.iter().map(MemberChange::size).sum::<usize>();
    if members > limits::PATCH_MEMBERS {
        let detail =
            format!("the PATCH names {members} members, more than {}: send several", limits::PATCH_MEMBERS);
        return Err(Error::bad_request(ScimType::InvalidValue, detail));
    }
    let is_filter = |change: &&MemberChange| matches!(change, MemberChange::RemoveWhere(_));
    if request.member_changes.iter().filter(is_filter).count() > limits::PATCH_MEMBER_FILTERS {
        let limit = limits::PATCH_MEMBER_FILTERS;
        let detail =
            format!("more than {limit} operations choose members by a filter: name their ids instead");
        return Err(Error::bad_request(ScimType::TooMany, detail));
    }
    Ok(request)
}

fn operations(body: Value) -> Result<Vec<Value>, Error> {
    let expected = "the body must be an object with the list 'Operations'";
    let Value::Object(mut parts) = body else {
        return Err(invalid_syntax(expected));
    };
    let Some(Value::Array(operations)) = take(&mut parts, "Operations") else {
        return Err(invalid_syntax(expected));
    };
    if operations.is_empty() {
        return Err(invalid_syntax("'Operations' is empty: send one operation at least"));
    }
    if operations.len() > limits::PATCH_OPERATIONS {
        let limit = limits::PATCH_OPERATIONS;
        return Err(invalid_syntax(format!(
            "'Operations' has more than {limit} operations: send several requests"
        )));
    }
    Ok(operations)
}

fn steps(resource_type: &ResourceType, operation: Value) -> Result<(Verb, Vec<Step>), Error> {
    let Value::Object(mut parts) = operation else {
        return Err(invalid_syntax("an operation must be an object with 'op', 'path' and 'value'"));
    };
    let verb = verb(take(&mut parts, "op").as_ref())?;
    let path = match take(&mut parts, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) => Some(path).filter(|path| !path.is_empty()),
        Some(_) => return Err(Error::bad_request(ScimType::InvalidPath, "'path' must be a string")),
    };
    let value = take(&mut parts, "value");
    let steps = match (path, value, verb) {
        (Some(path), value, Verb::Remove) => {
            edit::path(resource_type, path.trim(), value.unwrap_or(Value::Null), verb)
        }
        (Some(path), Some(value), _) => edit::path(resource_type, path.trim(), value, verb),
        (Some(path), None, _) => Err(invalid_syntax(format!(
            "the operation on '{path}' has no 'value': null or \"\" would remove it"
        ))),
        (None, _, Verb::Remove) => {
            Err(Error::bad_request(ScimType::NoTarget, "a remove needs a 'path' that says what to remove"))
        }
        (None, value, _) => match value.map(dialect::regular_parts) {
            Some(Value::Object(attributes)) => edit::body(resource_type, attributes, verb),
            _ => Err(invalid_syntax("an operation without 'path' needs an object of attributes as 'value'")),
        },
    };
    Ok((verb, steps?))
}

/// Entra without `aadOptscim062020` writes `Add`, `Replace` and `Remove`
/// (learn.microsoft.com, "Known issues and resolutions with SCIM 2.0 protocol compliance").
fn verb(op: Option<&Value>) -> Result<Verb, Error> {
    match op.and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
        Some("add") => Ok(Verb::Add),
        Some("replace") => Ok(Verb::Replace),
        Some("remove") => Ok(Verb::Remove),
        _ => Err(invalid_syntax("'op' must be add, replace or remove")),
    }
}

fn invalid_syntax(detail: impl Into<String>) -> Error {
    Error::bad_request(ScimType::InvalidSyntax, detail)
}

impl MemberChange {
    fn size(&self) -> usize {
        match self {
            Self::Add(members) | Self::Remove(members) | Self::Replace(members) => members.len(),
            Self::RemoveOfKind(_) | Self::RemoveWhere(_) | Self::RemoveAll => 0,
        }
    }
}
