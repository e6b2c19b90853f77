//! Immutable attributes: once they have a value they keep it (RFC 7643 §2.2). A part of an element of a list does so as
//! long as the element is there; elements may come and go.

use serde_json::{Map, Value};

use super::validate::places;
use crate::{
    Error, ResourceType, ScimType,
    schema::{Attribute, Mutability},
    value::{comparable, fitting},
};

/// Keeps the values of immutable attributes of which the new document is silent.
pub(crate) fn keep_immutable(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &mut Map<String, Value>,
) {
    for (prefix, attribute, old) in places(resource_type, old) {
        let Some(old) = old.and_then(|old| fitting(attribute, old)) else { continue };
        let urn = prefix.strip_suffix(':');
        if let (Some(elements), Value::Array(old)) = (list(new, urn, attribute), &old) {
            keep_in_elements(attribute, elements, old);
            continue;
        }
        let Some(kept) = immutable_of(attribute, &old) else { continue };
        let container = match urn {
            None => Some(&mut *new),
            Some(urn) => new.entry(urn).or_insert_with(|| Value::Object(Map::new())).as_object_mut(),
        };
        let Some(container) = container else { continue };
        match (container.get_mut(&attribute.name), kept) {
            (None, kept) => {
                container.insert(attribute.name.clone(), kept);
            }
            (Some(Value::Object(parts)), Value::Object(kept)) => fill_in(parts, kept),
            (Some(_), _) => {}
        }
    }
}

/// Keeps the immutable parts of elements of which a changed list is silent, in the lists at the paths that are chosen.
pub(crate) fn keep_immutable_in_lists(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &mut Map<String, Value>,
    is_chosen: impl Fn(&str) -> bool,
) {
    for (prefix, attribute, old) in places(resource_type, old) {
        let is_concerned = || immutable_parts(attribute).next().is_some();
        if let Some(old) = old
            && is_concerned()
            && is_chosen(&format!("{prefix}{}", attribute.name))
            && let Some(Value::Array(old)) = fitting(attribute, old)
            && let Some(elements) = list(new, prefix.strip_suffix(':'), attribute)
        {
            keep_in_elements(attribute, elements, &old);
        }
    }
}

/// The refusal of another value for an immutable attribute.
pub(crate) fn immutable(path: &str) -> Error {
    let detail = format!("{path} is immutable and has a value: leave it as it is");
    Error::bad_request(ScimType::Mutability, detail)
}

/// The path of an attribute that is immutable, had a value, and has another now, or none.
pub(crate) fn changed_immutable(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Option<String> {
    for ((prefix, attribute, old), (_, _, new)) in places(resource_type, old).zip(places(resource_type, new))
    {
        // A value of a type that the attribute had once does not stand in the way of one of its type.
        let compared = |value| fitting(attribute, value).map(|value| comparable(attribute, &value));
        let (Some(old), new) = (old.and_then(compared), new.and_then(compared)) else { continue };
        let path = format!("{prefix}{}", attribute.name);
        if attribute.mutability == Mutability::Immutable && new.as_ref() != Some(&old) {
            return Some(path);
        }
        let changed = immutable_parts(attribute).find(|part| match (&old, &new) {
            (Value::Array(old), Some(Value::Array(new))) => has_changed_in_one(part, old, new),
            // All its elements are gone.
            (Value::Array(_), _) => false,
            (old, new) => has_changed(part, old, new.as_ref()),
        });
        if let Some(part) = changed {
            return Some(format!("{path}.{}", part.name));
        }
    }
    None
}

fn immutable_parts(attribute: &Attribute) -> impl Iterator<Item = &Attribute> {
    let parts = attribute.sub_attributes.iter().map(|part| &**part);
    parts.filter(|part| part.mutability == Mutability::Immutable)
}

fn has_changed(part: &Attribute, old: &Value, new: Option<&Value>) -> bool {
    let was = old.get(&part.name);
    was.is_some() && was != new.and_then(|new| new.get(&part.name))
}

fn has_changed_in_one(part: &Attribute, old: &[Value], new: &[Value]) -> bool {
    old.iter()
        .any(|element| same(new, element, old).is_some_and(|same| has_changed(part, element, new.get(same))))
}

/// The position of the element that has the same `value`, and the same `type` where both have one. Where `type` alone
/// differs, it is the only element of that `value`, and the one that is looked for is the only one among its siblings.
/// All are in comparable form. An element without `value` is the same as none.
fn same(elements: &[Value], element: &Value, siblings: &[Value]) -> Option<usize> {
    let value = element.get("value")?;
    let kind = element.get("type");
    let has_value = |other: &Value| other.get("value") == Some(value);
    let position = |is_kind: &dyn Fn(Option<&Value>) -> bool| {
        elements.iter().position(|other| has_value(other) && is_kind(other.get("type")))
    };
    let is_only_one = |list: &[Value]| list.iter().filter(|other| has_value(other)).count() == 1;
    position(&|other| other == kind)
        .or_else(|| position(&|other| kind.is_none() || other.is_none()))
        .or_else(|| position(&|_| is_only_one(elements) && is_only_one(siblings)))
}

/// What of a value is immutable, if anything.
fn immutable_of(attribute: &Attribute, value: &Value) -> Option<Value> {
    if attribute.mutability == Mutability::Immutable {
        return Some(value.clone());
    }
    let parts = immutable_parts(attribute);
    let kept: Map<_, _> =
        parts.filter_map(|part| Some((part.name.clone(), value.get(&part.name)?.clone()))).collect();
    if kept.is_empty() { None } else { Some(Value::Object(kept)) }
}

fn keep_in_elements(attribute: &Attribute, elements: &mut [Value], old: &[Value]) {
    if immutable_parts(attribute).next().is_none() {
        return;
    }
    let compared = |elements: &[Value]| {
        elements.iter().map(|element| comparable(attribute, element)).collect::<Vec<_>>()
    };
    let (compared_old, compared_new) = (compared(old), compared(elements));
    for (element, compared) in elements.iter_mut().zip(&compared_new) {
        let same = same(&compared_old, compared, &compared_new).and_then(|position| old.get(position));
        let kept: Map<_, _> = immutable_parts(attribute)
            .filter_map(|part| Some((part.name.clone(), same?.get(&part.name)?.clone())))
            .collect();
        if let Value::Object(parts) = element {
            fill_in(parts, kept);
        }
    }
}

fn fill_in(parts: &mut Map<String, Value>, kept: Map<String, Value>) {
    for (name, value) in kept {
        parts.entry(name).or_insert(value);
    }
}

/// The list that a document has of the attribute.
fn list<'a>(
    document: &'a mut Map<String, Value>,
    urn: Option<&str>,
    attribute: &Attribute,
) -> Option<&'a mut Vec<Value>> {
    let container = match urn {
        None => Some(document),
        Some(urn) => document.get_mut(urn).and_then(Value::as_object_mut),
    };
    container?.get_mut(&attribute.name)?.as_array_mut()
}
