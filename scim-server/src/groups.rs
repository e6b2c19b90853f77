//! `/Groups` (RFC 7644, sections 3.3 to 3.6).

use axum::{http::StatusCode, response::IntoResponse as _, response::Response};
use scim::{GroupBody, PatchRequest, Projection};
use store::ListQuery;

use crate::{
    body::Json,
    error::Error,
    query::Query,
    tenant::{Groups, Id},
    view::View,
};

/// `GET /Groups`
pub async fn list(groups: Groups, query: Query) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    let page = query.page(groups.tenant.max_page_size())?;
    let query = ListQuery { filter: query.filter(view.resource_type)?, page };
    let listing = groups.store.list(&query, &view.projection).await?;
    Ok(view.page(&listing, page))
}

/// `POST /Groups`
pub async fn create(groups: Groups, query: Query, Json(body): Json) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    let GroupBody { resource, members } = GroupBody::parse(view.resource_type, body)?;
    let created = groups.store.create(resource, members.unwrap_or_default(), &view.projection).await?;
    Ok(view.created(&created))
}

/// `GET /Groups/{id}`
pub async fn get(groups: Groups, Id(id): Id, query: Query) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    let group = groups.store.get(id, &view.projection).await?.ok_or(Error::NoSuchResource)?;
    Ok(view.resource(&group))
}

/// `PUT /Groups/{id}`
pub async fn replace(groups: Groups, Id(id): Id, query: Query, Json(body): Json) -> Result<Response, Error> {
    let view = view(&groups, &query)?;
    let group = GroupBody::parse(view.resource_type, body)?;
    let replaced = groups.store.replace(id, &group, &view.projection).await?;
    Ok(view.resource(&replaced.ok_or(Error::NoSuchResource)?))
}

/// `PATCH /Groups/{id}`: answered with 204 unless the client names attributes, also where the profile says `Body`
/// for users. A body would have to list all members, and one change of a group must cost the same in a group of ten
/// and of a hundred thousand. RFC 7644, section 3.5.2 allows both answers; Entra asks for this one.
pub async fn patch(groups: Groups, Id(id): Id, query: Query, Json(body): Json) -> Result<Response, Error> {
    let mut view = view(&groups, &query)?;
    if !query.has_projection() {
        view.projection = Projection::parse(Some("id"), None, view.resource_type)?;
    }
    let patch = PatchRequest::parse(view.resource_type, body)?;
    let change = |group| patch.apply(view.resource_type, group);
    let changed = groups.store.update(id, change, patch.member_changes(), &view.projection).await?;
    let changed = changed.ok_or(Error::NoSuchResource)?;
    if query.has_projection() {
        Ok(view.resource(&changed))
    } else {
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}

/// `DELETE /Groups/{id}`
pub async fn delete(groups: Groups, Id(id): Id) -> Result<StatusCode, Error> {
    let existed = groups.store.delete(id).await?;
    existed.then_some(StatusCode::NO_CONTENT).ok_or(Error::NoSuchResource)
}

fn view<'a>(groups: &'a Groups, query: &Query) -> Result<View<'a>, Error> {
    let resource_type = groups.resource_type()?;
    let projection = query.projection(resource_type)?;
    Ok(View { resource_type, base_url: groups.tenant.base_url(), projection })
}
