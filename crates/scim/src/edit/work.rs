//! How much the edits of one request may look through, so that none takes the processor for long.

use serde_json::Value;

use crate::{Error, Filter, ScimType, limits};

/// What is left of [`limits::WORK`].
pub(crate) struct Work {
    left: usize,
}

impl Work {
    /// All of it.
    pub(crate) fn new() -> Self {
        Self { left: limits::WORK }
    }

    /// Takes some away. 400 `tooMany` when there is not enough.
    pub(super) fn spend(&mut self, cost: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(cost).ok_or_else(|| {
            let detail =
                "the request changes long lists too often: send several requests, or the new list at once";
            Error::bad_request(ScimType::TooMany, detail)
        })?;
        Ok(())
    }
}

/// What looking at a value costs: its bytes, and some for each of its parts. A document has four levels at most.
pub(super) fn cost(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => PART,
        // Folding other characters than ASCII takes longer.
        Value::String(text) if text.is_ascii() => PART + text.len(),
        Value::String(text) => PART + 2 * text.len(),
        Value::Array(elements) => cost_of_all(elements),
        Value::Object(parts) => {
            PART + parts.iter().map(|(name, value)| name.len() + cost(value)).sum::<usize>()
        }
    }
}

/// What looking at each of some values costs.
pub(super) fn cost_of_all(values: &[Value]) -> usize {
    PART + values.iter().map(cost).sum::<usize>()
}

/// What looking for a name costs: next to nothing among names in ASCII, which need no folding.
pub(super) fn cost_of_names<'a>(names: impl Iterator<Item = &'a String>) -> usize {
    names.map(|name| if name.is_ascii() { 1 } else { name.len() }).sum()
}

/// How often a filter looks at a value.
pub(super) fn comparisons(filter: &Filter) -> usize {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().map(comparisons).sum(),
        Filter::Not(filter) | Filter::Element { filter, .. } => comparisons(filter),
        Filter::Compare(_) | Filter::Present(_) => 1,
    }
}

/// About what one part costs in bytes, however short it is.
const PART: usize = 32;
