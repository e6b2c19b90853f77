//! The data files, parsed: what is not understood is an error, never passed over.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{RunError, assertion::Assertion};

/// An exported test.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

/// A step of a test.
#[derive(Debug, Deserialize)]
#[serde(tag = "step_type", rename_all = "snake_case")]
pub(super) enum Step {
    Request(Box<RequestStep>),
    /// A wait between two requests, for services that need one. Ours reads its own writes, so it is left out.
    Pause,
}

/// A request with what its answer must be.
#[derive(Debug, Deserialize)]
pub(super) struct RequestStep {
    pub(super) note: String,
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    headers: BTreeMap<String, HeaderValues>,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) assertions: Vec<Assertion>,
    #[serde(default)]
    pub(super) variables: Vec<Variable>,
    #[serde(default)]
    pub(super) scripts: Vec<String>,
    #[serde(default)]
    pub(super) before_scripts: Vec<String>,
}

/// A value of the response to be remembered.
#[derive(Debug, Deserialize)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) property: String,
    /// The only source that occurs.
    #[serde(rename = "source")]
    _source: VariableSource,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VariableSource {
    ResponseJson,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum HeaderValues {
    One(String),
    Several(Vec<String>),
}

impl Document {
    pub(super) fn read(path: &Path) -> Result<Self, RunError> {
        let text =
            fs::read_to_string(path).map_err(|source| RunError::Read { path: path.to_owned(), source })?;
        serde_json::from_str(&text).map_err(|source| RunError::Parse { path: path.to_owned(), source })
    }
}

impl RequestStep {
    /// The `Authorization` header, with its variables.
    pub(super) fn authorization(&self) -> Option<String> {
        let authorization = self.headers.iter().find(|(name, _)| is_authorization(name));
        authorization.and_then(|(_, values)| values.iter().next().cloned())
    }

    /// The other headers, with their variables.
    pub(super) fn other_headers(&self) -> Vec<(String, String)> {
        let others = self.headers.iter().filter(|(name, _)| !is_authorization(name));
        others.flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone()))).collect()
    }
}

impl HeaderValues {
    fn iter(&self) -> std::slice::Iter<'_, String> {
        match self {
            Self::One(value) => std::slice::from_ref(value).iter(),
            Self::Several(values) => values.iter(),
        }
    }
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// The text of any JSON scalar: the files write expected numbers as strings.
pub(super) fn expected_text(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => None,
        Some(value) => Some(super::assertion::text(value)),
    }
}
