//! Attributes of a resource type made narrower, as a profile asks.

use std::sync::Arc;

use super::{ProfileError, ResourceType, extension::cannot_be_narrowed};
use crate::{
    Kind,
    profile::Narrowing,
    schema::{Attribute, Mutability, Uniqueness},
};

/// An attribute, and perhaps one of its sub-attributes, inside a resource type that is being made.
pub(super) struct Place<'a> {
    kind: Kind,
    attribute: &'a mut Attribute,
    sub_attribute: Option<String>,
}

impl<'a> Place<'a> {
    /// What a path names.
    pub(super) fn find(resource_type: &'a mut ResourceType, path: &str) -> Result<Self, ProfileError> {
        let unknown = || ProfileError::UnknownPath { path: path.to_owned() };
        let found = resource_type.attribute(path).map_err(|_| unknown())?;
        let urn = found.extension().unwrap_or(resource_type.core.urn()).to_owned();
        let ResourceType { kind, core, extensions, common } = resource_type;
        let schema = std::iter::once(core).chain(extensions).find(|schema| schema.urn() == urn);
        let attribute = schema
            .into_iter()
            .flat_map(|schema| schema.attributes.iter_mut())
            .chain(common)
            .find(|attribute| attribute.name == found.name())
            .ok_or_else(unknown)?;
        let sub_attribute = found.sub_attribute().map(str::to_owned);
        Ok(Self { kind: *kind, attribute: Arc::make_mut(attribute), sub_attribute })
    }

    /// Makes the attribute required; with a sub-attribute, both.
    pub(super) fn require(&mut self, path: &str) -> Result<(), ProfileError> {
        self.check(path)?;
        self.attribute.required = true;
        self.end().required = true;
        Ok(())
    }

    /// Takes over what a narrowing says.
    pub(super) fn narrow(&mut self, narrowing: &Narrowing) -> Result<(), ProfileError> {
        let path = &narrowing.path;
        self.check(path)?;
        if narrowing.required {
            self.require(path)?;
        }
        let kind = self.kind;
        let end = self.end();
        if !narrowing.canonical_values.is_empty() {
            end.canonical_values.clone_from(&narrowing.canonical_values);
        }
        end.enforce |= narrowing.enforce;
        if let Some(uniqueness) = narrowing.uniqueness {
            let was = std::mem::replace(&mut end.uniqueness, uniqueness);
            let reason = match (kind, was, uniqueness) {
                (_, Uniqueness::Server, Uniqueness::None) => Some("its schema says that it is unique"),
                (Kind::Group, Uniqueness::None, Uniqueness::Server) => {
                    Some("only attributes of User can be unique")
                }
                _ => None,
            };
            if let Some(reason) = reason {
                return Err(ProfileError::Narrowing { path: path.clone(), reason });
            }
        }
        match cannot_be_narrowed(end) {
            Some(reason) => Err(ProfileError::Narrowing { path: path.clone(), reason }),
            None => Ok(()),
        }
    }

    fn check(&mut self, path: &str) -> Result<(), ProfileError> {
        let of_end = self.end().mutability;
        let reason = match (self.attribute.mutability, of_end) {
            (Mutability::ReadOnly, _) | (_, Mutability::ReadOnly) => "it is readOnly",
            (Mutability::WriteOnly, _) => "it is writeOnly",
            _ if self.attribute.name == "members" => "members come and go by themselves",
            _ => return Ok(()),
        };
        Err(ProfileError::Narrowing { path: path.to_owned(), reason })
    }

    fn end(&mut self) -> &mut Attribute {
        let Self { attribute, sub_attribute, .. } = self;
        let part = sub_attribute.as_ref();
        match part.and_then(|name| attribute.sub_attributes.iter().position(|part| part.name == *name)) {
            Some(position) if position < attribute.sub_attributes.len() => {
                Arc::make_mut(&mut attribute.sub_attributes[position])
            }
            _ => attribute,
        }
    }
}
