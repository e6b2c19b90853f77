//! The table of values in the chart's README is what `values.yaml` says, comments included. `make chart-docs` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use product::chart::CHART;
use product::{Manifest, repository};
use serde_json::Value;

use crate::world::Cluster;

/// What stands before the table, which ends the README.
const HEADING: &str = "\n## Values\n\n";
/// What begins a value's description.
const DESCRIPTION: &str = "# --";

/// With `UPDATE_CHART_DOCS` the README is written, else compared.
pub(crate) async fn the_readme_tells_every_value(_: &Cluster) {
    let path = |file: &str| repository().join(CHART).join(file);
    let text = fs::read_to_string(path("values.yaml")).unwrap();
    let manifest = Manifest::parse("values.yaml", &text).unwrap();
    let [values] = manifest.objects() else { panic!("values.yaml is one document") };
    let described = described(&text);
    for leaf in leaves(values, "") {
        let is_described =
            described.iter().any(|(key, _)| leaf == *key || leaf.starts_with(&format!("{key}.")));
        assert!(is_described, "{leaf} has no description (`{DESCRIPTION} …`)");
    }
    let table = table(values, &described);
    let readme = fs::read_to_string(path("README.md")).unwrap();
    let (before, written) = readme.split_once(HEADING).expect("README.md has a place for the values");
    if std::env::var_os("UPDATE_CHART_DOCS").is_some() {
        fs::write(path("README.md"), format!("{before}{HEADING}{table}")).unwrap();
    } else {
        assert!(written == table, "run `make chart-docs`");
    }
}

/// The keys that have a description, in the order of the file.
fn described(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut description: Option<String> = None;
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(begin) = trimmed.strip_prefix(DESCRIPTION) {
            description = Some(begin.trim().to_owned());
        } else if let Some(more) = trimmed.strip_prefix('#') {
            if let Some(description) = &mut description {
                write!(description, " {}", more.trim()).unwrap();
            }
        } else if let Some((key, _)) = trimmed.split_once(':').filter(|_| !trimmed.starts_with('-')) {
            let depth = line.len() - trimmed.len();
            path.retain(|(above, _)| *above < depth);
            path.push((depth, key.to_owned()));
            if let Some(description) = description.take() {
                let key: Vec<_> = path.iter().map(|(_, key)| key.as_str()).collect();
                found.push((key.join("."), description));
            }
        }
    }
    found
}

/// The keys of all values that hold no others.
fn leaves(value: &Value, key: &str) -> Vec<String> {
    match value.as_object().filter(|fields| !fields.is_empty()) {
        None => vec![key.to_owned()],
        Some(fields) => {
            let below = |name: &String| if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            fields.iter().flat_map(|(name, value)| leaves(value, &below(name))).collect()
        }
    }
}

fn table(values: &Value, described: &[(String, String)]) -> String {
    let mut rows = BTreeMap::new();
    for (key, description) in described {
        if described.iter().any(|(other, _)| other.starts_with(&format!("{key}."))) {
            continue; // told by the rows below it
        }
        let value = values.pointer(&format!("/{}", key.replace('.', "/")));
        let mut value = value.expect("what is described is there").clone();
        value.sort_all_objects();
        let kind = match &value {
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            Value::Number(_) => "int",
            Value::Null => "",
            Value::Array(_) => "list",
            Value::Object(_) => "object",
        };
        // `# -- (int) …` says of what there is no default.
        let (kind, description) = match description.strip_prefix('(').and_then(|text| text.split_once(") ")) {
            Some(said) => said,
            None => (kind, description.as_str()),
        };
        assert!(!kind.is_empty(), "{key} has no type");
        let description = description.replace('|', "\\|");
        let row = format!("| {key} | {kind} | `{value}` | {description} |\n");
        assert!(rows.insert(key, row).is_none(), "{key} has two descriptions");
    }
    let rows: String = rows.into_values().collect();
    format!("| Key | Type | Default | Description |\n|-----|------|---------|-------------|\n{rows}")
}
