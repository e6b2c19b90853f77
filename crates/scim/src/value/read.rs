//! A value from a client, read by its attribute's definition: made regular, checked, with canonical names.

use serde_json::{Map, Number, Value};

use super::{date_time, is_empty};
use crate::{
    Error, ScimType, dialect, fold, limits,
    path::sub_attribute,
    schema::{Attribute, AttributeType, Mutability, Uniqueness},
};

/// Reads a value. `path` is the attribute's, for errors. `None` when the value says nothing.
pub(crate) fn read(attribute: &Attribute, value: Value, path: &str) -> Result<Option<Value>, Error> {
    if !attribute.multi_valued {
        return read_single(attribute, unwrap_single(attribute, value), path);
    }
    let mut read = Vec::new();
    for (place, element) in elements(value, path)? {
        read.extend(read_element(attribute, element, &place)?);
    }
    Ok(if read.is_empty() { None } else { Some(Value::Array(read)) })
}

/// Reads what a removal lists of a multi-valued attribute. An object that names nothing is refused: whoever sends it
/// means something.
pub(crate) fn read_listed(attribute: &Attribute, value: Value, path: &str) -> Result<Vec<Value>, Error> {
    let mut listed = Vec::new();
    for (place, element) in elements(value, path)? {
        let is_object = element.is_object();
        match read_element(attribute, element, &place)? {
            None if is_object => {
                let detail = format!("{place} names nothing to remove: give it a value, or leave it out");
                return Err(Error::bad_request(ScimType::InvalidValue, detail));
            }
            element => listed.extend(element),
        }
    }
    Ok(listed)
}

/// The value of a single-valued attribute, out of the lists and objects in which identity providers wrap it.
pub(crate) fn unwrap_single(attribute: &Attribute, value: Value) -> Value {
    if attribute.is_complex() {
        dialect::regular_object(attribute, value)
    } else {
        dialect::regular_single(value)
    }
}

/// The elements of a list, or the single one, with their places.
fn elements(value: Value, path: &str) -> Result<Vec<(String, Value)>, Error> {
    let Value::Array(elements) = value else { return Ok(vec![(path.to_owned(), value)]) };
    if elements.len() > limits::VALUES {
        let detail = format!("{path} has more than {} values: send fewer", limits::VALUES);
        return Err(Error::bad_request(ScimType::InvalidValue, detail));
    }
    let places = elements.into_iter().enumerate();
    Ok(places.map(|(position, element)| (format!("{path}[{position}]"), element)).collect())
}

fn read_element(attribute: &Attribute, element: Value, path: &str) -> Result<Option<Value>, Error> {
    if !attribute.is_complex() {
        return read_single(attribute, dialect::regular_single(element), path);
    }
    let element = dialect::regular_object(attribute, element);
    let was_emptied = element.get("value").is_some_and(is_empty);
    let read = read_single(attribute, element, path)?;
    Ok(read.filter(|element| !(was_emptied && says_only_what_for(element))))
}

/// Whether an element has nothing but `type` and `primary`, and so no value that they could be said of.
pub(crate) fn says_only_what_for(element: &Value) -> bool {
    element.as_object().is_some_and(|parts| parts.keys().all(|name| name == "type" || name == "primary"))
}

fn read_single(attribute: &Attribute, value: Value, path: &str) -> Result<Option<Value>, Error> {
    let value = match attribute.value_type {
        AttributeType::Integer | AttributeType::Decimal => dialect::regular_number(value),
        _ => value,
    };
    let refused = |expected: &str| {
        Err(Error::bad_request(
            ScimType::InvalidValue,
            format!("{path} must be {expected}, not {}", shown(&value)),
        ))
    };
    match (attribute.value_type, &value) {
        (_, Value::Null) => Ok(None),
        (_, Value::String(text)) if text.is_empty() => Ok(None),
        (AttributeType::String | AttributeType::Reference, Value::String(text)) => {
            check_text(attribute, text, path)?;
            Ok(Some(value))
        }
        (AttributeType::String | AttributeType::Reference, _) => refused("a string"),
        (AttributeType::Boolean, Value::Bool(_)) | (AttributeType::Decimal, Value::Number(_)) => {
            Ok(Some(value))
        }
        (AttributeType::Boolean, Value::String(text)) => match dialect::regular_boolean(text) {
            Some(truth) => Ok(Some(Value::Bool(truth))),
            None => refused("true or false"),
        },
        (AttributeType::Boolean, _) => refused("true or false"),
        (AttributeType::Integer, Value::Number(number)) if is_integer(number) => Ok(Some(value)),
        (AttributeType::Integer, _) => refused("a whole number of at most 64 bits"),
        (AttributeType::Decimal, _) => refused("a number"),
        (AttributeType::DateTime, Value::String(text)) if date_time::parse(text).is_some() => Ok(Some(value)),
        (AttributeType::DateTime, _) => refused("a date-time such as \"2026-01-31T08:00:00Z\""),
        (AttributeType::Binary, Value::String(text)) if is_base64(text) => {
            check_text(attribute, text, path)?;
            Ok(Some(value))
        }
        (AttributeType::Binary, _) => refused("a string in base64"),
        (AttributeType::Complex, Value::Object(_)) => match value {
            Value::Object(parts) => read_parts(attribute, parts, path),
            _ => Ok(None),
        },
        (AttributeType::Complex, _) => refused("an object of sub-attributes"),
    }
}

fn read_parts(attribute: &Attribute, parts: Map<String, Value>, path: &str) -> Result<Option<Value>, Error> {
    let mut read_parts = Map::new();
    for (name, value) in parts {
        let part = match sub_attribute(attribute, &name, &path) {
            Ok(part) => part,
            Err(_) if is_empty(&value) || dialect::rides_along(attribute, &name) => continue,
            Err(error) => return Err(Error::bad_request(ScimType::InvalidSyntax, error.to_string())),
        };
        // RFC 7644 §3.5.1: what is readOnly is ignored in a value.
        if part.mutability == Mutability::ReadOnly {
            continue;
        }
        if let Some(value) = read(&part, value, &format!("{path}.{}", part.name))? {
            // Only a dialect's name for it can be a second one: the JSON reader refuses names that are there twice.
            if read_parts.get(&part.name).is_some_and(|first| *first != value) {
                let detail = format!(
                    "{path}.{} is there under two names, with different values: send one of them",
                    part.name
                );
                return Err(Error::bad_request(ScimType::InvalidSyntax, detail));
            }
            read_parts.insert(part.name.clone(), value);
        }
    }
    Ok(if read_parts.is_empty() { None } else { Some(Value::Object(read_parts)) })
}

fn check_text(attribute: &Attribute, text: &str, path: &str) -> Result<(), Error> {
    let refused = |detail| Err(Error::bad_request(ScimType::InvalidValue, detail));
    if text.len() > limits::STRING_BYTES {
        return refused(format!("{path} is longer than {} bytes: shorten it", limits::STRING_BYTES));
    }
    let is_key = attribute.uniqueness == Uniqueness::Server || path == "externalId";
    if is_key && text.chars().count() > limits::KEY_CHARACTERS {
        return refused(format!("{path} is longer than {} characters: shorten it", limits::KEY_CHARACTERS));
    }
    if is_key && fold(text).len() > limits::KEY_BYTES {
        return refused(format!("{path} is longer than {} bytes in UTF-8: shorten it", limits::KEY_BYTES));
    }
    // PostgreSQL's text and jsonb cannot hold it, and no directory means it.
    if text.contains('\0') {
        return refused(format!("{path} holds the character U+0000: leave it out"));
    }
    // RFC 7643 §2.3.7 wants a URI, perhaps a relative one. What people type into a directory is let through, except for
    // characters that none can have.
    let unfit = || text.chars().find(|&character| is_unfit_for_uris(character));
    if attribute.value_type == AttributeType::Reference
        && let Some(unfit) = unfit()
    {
        let unfit = unfit.escape_debug();
        return refused(format!("{path} holds '{unfit}', which no URI can: encode it, or leave it out"));
    }
    if attribute.enforce && !attribute.canonical_values.iter().any(|known| known == text) {
        let known = attribute.canonical_values.join(", ");
        return refused(format!("{path} must be exactly one of {known}, not {}", shown(&Value::from(text))));
    }
    Ok(())
}

/// What neither a URI nor an IRI can hold (RFC 3986 §2, RFC 3987 §2.2).
fn is_unfit_for_uris(character: char) -> bool {
    character.is_control() || matches!(character, ' ' | '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
}

/// Whether it has no fraction and no exponent (RFC 7643 §2.3.4), and 64 bits hold it.
pub(super) fn is_integer(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

/// The alphabets of RFC 4648 §4 and §5.
pub(super) fn is_base64(text: &str) -> bool {
    let content = text.trim_end_matches('=');
    text.len() - content.len() <= 2
        && content.chars().all(|next| next.is_ascii_alphanumeric() || matches!(next, '+' | '/' | '-' | '_'))
}

/// The value for an error: short, and never the inside of a list or object.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => {
            let short: String = text.chars().take(40).collect();
            if short.len() < text.len() { format!("'{short}…'") } else { format!("'{short}'") }
        }
        other => other.to_string(),
    }
}
