//! What must hold for a document as a whole, beyond the types of its values.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{Error, ResourceType, ScimType, fold, json, limits, schema::Attribute};

/// Refuses a body with more levels than [`limits::BODY_DEPTH`], one in which a name occurs twice: names are the same in
/// any case (RFC 7643 §2.1); and one whose `schemas` are none.
pub(crate) fn check_body(body: &Value) -> Result<(), Error> {
    let refused = |detail| Err(Error::bad_request(ScimType::InvalidSyntax, detail));
    if !is_within(body, limits::BODY_DEPTH) {
        return refused(format!("the body has more than {} levels of lists and objects", limits::BODY_DEPTH));
    }
    if let Some((first, second)) = same_names(body) {
        let (first, second) = (short(first), short(second));
        return refused(format!("'{first}' and '{second}' are the same name: send one of them"));
    }
    let schemas = body.as_object().and_then(|body| json::field(body, "schemas"));
    schemas.map_or(Ok(()), check_schemas)
}

/// Refuses what is no list of strings as the `schemas` of a body. Which they are does not matter: what a body is follows
/// from the endpoint, and identity providers name odd ones (RFC 7643 §3 would have them right).
pub(crate) fn check_schemas(schemas: &Value) -> Result<(), Error> {
    let is_list = |schemas: &Vec<Value>| schemas.iter().all(Value::is_string);
    if schemas.is_null() || schemas.as_array().is_some_and(is_list) {
        return Ok(());
    }
    Err(Error::bad_request(ScimType::InvalidSyntax, "'schemas' must be a list of strings"))
}

/// A required attribute that a document lacks.
pub(crate) struct Missing {
    /// Its path.
    pub(crate) path: String,
    /// Its path with the position of the first element that lacks it, for errors.
    pub(crate) place: String,
}

/// The required attributes that the document lacks, in the schemas' order.
pub(crate) fn missing(resource_type: &ResourceType, document: &Map<String, Value>) -> Vec<Missing> {
    let mut missing = Vec::new();
    for (prefix, attribute, value) in places(resource_type, document) {
        let path = format!("{prefix}{}", attribute.name);
        let required = || attribute.sub_attributes.iter().filter(|part| part.required);
        let part_of = |place: &str, part: &Attribute| Missing {
            path: format!("{path}.{}", part.name),
            place: format!("{place}.{}", part.name),
        };
        match value {
            None if attribute.required
                && attribute.is_complex()
                && !attribute.multi_valued
                && required().count() > 0 =>
            {
                missing.extend(required().map(|part| part_of(&path, part)));
            }
            None if attribute.required => missing.push(Missing { path: path.clone(), place: path }),
            None => {}
            Some(Value::Array(elements)) => {
                for part in required() {
                    let lacks = |element: &Value| element.get(&part.name).is_none();
                    let first = elements.iter().position(lacks);
                    missing.extend(first.map(|position| part_of(&format!("{path}[{position}]"), part)));
                }
            }
            Some(single) => {
                let lacking = required().filter(|part| single.get(&part.name).is_none());
                missing.extend(lacking.map(|part| part_of(&path, part)));
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

/// Why a document cannot be as it is.
pub(crate) struct Misfit {
    /// The path of what does not fit; `None` where it is the whole.
    pub(crate) path: Option<String>,
    /// What the client is told.
    pub(crate) error: Error,
}

/// Refuses several primaries, and what is too large.
pub(crate) fn check(resource_type: &ResourceType, document: &Map<String, Value>) -> Result<(), Misfit> {
    let refused =
        |path, detail| Err(Misfit { path, error: Error::bad_request(ScimType::InvalidValue, detail) });
    for (prefix, attribute, value) in places(resource_type, document) {
        let Some(Value::Array(elements)) = value else { continue };
        if elements.iter().filter(|element| element.get("primary") == Some(&Value::Bool(true))).count() > 1 {
            let path = format!("{prefix}{}", attribute.name);
            let detail = format!("{path} has several primary values: leave primary true on one");
            return refused(Some(path), detail);
        }
    }
    for schema in resource_type.extensions() {
        let Some(Value::Object(attributes)) = document.get(schema.urn()) else { continue };
        if let Some(name) = attributes.keys().find(|name| name.chars().count() > limits::NAME_CHARACTERS) {
            let (urn, limit) = (schema.urn(), limits::NAME_CHARACTERS);
            let detail =
                format!("{urn}:{} is a name of more than {limit} characters: shorten it", short(name));
            return refused(Some(format!("{urn}:{name}")), detail);
        }
        if let Some(name) = attributes.keys().find(|name| name.contains(is_unfit_for_names)) {
            let urn = schema.urn();
            let detail = format!(
                "{urn}:{} is no name that a path can hold: leave out brackets, quotes and control characters",
                name.escape_debug()
            );
            return refused(Some(format!("{urn}:{name}")), detail);
        }
    }
    if size_of_object(document) > limits::DOCUMENT_BYTES {
        let limit = limits::DOCUMENT_BYTES;
        return refused(None, format!("the resource would be larger than {limit} bytes: shorten its values"));
    }
    Ok(())
}

/// Every attribute that a document may have: what its path begins with, its definition, its value.
pub(super) fn places<'a>(
    resource_type: &'a ResourceType,
    document: &'a Map<String, Value>,
) -> impl Iterator<Item = (String, &'a Attribute, Option<&'a Value>)> {
    let core = resource_type.core.attributes().iter();
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
