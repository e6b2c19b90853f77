//! Filters (RFC 7644 §3.4.2.2), parsed, resolved against a schema, with typed and folded operands.

mod display;
mod evaluate;
mod lexer;
mod operand;
mod resolve;
mod syntax;
#[cfg(test)]
mod tests;

pub use evaluate::evaluate;
pub(crate) use evaluate::evaluate_element;
pub(crate) use lexer::lex;
pub use operand::Operand;
pub(crate) use resolve::{part_of, resolve_in_element};
pub(crate) use syntax::{Comparator, Literal, Node, Parser};

use lexer::Token;

use crate::{AttributeRef, Error, ResourceType, ScimType, limits};

/// A filter that compiles to SQL mechanically, or is evaluated in memory with [`evaluate`].
///
/// Its `Display` is a filter again; parsing that gives the same value.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every one holds; two at least.
    And(Vec<Filter>),
    /// One at least holds; two at least.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// One of the attribute's values compares.
    Compare(Comparison),
    /// The attribute has a value.
    Present(AttributeRef),
    /// The filter, whose references are relative, holds for one element of a complex multi-valued attribute.
    /// Never of `members` or `groups`: `members[value eq "…"]` is the comparison of `members.value`.
    Element {
        /// The multi-valued attribute.
        attribute: AttributeRef,
        /// What must hold for the element.
        filter: Box<Filter>,
    },
}

/// An attribute compared with a constant. `ne` is `Not` of [`Operator::Equal`], so that an absent value is
/// unequal. `eq null` is `Not` of [`Filter::Present`].
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared; never complex.
    pub attribute: AttributeRef,
    /// How.
    pub operator: Operator,
    /// With what; of the attribute's type.
    pub operand: Operand,
}

/// The comparisons there are. Booleans and binary values have `Equal` only; numbers and date-times all but
/// the three that match parts of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `eq`.
    Equal,
    /// `co`.
    Contains,
    /// `sw`.
    StartsWith,
    /// `ew`.
    EndsWith,
    /// `gt`.
    GreaterThan,
    /// `ge`.
    GreaterOrEqual,
    /// `lt`.
    LessThan,
    /// `le`.
    LessOrEqual,
}

impl Filter {
    /// Parses a filter. Errors are `invalidFilter`, and name the attribute or the position.
    pub fn parse(text: &str, resource_type: &ResourceType) -> Result<Self, Error> {
        if text.len() > limits::FILTER_BYTES {
            return Err(invalid(format!(
                "the filter is longer than {} bytes: shorten it",
                limits::FILTER_BYTES
            )));
        }
        let tokens = lex(text)?;
        let mut parser = Parser::new(text, &tokens);
        let node = parser.filter()?;
        parser.end()?;
        resolve::resolve(&node, resource_type)
    }
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::bad_request(ScimType::InvalidFilter, detail)
}

/// A refusal that says where; `position` counts characters from 1.
fn invalid_at(position: usize, detail: impl std::fmt::Display) -> Error {
    invalid(format!("filter, at character {position}: {detail}"))
}
