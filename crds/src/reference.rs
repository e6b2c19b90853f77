//! `docs/reference/`: every field of the custom resources, out of their definitions, for the person who writes one.

use std::fmt::Write as _;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

use crate::definition::{Definition, definitions};

/// A page of the reference.
pub struct Page {
    /// The file's name, in `docs/reference`.
    pub file_name: String,
    /// What is in it, as Markdown.
    pub text: String,
}

/// One page for each custom resource.
pub fn pages() -> Vec<Page> {
    definitions().iter().map(page).collect()
}

fn page(definition: &Definition) -> Page {
    let spec = &definition.resource.spec;
    let mut text =
        format!("<!-- Made by `make crds` from {}. -->\n\n# {}\n\n", definition.file_name, spec.names.kind);
    for version in &spec.versions {
        let Some(schema) = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref())
        else {
            continue;
        };
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "`{}/{}`, {}, short name `{}`. {}\n",
            spec.group,
            version.name,
            if spec.scope == "Cluster" { "of the cluster" } else { "in a namespace" },
            spec.names.short_names.as_deref().unwrap_or_default().join("`, `"),
            described(schema),
        );
        for section in ["spec", "status"] {
            if let Some(part) = schema.properties.as_ref().and_then(|all| all.get(section)) {
                text.push_str(&table(section, part));
            }
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    Page { file_name: format!("{}.md", spec.names.singular.as_deref().unwrap_or(&spec.names.plural)), text }
}

fn table(section: &str, schema: &JSONSchemaProps) -> String {
    let mut text = format!(
        "## {section}\n\n{}\n\n| Field | Type and bounds | Default | What it is |\n|---|---|---|---|\n",
        described(schema)
    );
    rows(&mut text, section, schema);
    text.push('\n');
    text
}

/// A row for each field of an object, of a list of objects, or of a map of objects; each followed by its own fields.
fn rows(text: &mut String, path: &str, schema: &JSONSchemaProps) {
    let required = schema.required.as_deref().unwrap_or_default();
    for (name, field) in schema.properties.iter().flatten() {
        let path = format!("{path}.{name}");
        let default = match &field.default {
            Some(default) => code(&default.0.to_string()),
            None if required.contains(name) => "**required**".to_owned(),
            None => String::new(),
        };
        let _ = writeln!(text, "| `{path}` | {} | {default} | {} |", bounded(field), described(field));
        rows(text, &path, field);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        rows(text, &format!("{path}[]"), items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        rows(text, &format!("{path}.*"), values);
    }
}

/// The type, and everything that a value is held to.
fn bounded(schema: &JSONSchemaProps) -> String {
    let mut parts = vec![kind(schema)];
    parts.extend(range(schema.minimum, schema.maximum, ""));
    parts.extend(range(count(schema.min_length), count(schema.max_length), " characters"));
    parts.extend(range(count(schema.min_items), count(schema.max_items), " elements"));
    parts.extend(range(count(schema.min_properties), count(schema.max_properties), " keys"));
    parts.extend(schema.pattern.as_ref().map(|pattern| code(pattern)));
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        parts.push(format!("each {}", bounded(items)));
    }
    parts.join(", ")
}

fn kind(schema: &JSONSchemaProps) -> String {
    if let Some(values) = &schema.enum_ {
        let values: Vec<_> = values.iter().map(|value| code(value.0.as_str().unwrap_or_default())).collect();
        return values.join(" or ");
    }
    match (schema.type_.as_deref(), schema.format.as_deref()) {
        (Some("array"), _) => "list".to_owned(),
        (Some("object"), _) if schema.additional_properties.is_some() => "map".to_owned(),
        (Some("string"), Some(format)) => format.to_owned(),
        (Some(kind), _) => kind.to_owned(),
        (None, _) => "any".to_owned(),
    }
}

#[allow(clippy::cast_precision_loss, reason = "bounds are small numbers")]
fn count(bound: Option<i64>) -> Option<f64> {
    bound.map(|bound| bound as f64)
}

fn range(least: Option<f64>, most: Option<f64>, unit: &str) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) if least >= most => Some(format!("{most}{unit}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (Some(least), None) => Some(format!("at least {least}{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        (None, None) => None,
    }
}

/// What a field is, and the rules that its parts keep with each other.
fn described(schema: &JSONSchemaProps) -> String {
    let description = schema.description.as_deref().unwrap_or_default();
    let rules = schema.x_kubernetes_validations.iter().flatten().filter_map(|rule| rule.message.as_deref());
    let sentences = std::iter::once(description.to_owned()).chain(rules.map(|rule| format!("*{rule}.*")));
    let words = sentences.collect::<Vec<_>>().join(" ");
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('|', "\\|").replace('<', "&lt;")
}

/// Text as it is, in a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_what_the_definitions_say() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/");
        for page in pages() {
            let found = std::fs::read_to_string(format!("{folder}{}", page.file_name)).unwrap_or_default();
            assert!(found == page.text, "run `make crds`: docs/reference/{} is old", page.file_name);
        }
    }

    #[test]
    fn every_field_has_a_row_with_its_bounds() {
        let class = pages().into_iter().find(|page| page.file_name == "scimtenantclass.md").unwrap().text;
        assert!(
            class.contains("| `spec.profile.extensions[].attributes[].subAttributes[].name` | string, 1 to ")
        );
        assert!(class.contains("| `spec.limits.maxPageSize` | integer, 1 to 1000 | `1000` |"));
        assert!(class.contains("| `spec.url` |") && class.contains("**required**"));
        assert!(class.contains("*selector belongs to from: Selector, which needs it.*"));
    }
}
