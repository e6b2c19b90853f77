//! JSON of strangers, read strictly: one meaning per text, bounded nesting, only what the database can hold.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one JSON value. Beyond what RFC 8259 forbids, this refuses keys that are there twice (whichever is
/// taken, somebody meant the other), U+0000 (which `PostgreSQL` cannot hold) and more than `levels` of nesting.
///
/// The error's text names line and column.
pub fn parse(text: &[u8], levels: usize) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Strict { levels }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads a value that may hold so many levels of arrays and objects.
#[derive(Clone, Copy)]
struct Strict {
    levels: usize,
}

impl Strict {
    fn descend<E: serde::de::Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        without_nul(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = without_nul(key)?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} is there twice")));
            }
            object.insert(key, entries.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

fn without_nul<E: serde::de::Error>(text: String) -> Result<String, E> {
    if text.contains('\0') { Err(E::custom("U+0000 in a string")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &[u8]) -> String {
        parse(text, 3).unwrap_err().to_string()
    }

    #[test]
    fn a_value_is_read_as_it_is() {
        let text = r#"{"b": [1, -2, 2.5, true, null, "\ud83d\ude00"], "a": {"c": ""}}"#;
        let value = parse(text.as_bytes(), 3).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_position() {
        insta::assert_snapshot!(refusal(b"{\"a\": }"), @"expected value at line 1 column 7");
        insta::assert_snapshot!(refusal(b""), @"EOF while parsing a value at line 1 column 0");
        insta::assert_snapshot!(refusal(b"{} {}"), @"trailing characters at line 1 column 4");
        insta::assert_snapshot!(refusal(b"\"\xff\""), @"invalid unicode code point at line 1 column 2");
        insta::assert_snapshot!(refusal(br#""\ud83d""#), @"unexpected end of hex escape at line 1 column 8");
        insta::assert_snapshot!(refusal(b"[1e999]"), @"number out of range at line 1 column 6");
    }

    #[test]
    fn a_key_twice_is_refused() {
        insta::assert_snapshot!(refusal(b"{\"a\": 1,\n \"a\": 2}"), @r#"the key "a" is there twice at line 2 column 4"#);
    }

    #[test]
    fn nul_is_refused_in_texts_and_keys() {
        insta::assert_snapshot!(refusal(br#"{"a": "b\u0000"}"#), @"U+0000 in a string at line 1 column 15");
        insta::assert_snapshot!(refusal(br#"{"\u0000": 1}"#), @"U+0000 in a string at line 1 column 9");
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(parse(b"[[[]]]", 3).is_ok());
        insta::assert_snapshot!(refusal(b"[[[[]]]]"), @"nested too deeply at line 1 column 5");
        let abyss = "[".repeat(1_000_000);
        assert!(refusal(abyss.as_bytes()).starts_with("nested too deeply"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, 16);
        }

        #[test]
        fn whatever_is_accepted_means_what_it_means_to_others(text in r#"(\{|\}|\[|\]|,|:|"a"|"b"|1|null){0,12}"#) {
            if let Ok(value) = parse(text.as_bytes(), 16) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
