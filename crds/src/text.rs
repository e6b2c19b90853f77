//! Patterns for text that people write as they like: all but control characters, of which PostgreSQL keeps no NUL in
//! `jsonb` and a terminal shows none.

/// Text in one line.
pub(crate) const ONE_LINE: &str = r"^[^\x00-\x1f\x7f]*$";

/// Text with tabs and line breaks.
pub(crate) const LINES: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$";
