//! Schemas: a URN and its attributes (RFC 7643 §7).

mod attribute;
pub(crate) mod common;
pub(crate) mod core_group;
pub(crate) mod core_user;
pub(crate) mod enterprise_user;
mod render;

use std::sync::Arc;

pub use attribute::{Attribute, AttributeType, Mutability, Returned, Uniqueness};

use crate::profile::AdditionalAttributes;

/// A schema: its URN, and the attributes that stand under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    pub(crate) urn: Arc<str>,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) attributes: Vec<Arc<Attribute>>,
    pub(crate) additional_attributes: Option<AdditionalAttributes>,
}

impl Schema {
    /// The URN, as its owner spells it.
    pub fn urn(&self) -> &str {
        &self.urn
    }

    /// The human-readable name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the schema is for.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The attributes, in the order of their definition.
    pub fn attributes(&self) -> &[Arc<Attribute>] {
        &self.attributes
    }

    /// Whether names beyond [`Self::attributes`] are accepted, and what their values become.
    pub fn additional_attributes(&self) -> Option<AdditionalAttributes> {
        self.additional_attributes
    }

    /// The attribute of that name, in any case. An additional attribute keeps the spelling it is asked for
    /// with.
    pub fn attribute(&self, name: &str) -> Option<Arc<Attribute>> {
        self.declared(name).or_else(|| self.additional(name))
    }

    /// The attribute of that name, in any case, if the schema names it.
    pub(crate) fn declared(&self, name: &str) -> Option<Arc<Attribute>> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name)).cloned()
    }

    fn additional(&self, name: &str) -> Option<Arc<Attribute>> {
        match self.additional_attributes {
            Some(AdditionalAttributes::String) if !name.is_empty() => {
                Some(Arc::new(Attribute::string(name, "")))
            }
            _ => None,
        }
    }
}
