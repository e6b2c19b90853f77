//! Whether a resource passes a filter, in memory.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::{Comparison, Filter, Operand, Operator};
use crate::{AttributeRef, value::is_empty};

/// Whether a resource, in the form of [`crate::Resource::comparable`], passes the filter. What is kept apart
/// from the document must have been put into it, in comparable form: `id`; of `meta` `created` and `lastModified`
/// in UTC with nine decimals, `version` as `W/"7"` without the digest of groups, `location`; `members` or
/// `groups` as objects with `value`, `$ref`, and `display` and `type` folded.
pub fn evaluate(filter: &Filter, comparable: &Map<String, Value>) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().all(|filter| evaluate(filter, comparable)),
        Filter::Or(filters) => filters.iter().any(|filter| evaluate(filter, comparable)),
        Filter::Not(filter) => !evaluate(filter, comparable),
        Filter::Compare(comparison) => {
            values(&comparison.attribute, comparable).into_iter().any(|value| compare(comparison, value))
        }
        Filter::Present(attribute) => values(attribute, comparable).into_iter().any(|value| !is_empty(value)),
        Filter::Element { attribute, filter } => {
            values(attribute, comparable).into_iter().any(|element| evaluate_element(filter, element))
        }
    }
}

/// Whether one element of a multi-valued attribute, in comparable form, passes a filter with relative
/// references. An element that is a single value is its own `value`.
pub(crate) fn evaluate_element(filter: &Filter, element: &Value) -> bool {
    match element {
        Value::Object(parts) => evaluate(filter, parts),
        single => evaluate(filter, &Map::from_iter([("value".to_owned(), single.clone())])),
    }
}

/// The value that stands for a multi-valued attribute: of the primary element, else of the first. Of a
/// single-valued one its value.
pub(crate) fn first_value<'a>(
    attribute: &AttributeRef,
    comparable: &'a Map<String, Value>,
) -> Option<&'a Value> {
    let elements = elements(attribute, comparable);
    let is_primary = |element: &&Value| element.get("primary") == Some(&Value::Bool(true));
    let element = elements.iter().find(is_primary).or_else(|| elements.first())?;
    match attribute.sub_attribute() {
        Some(name) => each(element.get(name)).first(),
        None => Some(element),
    }
}

fn elements<'a>(attribute: &AttributeRef, comparable: &'a Map<String, Value>) -> &'a [Value] {
    let container = match attribute.extension() {
        Some(urn) => comparable.get(urn).and_then(Value::as_object),
        None => Some(comparable),
    };
    each(container.and_then(|container| container.get(attribute.name())))
}

fn values<'a>(attribute: &AttributeRef, comparable: &'a Map<String, Value>) -> Vec<&'a Value> {
    let of_attribute = elements(attribute, comparable);
    match attribute.sub_attribute() {
        Some(name) => of_attribute.iter().flat_map(|value| each(value.get(name))).collect(),
        None => of_attribute.iter().collect(),
    }
}

fn each(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(elements)) => elements,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

/// Whether a value in comparable form compares.
pub(super) fn compare(comparison: &Comparison, value: &Value) -> bool {
    let operator = comparison.operator;
    match (&comparison.operand, value) {
        (Operand::String(operand), Value::String(value)) => match operator {
            Operator::Contains => value.contains(operand.as_str()),
            Operator::StartsWith => value.starts_with(operand.as_str()),
            Operator::EndsWith => value.ends_with(operand.as_str()),
            _ => in_order(operator, value.as_str().cmp(operand)),
        },
        (operand @ Operand::DateTime(_), Value::String(value)) => operand
            .to_comparable()
            .as_str()
            .is_some_and(|operand| in_order(operator, value.as_str().cmp(operand))),
        (Operand::Boolean(operand), Value::Bool(value)) => in_order(operator, value.cmp(operand)),
        (Operand::Number(operand), Value::Number(value)) => {
            order_of_numbers(value, operand).is_some_and(|order| in_order(operator, order))
        }
        _ => false,
    }
}

fn in_order(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::GreaterThan => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::LessThan => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

/// The order of two numbers by value.
pub(crate) fn order_of_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
