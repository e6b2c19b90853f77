//! What the service provider says about itself (RFC 7644 §4): configuration, resource types, schemas.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::{Catalog, ResourceType, schema::Schema};

/// `/ServiceProviderConfig` (RFC 7643 §5). `base_url` is the tenant URL without a slash at the end;
/// `max_results` is the largest page.
pub fn service_provider_config(base_url: &str, max_results: u32) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": max_results},
        "changePassword": {"supported": false},
        "sort": {"supported": false},
        "etag": {"supported": false},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "The token of the tenant's Secret, in the header Authorization",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", &format!("{base_url}/ServiceProviderConfig")),
    })
}

/// `/ResourceTypes`, as a `ListResponse`.
pub fn resource_types(catalog: &Catalog, base_url: &str) -> Value {
    let shown: Vec<_> =
        catalog.resource_types().map(|resource_type| shown_resource_type(resource_type, base_url)).collect();
    list(&shown)
}

/// `/ResourceTypes/{name}`.
pub fn resource_type(catalog: &Catalog, name: &str, base_url: &str) -> Option<Value> {
    let found = catalog.resource_types().find(|resource_type| resource_type.kind().name() == name);
    found.map(|resource_type| shown_resource_type(resource_type, base_url))
}

/// `/Schemas`, as a `ListResponse`.
pub fn schemas(catalog: &Catalog, base_url: &str) -> Value {
    let shown: Vec<_> = all_schemas(catalog).map(|schema| shown_schema(schema, base_url)).collect();
    list(&shown)
}

/// `/Schemas/{urn}`.
pub fn schema(catalog: &Catalog, urn: &str, base_url: &str) -> Option<Value> {
    let found = all_schemas(catalog).find(|schema| schema.urn().eq_ignore_ascii_case(urn));
    found.map(|schema| shown_schema(schema, base_url))
}

fn all_schemas(catalog: &Catalog) -> impl Iterator<Item = &Schema> {
    catalog.resource_types().flat_map(ResourceType::schemas)
}

fn shown_resource_type(resource_type: &ResourceType, base_url: &str) -> Value {
    let kind = resource_type.kind();
    let extensions: Vec<_> = resource_type
        .extensions()
        .iter()
        .map(|schema| {
            let required = schema.attributes().iter().any(|attribute| attribute.required);
            json!({"schema": schema.urn(), "required": required})
        })
        .collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name(),
        "name": kind.name(),
        "endpoint": kind.endpoint(),
        "description": resource_type.core_schema().description(),
        "schema": resource_type.core_schema().urn(),
        "schemaExtensions": extensions,
        "meta": meta("ResourceType", &format!("{base_url}/ResourceTypes/{kind}")),
    })
}

fn shown_schema(schema: &Schema, base_url: &str) -> Value {
    let mut shown = schema.to_json();
    if let Value::Object(shown) = &mut shown {
        shown.insert("meta".to_owned(), meta("Schema", &format!("{base_url}/Schemas/{}", schema.urn())));
    }
    shown
}

fn meta(resource_type: &str, location: &str) -> Value {
    json!({"resourceType": resource_type, "location": location})
}

/// RFC 7644 §4: these lists are never paged.
fn list(resources: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}
