//! JSON of strangers, read strictly: one meaning per text, nothing lost, bounded nesting and number of values; and
//! members of its objects by name, which is the same in any case (RFC 7643 §2.1).

mod place;
mod strict;
#[cfg(test)]
mod tests;

use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value};

pub use place::Place;
use strict::{Reading, Strict};

use crate::{Error, ScimType, limits};

/// Reads one JSON value (RFC 8259) of at most [`limits::BODY_DEPTH`] levels and [`limits::BODY_VALUES`] values. A byte
/// order mark at the start is ignored (§8.1).
///
/// Beyond what the RFC forbids, this refuses what would not be kept as it was sent: a name that is there twice, in any
/// case (whichever is taken, somebody meant the other; RFC 7643 §2.1 makes them one name), U+0000 (which `PostgreSQL`
/// cannot hold), and numbers that 64 bits cannot hold. Minus zero is zero.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(JsonError::Empty);
    }
    let mut reading = Reading::default();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = Strict::new(&mut reading).deserialize(&mut deserializer);
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let place = Place { path: reading.path, line: error.line(), column: error.column() };
        match reading.problem {
            Some(problem) => JsonError::Refused { place, problem },
            None => of_grammar(&error, place),
        }
    })
}

/// The member of that name, in any case.
pub(crate) fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Takes the member of that name, in any case, out of the object.
pub(crate) fn take(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()?;
    object.shift_remove(&key)
}

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// There is none.
    #[error("the body is empty: send a JSON object")]
    Empty,
    /// It is not JSON.
    #[error("the body is not JSON at {place}: {expected}")]
    Grammar {
        /// Where reading ended.
        place: Place,
        /// What is wrong there.
        expected: String,
    },
    /// It is JSON that nobody could keep as it is, or too much of it.
    #[error("the body cannot be read at {place}: {problem}")]
    Refused {
        /// Where.
        place: Place,
        /// Why.
        problem: Problem,
    },
}

/// What is wrong with a text that is JSON, or nearly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Two names of one object are the same, perhaps in another case.
    #[error("'{first}' and '{second}' are the same name: send one of them")]
    SameName {
        /// The name that came first.
        first: String,
        /// The name that came again.
        second: String,
    },
    /// A string or a name holds U+0000.
    #[error("the text holds the character U+0000: leave it out")]
    Nul,
    /// A string is not UTF-8.
    #[error("the text is not UTF-8: encode the body so")]
    NotUtf8,
    /// Half a surrogate pair.
    #[error("the text holds half a surrogate pair: write the whole pair, or the character itself")]
    LoneSurrogate,
    /// A number that neither 64 bits of an integer nor the range between them holds.
    #[error("the number does not fit into 64 bits: send a smaller one, or a string")]
    NumberOutOfRange,
    /// Too many lists and objects in each other.
    #[error("nested too deeply, in more than {} lists and objects", limits::BODY_DEPTH)]
    TooDeep,
    /// Too many values altogether.
    #[error("more than {} values: send several requests", limits::BODY_VALUES)]
    TooManyValues,
}

impl From<JsonError> for Error {
    fn from(error: JsonError) -> Self {
        let scim_type = match &error {
            JsonError::Refused { problem: Problem::Nul | Problem::NumberOutOfRange, .. } => {
                ScimType::InvalidValue
            }
            _ => ScimType::InvalidSyntax,
        };
        Self::bad_request(scim_type, error.to_string())
    }
}

/// The parser's own refusals. It tells its cases apart by their texts alone; where one is worded anew, a test notices.
fn of_grammar(error: &serde_json::Error, place: Place) -> JsonError {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let expected = text.strip_suffix(&position).unwrap_or(&text);
    let problem = match expected {
        "number out of range" => Problem::NumberOutOfRange,
        "invalid unicode code point" => Problem::NotUtf8,
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => Problem::LoneSurrogate,
        _ => return JsonError::Grammar { place, expected: expected.to_owned() },
    };
    JsonError::Refused { place, problem }
}
