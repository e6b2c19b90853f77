//! Values in the form in which filters compare them.

use serde_json::{Map, Value};

use super::date_time;
use crate::{
    fold,
    schema::{Attribute, AttributeType},
};

/// A valid value of the attribute as filters compare it: strings folded unless case-exact, date-times in UTC
/// with nine decimals, everything else as it is.
pub(crate) fn comparable(attribute: &Attribute, value: &Value) -> Value {
    match value {
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|element| comparable_single(attribute, element)).collect())
        }
        single => comparable_single(attribute, single),
    }
}

fn comparable_single(attribute: &Attribute, value: &Value) -> Value {
    match (attribute.value_type, value) {
        (AttributeType::Complex, Value::Object(parts)) => Value::Object(comparable_parts(attribute, parts)),
        (AttributeType::String, Value::String(text)) if !attribute.case_exact => Value::String(fold(text)),
        (AttributeType::DateTime, Value::String(text)) => {
            Value::String(date_time::parse(text).map_or_else(|| text.clone(), date_time::comparable))
        }
        (_, value) => value.clone(),
    }
}

fn comparable_parts(attribute: &Attribute, parts: &Map<String, Value>) -> Map<String, Value> {
    let comparable_part = |(name, value): (&String, &Value)| {
        let part = attribute.sub_attribute(name)?;
        // Sub-attributes are never complex, so that this ends one level below.
        Some((part.name.clone(), comparable(part, value)))
    };
    parts.iter().filter_map(comparable_part).collect()
}
