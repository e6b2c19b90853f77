//! Attributes whose values are known before a resource is looked at: `schemas`, `meta.resourceType`, and that
//! there is an `id`.

use std::sync::Arc;

use serde_json::Value;

use super::{Comparison, Filter, evaluate::compare, evaluate_element};
use crate::{
    AttributeRef, ResourceType, fold,
    path::Base,
    schema::{Attribute, Schema},
};

/// The values that an attribute can have in a resource of the type.
pub(super) struct Known {
    /// Each in comparable form, and what must hold for a resource to have it.
    values: Vec<(Value, Filter)>,
}

impl Known {
    /// What is known of the attribute; `None` where a resource must be looked at.
    pub(super) fn of(attribute: &AttributeRef, resource_type: &ResourceType) -> Option<Self> {
        if attribute.base != Base::Resource {
            return None;
        }
        match (attribute.name(), attribute.sub_attribute()) {
            ("meta", Some("resourceType")) => {
                Some(Self { values: vec![(Value::from(resource_type.kind().name()), Filter::always())] })
            }
            ("schemas", None) => {
                let core = (Value::from(fold(resource_type.core_schema().urn())), Filter::always());
                let extensions = resource_type.extensions().iter().map(|schema| {
                    (Value::from(fold(schema.urn())), Filter::Present(extension(schema, resource_type)))
                });
                Some(Self { values: std::iter::once(core).chain(extensions).collect() })
            }
            _ => None,
        }
    }

    /// When one of the values compares.
    pub(super) fn where_one_compares(self, comparison: &Comparison) -> Filter {
        self.where_one(|value| compare(comparison, value))
    }

    /// When one of the values passes a filter with relative references.
    pub(super) fn where_one_passes(self, filter: &Filter) -> Filter {
        self.where_one(|value| evaluate_element(filter, value))
    }

    fn where_one(self, holds: impl Fn(&Value) -> bool) -> Filter {
        let held = self.values.into_iter().filter(|(value, _)| holds(value));
        Filter::any(held.map(|(_, condition)| condition).collect())
    }
}

/// Whether every resource has a value of the attribute.
pub(super) fn is_always_present(attribute: &AttributeRef) -> bool {
    attribute.base == Base::Resource && matches!(attribute.name(), "schemas" | "id" | "meta")
}

/// The object that holds an extension's attributes.
pub(super) fn extension(schema: &Schema, resource_type: &ResourceType) -> AttributeRef {
    AttributeRef {
        kind: resource_type.kind(),
        base: Base::Resource,
        attribute: Arc::new(Attribute::complex(schema.urn(), "", [])),
        sub_attribute: None,
    }
}
