//! The elements of a multi-valued attribute: which of them are the same, and which is primary.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value;

use super::{Work, work::cost_of_all};
use crate::{Error, schema::Attribute, value::comparable};

/// Adds values (a list, or one) without doubling any: an element with the same `value` and `type` takes over
/// the other parts of the new one (RFC 7643 §2.4), an equal value is there already. Returns the positions of
/// what was added or changed.
pub(super) fn add(attribute: &Attribute, values: &mut Vec<Value>, new: &Value) -> HashSet<usize> {
    let mut positions = HashMap::new();
    for (position, value) in values.iter().enumerate() {
        for identity in identities(attribute, value) {
            positions.entry(identity).or_insert(position);
        }
    }
    let mut touched = HashSet::new();
    let new = match new {
        Value::Array(elements) => elements.as_slice(),
        single => std::slice::from_ref(single),
    };
    for element in new {
        let same =
            sought(attribute, element).into_iter().find_map(|identity| positions.get(&identity).copied());
        let position = same.unwrap_or(values.len());
        match (values.get_mut(position), element) {
            (Some(Value::Object(parts)), Value::Object(new)) => {
                // It may get a type now: it is known anew below.
                if let Ok((value, _)) = value_and_type(attribute, element) {
                    positions.remove(&Identity::Untyped(value));
                }
                parts.extend(new.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (Some(_), _) => {}
            (None, _) => values.push(element.clone()),
        }
        if let Some(value) = values.get(position) {
            for identity in identities(attribute, value) {
                positions.entry(identity).or_insert(position);
            }
        }
        touched.insert(position);
    }
    touched
}

/// Takes away the elements that are listed: those with the same `value`, and `type` where it is listed too; of
/// elements that are listed without `value`, those with the same parts.
pub(super) fn remove(
    attribute: &Attribute,
    values: &mut Vec<Value>,
    listed: &Value,
    work: &mut Work,
) -> Result<(), Error> {
    let listed = match listed {
        Value::Array(elements) => elements.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut named = HashSet::new();
    let mut described = Vec::new();
    for element in listed {
        match value_and_type(attribute, element) {
            Ok((value, None)) => drop(named.insert(Identity::OfValue(value))),
            Ok((value, Some(kind))) => drop(named.insert(Identity::Typed(value, kind))),
            Err(whole) if !attribute.is_complex() => drop(named.insert(Identity::Whole(whole))),
            Err(_) => described.push(comparable(attribute, element)),
        }
    }
    work.spend(cost_of_all(values).saturating_mul(1 + described.len()))?;
    values.retain(|element| {
        let is_named = || identities(attribute, element).iter().any(|identity| named.contains(identity));
        let is_described = || {
            let element = comparable(attribute, element);
            described.iter().any(|parts| has_parts(&element, parts))
        };
        let goes = !named.is_empty() && is_named() || !described.is_empty() && is_described();
        !goes
    });
    Ok(())
}

/// Whether one of the elements has all parts of another, or is equal to it.
pub(super) fn has_all_of(attribute: &Attribute, values: &[Value], other: &Value) -> bool {
    let other = comparable(attribute, other);
    values
        .iter()
        .map(|value| comparable(attribute, value))
        .any(|value| value == other || has_parts(&value, &other))
}

fn has_parts(element: &Value, parts: &Value) -> bool {
    parts.as_object().is_some_and(|parts| parts.iter().all(|(name, part)| element.get(name) == Some(part)))
}

/// Makes one of elements that have the same `value` and `type`, or are equal, now that some were changed: the first
/// keeps its parts and takes over those that only the others have. Returns where the touched ones are.
pub(super) fn merge_same(
    attribute: &Attribute,
    values: &mut Vec<Value>,
    touched: &HashSet<usize>,
) -> HashSet<usize> {
    let mut merged: Vec<Value> = Vec::with_capacity(values.len());
    let mut known = HashMap::new();
    let mut still_touched = HashSet::new();
    for (position, element) in std::mem::take(values).into_iter().enumerate() {
        let is_touched = touched.contains(&position);
        let first = *known.entry(value_and_type(attribute, &element)).or_insert(merged.len());
        match merged.get_mut(first) {
            Some(same) if is_touched || still_touched.contains(&first) => {
                take_over(same, element);
                still_touched.insert(first);
            }
            _ => {
                if is_touched {
                    still_touched.insert(merged.len());
                }
                merged.push(element);
            }
        }
    }
    *values = merged;
    still_touched
}

fn take_over(same: &mut Value, other: Value) {
    let (Value::Object(parts), Value::Object(others)) = (same, other) else { return };
    for (name, value) in others {
        if name == "primary" && value == Value::Bool(true) {
            parts.insert(name, value);
        } else {
            parts.entry(name).or_insert(value);
        }
    }
}

/// Where one of the touched elements is primary, the others are no more (RFC 7644 §3.5.2).
pub(super) fn keep_one_primary(values: &mut [Value], touched: &HashSet<usize>) {
    let is_primary = |element: &Value| element.get("primary") == Some(&Value::Bool(true));
    if !touched.iter().filter_map(|&position| values.get(position)).any(is_primary) {
        return;
    }
    for (position, element) in values.iter_mut().enumerate() {
        if !touched.contains(&position)
            && is_primary(element)
            && let Value::Object(parts) = element
        {
            parts.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

/// What an element is known by; texts are comparable forms.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    /// An element without `value`, or one that is a single value: all of it.
    Whole(String),
    /// Its `value` and `type`.
    Typed(String, String),
    /// Its `value`, for one that has no `type`.
    Untyped(String),
    /// Its `value`, whatever its `type`.
    OfValue(String),
}

/// By what an element is found.
fn identities(attribute: &Attribute, element: &Value) -> Vec<Identity> {
    match value_and_type(attribute, element) {
        Err(whole) => vec![Identity::Whole(whole)],
        Ok((value, Some(kind))) => vec![Identity::OfValue(value.clone()), Identity::Typed(value, kind)],
        Ok((value, None)) => vec![Identity::OfValue(value.clone()), Identity::Untyped(value)],
    }
}

/// As what an element that is added may be there already.
fn sought(attribute: &Attribute, element: &Value) -> Vec<Identity> {
    match value_and_type(attribute, element) {
        Err(whole) => vec![Identity::Whole(whole)],
        Ok((value, Some(kind))) => vec![Identity::Typed(value.clone(), kind), Identity::Untyped(value)],
        Ok((value, None)) => vec![Identity::OfValue(value)],
    }
}

/// Comparable `value` and `type`; of an element without `value`, its parts in the schema's order.
fn value_and_type(attribute: &Attribute, element: &Value) -> Result<(String, Option<String>), String> {
    let comparable = comparable(attribute, element);
    let Value::Object(parts) = &comparable else {
        return Err(comparable.to_string());
    };
    if let Some(value) = parts.get("value") {
        return Ok((value.to_string(), parts.get("type").map(Value::to_string)));
    }
    let part =
        |definition: &Arc<Attribute>| format!("{:?} ", parts.get(&definition.name).map(Value::to_string));
    Err(attribute.sub_attributes.iter().map(part).collect())
}
