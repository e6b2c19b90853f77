//! The query of a request: which resources (filter, page), and which of their attributes (projection).

use std::borrow::Cow;

use axum::{extract::FromRequestParts, http::request::Parts};
use percent_encoding::percent_decode_str;
use scim::{Filter, Projection, ResourceType};
use store::Page;

use crate::error::Error;

/// The parameters of RFC 7644, section 3.4.2 that this server knows, as they were sent. Whatever else is there
/// is ignored: flags in a Tenant URL (Entra's `aadOptscim062020`), sorting, an `&` at the end.
#[derive(Debug, Default)]
pub struct Query {
    filter: Option<String>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
}

impl Query {
    /// Reads `name=value&…` as forms encode it: `+` is a space. An empty value counts as absent. Refuses a
    /// parameter that is there twice, or whose value is no UTF-8 or holds U+0000.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut query = Self::default();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(parameter) = query.parameter(name) else { continue };
            let value = decode(value).ok_or_else(|| Error::parameter(name, "is no valid UTF-8 text"))?;
            if value.is_empty() {
                continue;
            }
            if parameter.replace(value).is_some() {
                return Err(Error::parameter(name, "is there twice"));
            }
        }
        Ok(query)
    }

    /// What `filter` selects; nothing when there is none.
    pub fn filter(&self, resource_type: &ResourceType) -> Result<Option<Filter>, Error> {
        let filter = self.filter.as_deref().map(|text| Filter::parse(text, resource_type));
        Ok(filter.transpose()?)
    }

    /// Whether there is any filter.
    pub fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// What `attributes` and `excludedAttributes` let through.
    pub fn projection(&self, resource_type: &ResourceType) -> Result<Projection, Error> {
        let excluded = self.excluded_attributes.as_deref();
        Ok(Projection::parse(self.attributes.as_deref(), excluded, resource_type)?)
    }

    /// Whether the client says which attributes it wants to see.
    pub fn has_projection(&self) -> bool {
        self.attributes.is_some() || self.excluded_attributes.is_some()
    }

    /// The page that `startIndex` and `count` ask for, of at most `max_page_size` resources (RFC 7644, section
    /// 3.4.2.4: less than 1 means the first, a negative count means none).
    pub fn page(&self, max_page_size: u32) -> Result<Page, Error> {
        let start_index = integer("startIndex", self.start_index.as_deref())?.unwrap_or(1).max(1);
        let count = integer("count", self.count.as_deref())?.unwrap_or(i64::MAX).max(0);
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(max_page_size);
        Ok(Page { start_index: start_index.unsigned_abs(), count })
    }

    fn parameter(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "filter" => Some(&mut self.filter),
            "attributes" => Some(&mut self.attributes),
            "excludedAttributes" => Some(&mut self.excluded_attributes),
            "startIndex" => Some(&mut self.start_index),
            "count" => Some(&mut self.count),
            _ => None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

fn decode(value: &str) -> Option<String> {
    let value = value.replace('+', " ");
    let text = percent_decode_str(&value).decode_utf8().ok().map(Cow::into_owned);
    text.filter(|text| !text.contains('\0'))
}

/// Reads an integer; one that is too large for 64 bits counts as the largest or smallest.
fn integer(name: &'static str, text: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::parameter(name, "must be an integer"));
    }
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX);
    Ok(Some(if is_negative { -magnitude } else { magnitude }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(text: &str) -> (u64, u32) {
        let page = Query::parse(text).unwrap().page(100).unwrap();
        (page.start_index, page.count)
    }

    #[test]
    fn a_query_is_decoded_as_forms_are() {
        let query = Query::parse("filter=userName+eq+%22a%2Bb%26c%3D+%C3%B6%22&").unwrap();
        assert_eq!(query.filter.as_deref(), Some("userName eq \"a+b&c= ö\""));
        let spaces = Query::parse("filter=userName%20pr").unwrap();
        assert_eq!(spaces.filter.as_deref(), Some("userName pr"));
    }

    #[test]
    fn what_is_empty_or_unknown_is_ignored() {
        let query =
            Query::parse("&&aadOptscim062020&=&sortBy=userName&count=&filter=&Filter=x&%66ilter=y").unwrap();
        assert!(!query.has_filter() && !query.has_projection());
        assert_eq!(page("count=&startIndex="), (1, 100));
    }

    #[test]
    fn pages_are_clamped() {
        assert_eq!(page(""), (1, 100));
        assert_eq!(page("startIndex=0&count=0"), (1, 0));
        assert_eq!(page("startIndex=-5&count=-5"), (1, 0));
        assert_eq!(page("startIndex=7&count=101"), (7, 100));
        assert_eq!(page("startIndex=%2B7&count=+10+"), (7, 10));
        assert_eq!(page("startIndex=-99999999999999999999"), (1, 100));
        assert_eq!(page("startIndex=99999999999999999999"), (9_223_372_036_854_775_807, 100));
    }

    #[test]
    fn what_is_no_integer_is_refused() {
        for text in ["count=x", "count=1.0", "count=-", "count=0x10", "count=1e3", "startIndex=%D9%A1"] {
            let query = Query::parse(text).unwrap();
            assert!(matches!(query.page(100), Err(Error::Parameter { .. })), "{text}");
        }
    }

    #[test]
    fn what_is_there_twice_or_is_no_text_is_refused() {
        for text in ["count=1&count=2", "filter=%FF", "filter=a%00b", "attributes=a&attributes=b"] {
            assert!(matches!(Query::parse(text), Err(Error::Parameter { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_value_survives_its_encoding(value in "[^\0]+") {
            let url = reqwest::Url::parse_with_params("http://x/", [("filter", &value)]).unwrap();
            let query = Query::parse(url.query().unwrap()).unwrap();
            prop_assert_eq!(query.filter, Some(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = Query::parse(&text).map(|query| query.page(100).is_ok());
        }
    }
}
