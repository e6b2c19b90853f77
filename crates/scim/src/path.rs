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
    Element(Element),
}

/// What an element is, in which a reference begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// An object in the document.
    Object,
    /// A single value in the document, which is its own `value`.
    Single,
    /// A member of a Group, or a group of a User.
    Membership,
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
    /// `meta.version`: the text `W/"7"`, whatever groups a user is shown with.
    Version,
    /// `meta.location`: the text of the URL.
    Location,
    /// `members` of a Group, or a sub-attribute of it: [`AttributeRef::membership_part`].
    Members,
    /// `groups` of a User, or a sub-attribute of it: [`AttributeRef::membership_part`].
    Groups,
}

/// A sub-attribute of `members` of a Group, or of `groups` of a User.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipPart {
    /// `value`: the id of the other resource, as resources show it.
    Value,
    /// `$ref`: the URL of the other resource, compared exactly.
    Reference,
    /// `display`: its name to show, compared folded.
    Display,
    /// `type`: the kind of the member, or that the membership is direct; compared folded.
    Type,
}

impl AttributeRef {
    /// The URN of the extension object that holds the attribute; `None` for the core schema and inside an
    /// element.
    pub fn extension(&self) -> Option<&str> {
        match &self.base {
            Base::Extension(urn) => Some(urn),
            Base::Resource | Base::Element(_) => None,
        }
    }

    /// Whether the reference begins in one element of a multi-valued attribute.
    pub fn is_relative(&self) -> bool {
        matches!(self.base, Base::Element(_))
    }

    /// Whether it is the `value` of an element that is a single value, as in `folders[value sw "a"]`: the element
    /// itself, not a member of it. Such a reference is relative.
    pub fn is_element_itself(&self) -> bool {
        self.base == Base::Element(Element::Single)
    }

    /// Which part of a membership it is: `members.type`, `groups.display`, or `type` inside `members[…]`, which is
    /// relative. The kind of resource says whether of `members` or of `groups`. `None` for all other attributes,
    /// and for `members` and `groups` as a whole.
    pub fn membership_part(&self) -> Option<MembershipPart> {
        let name = match (&self.base, self.special()) {
            (Base::Element(Element::Membership), _) => self.name(),
            (_, Some(Special::Members | Special::Groups)) => self.sub_attribute()?,
            _ => return None,
        };
        match name {
            "value" => Some(MembershipPart::Value),
            "$ref" => Some(MembershipPart::Reference),
            "display" => Some(MembershipPart::Display),
            "type" => Some(MembershipPart::Type),
            _ => None,
        }
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
            (_, "meta", Some("version")) => Some(Special::Version),
            (_, "meta", Some("location")) => Some(Special::Location),
            (Kind::User, "userName", None) => Some(Special::UserName),
            (Kind::User, "groups", _) => Some(Special::Groups),
            (Kind::Group, "displayName", None) => Some(Special::GroupDisplayName),
            (Kind::Group, "members", _) => Some(Special::Members),
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
