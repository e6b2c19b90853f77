//! What must hold for a document as a whole, beyond the types of its values.

use serde_json::{Map, Value};

use crate::{
    Error, ResourceType, ScimType, limits,
    schema::{Attribute, Mutability},
};

/// Refuses a body with more levels than [`limits::BODY_DEPTH`].
pub(crate) fn check_depth(body: &Value) -> Result<(), Error> {
    if is_within(body, limits::BODY_DEPTH) {
        return Ok(());
    }
    let detail = format!("the body has more than {} levels of lists and objects", limits::BODY_DEPTH);
    Err(Error::bad_request(ScimType::InvalidSyntax, detail))
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

/// Refuses several primaries, and what is too large.
pub(crate) fn check(resource_type: &ResourceType, document: &Map<String, Value>) -> Result<(), Error> {
    let refused = |detail| Err(Error::bad_request(ScimType::InvalidValue, detail));
    for (prefix, attribute, value) in places(resource_type, document) {
        let Some(Value::Array(elements)) = value else { continue };
        let name = &attribute.name;
        if elements.len() > limits::VALUES {
            return refused(format!(
                "{prefix}{name} would have more than {} values: remove some",
                limits::VALUES
            ));
        }
        if elements.iter().filter(|element| element.get("primary") == Some(&Value::Bool(true))).count() > 1 {
            return refused(format!("{prefix}{name} has several primary values: leave primary true on one"));
        }
    }
    for schema in resource_type.extensions() {
        let Some(Value::Object(attributes)) = document.get(schema.urn()) else { continue };
        if attributes.len() > limits::VALUES {
            return refused(format!(
                "{} would have more than {} attributes: remove some",
                schema.urn(),
                limits::VALUES
            ));
        }
        if let Some(name) = attributes.keys().find(|name| name.chars().count() > limits::NAME_CHARACTERS) {
            let short: String = name.chars().take(40).collect();
            let limit = limits::NAME_CHARACTERS;
            return refused(format!(
                "{}:{short}… is a name of more than {limit} characters: shorten it",
                schema.urn()
            ));
        }
        if let Some(name) = attributes.keys().find(|name| name.contains('\0')) {
            return refused(format!(
                "{}:{} holds the character U+0000: leave it out",
                schema.urn(),
                name.escape_default()
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

/// Refuses a change of an attribute that is immutable and has a value (RFC 7643 §2.2).
pub(crate) fn check_immutable(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Result<(), Error> {
    for ((prefix, attribute, old), (_, _, new)) in places(resource_type, old).zip(places(resource_type, new))
    {
        let Some(old) = old else { continue };
        let path = format!("{prefix}{}", attribute.name);
        let refused = |path: String| {
            let detail = format!("{path} is immutable and has a value: leave it as it is");
            Err(Error::bad_request(ScimType::Mutability, detail))
        };
        if attribute.mutability == Mutability::Immutable && new != Some(old) {
            return refused(path);
        }
        if attribute.multi_valued {
            continue; // An element with an immutable part may go, and another may come.
        }
        for part in attribute.sub_attributes.iter().filter(|part| part.mutability == Mutability::Immutable) {
            let was = old.get(&part.name);
            if was.is_some() && was != new.and_then(|new| new.get(&part.name)) {
                return refused(format!("{path}.{}", part.name));
            }
        }
    }
    Ok(())
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
