//! The reader itself: a visitor that knows at which path it is.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{
    Problem,
    place::{Step, short},
};
use crate::{fold, limits};

/// What is known while a text is read; after a refusal, where and why.
#[derive(Default)]
pub(super) struct Reading {
    /// The way to the value that is read.
    pub(super) path: Vec<Step>,
    /// Why reading ended, where it was not the grammar.
    pub(super) problem: Option<Problem>,
    values: usize,
}

/// Reads a value that may hold so many levels of arrays and objects.
pub(super) struct Strict<'r> {
    reading: &'r mut Reading,
    levels: usize,
}

impl<'r> Strict<'r> {
    pub(super) fn new(reading: &'r mut Reading) -> Self {
        Self { reading, levels: limits::BODY_DEPTH }
    }

    fn refuse<T, E: Error>(self, problem: Problem) -> Result<T, E> {
        self.reading.problem = Some(problem);
        Err(E::custom("refused"))
    }

    fn descend<E: Error>(&mut self) -> Result<(), E> {
        match self.levels.checked_sub(1) {
            Some(levels) => {
                self.levels = levels;
                Ok(())
            }
            None => self.part().refuse(Problem::TooDeep),
        }
    }

    fn part(&mut self) -> Strict<'_> {
        Strict { reading: self.reading, levels: self.levels }
    }

    fn text<E: Error>(self, text: String) -> Result<String, E> {
        if text.contains('\0') { self.refuse(Problem::Nul) } else { Ok(text) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.reading.values += 1;
        if self.reading.values > limits::BODY_VALUES {
            return self.refuse(Problem::TooManyValues);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // `PostgreSQL` knows no minus zero either.
        if value == 0.0 && value.is_sign_negative() {
            return Ok(Value::from(0));
        }
        // An integer that 64 bits cannot hold arrives here too, rounded.
        match Number::from_f64(value) {
            Some(number) if LEAST < value && value < GREATEST => Ok(Value::Number(number)),
            _ => self.refuse(Problem::NumberOutOfRange),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        self.text(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Value, A::Error> {
        self.descend()?;
        let mut array = Vec::new();
        self.reading.path.push(Step::Index(0));
        while let Some(element) = elements.next_element_seed(self.part())? {
            array.push(element);
            if let Some(step) = self.reading.path.last_mut() {
                *step = Step::Index(array.len());
            }
        }
        self.reading.path.pop();
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        self.descend()?;
        let mut object = Map::new();
        let mut names = HashMap::new();
        while let Some(name) = entries.next_key::<String>()? {
            let name = self.part().text(name)?;
            match names.entry(fold(&name)) {
                Entry::Vacant(entry) => {
                    entry.insert(object.len());
                }
                Entry::Occupied(first) => {
                    let first = object.keys().nth(*first.get()).map(|first| short(first)).unwrap_or_default();
                    return self.refuse(Problem::SameName { first, second: short(&name) });
                }
            }
            self.reading.path.push(Step::name(&name));
            let value = entries.next_value_seed(self.part())?;
            self.reading.path.pop();
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// -2^63, which arrives as an integer, as what is above it does.
const LEAST: f64 = -9_223_372_036_854_775_808.0;
/// 2^64.
const GREATEST: f64 = 18_446_744_073_709_551_616.0;
