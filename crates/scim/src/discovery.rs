//! What the service provider says about itself (RFC 7644 §4): configuration, resource types, schemas.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::{Catalog, EntityTag, ResourceType, Version, digest, limits, schema::Schema};

/// What describes one thing: a resource of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The document, with its `meta`.
    pub body: Value,
    /// `meta.version`: a digest of everything else, which is the same in every replica.
    pub tag: EntityTag,
    /// `meta.location`.
    pub location: String,
}

/// What a server sets for itself, and tells its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Resources on a page where the client names no count.
    pub default_page_size: u32,
    /// Resources on a page at most.
    pub max_page_size: u32,
    /// Bytes of a bulk request.
    pub max_payload_size: usize,
}

/// `/ServiceProviderConfig` (RFC 7643 §5, RFC 9865 §4). `base_url` is the tenant URL without a slash at the end.
pub fn service_provider_config(base_url: &str, capacity: Capacity) -> Document {
    let Capacity { default_page_size, max_page_size, max_payload_size } = capacity;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {
            "supported": true,
            "maxOperations": limits::BULK_OPERATIONS,
            "maxPayloadSize": max_payload_size,
        },
        "filter": {"supported": true, "maxResults": max_page_size},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": default_page_size,
            "maxPageSize": max_page_size,
            "cursorTimeout": limits::CURSOR_SECONDS,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "The token of the tenant's Secret, in the header Authorization",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
    });
    document(body, "ServiceProviderConfig", format!("{base_url}/ServiceProviderConfig"))
}

/// `/ResourceTypes`, as a `ListResponse`.
pub fn resource_types(catalog: &Catalog, base_url: &str) -> Value {
    list(catalog.resource_types().map(|resource_type| shown_resource_type(resource_type, base_url)))
}

/// `/ResourceTypes/{name}`.
pub fn resource_type(catalog: &Catalog, name: &str, base_url: &str) -> Option<Document> {
    let found = catalog.resource_types().find(|resource_type| resource_type.kind().name() == name);
    found.map(|resource_type| shown_resource_type(resource_type, base_url))
}

/// `/Schemas`, as a `ListResponse`.
pub fn schemas(catalog: &Catalog, base_url: &str) -> Value {
    list(all_schemas(catalog).map(|schema| shown_schema(schema, base_url)))
}

/// `/Schemas/{urn}`.
pub fn schema(catalog: &Catalog, urn: &str, base_url: &str) -> Option<Document> {
    let found = all_schemas(catalog).find(|schema| schema.urn().eq_ignore_ascii_case(urn));
    found.map(|schema| shown_schema(schema, base_url))
}

fn all_schemas(catalog: &Catalog) -> impl Iterator<Item = &Schema> {
    catalog.resource_types().flat_map(ResourceType::schemas)
}

fn shown_resource_type(resource_type: &ResourceType, base_url: &str) -> Document {
    let kind = resource_type.kind();
    let extensions: Vec<_> = resource_type
        .extensions()
        .iter()
        .map(|schema| {
            let required = schema.attributes().iter().any(|attribute| attribute.required);
            json!({"schema": schema.urn(), "required": required})
        })
        .collect();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name(),
        "name": kind.name(),
        "endpoint": kind.endpoint(),
        "description": resource_type.core_schema().description(),
        "schema": resource_type.core_schema().urn(),
        "schemaExtensions": extensions,
    });
    document(body, "ResourceType", format!("{base_url}/ResourceTypes/{kind}"))
}

fn shown_schema(schema: &Schema, base_url: &str) -> Document {
    document(schema.to_json(), "Schema", format!("{base_url}/Schemas/{}", schema.urn()))
}

/// A document with `meta` (RFC 7643 §3.1).
fn document(mut body: Value, resource_type: &str, location: String) -> Document {
    let tag = EntityTag::new(Version::new(digest::of([body.to_string(), location.clone()])), None);
    let meta = json!({"resourceType": resource_type, "location": location, "version": tag.to_string()});
    if let Value::Object(parts) = &mut body {
        parts.insert("meta".to_owned(), meta);
    }
    Document { body, tag, location }
}

/// RFC 7644 §4: these lists are never paged.
fn list(documents: impl Iterator<Item = Document>) -> Value {
    let resources: Vec<_> = documents.map(|document| document.body).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}
