//! What must hold for a document as a whole, beyond the types of its values.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{
    Error, ResourceType, ScimType, fold, limits,
    schema::{Attribute, Mutability},
};

/// Refuses a body with more levels than [`limits::BODY_DEPTH`], and one in which a name occurs twice: names are the
/// same in any case (RFC 7643 §2.1).
pub(crate) fn check_body(body: &Value) -> Result<(), Error> {
    let refused = |detail| Err(Error::bad_request(ScimType::InvalidSyntax, detail));
    if !is_within(body, limits::BODY_DEPTH) {
        return refused(format!("the body has more than {} levels of lists and objects", limits::BODY_DEPTH));
    }
    match same_names(body) {
        Some((first, second)) => {
            refused(format!("'{}' and '{}' are the same name: send one of them", short(first), short(second)))
        }
        None => Ok(()),
    }
}

/// The paths of required attributes that the document lacks, in the schemas' order.
pub(crate) fn missing(resource_type: &ResourceType, document: &Map<String, Value>) -> Vec<String> {
    let mut missing = Vec::new();
    for (prefix, attribute, value) in places(resource_type, document) {
        let path = format!("{prefix}{}", attribute.name);
        let required = || attribute.sub_attributes.iter().filter(|part| part.required);
        match value {
            None if attribute.required
                && attribute.is_complex()
                && !attribute.multi_valued
                && required().count() > 0 =>
            {
                missing.extend(required().map(|part| format!("{path}.{}", part.name)));
            }
            None if attribute.required => missing.push(path),
            None => {}
            Some(value) => {
                for part in required() {
                    if !elements(value).iter().all(|element| element.get(&part.name).is_some()) {
                        missing.push(format!("{path}.{}", part.name));
                    }
                }
            }
        }
    }
    missing
}

/// The refusal of a document without a required attribute.
pub(crate) fn required(path: &str) -> Error {
    Error::bad_request(ScimType::InvalidValue, format!("{path} is required: give it a value"))
}

/// The refusal of an operation that removes a required attribute.
pub(crate) fn required_stays(path: &str) -> Error {
    Error::bad_request(ScimType::Mutability, format!("{path} is required: it cannot be removed"))
}

/// Refuses several primaries, and what is too large.
pub(crate) fn check(resource_type: &ResourceType, document: &Map<String, Value>) -> Result<(), Error> {
    let refused = |detail| Err(Error::bad_request(ScimType::InvalidValue, detail));
    for (prefix, attribute, value) in places(resource_type, document) {
        let Some(Value::Array(elements)) = value else { continue };
        let name = &attribute.name;
        if elements.iter().filter(|element| element.get("primary") == Some(&Value::Bool(true))).count() > 1 {
            return refused(format!("{prefix}{name} has several primary values: leave primary true on one"));
        }
    }
    for schema in resource_type.extensions() {
        let Some(Value::Object(attributes)) = document.get(schema.urn()) else { continue };
        if let Some(name) = attributes.keys().find(|name| name.chars().count() > limits::NAME_CHARACTERS) {
            let limit = limits::NAME_CHARACTERS;
            return refused(format!(
                "{}:{} is a name of more than {limit} characters: shorten it",
                schema.urn(),
                short(name)
            ));
        }
        if let Some(name) = attributes.keys().find(|name| name.contains(is_unfit_for_names)) {
            return refused(format!(
                "{}:{} is no name that a path can hold: leave out brackets, quotes and control characters",
                schema.urn(),
                name.escape_debug()
            ));
        }
    }
    if size_of_object(document) > limits::DOCUMENT_BYTES {
        return refused(format!(
            "the resource would be larger than {} bytes: shorten its values",
            limits::DOCUMENT_BYTES
        ));
    }
    Ok(())
}

/// Keeps the values of immutable attributes of which the new document is silent.
pub(crate) fn keep_immutable(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &mut Map<String, Value>,
) {
    for (prefix, attribute, old) in places(resource_type, old) {
        let Some(kept) = old.and_then(|old| immutable_of(attribute, old)) else { continue };
        let container = match prefix.strip_suffix(':') {
            None => Some(&mut *new),
            Some(urn) => new.entry(urn).or_insert_with(|| Value::Object(Map::new())).as_object_mut(),
        };
        let Some(container) = container else { continue };
        match (container.get_mut(&attribute.name), kept) {
            (None, kept) => {
                container.insert(attribute.name.clone(), kept);
            }
            (Some(Value::Object(parts)), Value::Object(kept)) => {
                for (name, value) in kept {
                    parts.entry(name).or_insert(value);
                }
            }
            (Some(_), _) => {}
        }
    }
}

/// What of a value is immutable, if anything.
fn immutable_of(attribute: &Attribute, value: &Value) -> Option<Value> {
    if attribute.mutability == Mutability::Immutable {
        return Some(value.clone());
    }
    if attribute.multi_valued {
        return None; // An element with an immutable part may go, and another may come.
    }
    let parts = attribute.sub_attributes.iter().filter(|part| part.mutability == Mutability::Immutable);
    let kept: Map<_, _> =
        parts.filter_map(|part| Some((part.name.clone(), value.get(&part.name)?.clone()))).collect();
    if kept.is_empty() { None } else { Some(Value::Object(kept)) }
}

/// The refusal of another value for an immutable attribute.
pub(crate) fn immutable(path: &str) -> Error {
    let detail = format!("{path} is immutable and has a value: leave it as it is");
    Error::bad_request(ScimType::Mutability, detail)
}

/// The path of an attribute that is immutable, had a value, and has another now, or none (RFC 7643 §2.2).
pub(crate) fn changed_immutable(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Option<String> {
    for ((prefix, attribute, old), (_, _, new)) in places(resource_type, old).zip(places(resource_type, new))
    {
        let Some(old) = old else { continue };
        let path = format!("{prefix}{}", attribute.name);
        if attribute.mutability == Mutability::Immutable && new != Some(old) {
            return Some(path);
        }
        if attribute.multi_valued {
            continue; // An element with an immutable part may go, and another may come.
        }
        for part in attribute.sub_attributes.iter().filter(|part| part.mutability == Mutability::Immutable) {
            let was = old.get(&part.name);
            if was.is_some() && was != new.and_then(|new| new.get(&part.name)) {
                return Some(format!("{path}.{}", part.name));
            }
        }
    }
    None
}

/// Every attribute that a document may have: what its path begins with, its definition, its value.
fn places<'a>(
    resource_type: &'a ResourceType,
    document: &'a Map<String, Value>,
) -> impl Iterator<Item = (String, &'a Attribute, Option<&'a Value>)> {
    let external_id = resource_type.common.iter().filter(|attribute| attribute.name == "externalId");
    let core = resource_type.core.attributes().iter().chain(external_id);
    let core = core.map(|attribute| (String::new(), &**attribute, document.get(&attribute.name)));
    let extensions = resource_type.extensions.iter().flat_map(|schema| {
        let container = document.get(schema.urn());
        schema.attributes().iter().map(move |attribute| {
            let value = container.and_then(|container| container.get(&attribute.name));
            (format!("{}:", schema.urn()), &**attribute, value)
        })
    });
    core.chain(extensions)
}

fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        single => std::slice::from_ref(single),
    }
}

/// Ends at the limit, so that it never looks deeper than it allows.
fn is_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(elements) => levels > 0 && elements.iter().all(|element| is_within(element, levels - 1)),
        Value::Object(parts) => levels > 0 && parts.values().all(|part| is_within(part, levels - 1)),
        _ => true,
    }
}

/// Two names of one object that differ in case alone. Called on a body whose depth was checked.
fn same_names(value: &Value) -> Option<(&str, &str)> {
    match value {
        Value::Array(elements) => elements.iter().find_map(same_names),
        Value::Object(parts) => {
            let mut names = HashMap::with_capacity(parts.len());
            let of_this =
                parts.keys().find_map(|name| names.insert(fold(name), name).map(|first| (first, name)));
            match of_this {
                Some((first, second)) => Some((first, second)),
                None => parts.values().find_map(same_names),
            }
        }
        _ => None,
    }
}

/// What a path, and the filter in its brackets, cannot hold in a name.
fn is_unfit_for_names(character: char) -> bool {
    matches!(character, '[' | ']' | '"') || character.is_control()
}

/// A name for an error.
fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_SHOWN) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

const NAME_SHOWN: usize = 40;

/// About the bytes of its JSON. A document has four levels at most.
fn size_of_object(parts: &Map<String, Value>) -> usize {
    parts.iter().map(|(name, value)| name.len() + 4 + size(value)).sum()
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(elements) => elements.iter().map(|element| size(element) + 1).sum(),
        Value::Object(parts) => size_of_object(parts),
    }
}
