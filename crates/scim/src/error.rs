//! What a client is told when its request is refused (RFC 7644 §3.12, RFC 9865 §2.1).

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};

use crate::limits;

/// A refusal: HTTP status, SCIM's own word for it, and a text that names the attribute or position and the
/// way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// The HTTP status, 4xx or 5xx.
    pub status: u16,
    /// SCIM's classification, where the RFCs have one.
    pub scim_type: Option<ScimType>,
    /// What is wrong, where, and how to mend it.
    pub detail: String,
}

/// SCIM's classification of errors (RFC 7644 §3.12, table 9; RFC 9865 §2.1, table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter is malformed, or compares what cannot be compared.
    InvalidFilter,
    /// The filter yields more than the server answers.
    TooMany,
    /// A value is taken by another resource.
    Uniqueness,
    /// The attribute may not be written.
    Mutability,
    /// The body is not what the schema says.
    InvalidSyntax,
    /// The PATCH path is malformed or names nothing.
    InvalidPath,
    /// The PATCH path yields nothing to work on.
    NoTarget,
    /// A value is missing or does not fit.
    InvalidValue,
    /// The version of the protocol is not one that the server speaks.
    InvalidVers,
    /// The cursor is none that the server gave for this query.
    InvalidCursor,
    /// The cursor is too old.
    ExpiredCursor,
    /// The count cannot be used with a cursor.
    InvalidCount,
}

impl Error {
    /// A 400 with its classification.
    pub fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// An error with a status alone.
    pub fn with_status(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// A 404 for a resource that is not there.
    pub fn not_found(kind: crate::Kind, id: &str) -> Self {
        Self::with_status(404, format!("there is no {kind} with the id '{id}'"))
    }

    /// A 409 for a value that another resource has.
    pub fn uniqueness(path: &str, value: &str) -> Self {
        Self {
            status: 409,
            scim_type: Some(ScimType::Uniqueness),
            detail: format!("another resource has the {path} '{value}': choose another value"),
        }
    }

    /// A 412: the resource is not in the version that the client wants to write, or is in one that it excludes
    /// (RFC 7644 §3.14).
    pub fn precondition_failed() -> Self {
        let detail = "the resource has changed since, or is in a version that the request excludes: read it again and \
                      send the request with its meta.version";
        Self::with_status(412, detail)
    }

    /// The body of the answer (RFC 7644 §3.12); `status` is a string there.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.to_string(),
        });
        if let Value::Object(body) = &mut body {
            if let Some(scim_type) = self.scim_type {
                body.insert("scimType".to_owned(), json!(scim_type.as_str()));
            }
            body.insert("detail".to_owned(), json!(self.short_detail()));
        }
        body
    }

    /// The detail without most of a long name or path that a client sent: it knows what it sent.
    fn short_detail(&self) -> Cow<'_, str> {
        match self.detail.char_indices().nth(limits::DETAIL_CHARACTERS) {
            Some((end, _)) => Cow::Owned(format!("{}…", self.detail.get(..end).unwrap_or_default())),
            None => Cow::Borrowed(&self.detail),
        }
    }
}

impl ScimType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

impl fmt::Display for ScimType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_the_error_body_of_the_rfc() {
        insta::assert_json_snapshot!(Error::uniqueness("userName", "ada").to_json(), @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:api:messages:2.0:Error"
          ],
          "status": "409",
          "scimType": "uniqueness",
          "detail": "another resource has the userName 'ada': choose another value"
        }
        "#);
    }

    #[test]
    fn an_error_without_classification_has_no_scim_type() {
        insta::assert_json_snapshot!(Error::not_found(crate::Kind::User, "42").to_json(), @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:api:messages:2.0:Error"
          ],
          "status": "404",
          "detail": "there is no User with the id '42'"
        }
        "#);
    }

    #[test]
    fn a_long_detail_is_cut() {
        let error = Error::with_status(400, "ä".repeat(5_000)).to_json();
        assert_eq!(error["detail"].as_str().map(|detail| detail.chars().count()), Some(2_001));
    }
}
