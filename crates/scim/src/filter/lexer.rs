//! A filter's text as tokens, each with its position.

use super::invalid_at;
use crate::Error;

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    /// The character at which it begins, counted from 1.
    pub(crate) position: usize,
    pub(crate) kind: TokenKind<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind<'a> {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    /// A path, an operator, a keyword or an unquoted constant.
    Word(&'a str),
    /// A quoted string, without its quotes and escapes.
    Text(String),
}

/// Splits a filter into tokens.
pub(crate) fn lex(text: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut position = 1;
    while let Some(first) = rest.chars().next() {
        let (kind, after) = match first {
            _ if first.is_whitespace() => (None, tail(rest, first.len_utf8())),
            '(' => (Some(TokenKind::Open), tail(rest, 1)),
            ')' => (Some(TokenKind::Close), tail(rest, 1)),
            '[' => (Some(TokenKind::OpenBracket), tail(rest, 1)),
            ']' => (Some(TokenKind::CloseBracket), tail(rest, 1)),
            '"' => {
                let (content, after) = quoted(rest, position)?;
                (Some(TokenKind::Text(content)), after)
            }
            '\0' => return Err(invalid_at(position, "the character U+0000 means nothing: leave it out")),
            _ => {
                let (word, after) = rest.split_at_checked(word_end(rest)).unwrap_or((rest, ""));
                (Some(TokenKind::Word(word)), after)
            }
        };
        tokens.extend(kind.map(|kind| Token { position, kind }));
        position += consumed(rest, after).chars().count();
        rest = after;
    }
    Ok(tokens)
}

/// What of `text` stands before its end `after`.
fn consumed<'a>(text: &'a str, after: &str) -> &'a str {
    text.get(..text.len() - after.len()).unwrap_or_default()
}

fn tail(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or_default()
}

fn word_end(text: &str) -> usize {
    text.find(|next: char| next.is_whitespace() || matches!(next, '(' | ')' | '[' | ']' | '"' | '\0'))
        .unwrap_or(text.len())
}

/// A JSON string at the beginning of the text, and what follows it.
fn quoted(text: &str, position: usize) -> Result<(String, &str), Error> {
    let mut escaped = false;
    for (index, next) in text.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let (literal, after) = text.split_at_checked(index + 1).unwrap_or((text, ""));
                let content: String = serde_json::from_str(literal).map_err(|_| {
                    invalid_at(
                        position,
                        "the string is not a JSON string: write \\\\ for a backslash and \\n for a line end",
                    )
                })?;
                // No stored value holds it, and PostgreSQL's text cannot.
                if content.contains('\0') {
                    return Err(invalid_at(position, "the string holds the character U+0000: leave it out"));
                }
                return Ok((content, after));
            }
            _ => {}
        }
    }
    Err(invalid_at(position, "the string has no closing quote: write \\\" for a quote inside it"))
}
