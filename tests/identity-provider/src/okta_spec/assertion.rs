//! One assertion of a test, evaluated.

use serde::Deserialize;
use serde_json::Value;

use super::{document::expected_text, variables::Variables};
use crate::Response;

/// What an answer must be.
#[derive(Debug, Deserialize)]
pub(super) struct Assertion {
    comparison: Comparison,
    source: Source,
    #[serde(default)]
    property: String,
    value: Option<Value>,
}

/// All comparisons that occur in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Comparison {
    Equal,
    EqualNumber,
    IsLessThan,
    IsANumber,
    NotEmpty,
    Contains,
    HasValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Source {
    #[serde(rename = "response_status")]
    Status,
    #[serde(rename = "response_json")]
    Document,
    /// In milliseconds.
    #[serde(rename = "response_time")]
    Time,
}

/// Whether an assertion holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    /// It is about the response time and does not hold.
    Slow(String),
    Fails(String),
}

impl Assertion {
    /// Evaluates the assertion as it is written, response times too.
    pub(super) fn evaluate(&self, response: &Response, variables: &Variables) -> Verdict {
        let actual = match self.source {
            Source::Status => Some(Value::from(response.status)),
            Source::Time => Some(Value::from(response.elapsed.as_secs_f64() * 1000.0)),
            Source::Document => response.json.as_ref().and_then(|document| find(document, &self.property)),
        };
        let expected = match expected_text(self.value.as_ref()).map(|text| variables.substitute(&text)) {
            None => None,
            Some(Ok(expected)) => Some(expected),
            Some(Err(problem)) => return Verdict::Fails(problem),
        };
        if holds(self.comparison, actual.as_ref(), expected.as_deref()) {
            return Verdict::Holds;
        }
        let reason = format!(
            "{:?} {:?} {}: found {}",
            self.subject(),
            self.comparison,
            expected.unwrap_or_default(),
            actual.map_or_else(|| "nothing".to_owned(), |value| text(&value))
        );
        if self.source == Source::Time { Verdict::Slow(reason) } else { Verdict::Fails(reason) }
    }

    fn subject(&self) -> &str {
        match self.source {
            Source::Status => "status",
            Source::Time => "time in ms",
            Source::Document => &self.property,
        }
    }
}

fn holds(comparison: Comparison, actual: Option<&Value>, expected: Option<&str>) -> bool {
    let Some(actual) = actual else { return false };
    let numbers = || Some((number(actual)?, expected?.parse::<f64>().ok()?));
    match comparison {
        Comparison::Equal => expected == Some(text(actual).as_str()),
        Comparison::EqualNumber => {
            numbers().is_some_and(|(actual, expected)| (actual - expected).abs() < 1e-9)
        }
        Comparison::IsLessThan => numbers().is_some_and(|(actual, expected)| actual < expected),
        // A JSON number: a string of digits is what Okta rejects here.
        Comparison::IsANumber => actual.is_number(),
        Comparison::NotEmpty => is_not_empty(actual),
        Comparison::Contains => expected.is_some_and(|expected| contains(actual, expected)),
        // Without an expected value: there is some value. The 2016 file asks `emails.value` so.
        Comparison::HasValue => match expected {
            None => is_not_empty(actual),
            Some(expected) => has_value(actual, expected),
        },
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// False and 0 are values: `sort.supported` and `bulk.maxOperations` must be "not empty" in a service without them.
fn is_not_empty(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// A part of a string, or an element of an array.
fn contains(actual: &Value, expected: &str) -> bool {
    match actual {
        Value::String(text) => text.contains(expected),
        other => has_value(other, expected),
    }
}

/// An element of an array, or a member of an object; the 2024 file looks for the error's URN in the whole document,
/// so arrays among the members are looked into.
fn has_value(actual: &Value, expected: &str) -> bool {
    let is_it = |value: &Value| text(value) == expected;
    match actual {
        Value::Array(values) => values.iter().any(is_it),
        Value::Object(members) => members.values().any(|member| match member {
            Value::Array(values) => values.iter().any(is_it),
            other => is_it(other),
        }),
        other => is_it(other),
    }
}

/// A scalar as its text, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The value at a path such as `Resources[0].name.givenName`. The empty path is the whole document; a name below an
/// array stands for that member of each element. Nothing where there is none.
pub(super) fn find(document: &Value, path: &str) -> Option<Value> {
    let mut found = document.clone();
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let (name, index) = match segment.split_once('[') {
            Some((name, index)) => (name, Some(index.strip_suffix(']')?.parse::<usize>().ok()?)),
            None => (segment, None),
        };
        found = match &found {
            Value::Array(elements) => {
                let members = elements.iter().filter_map(|element| element.get(name)).cloned();
                let members = members.collect::<Vec<_>>();
                if members.is_empty() { None } else { Some(Value::Array(members)) }
            }
            other => other.get(name).cloned(),
        }?;
        if let Some(index) = index {
            found = found.get(index)?.clone();
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests;
