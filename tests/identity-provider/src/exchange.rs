//! One request and its response, and the error that shows both.

use std::{fmt, time::Duration};

use serde_json::Value;

/// What is sent, without the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: http::Method,
    /// Below the Tenant URL: `/Users/2819c223`.
    pub path: String,
    /// As it stands on the wire, without the question mark; empty when there is none.
    pub query: String,
    /// In the order in which they are sent; the credential is not among them.
    pub headers: Vec<(String, String)>,
    /// As it stands on the wire.
    pub body: Option<String>,
}

impl Request {
    /// A request without query, headers and body.
    pub fn new(method: http::Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: String::new(), headers: Vec::new(), body: None }
    }

    /// With this query, already encoded.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// With these headers.
    #[must_use]
    pub fn headers(mut self, headers: &[(&str, &str)]) -> Self {
        self.headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self
    }

    /// With this JSON document as body; as `application/scim+json`, unless the headers say otherwise already.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            self.headers.push(("Content-Type".to_owned(), "application/scim+json".to_owned()));
        }
        self.body = Some(body.to_string());
        self
    }

    /// Whether the request only reads.
    pub fn is_read(&self) -> bool {
        self.method == http::Method::GET
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    /// The body as it came.
    pub text: String,
    /// The body, when it is JSON.
    pub json: Option<Value>,
    /// From sending the request to the last byte of the answer.
    pub elapsed: Duration,
}

/// A request and its response.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// What came back.
    pub response: Response,
}

impl Exchange {
    /// The exchange again, if its status is one of these and its answer is SCIM: a provider stops at anything else.
    /// An answer with a body must be `application/scim+json` (azure-docs#116775, SCIMReferenceCode#108).
    pub fn expect(self, statuses: &[u16]) -> Result<Self, Error> {
        if !statuses.contains(&self.response.status) {
            let expected = statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
            return Err(self.unexpected(format!("status {expected}")));
        }
        let is_scim = |content_type: &str| content_type.starts_with("application/scim+json");
        if !self.response.text.is_empty() && !self.response.content_type.as_deref().is_some_and(is_scim) {
            return Err(self.unexpected("content type application/scim+json"));
        }
        Ok(self)
    }

    /// The JSON document of the response.
    pub fn document(&self) -> Result<&Value, Error> {
        self.response.json.as_ref().ok_or_else(|| self.clone().unexpected("a JSON document"))
    }

    /// The `id` of the resource in the response.
    pub fn id(&self) -> Result<String, Error> {
        match self.document()?.get("id") {
            Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
            _ => Err(self.clone().unexpected("a resource with an id")),
        }
    }

    /// `totalResults` and `Resources` of a list response (RFC 7644 §3.4.2): the number as an integer, and the list
    /// there even when it is empty.
    pub fn list(&self) -> Result<(u64, &[Value]), Error> {
        let document = self.document()?;
        let total = document.get("totalResults").and_then(Value::as_u64);
        match (total, document.get("Resources")) {
            (Some(total), Some(Value::Array(resources))) => Ok((total, resources)),
            (Some(0), None) => Ok((0, &[])),
            _ => Err(self.clone().unexpected("a ListResponse with totalResults and Resources")),
        }
    }

    pub(crate) fn unexpected(self, expected: impl Into<String>) -> Error {
        Error::Unexpected { expected: expected.into(), exchange: Box::new(self) }
    }
}

/// Why a scenario ended early. Its debug form is the text with all causes, so that a test that unwraps shows request
/// and response.
#[derive(thiserror::Error)]
pub enum Error {
    /// The Tenant URL, or a URL made of it, is not one.
    #[error("{url:?} is not a URL")]
    Url {
        /// What was given.
        url: String,
        /// What the parser says.
        #[source]
        source: url::ParseError,
    },
    /// The HTTP client could not be made, for instance because of an unreadable certificate.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    /// The issuer cannot listen at its address.
    #[error("the issuer cannot listen")]
    Listen(#[source] std::io::Error),
    /// A key cannot be made, or does not sign.
    #[error("there is no signature")]
    Signature,
    /// No answer came.
    #[error("no answer to\n{request}")]
    NoAnswer {
        /// What was sent.
        request: Box<Request>,
        /// What the client says.
        #[source]
        source: reqwest::Error,
    },
    /// An answer came, and the provider cannot go on with it.
    #[error("expected {expected}, but\n{exchange}")]
    Unexpected {
        /// What the provider needs.
        expected: String,
        /// What it sent and got.
        exchange: Box<Exchange>,
    },
    /// The scenario needs something that an earlier step of the directory did not provide.
    #[error("the directory names {object_id}, which was not provisioned")]
    NotProvisioned {
        /// The object's id in the directory.
        object_id: String,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")?;
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            write!(formatter, "\nbecause {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(formatter, "?{}", self.query)?;
        }
        if let Some(body) = &self.body {
            write!(formatter, "\n{body}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.status)?;
        if let Some(content_type) = &self.content_type {
            write!(formatter, " {content_type}")?;
        }
        if !self.text.is_empty() {
            write!(formatter, "\n{}", self.text)?;
        }
        Ok(())
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n→ {}", self.request, self.response)
    }
}
