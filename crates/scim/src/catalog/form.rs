//! The form of what is derived from documents: a number that changes when rows must be derived anew.

use std::collections::BTreeSet;

use super::ResourceType;
use crate::{
    digest,
    schema::{Attribute, Schema},
};

/// Counts how forms come about. Whoever changes a schema that every tenant has, or what [`crate::Resource::comparable`] and
/// [`crate::Resource::unique_values`] give for the same schema, counts on: then two versions of the program that run at once
/// know which of them is newer, and the older one leaves what the newer one has derived.
///
/// It never exceeds 32,767.
const GENERATION: i64 = 1;
/// How many bits of a form are a digest.
const DIGEST_BITS: u32 = 48;

/// [`super::Catalog::NEWER_FORMS`].
pub(super) const NEWER: i64 = (GENERATION + 1) << DIGEST_BITS;

/// The form of these resource types, [`super::Catalog::form`]: the generation, then a digest.
pub(super) fn of<'a>(resource_types: impl Iterator<Item = &'a ResourceType>) -> i64 {
    let lines: BTreeSet<_> = resource_types.flat_map(lines_of_type).collect();
    let digest = digest::of(&lines) >> (u64::BITS - DIGEST_BITS);
    GENERATION << DIGEST_BITS | digest.cast_signed()
}

fn lines_of_type(resource_type: &ResourceType) -> Vec<String> {
    let kind = resource_type.kind();
    let common = resource_type.common.iter().flat_map(|attribute| lines_of_attribute("", attribute));
    let of_schemas = resource_type.schemas().flat_map(lines_of_schema);
    common.chain(of_schemas).map(|line| format!("{kind} {line}")).collect()
}

fn lines_of_schema(schema: &Schema) -> Vec<String> {
    let urn = schema.urn();
    let prefix = format!("{urn}:");
    let attributes = schema.attributes().iter().flat_map(|attribute| lines_of_attribute(&prefix, attribute));
    std::iter::once(format!("{urn} {:?}", schema.additional_attributes())).chain(attributes).collect()
}

fn lines_of_attribute(prefix: &str, attribute: &Attribute) -> Vec<String> {
    let line = |path: &str, attribute: &Attribute| {
        let Attribute { value_type, multi_valued, case_exact, uniqueness, .. } = attribute;
        format!("{path} {value_type:?} {multi_valued} {case_exact} {uniqueness:?}")
    };
    let path = format!("{prefix}{}", attribute.name);
    let parts = attribute.sub_attributes.iter().map(|part| line(&format!("{path}.{}", part.name), part));
    std::iter::once(line(&path, attribute)).chain(parts).collect()
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Catalog;
    use crate::fixtures::{CUSTOM, catalog, plain};

    fn form(profile: Value) -> i64 {
        catalog(profile).form()
    }

    fn with_attribute(definition: Value) -> i64 {
        form(json!({"extensions": [{"urn": CUSTOM, "resource": "User", "attributes": [definition]}]}))
    }

    /// If this fails, what is derived of a document has changed for every tenant, by a change of a core schema for example.
    /// Then add one to `GENERATION` and write the new form here: a version that was released never has two forms for one
    /// profile.
    #[test]
    fn the_form_of_the_default_profile_changes_with_the_generation_only() {
        insta::assert_snapshot!(plain().form(), @"529459895721572");
    }

    #[test]
    fn forms_of_later_generations_are_greater() {
        let form = plain().form();
        assert!(form > 0 && form >> DIGEST_BITS == GENERATION);
        assert!(form < Catalog::NEWER_FORMS && form + (1 << DIGEST_BITS) >= Catalog::NEWER_FORMS);
    }

    #[test]
    fn what_decides_no_comparison_changes_no_form() {
        assert_eq!(
            form(json!({
                "required": ["name.givenName"], "patchResponse": "NoContent",
                "attributes": [{"path": "userType", "canonicalValues": ["Premium"], "enforce": true}],
            })),
            plain().form()
        );
        let folders = with_attribute(json!({"name": "folders"}));
        assert_eq!(
            with_attribute(json!({"name": "folders", "description": "x", "returned": "request"})),
            folders
        );
    }

    #[test]
    fn what_decides_a_comparison_changes_the_form() {
        let folders = with_attribute(json!({"name": "folders"}));
        let others = [
            plain().form(),
            with_attribute(json!({"name": "files"})),
            with_attribute(json!({"name": "folders", "caseExact": true})),
            with_attribute(json!({"name": "folders", "type": "integer"})),
            with_attribute(json!({"name": "folders", "multiValued": true})),
            with_attribute(json!({"name": "folders", "uniqueness": "server"})),
            with_attribute(
                json!({"name": "folders", "type": "complex", "subAttributes": [{"name": "value"}]}),
            ),
            form(json!({"attributes": [{"path": "emails.value", "uniqueness": "server"}]})),
            form(json!({"groups": "Disabled"})),
            form(
                json!({"extensions": [{"urn": CUSTOM, "resource": "User", "additionalAttributes": "String"}]}),
            ),
        ];
        for (position, other) in others.into_iter().enumerate() {
            assert_ne!(other, folders, "{position}");
        }
    }

    #[test]
    fn the_order_of_definitions_is_no_part_of_the_form() {
        let attributes = |names: [&str; 2]| {
            let attributes = names.map(|name| json!({"name": name}));
            form(json!({"extensions": [{"urn": CUSTOM, "resource": "User", "attributes": attributes}]}))
        };
        assert_eq!(attributes(["a", "b"]), attributes(["b", "a"]));
    }
}
