//! Which attributes an answer holds: `attributes`, `excludedAttributes` and the schema's `returned` (RFC 7644
//! §3.9).

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::{
    AttributeRef, Error, Kind, ResourceType, ScimType, fold, limits,
    schema::{Attribute, Returned, Schema},
};

/// What an answer holds. The default is everything that is `returned` by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    mode: Mode,
    named: Vec<Named>,
    /// Whether it is one of users who have no `groups`, since the profile has none.
    is_without_groups: bool,
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
    /// given, with [`limits::PROJECTION_NAMES`] names at most. A name that the resource type does not have names nothing.
    pub fn parse(
        attributes: Option<&str>,
        excluded_attributes: Option<&str>,
        resource_type: &ResourceType,
    ) -> Result<Self, Error> {
        let given =
            |list: Option<&str>| list.map(str::trim).filter(|list| !list.is_empty()).map(str::to_owned);
        let is_without_groups =
            resource_type.kind() == Kind::User && resource_type.core.declared("groups").is_none();
        match (given(attributes), given(excluded_attributes)) {
            (None, None) => Ok(Self { is_without_groups, ..Self::default() }),
            (Some(list), None) => {
                let named = named("attributes", &list, resource_type)?;
                Ok(Self { mode: Mode::Only, named, is_without_groups })
            }
            (None, Some(list)) => {
                let named = named("excludedAttributes", &list, resource_type)?;
                Ok(Self { mode: Mode::Except, named, is_without_groups })
            }
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
        if self.is_without_groups && name == "groups" {
            return false;
        }
        match self.mode {
            Mode::Except => self.extent(None, name) != Extent::All,
            Mode::Only => self.extent(None, name) != Extent::Nothing,
        }
    }

    /// Whether the answer would hold that part of a top-level core attribute which is `returned` on request only, such as
    /// `members` and `display`.
    pub fn wants_on_request(&self, name: &str, part: &str) -> bool {
        self.mode == Mode::Only && self.names_part(None, name, part)
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
            return drop_emptied(value);
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
        let is_named = || self.names_part(extension, &attribute.name, &part.name);
        match (part.returned, self.mode, extent) {
            (Returned::Never, ..) | (Returned::Request, Mode::Except, _) => false,
            (Returned::Request, Mode::Only, _) | (Returned::Default, Mode::Only, Extent::Parts) => is_named(),
            (Returned::Always, ..) | (Returned::Default, Mode::Only, _) => true,
            (Returned::Default, Mode::Except, _) => !is_named(),
        }
    }

    fn names_part(&self, extension: Option<&str>, name: &str, part: &str) -> bool {
        self.named.iter().any(|named| match named {
            Named::Attribute(named) => is_at(named, extension, name) && named.sub_attribute() == Some(part),
            Named::Extension(_) => false,
        })
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

fn named(parameter: &str, list: &str, resource_type: &ResourceType) -> Result<Vec<Named>, Error> {
    let paths = paths(list);
    if paths.len() > limits::PROJECTION_NAMES {
        let detail = format!("'{parameter}' has more than {} names: send fewer", limits::PROJECTION_NAMES);
        return Err(Error::bad_request(ScimType::InvalidValue, detail));
    }
    let mut named = Vec::new();
    for path in paths.iter().map(|path| path.trim()) {
        let found = match resource_type.schema_named(path) {
            Some(schema) if schema.urn() == resource_type.core_schema().urn() => of_core(resource_type),
            Some(schema) => vec![Named::Extension(schema.urn().to_owned())],
            None => resource_type.attribute(path).ok().map(Named::Attribute).into_iter().collect(),
        };
        for found in found {
            // What is named again costs nothing then: every attribute of every resource is looked for among them.
            if !named.contains(&found) {
                named.push(found);
            }
        }
    }
    Ok(named)
}

/// All attributes of the core schema. `schemas`, `id` and `meta` are of none.
fn of_core(resource_type: &ResourceType) -> Vec<Named> {
    let attributes = resource_type.core.attributes().iter();
    attributes.filter_map(|one| resource_type.attribute(&one.name).ok()).map(Named::Attribute).collect()
}

/// The paths of a list, without what stands in brackets: `emails[type eq "work"]` names the whole attribute. Entra asks
/// like that (AzureAD/SCIMReferenceCode, `PostmanCollection.json`, "Get user attributes").
fn paths(list: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    let (mut is_in_brackets, mut is_quoted, mut is_escaped) = (false, false, false);
    for next in list.chars() {
        match next {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' if is_in_brackets => is_quoted = !is_quoted,
            ']' if !is_quoted => is_in_brackets = false,
            _ if is_in_brackets => {}
            '[' => is_in_brackets = true,
            ',' => paths.push(String::new()),
            next => paths.last_mut().into_iter().for_each(|path| path.push(next)),
        }
    }
    paths
}

fn is_at(named: &AttributeRef, extension: Option<&str>, name: &str) -> bool {
    named.extension() == extension && fold::same(named.name(), name)
}

/// Takes away elements of which no part stays. Returns whether anything does.
fn drop_emptied(value: &mut Value) -> bool {
    let is_emptied = |value: &Value| value.as_object().is_some_and(Map::is_empty);
    if let Value::Array(elements) = value {
        elements.retain(|element| !is_emptied(element));
        return !elements.is_empty();
    }
    !is_emptied(value)
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
