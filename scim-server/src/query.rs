//! The query of a request: which resources (filter, order, page), and which of their attributes (projection).

use std::borrow::Cow;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use percent_encoding::percent_decode_str;
use scim::{Filter, Projection, ResourceType, ScimType, SearchRequest, Sort};
use serde_json::Value;

use crate::{body::Json, error::Error, state::Server};

/// The parameters of RFC 7644, section 3.4.2 and RFC 9865, section 2, from the URL or from the body of a search. Whatever
/// else is there is ignored: flags in a Tenant URL (Entra's `aadOptscim062020`), an `&` at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(SearchRequest);

impl Query {
    /// Reads `name=value&…` as forms encode it: `+` is a space. Names are in any case. An empty value counts as absent,
    /// but for `cursor`, where it asks for the first page. Refuses a parameter that is there twice, or whose value is no
    /// UTF-8, holds U+0000 or is no integer where one is due.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut given = Parameters::default();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some((name, parameter)) = given.named(name) else { continue };
            let value = decode(value)
                .ok_or_else(|| Error::parameter(name, "is no valid UTF-8 text, or holds U+0000"))?;
            if value.is_empty() && name != "cursor" {
                continue;
            }
            if parameter.replace(value).is_some() {
                return Err(Error::parameter(name, "is there twice"));
            }
        }
        given.into_request().map(Self)
    }

    /// Reads the body of a search (RFC 7644, section 3.4.3).
    pub fn from_body(body: Value) -> Result<Self, Error> {
        let mut request = SearchRequest::parse(body)?;
        let texts = [
            &mut request.filter,
            &mut request.sort_by,
            &mut request.sort_order,
            &mut request.attributes,
            &mut request.excluded_attributes,
        ];
        for text in texts {
            *text = text.take().filter(|text| !text.trim().is_empty());
        }
        Ok(Self(request))
    }

    /// What `filter` selects; nothing when there is none.
    pub fn filter(&self, resource_type: &ResourceType) -> Result<Option<Filter>, Error> {
        let filter = self.0.filter.as_deref().map(|text| Filter::parse(text, resource_type));
        Ok(filter.transpose()?)
    }

    /// What `filter` selects of each of these types.
    pub fn filters(&self, resource_types: &[&ResourceType]) -> Result<Option<Vec<Filter>>, Error> {
        let filters = self.0.filter.as_deref().map(|text| Filter::parse_for_all(text, resource_types));
        Ok(filters.transpose()?)
    }

    /// The order that `sortBy` and `sortOrder` ask for; `sortOrder` alone asks for none.
    pub fn sort(&self, resource_type: &ResourceType) -> Result<Option<Sort>, Error> {
        let order = self.0.sort_order.as_deref();
        let sort = self.0.sort_by.as_deref().map(|text| Sort::parse(text, order, resource_type));
        Ok(sort.transpose()?)
    }

    /// The order of resources of these types; `None` for a type that lacks the attribute.
    pub fn sorts(&self, resource_types: &[&ResourceType]) -> Result<Option<Vec<Option<Sort>>>, Error> {
        let order = self.0.sort_order.as_deref();
        let sorts = self.0.sort_by.as_deref().map(|text| Sort::parse_for_all(text, order, resource_types));
        Ok(sorts.transpose()?)
    }

    /// Whether there is any filter.
    pub fn has_filter(&self) -> bool {
        self.0.filter.is_some()
    }

    /// What `attributes` and `excludedAttributes` let through.
    pub fn projection(&self, resource_type: &ResourceType) -> Result<Projection, Error> {
        let excluded = self.0.excluded_attributes.as_deref();
        Ok(Projection::parse(self.0.attributes.as_deref(), excluded, resource_type)?)
    }

    /// Whether the client says which attributes it wants to see.
    pub fn has_projection(&self) -> bool {
        self.0.attributes.is_some() || self.0.excluded_attributes.is_some()
    }

    /// The parameters as they were sent.
    pub fn request(&self) -> &SearchRequest {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// The query in the body of a search (RFC 7644, section 3.4.3). The URL must have none beside it, of which nobody would
/// notice that it was not applied.
#[derive(Clone, Debug)]
pub struct Search(pub Query);

impl FromRequest<Server> for Search {
    type Rejection = Error;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Error> {
        if Query::parse(request.uri().query().unwrap_or_default())? != Query::default() {
            let detail = "a search takes its parameters from the body: move those of the URL there";
            return Err(scim::Error::bad_request(ScimType::InvalidValue, detail).into());
        }
        let Json(body) = Json::from_request(request, server).await?;
        Query::from_body(body).map(Self)
    }
}

/// The parameters as text.
#[derive(Debug, Default)]
struct Parameters {
    attributes: Option<String>,
    excluded_attributes: Option<String>,
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
    cursor: Option<String>,
}

impl Parameters {
    /// The parameter of that name, and how the name is written.
    fn named(&mut self, name: &str) -> Option<(&'static str, &mut Option<String>)> {
        let parameters = [
            ("attributes", &mut self.attributes),
            ("excludedAttributes", &mut self.excluded_attributes),
            ("filter", &mut self.filter),
            ("sortBy", &mut self.sort_by),
            ("sortOrder", &mut self.sort_order),
            ("startIndex", &mut self.start_index),
            ("count", &mut self.count),
            ("cursor", &mut self.cursor),
        ];
        parameters.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn into_request(self) -> Result<SearchRequest, Error> {
        let count = match integer("count", self.count.as_deref()) {
            Err(_) if self.cursor.is_some() => return Err(scim::cursor::invalid_count().into()),
            count => count?,
        };
        Ok(SearchRequest {
            attributes: self.attributes,
            excluded_attributes: self.excluded_attributes,
            filter: self.filter,
            sort_by: self.sort_by,
            sort_order: self.sort_order,
            start_index: integer("startIndex", self.start_index.as_deref())?,
            count,
            cursor: self.cursor,
        })
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
    use serde_json::json;

    use super::*;

    fn request(text: &str) -> SearchRequest {
        Query::parse(text).unwrap().0
    }

    #[test]
    fn a_query_is_decoded_as_forms_are() {
        let filter = request("filter=userName+eq+%22a%2Bb%26c%3D+%C3%B6%22&").filter;
        assert_eq!(filter.as_deref(), Some("userName eq \"a+b&c= ö\""));
        assert_eq!(request("filter=userName%20pr").filter.as_deref(), Some("userName pr"));
    }

    #[test]
    fn what_is_empty_or_unknown_is_ignored() {
        let query =
            Query::parse("&&aadOptscim062020&=&sortBy=&count=&startIndex=&filter=&%66ilter=y").unwrap();
        assert_eq!(query, Query::default());
    }

    #[test]
    fn names_are_in_any_case() {
        assert_eq!(request("SORTBY=id&Count=3").sort_by.as_deref(), Some("id"));
        assert!(Query::parse("filter=a&Filter=b").is_err());
    }

    #[test]
    fn an_empty_cursor_is_a_cursor() {
        for text in ["cursor", "cursor=", "count=3&cursor&"] {
            assert_eq!(request(text).cursor.as_deref(), Some(""), "{text}");
        }
        assert_eq!(request("count=3").cursor, None);
    }

    #[test]
    fn url_and_body_say_the_same() {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": "userName pr", "attributes": ["userName", "id"], "excludedAttributes": [], "sortBy": "id",
            "sortOrder": "", "startIndex": 2, "count": 3, "cursor": "",
        });
        let url = "filter=userName+pr&attributes=userName,id&sortBy=id&startIndex=2&count=3&cursor";
        assert_eq!(Query::from_body(body).unwrap(), Query::parse(url).unwrap());
    }

    #[test]
    fn integers_may_be_of_any_size() {
        assert_eq!(request("startIndex=%2B7&count=+10+").start_index, Some(7));
        assert_eq!(request("startIndex=-99999999999999999999").start_index, Some(-i64::MAX));
        assert_eq!(request("count=99999999999999999999").count, Some(i64::MAX));
    }

    #[test]
    fn what_is_no_integer_is_refused() {
        for text in ["count=x", "count=1.0", "count=-", "count=0x10", "count=1e3", "startIndex=%D9%A1"] {
            assert!(matches!(Query::parse(text), Err(Error::Parameter { .. })), "{text}");
        }
        let beside_a_cursor = Query::parse("cursor&count=x").unwrap_err();
        assert_eq!(beside_a_cursor.told().scim_type, Some(ScimType::InvalidCount));
    }

    #[test]
    fn what_is_there_twice_or_is_no_text_is_refused() {
        for text in
            ["count=1&count=2", "filter=%FF", "filter=a%00b", "attributes=a&attributes=b", "cursor&cursor"]
        {
            assert!(matches!(Query::parse(text), Err(Error::Parameter { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_value_survives_its_encoding(value in "[^\0]+") {
            let url = reqwest::Url::parse_with_params("http://x/", [("filter", &value)]).unwrap();
            prop_assert_eq!(request(url.query().unwrap()).filter, Some(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = Query::parse(&text);
        }
    }
}
