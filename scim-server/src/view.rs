//! How stored resources are shown to the client who asked.

use axum::{
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use scim::{Projection, ResourceType};
use serde::{Serialize, Serializer};
use serde_json::Value;
use store::{Listing, Page, Stored};

use crate::response;

const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// One kind of resource, as one request wants to see it.
#[derive(Debug)]
pub struct View<'a> {
    /// What the resources are made of.
    pub resource_type: &'a ResourceType,
    /// The Tenant URL.
    pub base_url: &'a str,
    /// Which attributes are shown; the store reads no others.
    pub projection: Projection,
}

impl View<'_> {
    /// 200 with the resource.
    pub fn resource(&self, stored: &Stored) -> Response {
        response::scim(StatusCode::OK, &self.show(stored))
    }

    /// 201 with the resource and its place (RFC 7644, section 3.3).
    pub fn created(&self, stored: &Stored) -> Response {
        let location = [(LOCATION, self.resource_type.location(stored.id, self.base_url))];
        (location, response::scim(StatusCode::CREATED, &self.show(stored))).into_response()
    }

    /// 200 with a page of resources (RFC 7644, section 3.4.2).
    pub fn page(&self, listing: &Listing, page: Page) -> Response {
        let body = ListResponse {
            schemas: [LIST_RESPONSE],
            total_results: listing.total,
            start_index: page.start_index,
            items_per_page: listing.items.len(),
            resources: Resources { view: self, stored: &listing.items },
        };
        response::scim(StatusCode::OK, &body)
    }

    fn show(&self, stored: &Stored) -> Value {
        Value::Object(stored.to_json(self.resource_type, self.base_url, &self.projection))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListResponse<'a> {
    schemas: [&'static str; 1],
    total_results: u64,
    start_index: u64,
    items_per_page: usize,
    #[serde(rename = "Resources")]
    resources: Resources<'a>,
}

/// Resources that become JSON one after the other, so that the whole page is in memory as stored and as text only.
struct Resources<'a> {
    view: &'a View<'a>,
    stored: &'a [Stored],
}

impl Serialize for Resources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.stored.iter().map(|stored| self.view.show(stored)))
    }
}
