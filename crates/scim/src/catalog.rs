//! The resource types a tenant has, compiled out of its profile.

mod compile;
mod extension;
mod form;
mod narrow;
#[cfg(test)]
mod tests;
mod urns;

use std::sync::Arc;

pub use compile::ProfileError;

use crate::{
    Kind, Profile,
    schema::{Attribute, Schema},
};

/// The resource types a tenant has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    user: ResourceType,
    group: Option<ResourceType>,
    form: i64,
}

/// A kind of resource with its schemas (RFC 7643 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    pub(crate) kind: Kind,
    pub(crate) core: Schema,
    pub(crate) extensions: Vec<Schema>,
    pub(crate) common: Vec<Arc<Attribute>>,
}

impl Catalog {
    /// Forms from here on come about in ways that only newer versions of this program know. They are positive, as all are.
    pub const NEWER_FORMS: i64 = form::NEWER;

    /// Compiles a profile; the error says which part of it cannot work, and why.
    pub fn new(profile: &Profile) -> Result<Self, ProfileError> {
        compile::catalog(profile)
    }

    /// The resource type of that kind; `None` for groups where they are disabled.
    pub fn resource_type(&self, kind: Kind) -> Option<&ResourceType> {
        match kind {
            Kind::User => Some(&self.user),
            Kind::Group => self.group.as_ref(),
        }
    }

    /// The resource type User, which every tenant has.
    pub fn user(&self) -> &ResourceType {
        &self.user
    }

    /// A digest of all that decides [`crate::Resource::comparable`] and [`crate::Resource::unique_values`]: names
    /// and types of attributes, `multiValued`, `caseExact`, `uniqueness`, additional attributes. Catalogs of one form derive
    /// the same from a document, whatever else they say of it.
    pub fn form(&self) -> i64 {
        self.form
    }

    /// All resource types, User first.
    pub fn resource_types(&self) -> impl Iterator<Item = &ResourceType> {
        std::iter::once(&self.user).chain(&self.group)
    }
}

impl ResourceType {
    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The schema of the kind itself.
    pub fn core_schema(&self) -> &Schema {
        &self.core
    }

    /// The schemas beside it, of which a resource may have attributes.
    pub fn extensions(&self) -> &[Schema] {
        &self.extensions
    }

    /// The core schema and the extensions.
    pub fn schemas(&self) -> impl Iterator<Item = &Schema> {
        std::iter::once(&self.core).chain(&self.extensions)
    }

    /// The attribute that tells resources of the kind apart for people: unique, with an index of its own.
    pub fn key_attribute(&self) -> &'static str {
        match self.kind {
            Kind::User => "userName",
            Kind::Group => "displayName",
        }
    }
}
