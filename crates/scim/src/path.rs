//! What a path such as `emails.value` or `urn:…:User:department` names: an attribute and its place in a
//! resource.

mod resolve;
mod target;

use std::{fmt, sync::Arc};

pub use resolve::PathError;
pub(crate) use resolve::{strip_urn, sub_attribute};
pub(crate) use target::{Selection, Target};

use crate::{
    Kind,
    schema::{Attribute, AttributeType},
};

/// An attribute, found in a schema, and its place in a resource: `extension` → `attribute` → `sub-attribute`.
///
/// Inside a value filter (`emails[type eq "work"]`) a reference is relative to the element:
/// [`Self::is_relative`].
#[derive(Clone, PartialEq, Eq)]
pub struct AttributeRef {
    pub(crate) kind: Kind,
    pub(crate) base: Base,
    pub(crate) attribute: Arc<Attribute>,
    pub(crate) sub_attribute: Option<Arc<Attribute>>,
}

/// Where a reference begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// At the top of the resource.
    Resource,
    /// In the object under this URN.
    Extension(Arc<str>),
    /// In one element of a multi-valued attribute.
    Element,
}

/// Attributes that are kept elsewhere than in the document, or have an index of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `id`.
    Id,
    /// `externalId`.
    ExternalId,
    /// `userName` of a User.
    UserName,
    /// `displayName` of a Group.
    GroupDisplayName,
    /// `meta.created`.
    Created,
    /// `meta.lastModified`.
    LastModified,
    /// `members` of a Group, as in `members pr`.
    Members,
    /// `members.value` of a Group.
    MembersValue,
    /// `groups` of a User, as in `groups pr`.
    Groups,
    /// `groups.value` of a User.
    GroupsValue,
}

impl AttributeRef {
    /// The URN of the extension object that holds the attribute; `None` for the core schema and inside an
    /// element.
    pub fn extension(&self) -> Option<&str> {
        match &self.base {
            Base::Extension(urn) => Some(urn),
            Base::Resource | Base::Element => None,
        }
    }

    /// Whether the reference begins in one element of a multi-valued attribute.
    pub fn is_relative(&self) -> bool {
        self.base == Base::Element
    }

    /// The attribute's name, as the document spells it.
    pub fn name(&self) -> &str {
        &self.attribute.name
    }

    /// Whether the attribute holds a list.
    pub fn is_multi_valued(&self) -> bool {
        self.attribute.multi_valued
    }

    /// The sub-attribute's name, as the document spells it.
    pub fn sub_attribute(&self) -> Option<&str> {
        self.sub_attribute.as_ref().map(|attribute| attribute.name.as_str())
    }

    /// Whether the sub-attribute holds a list (only extensions have such).
    pub fn is_sub_attribute_multi_valued(&self) -> bool {
        self.sub_attribute.as_ref().is_some_and(|attribute| attribute.multi_valued)
    }

    /// The definition of what the path ends at.
    pub fn definition(&self) -> &Attribute {
        self.sub_attribute.as_ref().unwrap_or(&self.attribute)
    }

    /// The type of what the path ends at.
    pub fn value_type(&self) -> AttributeType {
        self.definition().value_type
    }

    /// Whether strings there differ when they differ in case.
    pub fn is_case_exact(&self) -> bool {
        self.definition().case_exact
    }

    /// Which of the attributes it is that a store keeps apart, if any.
    pub fn special(&self) -> Option<Special> {
        if self.base != Base::Resource {
            return None;
        }
        match (self.kind, self.name(), self.sub_attribute()) {
            (_, "id", None) => Some(Special::Id),
            (_, "externalId", None) => Some(Special::ExternalId),
            (_, "meta", Some("created")) => Some(Special::Created),
            (_, "meta", Some("lastModified")) => Some(Special::LastModified),
            (Kind::User, "userName", None) => Some(Special::UserName),
            (Kind::User, "groups", None) => Some(Special::Groups),
            (Kind::User, "groups", Some("value")) => Some(Special::GroupsValue),
            (Kind::Group, "displayName", None) => Some(Special::GroupDisplayName),
            (Kind::Group, "members", None) => Some(Special::Members),
            (Kind::Group, "members", Some("value")) => Some(Special::MembersValue),
            _ => None,
        }
    }
}

impl fmt::Display for AttributeRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Base::Extension(urn) = &self.base {
            write!(formatter, "{urn}:")?;
        }
        formatter.write_str(self.name())?;
        match self.sub_attribute() {
            Some(name) => write!(formatter, ".{name}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for AttributeRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AttributeRef({self})")
    }
}
