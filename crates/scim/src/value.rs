//! Values of attributes: read by type, made comparable, and fitted to a changed definition.

mod comparable;
pub(crate) mod date_time;
mod fitting;
mod read;

pub(crate) use comparable::comparable;
pub(crate) use fitting::fitting;
pub(crate) use read::{read, read_listed, says_only_what_for, unwrap_single};

use serde_json::Value;

/// Whether a value says nothing: null, "", and lists and objects of nothing. Looks no deeper than four
/// levels: a resource has no more.
pub(crate) fn is_empty(value: &Value) -> bool {
    is_empty_within(value, 4)
}

fn is_empty_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => {
            levels > 0 && elements.iter().all(|element| is_empty_within(element, levels - 1))
        }
        Value::Object(parts) => levels > 0 && parts.values().all(|part| is_empty_within(part, levels - 1)),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
