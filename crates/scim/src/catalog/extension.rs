//! A profile's own schema, checked and made regular.

use std::sync::Arc;

use super::ProfileError;
use crate::{
    Kind,
    profile::Extension,
    schema::{Attribute, AttributeType, Mutability, Schema, Uniqueness},
};

/// The schema that an extension defines.
pub(super) fn schema(extension: &Extension) -> Result<Schema, ProfileError> {
    let urn = extension.urn.as_str();
    let mut attributes = Vec::<Arc<Attribute>>::new();
    for attribute in &extension.attributes {
        let refused = |name: &str, reason| ProfileError::Attribute {
            urn: urn.to_owned(),
            name: name.to_owned(),
            reason,
        };
        if attributes.iter().any(|other| other.name.eq_ignore_ascii_case(&attribute.name)) {
            return Err(refused(&attribute.name, "it is defined twice"));
        }
        let regular =
            regular(attribute, Level::Attribute).map_err(|(name, reason)| refused(&name, reason))?;
        if regular.uniqueness != Uniqueness::None && extension.resource == Kind::Group {
            return Err(refused(&attribute.name, "only attributes of User can be unique"));
        }
        attributes.push(Arc::new(regular));
    }
    Ok(Schema {
        urn: urn.into(),
        name: urn.rsplit(':').next().unwrap_or(urn).to_owned(),
        description: match extension.additional_attributes {
            Some(_) => "Any attribute is accepted under this URN, and kept as a string".to_owned(),
            None => format!("Attributes that the application adds to {}", extension.resource),
        },
        attributes,
        additional_attributes: extension.additional_attributes,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Attribute,
    SubAttribute,
}

/// The attribute as the engine has it; else its name and what is wrong with it.
fn regular(attribute: &Attribute, level: Level) -> Result<Attribute, (String, &'static str)> {
    let refused = |reason| Err((attribute.name.clone(), reason));
    if !is_attribute_name(&attribute.name) {
        return refused("a name is a letter, then letters, digits, '-' and '_', or $ref");
    }
    let is_complex = attribute.is_complex();
    match (level, is_complex, attribute.sub_attributes.is_empty()) {
        (Level::SubAttribute, true, _) => return refused("a sub-attribute cannot be complex"),
        (_, false, false) => return refused("only a complex attribute has subAttributes"),
        (_, true, true) => return refused("a complex attribute needs subAttributes"),
        _ => {}
    }
    if attribute.mutability == Mutability::WriteOnly {
        return refused("writeOnly is not supported, since nothing could read it");
    }
    if attribute.mutability == Mutability::ReadOnly {
        return refused("readOnly is not supported, since nothing could write it");
    }
    if let Some(reason) = cannot_be_narrowed(attribute) {
        return refused(reason);
    }
    let mut sub_attributes = Vec::<Arc<Attribute>>::new();
    for part in &attribute.sub_attributes {
        let part = regular(part, Level::SubAttribute)
            .map_err(|(name, reason)| (format!("{}.{name}", attribute.name), reason))?;
        if sub_attributes.iter().any(|other| other.name.eq_ignore_ascii_case(&part.name)) {
            return Err((format!("{}.{}", attribute.name, part.name), "it is defined twice"));
        }
        sub_attributes.push(Arc::new(part));
    }
    // RFC 7643 §2.3.6 and §2.3.7: binary values and references are case-exact, whatever the definition says.
    let case_exact = attribute.case_exact
        || matches!(attribute.value_type, AttributeType::Binary | AttributeType::Reference);
    Ok(Attribute { case_exact, sub_attributes, ..attribute.clone() })
}

/// What is wrong with an attribute's canonical values or uniqueness, if anything.
pub(super) fn cannot_be_narrowed(attribute: &Attribute) -> Option<&'static str> {
    let is_text = matches!(attribute.value_type, AttributeType::String | AttributeType::Reference);
    if attribute.enforce && attribute.canonical_values.is_empty() {
        Some("enforce needs canonicalValues")
    } else if !attribute.canonical_values.is_empty() && !is_text {
        Some("only strings have canonicalValues")
    } else if attribute.uniqueness == Uniqueness::Server
        && matches!(attribute.value_type, AttributeType::Complex | AttributeType::Boolean)
    {
        Some("complex and boolean attributes cannot be unique: name a sub-attribute such as emails.value")
    } else {
        None
    }
}

fn is_attribute_name(name: &str) -> bool {
    let mut characters = name.chars();
    let starts_well = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    name == "$ref"
        || starts_well && characters.all(|next| next.is_ascii_alphanumeric() || next == '-' || next == '_')
}
