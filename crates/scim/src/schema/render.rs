//! Schemas as `/Schemas` shows them (RFC 7643 §7).

use serde_json::{Map, Value, json};

use super::{Attribute, AttributeType, Schema, Uniqueness};

impl Schema {
    /// The JSON form of RFC 7643 §7, without `meta`.
    pub fn to_json(&self) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.urn(),
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(|attribute| attribute.to_json()).collect::<Vec<_>>(),
        })
    }
}

impl Attribute {
    /// The JSON form of RFC 7643 §7. Characteristics that say nothing for the type are left out, as in
    /// §8.7.1.
    pub fn to_json(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("name".to_owned(), json!(self.name));
        shown.insert("type".to_owned(), json!(self.value_type));
        if self.is_complex() {
            let parts: Vec<_> = self.sub_attributes.iter().map(|attribute| attribute.to_json()).collect();
            shown.insert("subAttributes".to_owned(), json!(parts));
        }
        shown.insert("multiValued".to_owned(), json!(self.multi_valued));
        shown.insert("description".to_owned(), json!(self.description));
        shown.insert("required".to_owned(), json!(self.required));
        if !self.canonical_values.is_empty() {
            shown.insert("canonicalValues".to_owned(), json!(self.canonical_values));
        }
        if has_case(self.value_type) {
            shown.insert("caseExact".to_owned(), json!(self.case_exact));
        }
        shown.insert("mutability".to_owned(), json!(self.mutability));
        shown.insert("returned".to_owned(), json!(self.returned));
        if self.value_type != AttributeType::Boolean || self.uniqueness != Uniqueness::None {
            shown.insert("uniqueness".to_owned(), json!(self.uniqueness));
        }
        if self.value_type == AttributeType::Reference {
            shown.insert("referenceTypes".to_owned(), json!(self.reference_types));
        }
        Value::Object(shown)
    }
}

fn has_case(value_type: AttributeType) -> bool {
    matches!(value_type, AttributeType::String | AttributeType::Reference | AttributeType::Binary)
}
