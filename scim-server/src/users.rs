//! `/Users` (RFC 7644, sections 3.3 to 3.6).

use axum::{http::StatusCode, response::Response};
use scim::{PatchRequest, Projection, Resource, profile::PatchResponse};
use serde_json::Value;
use store::{Precondition, Stored};
use uuid::Uuid;

use crate::{
    body::Json,
    conditional::Conditions,
    error::Error,
    listing,
    query::{Query, Search},
    tenant::{Id, Users},
    view::View,
};

/// `GET /Users`
pub async fn list(users: Users, query: Query) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let asked = listing::of_one_kind(&view, &query)?;
    let listing = users.store.list(&asked.query, &view.projection).await?;
    listing::page(&[view], &listing, &asked.paging)
}

/// `POST /Users/.search`
pub async fn search(users: Users, Search(query): Search) -> Result<Response, Error> {
    list(users, query).await
}

/// `POST /Users`
pub async fn create(users: Users, query: Query, Json(body): Json) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    view.created(&users.create(body).await?)
}

/// `GET /Users/{id}`
pub async fn get(users: Users, Id(id): Id, query: Query, conditions: Conditions) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let user = users.store.get(id, &view.projection).await?.ok_or(Error::NoSuchResource)?;
    view.read(&user, &conditions)
}

/// `PUT /Users/{id}`
pub async fn replace(
    users: Users,
    Id(id): Id,
    query: Query,
    conditions: Conditions,
    Json(body): Json,
) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    view.resource(&users.replace(id, &conditions.on_write(), body, &view.projection).await?)
}

/// `PATCH /Users/{id}`: answered as the profile says, and with a body where the client asks for attributes, as
/// RFC 7644, section 3.5.2 demands.
pub async fn patch(
    users: Users,
    Id(id): Id,
    query: Query,
    conditions: Conditions,
    Json(body): Json,
) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let changed = users.patch(id, &conditions.on_write(), body, &view.projection).await?;
    match users.tenant.patch_response() {
        PatchResponse::NoContent if !query.has_projection() => Ok(view.version(&changed)),
        _ => view.resource(&changed),
    }
}

/// `DELETE /Users/{id}`
pub async fn delete(users: Users, Id(id): Id, conditions: Conditions) -> Result<StatusCode, Error> {
    users.delete(id, &conditions.on_write()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a client changes, by a request of its own or by an operation of a bulk request.
impl Users {
    /// Creates the user of a body.
    pub(crate) async fn create(&self, body: Value) -> Result<Stored, Error> {
        let user = Resource::parse(self.resource_type(), body)?;
        Ok(self.store.create(user, self.tenant.returning_users()).await?)
    }

    /// Makes a user what a body says.
    pub(crate) async fn replace(
        &self,
        id: Uuid,
        expected: &Precondition,
        body: Value,
        projection: &Projection,
    ) -> Result<Stored, Error> {
        let user = Resource::parse(self.resource_type(), body)?;
        let replaced = self.store.replace(id, expected, &user, projection).await?;
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
        let patch = PatchRequest::parse(self.resource_type(), body)?;
        let change = |user| patch.apply(self.resource_type(), user);
        let changed = self.store.update(id, expected, change, projection).await?;
        changed.ok_or(Error::NoSuchResource)
    }

    /// Deletes a user.
    pub(crate) async fn delete(&self, id: Uuid, expected: &Precondition) -> Result<(), Error> {
        let existed = self.store.delete(id, expected, self.tenant.returning_users()).await?;
        existed.then_some(()).ok_or(Error::NoSuchResource)
    }
}

fn view<'a>(users: &'a Users, query: &Query) -> Result<View<'a>, Error> {
    View::new(&users.tenant, users.resource_type(), query)
}
