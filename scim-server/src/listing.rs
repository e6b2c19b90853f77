//! Lists of resources: what a query asks for, and the answer (RFC 7644, section 3.4.2; RFC 9865, section 2).

use axum::{http::StatusCode, response::Response};
use jiff::Timestamp;
use scim::cursor::Direction;
use serde_json::Map;
use store::{ListQuery, Listing};

use crate::{error::Error, paging::Paging, query::Query, response, stream::Text, tenant::Tenant, view::View};

const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What a query to the endpoint of one kind asks for.
#[derive(Debug)]
pub struct Asked {
    /// What the store looks for.
    pub query: ListQuery,
    /// Which page of it.
    pub paging: Paging,
}

/// Reads filter, order and page of a query for resources that are shown so.
pub fn of_one_kind(view: &View<'_>, query: &Query) -> Result<Asked, Error> {
    let paging = paging(view.tenant, query, view.resource_type.kind().endpoint())?;
    let query = ListQuery {
        filter: query.filter(view.resource_type)?,
        sort: query.sort(view.resource_type)?,
        window: paging.window.clone(),
        base_url: view.tenant.base_url().to_owned(),
    };
    Ok(Asked { query, paging })
}

/// The page that a query to that endpoint asks for, as of now.
pub fn paging(tenant: &Tenant, query: &Query, endpoint: &str) -> Result<Paging, Error> {
    Paging::read(query.request(), endpoint, tenant.max_page_size(), Timestamp::now())
}

/// 200 with a page of resources, each shown by the view of its kind.
pub fn page(views: &[View<'_>], listing: &Listing, paging: &Paging) -> Result<Response, Error> {
    let mut head = Map::new();
    head.insert("schemas".to_owned(), [LIST_RESPONSE].as_slice().into());
    head.insert("totalResults".to_owned(), listing.total.into());
    if let Some(start_index) = paging.start_index() {
        head.insert("startIndex".to_owned(), start_index.into());
    }
    head.insert("itemsPerPage".to_owned(), listing.items.len().into());
    for (name, edge, direction) in [
        ("nextCursor", &listing.next, Direction::Forward),
        ("previousCursor", &listing.previous, Direction::Backward),
    ] {
        if let Some(edge) = edge {
            head.insert(name.to_owned(), paging.cursor(edge, direction).into());
        }
    }

    let mut text = Text::default();
    text.punctuation("{");
    for (name, value) in &head {
        text.value(name)?;
        text.punctuation(":");
        text.value(value)?;
        text.punctuation(",");
    }
    text.punctuation("\"Resources\":[");
    let mut is_first = true;
    for stored in &listing.items {
        // The store reads no other kinds than those of the views.
        let Some(view) = views.iter().find(|view| view.resource_type.kind() == stored.kind) else { continue };
        if !std::mem::take(&mut is_first) {
            text.punctuation(",");
        }
        text.resource(stored, &view.show(stored))?;
    }
    text.punctuation("]}");
    let more = views.iter().find_map(View::more_members);
    Ok(response::text(StatusCode::OK, text.into_body(more)))
}
