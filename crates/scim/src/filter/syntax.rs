//! The grammar of filters (RFC 7644 figure 1): tokens become a tree of what was written.

use serde_json::Number;

use super::{Operator, Token, invalid_at, lexer::TokenKind};
use crate::{Error, limits};

/// A filter as it was written, not yet resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node<'a> {
    And(Vec<Node<'a>>),
    Or(Vec<Node<'a>>),
    Not(Box<Node<'a>>),
    Compare { path: Written<&'a str>, comparator: Comparator, literal: Written<Literal> },
    Present { path: Written<&'a str> },
    Element { path: Written<&'a str>, filter: Box<Node<'a>> },
}

/// Something, and the character at which it was written, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written<T> {
    pub(crate) position: usize,
    pub(crate) what: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparator {
    Is(Operator),
    NotEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Boolean(bool),
    Number(Number),
    Null,
}

/// Reads tokens from left to right, never deeper than [`limits::FILTER_DEPTH`], and no more comparisons than
/// [`limits::FILTER_COMPARISONS`].
pub(crate) struct Parser<'a> {
    tokens: std::slice::Iter<'a, Token<'a>>,
    end: usize,
    depth: usize,
    comparisons: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &str, tokens: &'a [Token<'a>]) -> Self {
        Self { tokens: tokens.iter(), end: text.chars().count() + 1, depth: 0, comparisons: 0 }
    }

    /// `filter = term *("or" term)`.
    pub(crate) fn filter(&mut self) -> Result<Node<'a>, Error> {
        let mut nodes = vec![self.conjunction()?];
        while self.take_keyword("or") {
            nodes.push(self.conjunction()?);
        }
        Ok(one_or(nodes, Node::Or))
    }

    /// Refuses what is left over.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self.tokens.next() {
            None => Ok(()),
            Some(token) => Err(invalid_at(token.position, "expected 'and', 'or' or the end of the filter")),
        }
    }

    /// `[filter]` of a PATCH path, after its attribute.
    pub(crate) fn bracketed(&mut self) -> Result<Node<'a>, Error> {
        self.expect(&TokenKind::OpenBracket, "expected '['")?;
        self.bracket_content()
    }

    /// The word that comes next, if one does.
    pub(crate) fn word(&mut self) -> Option<Written<&'a str>> {
        match self.tokens.as_slice().first() {
            Some(&Token { position, kind: TokenKind::Word(what) }) => {
                self.tokens.next();
                Some(Written { position, what })
            }
            _ => None,
        }
    }

    fn conjunction(&mut self) -> Result<Node<'a>, Error> {
        let mut nodes = vec![self.factor()?];
        while self.take_keyword("and") {
            nodes.push(self.factor()?);
        }
        Ok(one_or(nodes, Node::And))
    }

    fn factor(&mut self) -> Result<Node<'a>, Error> {
        if self.take(&TokenKind::Open) {
            return self.parenthesised();
        }
        let position = self.position();
        let Some(path) = self.word() else {
            return Err(invalid_at(position, "expected an attribute, 'not' or '('"));
        };
        if path.what.eq_ignore_ascii_case("not") && self.take(&TokenKind::Open) {
            return Ok(Node::Not(Box::new(self.parenthesised()?)));
        }
        if self.take(&TokenKind::OpenBracket) {
            return self.element(path);
        }
        self.comparison(path)
    }

    fn parenthesised(&mut self) -> Result<Node<'a>, Error> {
        self.deeper(|parser| {
            let node = parser.filter()?;
            parser.expect(&TokenKind::Close, "expected 'and', 'or' or ')'")?;
            Ok(node)
        })
    }

    /// What follows `attribute[`. Entra also writes `emails[type eq "work"].value eq "x"`: both hold for one
    /// element.
    fn element(&mut self, path: Written<&'a str>) -> Result<Node<'a>, Error> {
        let filter = self.bracket_content()?;
        let Some(Written { position, what: word }) = self.word_beginning_with_dot() else {
            return Ok(Node::Element { path, filter: Box::new(filter) });
        };
        let part = Written { position: position + 1, what: word.strip_prefix('.').unwrap_or(word) };
        let comparison = self.comparison(part)?;
        Ok(Node::Element { path, filter: Box::new(Node::And(vec![filter, comparison])) })
    }

    fn bracket_content(&mut self) -> Result<Node<'a>, Error> {
        self.deeper(|parser| {
            let node = parser.filter()?;
            parser.expect(&TokenKind::CloseBracket, "expected 'and', 'or' or ']'")?;
            Ok(node)
        })
    }

    fn word_beginning_with_dot(&mut self) -> Option<Written<&'a str>> {
        match self.tokens.as_slice().first() {
            Some(Token { kind: TokenKind::Word(word), .. }) if word.starts_with('.') => self.word(),
            _ => None,
        }
    }

    fn comparison(&mut self, path: Written<&'a str>) -> Result<Node<'a>, Error> {
        if self.comparisons == limits::FILTER_COMPARISONS {
            let limit = limits::FILTER_COMPARISONS;
            return Err(invalid_at(
                path.position,
                format!("more than {limit} comparisons: send several requests"),
            ));
        }
        self.comparisons += 1;
        let position = self.position();
        let Some(operator) = self.word() else {
            return Err(invalid_at(position, format!("expected an operator after '{}'", path.what)));
        };
        if operator.what.eq_ignore_ascii_case("pr") {
            return Ok(Node::Present { path });
        }
        let comparator = comparator(operator.what).ok_or_else(|| {
            let known = "eq, ne, co, sw, ew, pr, gt, ge, lt, le";
            invalid_at(
                operator.position,
                format!("'{}' is no operator: the operators are {known}", operator.what),
            )
        })?;
        Ok(Node::Compare { path, comparator, literal: self.literal(operator.what)? })
    }

    fn literal(&mut self, operator: &str) -> Result<Written<Literal>, Error> {
        let position = self.position();
        let what = match self.tokens.next().map(|token| &token.kind) {
            Some(TokenKind::Text(text)) => Some(Literal::Text(text.clone())),
            Some(TokenKind::Word(word)) => literal(word),
            _ => None,
        };
        what.map(|what| Written { position, what }).ok_or_else(|| {
            invalid_at(
                position,
                format!("expected a constant after '{operator}': a string stands in double quotes"),
            )
        })
    }

    fn deeper(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<Node<'a>, Error>,
    ) -> Result<Node<'a>, Error> {
        if self.depth == limits::FILTER_DEPTH {
            let limit = limits::FILTER_DEPTH;
            return Err(invalid_at(
                self.position(),
                format!("more than {limit} levels of brackets: write it flatter"),
            ));
        }
        self.depth += 1;
        let node = inside(self);
        self.depth -= 1;
        node
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        match self.tokens.as_slice().first() {
            Some(Token { kind: TokenKind::Word(word), .. }) if word.eq_ignore_ascii_case(keyword) => {
                self.tokens.next();
                true
            }
            _ => false,
        }
    }

    fn take(&mut self, kind: &TokenKind<'_>) -> bool {
        let is_next = self.tokens.as_slice().first().is_some_and(|token| token.kind == *kind);
        if is_next {
            self.tokens.next();
        }
        is_next
    }

    fn expect(&mut self, kind: &TokenKind<'_>, otherwise: &str) -> Result<(), Error> {
        let position = self.position();
        if self.take(kind) { Ok(()) } else { Err(invalid_at(position, otherwise)) }
    }

    fn position(&self) -> usize {
        self.tokens.as_slice().first().map_or(self.end, |token| token.position)
    }
}

fn one_or<'a>(mut nodes: Vec<Node<'a>>, several: impl FnOnce(Vec<Node<'a>>) -> Node<'a>) -> Node<'a> {
    match (nodes.len(), nodes.pop()) {
        (1, Some(node)) => node,
        (_, last) => {
            nodes.extend(last);
            several(nodes)
        }
    }
}

fn comparator(word: &str) -> Option<Comparator> {
    Some(match word.to_ascii_lowercase().as_str() {
        "eq" => Comparator::Is(Operator::Equal),
        "ne" => Comparator::NotEqual,
        "co" => Comparator::Is(Operator::Contains),
        "sw" => Comparator::Is(Operator::StartsWith),
        "ew" => Comparator::Is(Operator::EndsWith),
        "gt" => Comparator::Is(Operator::GreaterThan),
        "ge" => Comparator::Is(Operator::GreaterOrEqual),
        "lt" => Comparator::Is(Operator::LessThan),
        "le" => Comparator::Is(Operator::LessOrEqual),
        _ => return None,
    })
}

fn literal(word: &str) -> Option<Literal> {
    match word.to_ascii_lowercase().as_str() {
        "true" => Some(Literal::Boolean(true)),
        "false" => Some(Literal::Boolean(false)),
        "null" => Some(Literal::Null),
        _ => serde_json::from_str(word).ok().map(Literal::Number),
    }
}
