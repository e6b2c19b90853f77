//! Changes of a group's members, apart from the document.

use std::{collections::HashSet, fmt, sync::Arc};

use serde_json::Value;
use uuid::Uuid;

use super::Verb;
use crate::{
    AttributeRef, Error, Filter, Kind, MemberChange, MemberReference, MembershipPart, ScimType, dialect,
    filter::{Comparison, Operand, Operator},
    fold,
    json::field,
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
        (Selection::All, Verb::Replace) => Ok(Some(MemberChange::Replace(replacement(value)?))),
        (Selection::All, Verb::Remove) if value.is_null() => Ok(Some(MemberChange::RemoveAll)),
        // "" names nobody: a template's variable that was empty must not clear a group.
        (Selection::All, Verb::Remove) => Ok(Some(MemberChange::Remove(removed(value)?))),
        (Selection::Where { filter, .. }, Verb::Remove) => {
            let filter = without_references(filter, &target.attribute)?;
            Ok(Some(named_by(&filter).unwrap_or(MemberChange::RemoveWhere(filter))))
        }
        (Selection::Where { .. }, Verb::Add | Verb::Replace) => {
            let detail = "members are added by the path 'members' with a list of values, without a filter";
            Err(Error::bad_request(ScimType::InvalidPath, detail))
        }
    }
}

/// What `members[…]` removes where indexes find it: `value eq "…"`, perhaps with `and type eq "…"`, several with `or`, or
/// all of a `type eq "…"`.
fn named_by(filter: &Filter) -> Option<MemberChange> {
    let alternatives = match filter {
        Filter::Or(filters) => filters.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut members = Vec::new();
    for alternative in alternatives {
        let equal = equal(alternative)?;
        let kind = equal.kind.map(Kind::from_name);
        match (equal.value, kind) {
            // No member is of a kind that there is not.
            (_, Some(None)) => {}
            (Some(value), kind) => {
                members.extend(id(value).map(|id| MemberReference { id, kind: kind.flatten() }));
            }
            (None, Some(Some(kind))) if alternatives.len() == 1 => {
                return Some(MemberChange::RemoveOfKind(kind));
            }
            (None, _) => return None,
        }
    }
    Some(MemberChange::Remove(members))
}

/// What a filter says that a member equals.
#[derive(Default)]
struct Equal<'a> {
    value: Option<&'a str>,
    kind: Option<&'a str>,
}

/// `None` where it says something else.
fn equal(filter: &Filter) -> Option<Equal<'_>> {
    let comparisons = match filter {
        Filter::And(filters) => filters.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut equal = Equal::default();
    for comparison in comparisons {
        let Filter::Compare(Comparison { attribute, operator: Operator::Equal, operand }) = comparison else {
            return None;
        };
        let said = match attribute.membership_part() {
            Some(MembershipPart::Value) => &mut equal.value,
            Some(MembershipPart::Type) => &mut equal.kind,
            _ => return None,
        };
        match operand {
            Operand::String(text) if said.is_none() => *said = Some(text),
            _ => return None,
        }
    }
    Some(equal)
}

/// The filter with every URL taken for the id at its end, and the kind before it: so a member is named by `$ref` in a
/// value too. Filters are as deep as [`crate::limits::FILTER_DEPTH`] at most.
fn without_references(filter: &Filter, members: &AttributeRef) -> Result<Filter, Error> {
    let each = |filters: &[Filter]| {
        filters.iter().map(|filter| without_references(filter, members)).collect::<Result<Vec<_>, _>>()
    };
    match filter {
        Filter::And(filters) => each(filters).map(Filter::And),
        Filter::Or(filters) => each(filters).map(Filter::Or),
        Filter::Not(filter) => Ok(Filter::Not(Box::new(without_references(filter, members)?))),
        Filter::Compare(comparison)
            if comparison.attribute.membership_part() == Some(MembershipPart::Reference) =>
        {
            by_id(comparison, members)
        }
        other => Ok(other.clone()),
    }
}

fn by_id(comparison: &Comparison, members: &AttributeRef) -> Result<Filter, Error> {
    let (Operator::Equal, Operand::String(url)) = (comparison.operator, &comparison.operand) else {
        let detail =
            "members[…].$ref can be compared by eq and ne only: choose members by value, type or display";
        return Err(Error::bad_request(ScimType::InvalidFilter, detail));
    };
    let mut segments = url.rsplit('/');
    let id = segments.next().unwrap_or_default();
    let kind = segments.next().and_then(|endpoint| {
        [Kind::User, Kind::Group].into_iter().find(|kind| kind.endpoint().strip_prefix('/') == Some(endpoint))
    });
    let equals = |part: &str, text: &str| {
        let attribute = members.attribute.sub_attribute(part).map_or_else(
            || comparison.attribute.clone(),
            |part| AttributeRef { attribute: Arc::clone(part), ..comparison.attribute.clone() },
        );
        let operand = Operand::String(text.to_owned());
        Filter::Compare(Comparison { attribute, operator: Operator::Equal, operand })
    };
    let is_id = equals("value", id);
    Ok(match kind {
        Some(kind) => Filter::And(vec![is_id, equals("type", &fold(kind.name()))]),
        None => is_id,
    })
}

fn references(value: Value) -> Result<Vec<MemberReference>, Error> {
    let mut seen = HashSet::new();
    let mut members = Vec::new();
    for (place, element) in elements(value) {
        let Some(Named { text, kind }) = named(&element, place)? else { continue };
        let id = id(text).ok_or_else(|| {
            let short: String = text.chars().take(40).collect();
            let detail = format!("{place}.value '{short}' is not the id of a user or group here");
            Error::bad_request(ScimType::InvalidValue, detail)
        })?;
        if seen.insert(id) {
            members.push(MemberReference { id, kind });
        }
    }
    Ok(members)
}

/// All members there shall be. A list of nothing but empty elements was to name somebody; an empty list names nobody.
fn replacement(value: Value) -> Result<Vec<MemberReference>, Error> {
    let has_elements = value.as_array().is_some_and(|elements| !elements.is_empty());
    let members = references(value)?;
    if has_elements && members.is_empty() {
        return Err(not_a_member(Place(Some(0)), "empty"));
    }
    Ok(members)
}

/// What a removal names. A string that is no id is no member either, and so is gone already.
fn removed(value: Value) -> Result<Vec<MemberReference>, Error> {
    let mut members = Vec::new();
    for (place, element) in elements(value) {
        let named = named(&element, place)?;
        members
            .extend(named.and_then(|Named { text, kind }| id(text).map(|id| MemberReference { id, kind })));
    }
    Ok(members)
}

/// What a client names a member by.
struct Named<'a> {
    text: &'a str,
    kind: Option<Kind>,
}

/// What a member is named by: an object with `value`, or with a URL as `$ref`, or the id alone. `None` for null and "".
fn named(element: &Value, place: Place) -> Result<Option<Named<'_>>, Error> {
    match element {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(Named { text, kind: None })),
        Value::Object(parts) => {
            let kind = field(parts, "type").and_then(Value::as_str).and_then(Kind::from_name);
            match (field(parts, "value"), dialect::id_of_url(parts)) {
                (Some(Value::String(text)), _) if !text.is_empty() => Ok(Some(Named { text, kind })),
                (None | Some(Value::Null | Value::String(_)), Some(text)) => Ok(Some(Named { text, kind })),
                _ => Err(not_a_member(place, "an object without the string 'value'")),
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(not_a_member(place, "neither a string nor an object"))
        }
    }
}

fn not_a_member(place: Place, what: &str) -> Error {
    let detail = format!("{place} is {what}: write {{\"value\": \"<id>\"}}");
    Error::bad_request(ScimType::InvalidValue, detail)
}

/// Where a member stands: `members`, or `members[3]` in a list.
#[derive(Clone, Copy)]
struct Place(Option<usize>);

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(position) => write!(formatter, "members[{position}]"),
            None => formatter.write_str("members"),
        }
    }
}

fn elements(value: Value) -> Vec<(Place, Value)> {
    match value {
        Value::Array(elements) => elements
            .into_iter()
            .enumerate()
            .map(|(position, element)| (Place(Some(position)), element))
            .collect(),
        single => vec![(Place(None), single)],
    }
}

/// An id in the form in which resources show it.
fn id(text: &str) -> Option<Uuid> {
    if text.len() == 36 { text.parse().ok() } else { None }
}
