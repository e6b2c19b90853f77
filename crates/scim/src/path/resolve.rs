//! From the text of a path to the attribute that it names, in any case (RFC 7644 §3.10).

use std::{fmt, sync::Arc};

use super::{AttributeRef, Base};
use crate::{
    Kind, ResourceType, dialect,
    schema::{Attribute, Schema},
};

/// Why a path names nothing. The text names the path and what there is instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The URN is not one of the resource type's schemas.
    #[error("{kind} has no schema for '{path}': its schemas are {known}")]
    UnknownSchema {
        /// The resource type.
        kind: Kind,
        /// The path as it was written.
        path: String,
        /// The URNs there are.
        known: String,
    },
    /// The path is a schema's URN, without an attribute.
    #[error("'{path}' is a schema: name one of its attributes after a colon")]
    Schema {
        /// The path as it was written.
        path: String,
    },
    /// The schema has no such attribute.
    #[error("{kind} has no attribute '{path}': /Schemas lists the attributes there are")]
    UnknownAttribute {
        /// The resource type.
        kind: Kind,
        /// The path as it was written.
        path: String,
    },
    /// The attribute has no such sub-attribute.
    #[error("{attribute} has no sub-attribute '{name}'{known}")]
    UnknownSubAttribute {
        /// The attribute.
        attribute: String,
        /// The name as it was written.
        name: String,
        /// What there is instead, ready to follow the sentence.
        known: String,
    },
}

impl ResourceType {
    /// The attribute that a path names: `name`, `name.sub`, or either after a schema's URN and a colon, in
    /// any case.
    pub fn attribute(&self, path: &str) -> Result<AttributeRef, PathError> {
        let (schema, rest) = self.schema_of(path)?;
        let base = if schema.urn == self.core.urn {
            Base::Resource
        } else {
            Base::Extension(Arc::clone(&schema.urn))
        };
        let (name, sub_name) = match rest.split_once('.') {
            Some((name, sub_name)) => (name, Some(sub_name)),
            None => (rest, None),
        };
        let found = |attribute, sub_attribute| AttributeRef {
            kind: self.kind,
            base: base.clone(),
            attribute,
            sub_attribute,
        };
        match self.declared(schema, name) {
            Some(attribute) => {
                let whole = found(attribute, None);
                let part = sub_name.map(|name| sub_attribute(&whole.attribute, name, &whole)).transpose()?;
                Ok(AttributeRef { sub_attribute: part, ..whole })
            }
            // An additional attribute has no parts, so that its name may hold dots.
            None => schema
                .attribute(rest)
                .map(|attribute| found(attribute, None))
                .ok_or_else(|| PathError::UnknownAttribute { kind: self.kind, path: path.to_owned() }),
        }
    }

    /// The schema whose URN is this text, in any case.
    pub(crate) fn schema_named(&self, urn: &str) -> Option<&Schema> {
        self.schemas().find(|schema| schema.urn().eq_ignore_ascii_case(urn))
    }

    fn schema_of<'a>(&self, path: &'a str) -> Result<(&Schema, &'a str), PathError> {
        if !is_urn(path) {
            return Ok((dialect::schema_of_bare_name(self, path).unwrap_or(&self.core), path));
        }
        if self.schema_named(path).is_some() {
            return Err(PathError::Schema { path: path.to_owned() });
        }
        self.schemas().find_map(|schema| Some((schema, strip_urn(path, schema.urn())?))).ok_or_else(|| {
            PathError::UnknownSchema {
                kind: self.kind,
                path: path.to_owned(),
                known: self.schemas().map(Schema::urn).collect::<Vec<_>>().join(", "),
            }
        })
    }

    pub(crate) fn declared(&self, schema: &Schema, name: &str) -> Option<Arc<Attribute>> {
        let common =
            || self.common.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name)).cloned();
        schema.declared(name).or_else(|| if schema.urn == self.core.urn { common() } else { None })
    }
}

/// The sub-attribute of that name, or of the name that an identity provider has for it. `path` is the
/// attribute's.
pub(crate) fn sub_attribute(
    attribute: &Attribute,
    name: &str,
    path: &dyn fmt::Display,
) -> Result<Arc<Attribute>, PathError> {
    let regular = dialect::regular_sub_attribute(attribute, name);
    attribute.sub_attribute(regular).cloned().ok_or_else(|| PathError::UnknownSubAttribute {
        attribute: path.to_string(),
        name: name.to_owned(),
        known: if attribute.is_complex() {
            let names: Vec<_> = attribute.sub_attributes.iter().map(|part| part.name.as_str()).collect();
            format!(": it has {}", names.join(", "))
        } else {
            ": it is not complex".to_owned()
        },
    })
}

/// What follows the URN and a colon, if the path begins with them.
pub(crate) fn strip_urn<'a>(path: &'a str, urn: &str) -> Option<&'a str> {
    let (head, rest) = path.split_at_checked(urn.len())?;
    if head.eq_ignore_ascii_case(urn) { rest.strip_prefix(':') } else { None }
}

fn is_urn(path: &str) -> bool {
    path.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("urn:"))
}
