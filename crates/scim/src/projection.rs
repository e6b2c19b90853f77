//! Which attributes an answer holds: `attributes`, `excludedAttributes` and the schema's `returned` (RFC 7644
//! §3.9).

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::{
    AttributeRef, Error, ResourceType, ScimType, fold,
    schema::{Attribute, Returned, Schema},
};

/// What an answer holds. The default is everything that is `returned` by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    mode: Mode,
    named: Vec<Named>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Everything but what is named.
    #[default]
    Except,
    /// Nothing but what is named.
    Only,
}

#[derive(Clone, Debug, PartialEq)]
enum Named {
    Attribute(AttributeRef),
    /// All attributes of an extension, by its URN.
    Extension(String),
}

/// How much of an attribute is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Nothing,
    Parts,
    All,
}

impl Projection {
    /// Reads the two query parameters: lists of paths, separated by commas, of which one at most may be
    /// given. A name that the resource type does not have names nothing.
    pub fn parse(
        attributes: Option<&str>,
        excluded_attributes: Option<&str>,
        resource_type: &ResourceType,
    ) -> Result<Self, Error> {
        let given =
            |list: Option<&str>| list.map(str::trim).filter(|list| !list.is_empty()).map(str::to_owned);
        match (given(attributes), given(excluded_attributes)) {
            (None, None) => Ok(Self::default()),
            (Some(list), None) => Ok(Self { mode: Mode::Only, named: named(&list, resource_type) }),
            (None, Some(list)) => Ok(Self { mode: Mode::Except, named: named(&list, resource_type) }),
            (Some(_), Some(_)) => {
                let detail = "'attributes' and 'excludedAttributes' exclude each other: send one of them";
                Err(Error::bad_request(ScimType::InvalidValue, detail))
            }
        }
    }

    /// Leaves in a whole resource (see [`ResourceType::represent`]) what the answer holds. What the resource
    /// type does not have any more goes too.
    pub fn apply(&self, resource_type: &ResourceType, resource: &mut Map<String, Value>) {
        let core = resource_type.common.iter().chain(resource_type.core.attributes());
        let core: Vec<_> = core.map(|attribute| &**attribute).collect();
        resource.retain(|name, value| {
            if let Some(schema) = resource_type.extensions.iter().find(|schema| schema.urn() == name) {
                return self.keep_extension(schema, value);
            }
            core.iter().any(|attribute| attribute.name == *name && self.keep(attribute, None, value))
        });
    }

    /// Whether the answer would hold the top-level core attribute of that name, such as `members`: what it
    /// does not hold need not be read.
    pub fn wants(&self, name: &str) -> bool {
        match self.mode {
            Mode::Except => self.extent(None, name) != Extent::All,
            Mode::Only => self.extent(None, name) != Extent::Nothing,
        }
    }

    fn keep_extension(&self, schema: &Schema, value: &mut Value) -> bool {
        let Value::Object(attributes) = value else { return false };
        attributes.retain(|name, value| {
            schema.attribute(name).is_some_and(|attribute| self.keep(&attribute, Some(schema.urn()), value))
        });
        !attributes.is_empty()
    }

    /// Whether an attribute stays; cuts what of it does not.
    fn keep(&self, attribute: &Attribute, extension: Option<&str>, value: &mut Value) -> bool {
        let extent = self.extent(extension, &attribute.name);
        let stays = match (attribute.returned, self.mode, extent) {
            (Returned::Never, ..) | (Returned::Request, Mode::Except, _) => false,
            (Returned::Always, ..) => true,
            (Returned::Default, Mode::Except, extent) => extent != Extent::All,
            (Returned::Default | Returned::Request, Mode::Only, extent) => extent != Extent::Nothing,
        };
        if stays && attribute.is_complex() {
            each_object(value, |parts| {
                parts.retain(|name, _| {
                    attribute
                        .sub_attribute(name)
                        .is_some_and(|part| self.keeps_part(attribute, part, extension, extent))
                });
            });
        }
        stays
    }

    fn keeps_part(
        &self,
        attribute: &Attribute,
        part: &Attribute,
        extension: Option<&str>,
        extent: Extent,
    ) -> bool {
        let is_named = || {
            self.named.iter().any(|named| match named {
                Named::Attribute(named) => {
                    is_at(named, extension, &attribute.name) && named.sub_attribute() == Some(&part.name)
                }
                Named::Extension(_) => false,
            })
        };
        match (part.returned, self.mode, extent) {
            (Returned::Never, ..) | (Returned::Request, Mode::Except, _) => false,
            (Returned::Request, Mode::Only, _) | (Returned::Default, Mode::Only, Extent::Parts) => is_named(),
            (Returned::Always, ..) | (Returned::Default, Mode::Only, _) => true,
            (Returned::Default, Mode::Except, _) => !is_named(),
        }
    }

    fn extent(&self, extension: Option<&str>, name: &str) -> Extent {
        let extents = self.named.iter().map(|named| match named {
            Named::Extension(urn) if extension == Some(urn) => Extent::All,
            Named::Attribute(named) if is_at(named, extension, name) => match named.sub_attribute() {
                None => Extent::All,
                Some(_) => Extent::Parts,
            },
            _ => Extent::Nothing,
        });
        extents.fold(Extent::Nothing, |most, extent| match (most, extent) {
            (Extent::All, _) | (_, Extent::All) => Extent::All,
            (Extent::Parts, _) | (_, Extent::Parts) => Extent::Parts,
            _ => Extent::Nothing,
        })
    }
}

fn named(list: &str, resource_type: &ResourceType) -> Vec<Named> {
    let named = |path: &str| match resource_type
        .extensions
        .iter()
        .find(|schema| schema.urn().eq_ignore_ascii_case(path))
    {
        Some(schema) => Some(Named::Extension(schema.urn().to_owned())),
        None => resource_type.attribute(path).ok().map(Named::Attribute),
    };
    list.split(',').map(str::trim).filter_map(named).collect()
}

fn is_at(named: &AttributeRef, extension: Option<&str>, name: &str) -> bool {
    named.extension() == extension && fold::same(named.name(), name)
}

fn each_object(value: &mut Value, mut change: impl FnMut(&mut Map<String, Value>)) {
    let each = match value {
        Value::Array(elements) => elements.as_mut_slice(),
        single => std::slice::from_mut(single),
    };
    for parts in each.iter_mut().filter_map(Value::as_object_mut) {
        change(parts);
    }
}
