//! How stored resources are shown to the client who asked.

use axum::{
    body::Body,
    http::{
        HeaderName, StatusCode,
        header::{CONTENT_LOCATION, ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
};
use scim::{Kind, Projection, ResourceType};
use serde_json::{Map, Value};
use store::Stored;

use crate::{
    conditional::{Conditions, Freshness},
    error::Error,
    query::Query,
    response,
    stream::{MoreMembers, Text},
    tenant::Tenant,
};

/// One kind of resource, as one request wants to see it.
#[derive(Debug)]
pub struct View<'a> {
    /// Whose resources they are.
    pub tenant: &'a Tenant,
    /// What they are made of.
    pub resource_type: &'a ResourceType,
    /// Which attributes are shown; the store reads no others.
    pub projection: Projection,
}

impl<'a> View<'a> {
    /// What of that kind a query wants to see.
    pub fn new(tenant: &'a Tenant, resource_type: &'a ResourceType, query: &Query) -> Result<Self, Error> {
        Ok(Self { tenant, resource_type, projection: query.projection(resource_type)? })
    }

    /// 200 with the resource; 304 where the client has it already.
    pub fn read(&self, stored: &Stored, conditions: &Conditions) -> Result<Response, Error> {
        match conditions.on_read(&stored.entity_tag())? {
            Freshness::New => self.resource(stored),
            Freshness::Known => Ok((StatusCode::NOT_MODIFIED, self.headers(stored)).into_response()),
        }
    }

    /// 200 with the resource.
    pub fn resource(&self, stored: &Stored) -> Result<Response, Error> {
        Ok((self.headers(stored), response::text(StatusCode::OK, self.text(stored)?)).into_response())
    }

    /// 201 with the resource and its place (RFC 7644, section 3.3).
    pub fn created(&self, stored: &Stored) -> Result<Response, Error> {
        let location = [(LOCATION, self.location(stored))];
        let body = response::text(StatusCode::CREATED, self.text(stored)?);
        Ok((location, self.headers(stored), body).into_response())
    }

    /// 204 with the version alone.
    pub fn version(&self, stored: &Stored) -> Response {
        (StatusCode::NO_CONTENT, [(ETAG, stored.entity_tag().to_string())]).into_response()
    }

    /// The resource as it is shown; of a larger group, with the members that were read.
    pub fn show(&self, stored: &Stored) -> Map<String, Value> {
        stored.to_json(self.resource_type, self.tenant.base_url(), &self.projection)
    }

    /// How the members are read that belong to an answer beyond those that were; there are none but in groups.
    pub fn more_members(&self) -> Option<MoreMembers> {
        let is_group = self.resource_type.kind() == Kind::Group;
        is_group.then(|| MoreMembers { groups: self.tenant.groups(), projection: self.projection.clone() })
    }

    /// What tells of one resource (RFC 7644, section 3.14; RFC 7643, section 3.1).
    fn headers(&self, stored: &Stored) -> [(HeaderName, String); 2] {
        [(ETAG, stored.entity_tag().to_string()), (CONTENT_LOCATION, self.location(stored))]
    }

    fn location(&self, stored: &Stored) -> String {
        self.resource_type.location(stored.id, self.tenant.base_url())
    }

    fn text(&self, stored: &Stored) -> Result<Body, Error> {
        let mut text = Text::default();
        text.resource(stored, &self.show(stored))?;
        Ok(text.into_body(self.more_members()))
    }
}
