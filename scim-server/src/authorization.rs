//! The `Authorization` header: which scheme, and what is in it. Nothing of it is believed yet.

use std::fmt;

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What the header holds. Printing it tells no secret.
#[derive(PartialEq, Eq)]
pub enum Authorization<'a> {
    /// There is none.
    Absent,
    /// RFC 6750, section 2.1.
    Bearer(&'a str),
    /// RFC 7617, in UTF-8.
    Basic {
        /// Everything up to the first colon.
        user_name: String,
        /// Everything behind it.
        password: String,
    },
    /// Another scheme, two headers, or a text that is none of the above.
    Unreadable,
}

impl<'a> Authorization<'a> {
    /// Reads the only header of this name. Schemes have no case.
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => value.to_str().ok().and_then(Self::read).unwrap_or(Self::Unreadable),
            (Some(_), Some(_)) => Self::Unreadable,
        }
    }

    fn read(value: &'a str) -> Option<Self> {
        let (scheme, text) = value.trim().split_once(' ')?;
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(Self::Bearer(text)),
            "basic" => {
                let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
                let (user_name, password) = text.split_once(':')?;
                Some(Self::Basic { user_name: user_name.to_owned(), password: password.to_owned() })
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Authorization<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Absent => "Absent",
            Self::Bearer(_) => "Bearer(…)",
            Self::Basic { .. } => "Basic(…)",
            Self::Unreadable => "Unreadable",
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(values: &[&str], check: impl FnOnce(Authorization<'_>)) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        check(Authorization::of(&headers));
    }

    fn basic(user_name: &str, password: &str) -> Authorization<'static> {
        Authorization::Basic { user_name: user_name.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn a_token_is_read_in_any_case_of_the_scheme() {
        with(&["Bearer scim_x"], |read| assert_eq!(read, Authorization::Bearer("scim_x")));
        with(&["bearer  scim_x "], |read| assert_eq!(read, Authorization::Bearer("scim_x")));
    }

    #[test]
    fn a_user_name_ends_at_the_first_colon_and_both_parts_may_hold_any_text() {
        with(&["Basic c2NpbTpzM2NyM3Q="], |read| assert_eq!(read, basic("scim", "s3cr3t")));
        with(&["BASIC dGVzdDoxMjPCow=="], |read| assert_eq!(read, basic("test", "123£")));
        with(&["Basic YTpiOmM="], |read| assert_eq!(read, basic("a", "b:c")));
        with(&["Basic Og=="], |read| assert_eq!(read, basic("", "")));
    }

    #[test]
    fn nothing_is_something_else_than_nonsense() {
        with(&[], |read| assert_eq!(read, Authorization::Absent));
        for values in [
            &[""][..],
            &["Bearer"],
            &["Bearer "],
            &["scim_x"],
            &["Digest a"],
            &["Bearer é"],
            &["Basic"],
            &["Basic scim:s3cr3t"],
            &["Basic c2NpbQ=="],
            &["Basic /zr/"],
            &["Bearer a", "Bearer b"],
        ] {
            with(values, |read| assert_eq!(read, Authorization::Unreadable, "{values:?}"));
        }
    }
}
