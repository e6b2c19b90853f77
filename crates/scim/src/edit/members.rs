//! Changes of a group's members, apart from the document.

use std::collections::HashSet;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Verb;
use crate::{
    Error, Filter, Kind, MemberChange, MemberReference, ScimType,
    filter::{Comparison, Operand, Operator},
    path::{Selection, Target},
};

/// The change that an operation on `members` asks for, if any.
pub(super) fn change(target: &Target, value: Value, verb: Verb) -> Result<Option<MemberChange>, Error> {
    if target.sub_attribute.is_some() {
        let detail = format!("{target} cannot be changed: remove the member and add another");
        return Err(Error::bad_request(ScimType::Mutability, detail));
    }
    match (&target.selection, verb) {
        (Selection::All, Verb::Add) if value.is_null() => Ok(None),
        (Selection::All, Verb::Add) => Ok(Some(MemberChange::Add(references(value)?))),
        (Selection::All, Verb::Replace) => Ok(Some(MemberChange::Replace(references(value)?))),
        (Selection::All, Verb::Remove) => Ok(match value {
            Value::Null => Some(MemberChange::RemoveAll),
            // Entra without its flag: the value names the members that go, and the others stay
            // (MicrosoftDocs/azure-docs#30826).
            value => Some(MemberChange::Remove(ids(value))),
        }),
        (Selection::Where { filter, .. }, Verb::Remove) => removal(filter).map(Some),
        (Selection::Where { .. }, Verb::Add | Verb::Replace) => {
            let detail = "members are added by the path 'members' with a list of values, without a filter";
            Err(Error::bad_request(ScimType::InvalidPath, detail))
        }
    }
}

/// What `members[…]` removes: `value eq "…"`, several with `or`, or `type eq "…"`.
fn removal(filter: &Filter) -> Result<MemberChange, Error> {
    let unsupported = || {
        let detail = "members can be removed by members[value eq \"…\"], several with or, or by members[type eq \"User\"]";
        Error::bad_request(ScimType::InvalidFilter, detail)
    };
    let alternatives = match filter {
        Filter::Or(filters) => filters.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut ids = Vec::new();
    for alternative in alternatives {
        let Filter::Compare(Comparison {
            attribute,
            operator: Operator::Equal,
            operand: Operand::String(text),
        }) = alternative
        else {
            return Err(unsupported());
        };
        match attribute.name() {
            "value" => ids.extend(id(text)),
            "type" if alternatives.len() == 1 => {
                return Ok(match Kind::from_name(text) {
                    Some(kind) => MemberChange::RemoveOfKind(kind),
                    None => MemberChange::Remove(Vec::new()),
                });
            }
            _ => return Err(unsupported()),
        }
    }
    Ok(MemberChange::Remove(ids))
}

fn references(value: Value) -> Result<Vec<MemberReference>, Error> {
    let mut seen = HashSet::new();
    let mut members = Vec::new();
    for element in elements(value) {
        let Some((text, kind)) = named(&element)? else { continue };
        let id = id(&text).ok_or_else(|| {
            let short: String = text.chars().take(40).collect();
            let detail = format!("members.value '{short}' is not the id of a user or group here");
            Error::bad_request(ScimType::InvalidValue, detail)
        })?;
        if seen.insert(id) {
            members.push(MemberReference { id, kind });
        }
    }
    Ok(members)
}

/// The ids that a removal names. What is no id is no member either, and so is gone already.
fn ids(value: Value) -> Vec<Uuid> {
    let named = |element: Value| named(&element).ok().flatten().and_then(|(text, _)| id(&text));
    elements(value).into_iter().filter_map(named).collect()
}

/// What a member is named by: an object with `value`, or the id alone.
fn named(element: &Value) -> Result<Option<(String, Option<Kind>)>, Error> {
    match element {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some((text.clone(), None))),
        Value::Object(parts) => {
            let kind = text(parts, "type").and_then(Kind::from_name);
            let id = text(parts, "value").map(|id| (id.to_owned(), kind));
            id.map(Some).ok_or_else(|| not_a_member("an object without the string 'value'"))
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(not_a_member("neither a string nor an object"))
        }
    }
}

fn text<'a>(parts: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    parts.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

fn not_a_member(what: &str) -> Error {
    let detail = format!("members holds {what}: write {{\"value\": \"<id>\"}}");
    Error::bad_request(ScimType::InvalidValue, detail)
}

fn elements(value: Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements,
        single => vec![single],
    }
}

/// An id in the form in which resources show it.
fn id(text: &str) -> Option<Uuid> {
    if text.len() == 36 { text.parse().ok() } else { None }
}
