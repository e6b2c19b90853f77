//! `/Users` (RFC 7644, sections 3.3 to 3.6).

use axum::{http::StatusCode, response::IntoResponse as _, response::Response};
use scim::{PatchRequest, Resource, profile::PatchResponse};
use store::ListQuery;

use crate::{
    body::Json,
    error::Error,
    query::Query,
    tenant::{Id, Users},
    view::View,
};

/// `GET /Users`
pub async fn list(users: Users, query: Query) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let page = query.page(users.tenant.max_page_size())?;
    let query = ListQuery { filter: query.filter(view.resource_type)?, page };
    let listing = users.store.list(&query, &view.projection).await?;
    Ok(view.page(&listing, page))
}

/// `POST /Users`
pub async fn create(users: Users, query: Query, Json(body): Json) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let user = Resource::parse(view.resource_type, body)?;
    let created = users.store.create(user).await?;
    Ok(view.created(&created))
}

/// `GET /Users/{id}`
pub async fn get(users: Users, Id(id): Id, query: Query) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let user = users.store.get(id, &view.projection).await?.ok_or(Error::NoSuchResource)?;
    Ok(view.resource(&user))
}

/// `PUT /Users/{id}`
pub async fn replace(users: Users, Id(id): Id, query: Query, Json(body): Json) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let user = Resource::parse(view.resource_type, body)?;
    let replaced = users.store.replace(id, &user, &view.projection).await?;
    Ok(view.resource(&replaced.ok_or(Error::NoSuchResource)?))
}

/// `PATCH /Users/{id}`: answered as the profile says, and with a body where the client asks for attributes, as
/// RFC 7644, section 3.5.2 demands.
pub async fn patch(users: Users, Id(id): Id, query: Query, Json(body): Json) -> Result<Response, Error> {
    let view = view(&users, &query)?;
    let patch = PatchRequest::parse(view.resource_type, body)?;
    let change = |user| patch.apply(view.resource_type, user);
    let changed = users.store.update(id, change, &view.projection).await?.ok_or(Error::NoSuchResource)?;
    match users.tenant.patch_response() {
        PatchResponse::NoContent if !query.has_projection() => Ok(StatusCode::NO_CONTENT.into_response()),
        _ => Ok(view.resource(&changed)),
    }
}

/// `DELETE /Users/{id}`
pub async fn delete(users: Users, Id(id): Id) -> Result<StatusCode, Error> {
    let existed = users.store.delete(id).await?;
    existed.then_some(StatusCode::NO_CONTENT).ok_or(Error::NoSuchResource)
}

fn view<'a>(users: &'a Users, query: &Query) -> Result<View<'a>, Error> {
    let resource_type = users.resource_type();
    let projection = query.projection(resource_type)?;
    Ok(View { resource_type, base_url: users.tenant.base_url(), projection })
}
