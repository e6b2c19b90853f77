//! What of a stored value fits a definition that may have changed since it was written.

use serde_json::{Map, Value};

use super::{
    date_time,
    read::{is_base64, is_integer},
};
use crate::schema::{Attribute, AttributeType};

/// The value as the attribute may have it: a single value in a list where there are several now, the other way round
/// where there was only one, without elements and parts of another type or name. `None` where nothing is left.
///
/// Canonical values and required parts do not matter: what was accepted once is shown.
pub(crate) fn fitting(attribute: &Attribute, value: &Value) -> Option<Value> {
    match (attribute.multi_valued, value) {
        (true, Value::Array(elements)) => {
            let fitting: Vec<_> =
                elements.iter().filter_map(|element| fitting_single(attribute, element)).collect();
            if fitting.is_empty() { None } else { Some(Value::Array(fitting)) }
        }
        (true, single) => fitting_single(attribute, single).map(|single| Value::Array(vec![single])),
        (false, Value::Array(elements)) => match elements.as_slice() {
            [single] => fitting_single(attribute, single),
            _ => None,
        },
        (false, single) => fitting_single(attribute, single),
    }
}

fn fitting_single(attribute: &Attribute, value: &Value) -> Option<Value> {
    let fits = match (attribute.value_type, value) {
        (AttributeType::Complex, Value::Object(parts)) => return fitting_parts(attribute, parts),
        (AttributeType::String | AttributeType::Reference, Value::String(_))
        | (AttributeType::Boolean, Value::Bool(_))
        | (AttributeType::Decimal, Value::Number(_)) => true,
        (AttributeType::Integer, Value::Number(number)) => is_integer(number),
        (AttributeType::DateTime, Value::String(text)) => date_time::parse(text).is_some(),
        (AttributeType::Binary, Value::String(text)) => is_base64(text),
        _ => false,
    };
    fits.then(|| value.clone())
}

fn fitting_parts(attribute: &Attribute, parts: &Map<String, Value>) -> Option<Value> {
    let fitting_part = |(name, value): (&String, &Value)| {
        let part = attribute.sub_attribute(name)?;
        // Sub-attributes are never complex, so that this ends one level below.
        Some((part.name.clone(), fitting(part, value)?))
    };
    let parts: Map<_, _> = parts.iter().filter_map(fitting_part).collect();
    if parts.is_empty() { None } else { Some(Value::Object(parts)) }
}
