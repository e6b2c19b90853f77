//! What a client is told when its request is refused (RFC 7644 §3.12).

use std::fmt;

use serde_json::{Value, json};

/// A refusal: HTTP status, SCIM's own word for it, and a text that names the attribute or position and the
/// way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// The HTTP status, 4xx or 5xx.
    pub status: u16,
    /// SCIM's classification, where RFC 7644 §3.12 has one.
    pub scim_type: Option<ScimType>,
    /// What is wrong, where, and how to mend it.
    pub detail: String,
}

/// SCIM's classification of errors (RFC 7644 §3.12, table 9).
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
            body.insert("detail".to_owned(), json!(self.detail));
        }
        body
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
}
