//! What became of an operation, and the answer that says so for all of them (RFC 7644, section 3.7.3).

use axum::http::StatusCode;
use scim::{
    Kind,
    bulk::{BULK_RESPONSE, Operation},
};
use serde::Serialize;
use serde_json::Value;
use store::Stored;

/// The body of the answer.
#[derive(Debug, Serialize)]
pub(super) struct BulkResponse {
    schemas: [&'static str; 1],
    #[serde(rename = "Operations")]
    operations: Vec<Outcome>,
}

/// What became of one operation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    #[serde(skip)]
    position: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Value>,
}

/// What a successful operation has done.
#[derive(Debug)]
pub(super) enum Success {
    /// There is a new resource.
    Created(Stored),
    /// A resource was changed, or was already as it should be.
    Changed(Stored),
    /// A resource is gone.
    Deleted,
}

impl BulkResponse {
    /// The answer, in the order of the request.
    pub(super) fn new(mut outcomes: Vec<Outcome>) -> Self {
        outcomes.sort_by_key(|outcome| outcome.position);
        Self { schemas: [BULK_RESPONSE], operations: outcomes }
    }
}

impl Outcome {
    /// What became of an operation. `base_url` is the tenant's.
    pub(super) fn new(operation: Named, result: Result<Success, scim::Error>, base_url: &str) -> Self {
        let Named { position, method, bulk_id, target } = operation;
        let (status, target, version, response) = match result {
            Ok(Success::Created(stored)) => {
                let target = Some((stored.kind, stored.id.to_string()));
                (StatusCode::CREATED.as_u16(), target, Some(stored.entity_tag()), None)
            }
            Ok(Success::Changed(stored)) => {
                (StatusCode::OK.as_u16(), target, Some(stored.entity_tag()), None)
            }
            Ok(Success::Deleted) => (StatusCode::NO_CONTENT.as_u16(), target, None, None),
            Err(error) => (error.status, target, None, Some(error.to_json())),
        };
        Self {
            position,
            location: target.map(|(kind, id)| format!("{base_url}{}/{id}", kind.endpoint())),
            method,
            bulk_id,
            version: version.map(|tag| tag.to_string()),
            status: status.to_string(),
            response,
        }
    }
}

/// What an operation is known by in the answer.
#[derive(Debug)]
pub(super) struct Named {
    position: usize,
    method: Option<String>,
    bulk_id: Option<String>,
    target: Option<(Kind, String)>,
}

impl Named {
    /// The names of an operation that was resolved.
    pub(super) fn of(operation: &Operation) -> Self {
        Self {
            position: operation.position,
            method: operation.method.clone(),
            bulk_id: operation.bulk_id.clone(),
            target: operation.target().map(|target| (target.kind, target.id.clone())),
        }
    }
}
