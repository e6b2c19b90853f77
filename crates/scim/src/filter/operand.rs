//! The constant of a comparison, typed by the attribute that it is compared with.

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::{Comparator, Literal, Operator, syntax::Written};
use crate::{AttributeRef, Error, fold, schema::AttributeType, value::date_time};

/// A constant, in the form in which it is compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A string, reference or binary value; folded unless the attribute is case-exact.
    String(String),
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A moment.
    DateTime(Timestamp),
}

impl Operand {
    /// The JSON value that an equal attribute has in [`crate::Resource::comparable`].
    pub fn to_comparable(&self) -> Value {
        match self {
            Self::String(text) => Value::String(text.clone()),
            Self::Boolean(truth) => Value::Bool(*truth),
            Self::Number(number) => Value::Number(number.clone()),
            Self::DateTime(timestamp) => Value::String(date_time::comparable(*timestamp)),
        }
    }

    /// Types a constant; refuses one of another type, and a comparison that the type does not have.
    pub(super) fn of(
        attribute: &AttributeRef,
        comparator: Comparator,
        literal: &Written<Literal>,
    ) -> Result<Self, Error> {
        let refused =
            |detail: &str| Err(super::invalid_at(literal.position, format!("{attribute} {detail}")));
        let value_type = attribute.value_type();
        if let Comparator::Is(operator) = comparator
            && let Some(reason) = not_for(operator, value_type)
        {
            return refused(reason);
        }
        match (value_type, &literal.what) {
            (AttributeType::String, Literal::Text(text)) if !attribute.is_case_exact() => {
                Ok(Self::String(fold(text)))
            }
            (
                AttributeType::String | AttributeType::Reference | AttributeType::Binary,
                Literal::Text(text),
            ) => Ok(Self::String(text.clone())),
            (AttributeType::String | AttributeType::Reference | AttributeType::Binary, _) => {
                refused("is a string: write the constant in double quotes")
            }
            (AttributeType::Boolean, Literal::Boolean(truth)) => Ok(Self::Boolean(*truth)),
            // Entra quotes booleans: roles[primary eq "True"].
            (AttributeType::Boolean, Literal::Text(text)) if text.eq_ignore_ascii_case("true") => {
                Ok(Self::Boolean(true))
            }
            (AttributeType::Boolean, Literal::Text(text)) if text.eq_ignore_ascii_case("false") => {
                Ok(Self::Boolean(false))
            }
            (AttributeType::Boolean, _) => refused("is a boolean: compare it with true or false"),
            (AttributeType::Integer | AttributeType::Decimal, Literal::Number(number)) => {
                Ok(Self::Number(number.clone()))
            }
            // Entra quotes every constant.
            (AttributeType::Integer | AttributeType::Decimal, Literal::Text(text)) => {
                match serde_json::from_str(text) {
                    Ok(number) => Ok(Self::Number(number)),
                    Err(_) => refused("is a number: compare it with a number"),
                }
            }
            (AttributeType::Integer | AttributeType::Decimal, _) => {
                refused("is a number: compare it with a number")
            }
            (AttributeType::DateTime, Literal::Text(text)) => match date_time::parse(text) {
                Some(timestamp) => Ok(Self::DateTime(timestamp)),
                None => refused("is a date-time: compare it with one such as \"2026-01-31T08:00:00Z\""),
            },
            (AttributeType::DateTime, _) => {
                refused("is a date-time: compare it with one such as \"2026-01-31T08:00:00Z\"")
            }
            (AttributeType::Complex, _) => refused("is complex: compare one of its sub-attributes"),
        }
    }
}

fn not_for(operator: Operator, value_type: AttributeType) -> Option<&'static str> {
    let matches_parts = matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
    match value_type {
        AttributeType::Boolean if operator != Operator::Equal => {
            Some("is a boolean, which has no order and no parts: use eq or ne")
        }
        AttributeType::Binary if operator != Operator::Equal => {
            Some("is binary, which has no order and no parts: use eq or ne")
        }
        AttributeType::Integer | AttributeType::Decimal if matches_parts => {
            Some("is a number, which has no parts: use eq, ne, gt, ge, lt or le")
        }
        AttributeType::DateTime if matches_parts => {
            Some("is a date-time, which has no parts: use eq, ne, gt, ge, lt or le")
        }
        _ => None,
    }
}
