//! Where in a JSON text something is: its path as SCIM writes paths, and its line and column.

use std::fmt;

/// A place in a text. It shows as `emails[0].value (line 1 column 20)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// From the whole to the part; empty for the whole.
    pub path: Vec<Step>,
    /// Counted from 1.
    pub line: usize,
    /// The bytes of the line before it.
    pub column: usize,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into an object, by the name; a long one is cut.
    Name(String),
    /// Into a list, by the position, counted from 0.
    Index(usize),
}

impl Step {
    pub(super) fn name(name: &str) -> Self {
        Self::Name(short(name))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column } = self;
        if path.is_empty() {
            return write!(formatter, "line {line} column {column}");
        }
        let mut separator = "";
        for step in path {
            match step {
                Step::Index(position) => write!(formatter, "[{position}]")?,
                Step::Name(name) => write!(formatter, "{separator}{}", name.escape_debug())?,
            }
            // After the URN of a schema stands a colon (RFC 7644 §3.10).
            separator = match step {
                Step::Name(name) if name.starts_with("urn:") => ":",
                _ => ".",
            };
        }
        write!(formatter, " (line {line} column {column})")
    }
}

/// A name for an error: most are shown whole, those of schemas too.
pub(super) fn short(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

const SHOWN: usize = 100;
