//! `/Groups` (RFC 7644, sections 3.3 to 3.6).

use axum::{http::StatusCode, response::Response};
use scim::{GroupBody, PatchRequest, Projection};
use serde_json::Value;
use store::{Precondition, Stored};
use uuid::Uuid;

use crate::{
    body::Json,
    conditional::Conditions,
    error::Error,
    listing,
    query::{Query, Search},
    tenant::{Groups, Id},
    view::View,
};

/// `GET /Groups`
pub async fn list(groups: Groups, query: Query) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    let asked = listing::of_one_kind(&view, &query)?;
    let listing = groups.store.list(&asked.query, &view.projection).await?;
    listing::page(&[view], &listing, &asked.paging)
}

/// `POST /Groups/.search`
pub async fn search(groups: Groups, Search(query): Search) -> Result<Response, Error> {
    list(groups, query).await
}

/// `POST /Groups`
pub async fn create(groups: Groups, query: Query, Json(body): Json) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    view.created(&groups.create(body, &view.projection).await?)
}

/// `GET /Groups/{id}`
pub async fn get(
    groups: Groups,
    Id(id): Id,
    query: Query,
    conditions: Conditions,
) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    let group = groups.store.get(id, &view.projection).await?.ok_or(Error::NoSuchResource)?;
    view.read(&group, &conditions)
}

/// `PUT /Groups/{id}`
pub async fn replace(
    groups: Groups,
    Id(id): Id,
    query: Query,
    conditions: Conditions,
    Json(body): Json,
) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    view.resource(&groups.replace(id, &conditions.on_write(), body, &view.projection).await?)
}

/// `PATCH /Groups/{id}`: answered with 204 unless the client names attributes, also where the profile says `Body`
/// for users. A body would have to list all members, and one change of a group must cost the same in a group of ten
/// and of a hundred thousand. RFC 7644, section 3.5.2 allows both answers; Entra asks for this one.
pub async fn patch(
    groups: Groups,
    Id(id): Id,
    query: Query,
    conditions: Conditions,
    Json(body): Json,
) -> Result<Response, Error> {
    let mut view = view(&groups, &query)?;
    if !query.has_projection() {
        view.projection = Projection::parse(Some("id"), None, view.resource_type)?;
    }
    let changed = groups.patch(id, &conditions.on_write(), body, &view.projection).await?;
    if query.has_projection() { view.resource(&changed) } else { Ok(view.version(&changed)) }
}

/// `DELETE /Groups/{id}`
pub async fn delete(groups: Groups, Id(id): Id, conditions: Conditions) -> Result<StatusCode, Error> {
    groups.delete(id, &conditions.on_write()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a client changes, by a request of its own or by an operation of a bulk request.
impl Groups {
    /// Creates the group of a body.
    pub(crate) async fn create(&self, body: Value, projection: &Projection) -> Result<Stored, Error> {
        let GroupBody { resource, members } = GroupBody::parse(self.resource_type()?, body)?;
        Ok(self.store.create(resource, members.unwrap_or_default(), projection).await?)
    }

    /// Makes a group and its members what a body says.
    pub(crate) async fn replace(
        &self,
        id: Uuid,
        expected: &Precondition,
        body: Value,
        projection: &Projection,
    ) -> Result<Stored, Error> {
        let group = GroupBody::parse(self.resource_type()?, body)?;
        let replaced = self.store.replace(id, expected, &group, projection).await?;
        replaced.ok_or(Error::NoSuchResource)
    }

    /// Makes the changes of a PATCH.
    pub(crate) async fn patch(
        &self,
        id: Uuid,
        expected: &Precondition,
        body: Value,
        projection: &Projection,
    ) -> Result<Stored, Error> {
        let resource_type = self.resource_type()?;
        let patch = PatchRequest::parse(resource_type, body)?;
        let change = |group| patch.apply(resource_type, group);
        let changed = self.store.update(id, expected, change, patch.member_changes(), projection).await?;
        changed.ok_or(Error::NoSuchResource)
    }

    /// Deletes a group.
    pub(crate) async fn delete(&self, id: Uuid, expected: &Precondition) -> Result<(), Error> {
        let existed = self.store.delete(id, expected).await?;
        existed.then_some(()).ok_or(Error::NoSuchResource)
    }
}

fn view<'a>(groups: &'a Groups, query: &Query) -> Result<View<'a>, Error> {
    View::new(&groups.tenant, groups.resource_type()?, query)
}
