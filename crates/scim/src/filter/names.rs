//! The names in a filter: which attributes they mean, and whether those can be compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{invalid_at, syntax::Written};
use crate::{
    AttributeRef, Error, ResourceType, fold,
    path::PathError,
    schema::{Attribute, Returned},
};

/// Which names of a filter were found, and which were not, by position. A filter on several resource types may
/// hold names that some of them lack.
#[derive(Default)]
pub(super) struct Names {
    found: BTreeSet<usize>,
    missing: BTreeMap<usize, PathError>,
}

impl Names {
    /// Notes what became of a name; gives the attribute, if there is one. Refuses one that nobody may filter by.
    pub(super) fn note(
        &mut self,
        path: &Written<&str>,
        found: Result<AttributeRef, PathError>,
    ) -> Result<Option<AttributeRef>, Error> {
        match found {
            Ok(attribute) => {
                self.found.insert(path.position);
                match reason_to_hide(&attribute) {
                    Some(reason) => {
                        let detail = format!("{attribute} cannot be filtered by: {reason}");
                        Err(invalid_at(path.position, detail))
                    }
                    None => Ok(Some(attribute)),
                }
            }
            Err(error) => {
                self.missing.entry(path.position).or_insert(error);
                Ok(None)
            }
        }
    }

    /// Notes that a name means something that is no attribute.
    pub(super) fn note_schema(&mut self, path: &Written<&str>) {
        self.found.insert(path.position);
    }

    /// Refuses the first name that nobody has.
    pub(super) fn check(self) -> Result<(), Error> {
        let Self { found, missing } = self;
        match missing.into_iter().find(|(position, _)| !found.contains(position)) {
            Some((position, error)) => Err(invalid_at(position, error)),
            None => Ok(()),
        }
    }
}

/// The attribute of a resource that a path names, spelled as in the comparable form.
pub(super) fn attribute(path: &str, resource_type: &ResourceType) -> Result<AttributeRef, PathError> {
    resource_type.attribute(path).map(|attribute| with_comparable_name(attribute, resource_type))
}

/// The attribute by which a listing can be ordered; else why not.
pub(crate) fn sortable(path: &str, resource_type: &ResourceType) -> Result<AttributeRef, String> {
    let attribute = attribute(path, resource_type).map_err(|error| error.to_string())?;
    match reason_to_hide(&attribute) {
        Some(reason) => Err(format!("{attribute} cannot be sorted by: {reason}")),
        None => comparable_part(attribute),
    }
}

/// What a comparison compares: of a complex attribute its `value` (RFC 7643 §2.4).
pub(super) fn comparable_part(attribute: AttributeRef) -> Result<AttributeRef, String> {
    if !attribute.definition().is_complex() {
        return Ok(attribute);
    }
    if let Some(value) = attribute.attribute.sub_attribute("value").cloned() {
        return Ok(AttributeRef { sub_attribute: Some(value), ..attribute });
    }
    let parts: Vec<_> =
        attribute.attribute.sub_attributes.iter().map(|part| format!("{attribute}.{}", part.name)).collect();
    Err(format!("{attribute} is complex: name one of {}", parts.join(", ")))
}

/// Additional attributes have folded names in the comparable form, since names are the same in any case.
fn with_comparable_name(attribute: AttributeRef, resource_type: &ResourceType) -> AttributeRef {
    let schema = attribute.extension().and_then(|urn| resource_type.schema_named(urn));
    if schema.is_none_or(|schema| schema.declared(attribute.name()).is_some()) {
        return attribute;
    }
    let folded = Attribute { name: fold(attribute.name()), ..Attribute::clone(&attribute.attribute) };
    AttributeRef { attribute: Arc::new(folded), ..attribute }
}

fn reason_to_hide(attribute: &AttributeRef) -> Option<&'static str> {
    let is_hidden = |definition: &Attribute| definition.returned == Returned::Never;
    let any_is_hidden = is_hidden(&attribute.attribute) || is_hidden(attribute.definition());
    any_is_hidden.then_some("it is never returned")
}
