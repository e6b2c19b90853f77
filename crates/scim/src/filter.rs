//! Filters (RFC 7644 §3.4.2.2), parsed, resolved against a schema, with typed and folded operands.

mod display;
mod evaluate;
mod known;
mod lexer;
mod logic;
mod names;
mod operand;
mod resolve;
mod syntax;
#[cfg(test)]
mod tests;

pub use evaluate::evaluate;
pub(crate) use evaluate::{evaluate_element, first_value, order_of_numbers};
pub(crate) use lexer::lex;
pub(crate) use names::sortable;
pub use operand::Operand;
pub(crate) use resolve::{part_of, resolve_in_element};
pub(crate) use syntax::{Comparator, Literal, Node, Parser};

use lexer::Token;

use crate::{AttributeRef, Error, ResourceType, ScimType, limits};

/// A filter that compiles to SQL mechanically, or is evaluated in memory with [`evaluate`].
///
/// Its `Display` is a filter again; parsing that gives the same value.
///
/// What is known before a resource is looked at is settled: `schemas` and `meta.resourceType` are never compared,
/// and `id`, `schemas` and `meta` never asked for with `pr`. A schema is [`Self::Present`] of the object under its URN:
/// such a reference has the URN as its name.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every one holds; two at least. Without any it always holds; then it is the whole filter.
    And(Vec<Filter>),
    /// One at least holds; two at least. Without any it never holds; then it is the whole filter.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// One of the attribute's values compares.
    Compare(Comparison),
    /// The attribute has a value.
    Present(AttributeRef),
    /// The filter, whose references are relative, holds for one element of a multi-valued attribute. There are
    /// three kinds of them:
    ///
    /// - Complex attributes of the document: `emails[type eq "work" and value co "@"]`. References name the parts of
    ///   an object.
    /// - Lists of single values: `folders[value sw "a" and not (value ew "z")]`. Every reference is the element
    ///   itself: [`AttributeRef::is_element_itself`].
    /// - `members` of a Group and `groups` of a User ([`AttributeRef::special`] tells which):
    ///   `members[type eq "User" and display sw "a"]`. Every reference is a part of a membership:
    ///   [`AttributeRef::membership_part`].
    ///
    /// Of the latter two kinds a single comparison, and several with `or`, are no `Element`: `members[value eq "…"]`
    /// is [`Self::Compare`] of `members.value`, and `folders[value eq "a"]` of `folders`.
    Element {
        /// The multi-valued attribute.
        attribute: AttributeRef,
        /// What must hold for the element; never without any condition.
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
        let mut filters = Self::parse_for_all(text, &[resource_type])?;
        // There is one for each type.
        Ok(filters.pop().unwrap_or_else(Self::never))
    }

    /// Parses a filter for a search over several resource types; gives one filter for each, in their order. An
    /// attribute that a type lacks has no value there; one that every type lacks is an error.
    pub fn parse_for_all(text: &str, resource_types: &[&ResourceType]) -> Result<Vec<Self>, Error> {
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
        resolve::resolve(&node, resource_types)
    }
}

fn invalid(detail: impl Into<String>) -> Error {
    Error::bad_request(ScimType::InvalidFilter, detail)
}

/// A refusal that says where; `position` counts characters from 1.
fn invalid_at(position: usize, detail: impl std::fmt::Display) -> Error {
    invalid(format!("filter, at character {position}: {detail}"))
}
