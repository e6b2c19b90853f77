//! Changes of a group's members, apart from the document.

use std::collections::HashSet;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Verb;
use crate::{
    Error, Filter, Kind, MemberChange, MemberReference, ScimType, dialect,
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
            value => Some(MemberChange::Remove(ids(value)?)),
        }),
        (Selection::Where { filter, .. }, Verb::Remove) => removal(filter).map(Some),
        (Selection::Where { .. }, Verb::Add | Verb::Replace) => {
            let detail = "members are added by the path 'members' with a list of values, without a filter";
            Err(Error::bad_request(ScimType::InvalidPath, detail))
        }
    }
}

/// What `members[…]` removes: `value eq "…"`, perhaps with `and type eq "…"`, several with `or`, or all of a
/// `type eq "…"`.
fn removal(filter: &Filter) -> Result<MemberChange, Error> {
    let alternatives = match filter {
        Filter::Or(filters) => filters.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut ids = Vec::new();
    for alternative in alternatives {
        match equal(alternative)? {
            // An id belongs to one resource: the type says nothing more, unless there is no such type.
            Equal { value: Some(value), kind } if kind.is_none_or(|kind| Kind::from_name(kind).is_some()) => {
                ids.extend(id(value));
            }
            Equal { value: None, kind: Some(kind) } if alternatives.len() == 1 => {
                return Ok(match Kind::from_name(kind) {
                    Some(kind) => MemberChange::RemoveOfKind(kind),
                    None => MemberChange::Remove(Vec::new()),
                });
            }
            Equal { value: Some(_), .. } => {}
            Equal { value: None, .. } => return Err(unsupported()),
        }
    }
    Ok(MemberChange::Remove(ids))
}

/// What a filter says that a member equals.
#[derive(Default)]
struct Equal<'a> {
    value: Option<&'a str>,
    kind: Option<&'a str>,
}

fn equal(filter: &Filter) -> Result<Equal<'_>, Error> {
    let comparisons = match filter {
        Filter::And(filters) => filters.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut equal = Equal::default();
    for comparison in comparisons {
        let Filter::Compare(Comparison { attribute, operator: Operator::Equal, operand }) = comparison else {
            return Err(unsupported());
        };
        let said = match attribute.name() {
            "value" => &mut equal.value,
            "type" => &mut equal.kind,
            _ => return Err(unsupported()),
        };
        match operand {
            Operand::String(text) if said.is_none() => *said = Some(text),
            _ => return Err(unsupported()),
        }
    }
    Ok(equal)
}

fn unsupported() -> Error {
    let detail =
        "members can be removed by members[value eq \"…\"], several with or, or by members[type eq \"User\"]";
    Error::bad_request(ScimType::InvalidFilter, detail)
}

fn references(value: Value) -> Result<Vec<MemberReference>, Error> {
    let mut seen = HashSet::new();
    let mut members = Vec::new();
    for element in elements(value) {
        let Some(Named { text, kind }) = named(&element)? else {
            if element.is_object() {
                return Err(not_a_member("an object without the string 'value'"));
            }
            continue;
        };
        let id = id(text).ok_or_else(|| {
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

/// The ids that a removal names. A string that is no id is no member either, and so is gone already.
fn ids(value: Value) -> Result<Vec<Uuid>, Error> {
    let mut ids = Vec::new();
    for element in elements(value) {
        ids.extend(named(&element)?.and_then(|named| id(named.text)));
    }
    Ok(ids)
}

/// What a client names a member by.
struct Named<'a> {
    text: &'a str,
    kind: Option<Kind>,
}

/// What a member is named by: an object with `value`, or with a URL as `$ref`, or the id alone. `None` for what
/// is empty.
fn named(element: &Value) -> Result<Option<Named<'_>>, Error> {
    match element {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(Named { text, kind: None })),
        Value::Object(parts) => {
            let kind = part(parts, "type").and_then(Value::as_str).and_then(Kind::from_name);
            match (part(parts, "value"), dialect::id_of_url(parts)) {
                (Some(Value::String(text)), _) if !text.is_empty() => Ok(Some(Named { text, kind })),
                (None | Some(Value::Null | Value::String(_)), Some(text)) => Ok(Some(Named { text, kind })),
                (Some(Value::Null | Value::String(_)), None) => Ok(None),
                _ => Err(not_a_member("an object without the string 'value'")),
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(not_a_member("neither a string nor an object"))
        }
    }
}

fn part<'a>(parts: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    parts.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
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
