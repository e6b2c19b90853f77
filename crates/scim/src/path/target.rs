//! The path of a PATCH operation: an attribute, perhaps a choice of its elements, perhaps a sub-attribute
//! (RFC 7644 §3.5.2).

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};

use super::{AttributeRef, sub_attribute};
use crate::{
    Error, Filter, ResourceType, ScimType,
    filter::{Comparator, Literal, Node, Operator, Parser, lex, part_of, resolve_in_element},
    limits,
    schema::{Attribute, Mutability},
};

/// What a PATCH operation works on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    /// The attribute, without sub-attribute.
    pub(crate) attribute: AttributeRef,
    /// Which of its values.
    pub(crate) selection: Selection,
    /// Which part of them.
    pub(crate) sub_attribute: Option<Arc<Attribute>>,
}

/// Which values of an attribute an operation works on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selection {
    /// All.
    All,
    /// The elements for which the filter, whose references are relative, holds.
    Where {
        filter: Filter,
        /// What an element has for which the filter holds, as it was written and not yet checked: the filter may look for
        /// what cannot be written (any more). `None` where the filter does not say.
        equalities: Option<Map<String, Value>>,
    },
}

impl Target {
    /// Parses a path. Errors are `invalidPath`, and `invalidFilter` for what stands in brackets.
    pub(crate) fn parse(resource_type: &ResourceType, path: &str) -> Result<Self, Error> {
        if path.len() > limits::FILTER_BYTES {
            return Err(invalid(format!(
                "the path is longer than {} bytes: shorten it",
                limits::FILTER_BYTES
            )));
        }
        if path.contains('[') {
            return Self::with_filter(resource_type, path);
        }
        let found = resource_type.attribute(path).map_err(|error| invalid(error.to_string()))?;
        Ok(Self::all(found))
    }

    /// All values at a place.
    pub(crate) fn all(found: AttributeRef) -> Self {
        let sub_attribute = found.sub_attribute.clone();
        let attribute = AttributeRef { sub_attribute: None, ..found };
        Self { attribute, selection: Selection::All, sub_attribute }
    }

    /// The same values, a part of them.
    pub(crate) fn part(&self, sub_attribute: Arc<Attribute>) -> Self {
        Self { sub_attribute: Some(sub_attribute), ..self.clone() }
    }

    /// The definition of what the path ends at.
    pub(crate) fn definition(&self) -> &Arc<Attribute> {
        self.sub_attribute.as_ref().unwrap_or(&self.attribute.attribute)
    }

    fn with_filter(resource_type: &ResourceType, path: &str) -> Result<Self, Error> {
        let tokens = lex(path)?;
        let mut parser = Parser::new(path, &tokens);
        let head =
            parser.word().ok_or_else(|| invalid(format!("'{path}' does not begin with an attribute")))?;
        let attribute = resource_type.attribute(head.what).map_err(|error| invalid(error.to_string()))?;
        let has_parts = attribute.is_multi_valued() || attribute.definition().is_complex();
        if attribute.sub_attribute.is_some() || !has_parts {
            return Err(invalid(format!("{attribute} has neither values nor parts: leave out the brackets")));
        }
        if attribute.attribute.mutability == Mutability::ReadOnly {
            return Err(Error::bad_request(
                ScimType::Mutability,
                format!("{attribute} is readOnly: leave it out"),
            ));
        }
        let node = parser.bracketed()?;
        let sub_attribute = match parser.word() {
            None => None,
            Some(tail) => {
                let name = tail.what.strip_prefix('.').ok_or_else(|| after_bracket(path))?;
                let found = sub_attribute(&attribute.attribute, name, &attribute);
                Some(found.map_err(|error| invalid(error.to_string()))?)
            }
        };
        parser.end().map_err(|_| after_bracket(path))?;
        let filter = resolve_in_element(&node, &attribute)?;
        let equalities = equalities(&node, &attribute);
        Ok(Self { attribute, selection: Selection::Where { filter, equalities }, sub_attribute })
    }
}

/// The path without its filter, as errors name it.
impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.attribute)?;
        match &self.sub_attribute {
            Some(part) => write!(formatter, ".{}", part.name),
            None => Ok(()),
        }
    }
}

fn equalities(node: &Node<'_>, attribute: &AttributeRef) -> Option<Map<String, Value>> {
    let nodes = match node {
        Node::And(nodes) => nodes.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut parts = Map::new();
    for node in nodes {
        let Node::Compare { path, comparator: Comparator::Is(Operator::Equal), literal } = node else {
            return None;
        };
        let part = part_of(attribute, path.what).ok()?;
        let literal = match &literal.what {
            Literal::Text(text) => Value::from(text.as_str()),
            Literal::Boolean(truth) => Value::from(*truth),
            Literal::Number(number) => Value::Number(number.clone()),
            Literal::Null => Value::Null,
        };
        parts.insert(part.name.clone(), literal);
    }
    Some(parts)
}

fn after_bracket(path: &str) -> Error {
    invalid(format!("'{path}' goes on strangely after ']': a sub-attribute such as .value may follow"))
}

fn invalid(detail: String) -> Error {
    Error::bad_request(ScimType::InvalidPath, detail)
}
