//! The order of a listing: `sortBy` and `sortOrder` (RFC 7644 §3.4.2.3).

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::{
    AttributeRef, Error, ResourceType, ScimType, Special,
    filter::{self, order_of_numbers, sortable},
    limits,
    schema::AttributeType,
};

/// What a listing is ordered by, before the id.
///
/// Anything that a filter can name is a key, but members of a group and groups of a user, of which there may be
/// very many. A complex attribute stands for its `value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// The attribute; never complex, never relative.
    pub attribute: AttributeRef,
    /// Which way.
    pub order: SortOrder,
}

/// The values of `sortOrder`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// The least value first; resources without a value last.
    #[default]
    Ascending,
    /// The reverse of it: resources without a value first.
    Descending,
}

impl Sort {
    /// Reads the two parameters. What cannot be sorted by is `invalidValue`, and names the parameter.
    pub fn parse(
        sort_by: &str,
        sort_order: Option<&str>,
        resource_type: &ResourceType,
    ) -> Result<Self, Error> {
        let order = SortOrder::parse(sort_order)?;
        Ok(Self { attribute: attribute(sort_by, resource_type)?, order })
    }

    /// Reads the two parameters for a search over several resource types; gives one result for each. `None`
    /// stands for a type that lacks the attribute: no resource of it has a value. That every type lacks it is
    /// an error.
    pub fn parse_for_all(
        sort_by: &str,
        sort_order: Option<&str>,
        resource_types: &[&ResourceType],
    ) -> Result<Vec<Option<Self>>, Error> {
        let order = SortOrder::parse(sort_order)?;
        let mut first_error = None;
        let mut sorts = Vec::new();
        for resource_type in resource_types {
            match resource_type.attribute(sort_by) {
                Err(_) if resource_types.iter().any(|other| other.attribute(sort_by).is_ok()) => {
                    sorts.push(None);
                }
                _ => match attribute(sort_by, resource_type) {
                    Ok(attribute) => sorts.push(Some(Self { attribute, order })),
                    Err(error) => {
                        first_error.get_or_insert(error);
                    }
                },
            }
        }
        first_error.map_or(Ok(sorts), Err)
    }

    /// What a resource is ordered by, out of its comparable form with `id` and `meta` put in (as
    /// [`crate::filter::evaluate`] wants it).
    ///
    /// Of a multi-valued attribute the primary value counts, else the first, of a multi-valued sub-attribute
    /// the first. A value of another type than the attribute's, which a document may hold that is older than
    /// the profile, is none. Strings are cut after [`limits::SORT_CHARACTERS`] characters, but for attributes that a
    /// store keeps apart, whose index knows them whole; date-times are strings in UTC with nine decimals.
    pub fn key(&self, comparable: &Map<String, Value>) -> Option<Value> {
        let value = filter::first_value(&self.attribute, comparable)?;
        match (self.attribute.value_type(), value) {
            (AttributeType::Boolean, Value::Bool(_))
            | (AttributeType::Integer | AttributeType::Decimal, Value::Number(_)) => Some(value.clone()),
            (
                AttributeType::String
                | AttributeType::Reference
                | AttributeType::Binary
                | AttributeType::DateTime,
                Value::String(text),
            ) if self.attribute.special().is_none() => {
                Some(Value::String(text.chars().take(limits::SORT_CHARACTERS).collect()))
            }
            (_, Value::String(_)) if self.attribute.special().is_some() => Some(value.clone()),
            _ => None,
        }
    }

    /// How two resources with these keys are ordered: `false` before `true`, numbers by value, strings by code
    /// point. Equal keys are ordered by id, ascending in any order.
    pub fn compare(&self, left: Option<&Value>, right: Option<&Value>) -> Ordering {
        let ascending = match (left, right) {
            (Some(left), Some(right)) => in_order(left, right),
            // Without a value: last.
            (left, right) => right.is_some().cmp(&left.is_some()),
        };
        match self.order {
            SortOrder::Ascending => ascending,
            SortOrder::Descending => ascending.reverse(),
        }
    }
}

impl SortOrder {
    /// Reads `sortOrder`; absent means ascending.
    fn parse(text: Option<&str>) -> Result<Self, Error> {
        match text {
            None => Ok(Self::Ascending),
            Some(text) if text.eq_ignore_ascii_case("ascending") => Ok(Self::Ascending),
            Some(text) if text.eq_ignore_ascii_case("descending") => Ok(Self::Descending),
            Some(_) => Err(invalid("sortOrder: send ascending or descending".to_owned())),
        }
    }
}

fn attribute(sort_by: &str, resource_type: &ResourceType) -> Result<AttributeRef, Error> {
    if sort_by.len() > limits::FILTER_BYTES {
        return Err(invalid(format!("sortBy: the name is longer than {} bytes", limits::FILTER_BYTES)));
    }
    let attribute =
        sortable(sort_by, resource_type).map_err(|reason| invalid(format!("sortBy: {reason}")))?;
    match attribute.special() {
        Some(Special::Members | Special::Groups) => {
            let name = attribute.name();
            Err(invalid(format!("sortBy: {name} has no order: sort by an attribute of the resource itself")))
        }
        _ => Ok(attribute),
    }
}

fn in_order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => {
            order_of_numbers(left, right).unwrap_or(Ordering::Equal)
        }
        // Keys of one attribute are of one type.
        _ => Ordering::Equal,
    }
}

fn invalid(detail: String) -> Error {
    Error::bad_request(ScimType::InvalidValue, detail)
}

#[cfg(test)]
mod tests;
