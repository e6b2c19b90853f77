//! A stored document under a profile that may have changed since: what of it fits, and what is kept for a profile in
//! which it fits again.

use serde_json::{Map, Value};

use super::Resource;
use crate::{
    ResourceType,
    schema::{Attribute, Schema},
    value::fitting,
};

impl Resource {
    /// The document as the resource type has it. Attributes that there are no more, and values of another type, are
    /// not in it; they stay in the document, until they are written.
    pub(crate) fn fitting(&self, resource_type: &ResourceType) -> Map<String, Value> {
        let mut fit = Map::new();
        for (name, value) in &self.document {
            let fitting = match extension(resource_type, name) {
                Some(schema) => fitting_attributes(schema, value),
                None => core_attribute(resource_type, name).and_then(|attribute| fitting(attribute, value)),
            };
            fit.extend(fitting.map(|value| (name.clone(), value)));
        }
        fit
    }
}

/// Puts into a new document what the old one has of attributes that there are no more: no client can know of them.
pub(super) fn keep_undeclared(
    resource_type: &ResourceType,
    old: &Map<String, Value>,
    new: &mut Map<String, Value>,
) {
    for (name, value) in old {
        let Some(schema) = extension(resource_type, name) else {
            if core_attribute(resource_type, name).is_none() {
                new.insert(name.clone(), value.clone());
            }
            continue;
        };
        let attributes = value.as_object().into_iter().flatten();
        for (attribute, value) in attributes.filter(|(attribute, _)| schema.attribute(attribute).is_none()) {
            let container = new.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(container) = container {
                container.insert(attribute.clone(), value.clone());
            }
        }
    }
}

fn fitting_attributes(schema: &Schema, value: &Value) -> Option<Value> {
    let fitting = |(name, value): (&String, &Value)| {
        let attribute = schema.attribute(name)?;
        Some((name.clone(), fitting(&attribute, value)?))
    };
    let attributes: Map<_, _> = value.as_object()?.iter().filter_map(fitting).collect();
    if attributes.is_empty() { None } else { Some(Value::Object(attributes)) }
}

fn extension<'a>(resource_type: &'a ResourceType, urn: &str) -> Option<&'a Schema> {
    resource_type.extensions().iter().find(|schema| schema.urn() == urn)
}

fn core_attribute<'a>(resource_type: &'a ResourceType, name: &str) -> Option<&'a Attribute> {
    let mut attributes = resource_type.core.attributes().iter();
    attributes.find(|attribute| attribute.name == name).map(|attribute| &**attribute)
}
