//! The body of a search by POST (RFC 7644 §3.4.3, RFC 9865 §3).

use serde_json::Value;

use crate::{Error, ScimType, cursor, resource::check_schemas};

const URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// The parameters of a query, sent as a body. Each is as it would stand in a URL: `None` for what was not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// `attributes`, separated by commas.
    pub attributes: Option<String>,
    /// `excludedAttributes`, separated by commas.
    pub excluded_attributes: Option<String>,
    /// `filter`.
    pub filter: Option<String>,
    /// `sortBy`.
    pub sort_by: Option<String>,
    /// `sortOrder`.
    pub sort_order: Option<String>,
    /// `startIndex`.
    pub start_index: Option<i64>,
    /// `count`.
    pub count: Option<i64>,
    /// `cursor`; an empty one begins a walk.
    pub cursor: Option<String>,
}

impl SearchRequest {
    /// Reads the body; names in any case, members of other names are ignored, null is what was not sent. What `schemas`
    /// lists does not matter: what the body is follows from the endpoint.
    /// A member of the wrong type is `invalidSyntax`, and named; but `invalidCount` where it is a `count` beside a `cursor`.
    pub fn parse(body: Value) -> Result<Self, Error> {
        let Value::Object(members) = body else {
            return Err(invalid(format!(
                "the body must be a JSON object: a search request of the schema {URN}"
            )));
        };
        let mut request = Self::default();
        let mut count = None;
        for (name, value) in members {
            if value.is_null() {
                continue;
            }
            match name.to_ascii_lowercase().as_str() {
                "schemas" => check_schemas(&value)?,
                "attributes" => set(&mut request.attributes, names("attributes", value)?, "attributes")?,
                "excludedattributes" => {
                    let names = names("excludedAttributes", value)?;
                    set(&mut request.excluded_attributes, names, "excludedAttributes")?;
                }
                "filter" => set(&mut request.filter, text("filter", value)?, "filter")?,
                "sortby" => set(&mut request.sort_by, text("sortBy", value)?, "sortBy")?,
                "sortorder" => set(&mut request.sort_order, text("sortOrder", value)?, "sortOrder")?,
                "startindex" => set(&mut request.start_index, integer("startIndex", &value)?, "startIndex")?,
                "count" => set(&mut count, value, "count")?,
                "cursor" => set(&mut request.cursor, text("cursor", value)?, "cursor")?,
                _ => {}
            }
        }
        request.count = match count.map(|count| integer("count", &count)).transpose() {
            Err(_) if request.cursor.is_some() => return Err(cursor::invalid_count()),
            count => count?,
        };
        Ok(request)
    }
}

fn set<T>(parameter: &mut Option<T>, value: T, name: &str) -> Result<(), Error> {
    match parameter.replace(value) {
        None => Ok(()),
        Some(_) => Err(invalid(format!("'{name}' is there twice, in different case: send it once"))),
    }
}

fn text(name: &str, value: Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(invalid(format!("'{name}' must be a string"))),
    }
}

fn integer(name: &str, value: &Value) -> Result<i64, Error> {
    value.as_i64().ok_or_else(|| invalid(format!("'{name}' must be a whole number")))
}

/// A list of names, or the names in one string with commas between, as in a URL.
fn names(name: &str, value: Value) -> Result<String, Error> {
    let refused = || invalid(format!("'{name}' must be a list of names"));
    match value {
        Value::String(names) => Ok(names),
        Value::Array(names) => {
            let names: Option<Vec<_>> = names.iter().map(Value::as_str).collect();
            names.map(|names| names.join(",")).ok_or_else(refused)
        }
        _ => Err(refused()),
    }
}

fn invalid(detail: String) -> Error {
    Error::bad_request(ScimType::InvalidSyntax, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::line;

    fn refusal(body: Value) -> String {
        line(&SearchRequest::parse(body).unwrap_err())
    }

    #[test]
    fn a_search_request_has_the_parameters_of_a_query() {
        let body = json!({
            "schemas": [URN.to_uppercase()],
            "attributes": ["displayName", "userName"],
            "excludedAttributes": "members, groups",
            "FILTER": "displayName sw \"smith\"",
            "sortby": "userName",
            "sortOrder": "descending",
            "startIndex": 1,
            "count": 10,
            "cursor": "",
            "unknown": {"what": "ever"},
        });
        let request = SearchRequest::parse(body).unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            request,
            SearchRequest {
                attributes: text("displayName,userName"),
                excluded_attributes: text("members, groups"),
                filter: text("displayName sw \"smith\""),
                sort_by: text("userName"),
                sort_order: text("descending"),
                start_index: Some(1),
                count: Some(10),
                cursor: text(""),
            }
        );
    }

    #[test]
    fn everything_may_be_left_out() {
        let nothing = Ok(SearchRequest::default());
        assert_eq!(SearchRequest::parse(json!({})), nothing);
        assert_eq!(SearchRequest::parse(json!({"filter": null, "count": null, "schemas": null})), nothing);
        assert_eq!(SearchRequest::parse(json!({"schemas": ["urn:example:none"]})), nothing);
    }

    #[test]
    fn what_is_of_another_type_is_refused_by_name() {
        insta::assert_snapshot!(refusal(json!([])), @"400 invalidSyntax: the body must be a JSON object: a search request of the schema urn:ietf:params:scim:api:messages:2.0:SearchRequest");
        insta::assert_snapshot!(refusal(json!({"schemas": URN})), @"400 invalidSyntax: 'schemas' must be a list of strings");
        insta::assert_snapshot!(refusal(json!({"filter": 5})), @"400 invalidSyntax: 'filter' must be a string");
        insta::assert_snapshot!(refusal(json!({"count": "ten"})), @"400 invalidSyntax: 'count' must be a whole number");
        insta::assert_snapshot!(refusal(json!({"startIndex": 1.5})), @"400 invalidSyntax: 'startIndex' must be a whole number");
        insta::assert_snapshot!(refusal(json!({"attributes": [1]})), @"400 invalidSyntax: 'attributes' must be a list of names");
        insta::assert_snapshot!(refusal(json!({"count": 1, "Count": 2})), @"400 invalidSyntax: 'count' is there twice, in different case: send it once");
    }

    #[test]
    fn beside_a_cursor_a_count_that_is_no_integer_is_refused_as_a_count() {
        for count in [json!("ten"), json!(1.5), json!([1])] {
            let body = json!({"count": count, "Cursor": ""});
            assert_eq!(SearchRequest::parse(body), Err(cursor::invalid_count()));
        }
    }
}
