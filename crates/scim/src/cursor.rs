//! Cursors (RFC 9865): where a listing goes on, as text that holds all that any server needs to know.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Error, Kind, ScimType, digest, limits};

/// The edge of a page, from which the next or the previous one is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// Which way the listing goes on from the edge.
    pub direction: Direction,
    /// The kind of the resource at the edge; a search over all kinds goes on within the order of kinds too.
    pub kind: Kind,
    /// The id of the resource at the edge. It may have been deleted since.
    pub id: Uuid,
    /// The sort key of the resource at the edge, as it was when the page was read.
    pub key: Key,
    /// What [`query_digest`] says of the query: a cursor is good for the query that it was given for.
    pub query: u64,
    /// Until when it is good, in seconds; finer parts are lost in the text.
    pub expires: Timestamp,
}

/// Which way a listing goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To what comes after the edge: `nextCursor`.
    #[serde(rename = "f")]
    Forward,
    /// To what comes before the edge: `previousCursor`.
    #[serde(rename = "b")]
    Backward,
}

/// What the listing is ordered by, before the id.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// By nothing: the query has no `sortBy`.
    Unsorted,
    /// By an attribute of which the resource has no value.
    Absent,
    /// By this value: a string of [`limits::KEY_BYTES`] characters at most, a number or a boolean, as
    /// [`crate::Sort::key`] gives it.
    Value(Value),
}

/// The digest of a query for [`Cursor::query`]: of everything that decides which resources are listed and in
/// what order (endpoint, filter, sortBy, sortOrder), in a fixed order; `None` for what was not sent.
pub fn query_digest<'a>(parts: impl IntoIterator<Item = Option<&'a str>>) -> u64 {
    // An absent part is not an empty one.
    digest::of(
        parts.into_iter().flat_map(|part| [if part.is_some() { "1" } else { "0" }, part.unwrap_or_default()]),
    )
}

/// The form of the text. Another form gets another number, and older cursors are refused.
const FORMAT: u8 = 1;

/// Longer texts are not even looked at. The longest key takes six bytes a character in JSON.
const LONGEST: usize = limits::KEY_BYTES * 8 + 256;

/// What the text holds, in order: the form, direction, kind, id, query, the second when it expires, and the
/// key: `[]` where there is none, `[null]` where it is absent.
type Parts = (u8, Direction, Kind, Uuid, u64, i64, Vec<Value>);

impl Cursor {
    /// The text of `nextCursor` or `previousCursor`: characters that need no escape in a URL.
    pub fn encode(&self) -> String {
        let key = match &self.key {
            Key::Unsorted => Vec::new(),
            Key::Absent => vec![Value::Null],
            Key::Value(value) => vec![value.clone()],
        };
        let parts: Parts =
            (FORMAT, self.direction, self.kind, self.id, self.query, self.expires.as_second(), key);
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::json!(parts).to_string())
    }

    /// Reads such a text, which a client sent with the query of this digest, at this moment. Refused are texts
    /// that [`Self::encode`] does not give and cursors of other queries (`invalidCursor`), and old ones
    /// (`expiredCursor`).
    ///
    /// Nothing protects the text: a client that makes up its own sees another part of a listing that it may
    /// see anyway. The key fits no type: whoever compares it must look.
    pub fn decode(text: &str, query: u64, now: Timestamp) -> Result<Self, Error> {
        let cursor = Self::read(text).ok_or_else(|| {
            invalid("the cursor is not one that this server gave: send nextCursor or previousCursor as it was answered, or an empty cursor to begin")
        })?;
        if cursor.query != query {
            return Err(invalid(
                "the cursor belongs to another query: send filter, sortBy and sortOrder as before, to the same endpoint",
            ));
        }
        if cursor.expires < now {
            let detail = format!(
                "the cursor is older than {} seconds: begin again with an empty cursor",
                limits::CURSOR_SECONDS
            );
            return Err(Error::bad_request(ScimType::ExpiredCursor, detail));
        }
        Ok(cursor)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (format, direction, kind, id, query, expires, mut key): Parts =
            serde_json::from_slice(&bytes).ok()?;
        let key = match (key.pop(), key.is_empty()) {
            (None, _) => Key::Unsorted,
            (Some(Value::Null), true) => Key::Absent,
            (Some(value), true) if is_key(&value) => Key::Value(value),
            _ => return None,
        };
        let expires = Timestamp::from_second(expires).ok()?;
        (format == FORMAT).then_some(Self { direction, kind, id, key, query, expires })
    }
}

fn is_key(value: &Value) -> bool {
    match value {
        // PostgreSQL's text cannot hold U+0000.
        Value::String(text) => !text.contains('\0') && text.chars().count() <= limits::KEY_BYTES,
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The refusal of a `count` that stands beside a cursor and is no integer of at least 1 (RFC 9865 §2.1): a walk by pages
/// without resources would end before its end, or never.
pub fn invalid_count() -> Error {
    let detail = "with a cursor, 'count' must be an integer of at least 1";
    Error::bad_request(ScimType::InvalidCount, detail)
}

fn invalid(detail: &str) -> Error {
    Error::bad_request(ScimType::InvalidCursor, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::fixtures::line;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn cursor(key: Key) -> Cursor {
        Cursor {
            direction: Direction::Forward,
            kind: Kind::User,
            id: Uuid::from_u128(7),
            key,
            query: 42,
            expires: NOW,
        }
    }

    fn refusal(text: &str, query: u64, now: Timestamp) -> String {
        line(&Cursor::decode(text, query, now).unwrap_err())
    }

    fn encoded(parts: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(parts.to_string())
    }

    #[test]
    fn a_cursor_is_text_for_urls() {
        let text = cursor(Key::Value(json!("ÿ>?"))).encode();
        assert!(text.chars().all(|next| next.is_ascii_alphanumeric() || "-_".contains(next)), "{text}");
        let content = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        insta::assert_snapshot!(content, @r#"[1,"f","User","00000000-0000-0000-0000-000000000007",42,1800000000,["ÿ>?"]]"#);
    }

    #[test]
    fn a_cursor_of_another_query_is_refused() {
        insta::assert_snapshot!(refusal(&cursor(Key::Unsorted).encode(), 43, NOW), @"400 invalidCursor: the cursor belongs to another query: send filter, sortBy and sortOrder as before, to the same endpoint");
    }

    #[test]
    fn an_old_cursor_is_refused() {
        let later = NOW + jiff::SignedDuration::from_secs(1);
        insta::assert_snapshot!(refusal(&cursor(Key::Unsorted).encode(), 42, later), @"400 expiredCursor: the cursor is older than 3600 seconds: begin again with an empty cursor");
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        insta::assert_snapshot!(refusal("VZUTiyhEQJ94IR", 42, NOW), @"400 invalidCursor: the cursor is not one that this server gave: send nextCursor or previousCursor as it was answered, or an empty cursor to begin");
        let id = Uuid::from_u128(7);
        let second = NOW.as_second();
        for parts in [
            json!([2, "f", "User", id, 42, second, []]),
            json!([1, "x", "User", id, 42, second, []]),
            json!([1, "f", "Device", id, 42, second, []]),
            json!([1, "f", "User", "7", 42, second, []]),
            json!([1, "f", "User", id, -42, second, []]),
            json!([1, "f", "User", id, 42, i64::MAX, []]),
            json!([1, "f", "User", id, 42, second, ["a", "b"]]),
            json!([1, "f", "User", id, 42, second, [["a"]]]),
            json!([1, "f", "User", id, 42, second, ["a\0"]]),
            json!([1, "f", "User", id, 42, second, ["a".repeat(2_001)]]),
            json!([1, "f", "User", id, 42, second]),
            json!({"query": 42}),
        ] {
            assert!(Cursor::decode(&encoded(&parts), 42, NOW).is_err(), "{parts}");
        }
        assert!(Cursor::decode(&encoded(&json!([1, "f", "User", id, 42, second, []])), 42, NOW).is_ok());
    }

    #[test]
    fn the_longest_key_fits() {
        let worst = "\u{1}".repeat(limits::KEY_BYTES);
        let text = cursor(Key::Value(json!(worst))).encode();
        assert!(Cursor::decode(&text, 42, NOW).is_ok(), "{} bytes", text.len());
    }

    #[test]
    fn a_query_has_its_digest_for_ever() {
        assert_eq!(query_digest([Some("/Users"), None]), 5_184_886_601_877_036_617);
        assert_ne!(query_digest([Some("/Users"), None]), query_digest([Some("/Users"), Some("")]));
        assert_ne!(query_digest([Some("a"), None]), query_digest([None, Some("a")]));
    }

    fn keys() -> impl Strategy<Value = Key> {
        prop_oneof![
            Just(Key::Unsorted),
            Just(Key::Absent),
            "[^\0]{0,40}".prop_map(|text| Key::Value(json!(text))),
            any::<i64>().prop_map(|number| Key::Value(json!(number))),
            any::<f64>()
                .prop_filter("JSON has no infinity", |number| number.is_finite())
                .prop_map(|number| Key::Value(json!(number))),
            any::<bool>().prop_map(|truth| Key::Value(json!(truth))),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_written_and_read_again_is_the_same(
            key in keys(), backward: bool, group: bool, id: u128, query: u64, second in 1_800_000_000..9_000_000_000i64
        ) {
            let cursor = Cursor {
                direction: if backward { Direction::Backward } else { Direction::Forward },
                kind: if group { Kind::Group } else { Kind::User },
                id: Uuid::from_u128(id),
                key,
                query,
                expires: Timestamp::from_second(second).unwrap(),
            };
            prop_assert_eq!(Cursor::decode(&cursor.encode(), query, NOW), Ok(cursor));
        }

        #[test]
        fn no_change_of_the_text_makes_reading_panic(key in keys(), position: prop::sample::Index, with: char) {
            let mut text: Vec<_> = cursor(key).encode().chars().collect();
            let position = position.index(text.len());
            text[position] = with;
            let _ = Cursor::decode(&text.into_iter().collect::<String>(), 42, NOW);
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".*") {
            let _ = Cursor::decode(&text, 42, NOW);
            let _ = Cursor::decode(&BASE64_URL_SAFE_NO_PAD.encode(text), 42, NOW);
        }
    }
}
