//! Profiles and catalogs for tests: that of an application without wishes, and that of the seed documents.

#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]

use serde_json::{Value, json};

use crate::{Catalog, Error, Filter, Kind, PatchRequest, Profile, Resource, ResourceType};

pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const CUSTOM: &str = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName";
pub(crate) const METADATA: &str = "urn:ietf:params:scim:schemas:extension:2.0:Metadata";

pub(crate) fn catalog(profile: Value) -> Catalog {
    let profile: Profile = serde_json::from_value(profile).expect("a profile");
    Catalog::new(&profile).expect("a profile that works")
}

/// User and Group as the RFCs have them.
pub(crate) fn plain() -> Catalog {
    catalog(json!({}))
}

/// What the platform of the seed documents understands, and an extension with every type.
pub(crate) fn platform() -> Catalog {
    catalog(json!({
        "required": ["name.givenName", "name.familyName", "emails"],
        "attributes": [
            {"path": "userType", "canonicalValues": ["Premium", "Standard"], "enforce": true},
            {"path": "emails.value", "uniqueness": "server"}
        ],
        "extensions": [
            {"urn": CUSTOM, "resource": "User", "attributes": [
                {"name": "folders", "type": "string", "multiValued": true},
                {"name": "badge", "type": "integer", "uniqueness": "server"},
                {"name": "hired", "type": "dateTime"},
                {"name": "ratio", "type": "decimal"},
                {"name": "key", "type": "binary"},
                {"name": "origin", "type": "string", "mutability": "immutable"},
                {"name": "secret", "type": "string", "returned": "never"},
                {"name": "history", "type": "string", "returned": "request"},
                {"name": "desks", "type": "complex", "multiValued": true, "subAttributes": [
                    {"name": "value", "type": "string"},
                    {"name": "floors", "type": "integer", "multiValued": true},
                    {"name": "primary", "type": "boolean"}
                ]}
            ]},
            {"urn": METADATA, "resource": "User", "additionalAttributes": "String"}
        ]
    }))
}

pub(crate) fn users(catalog: &Catalog) -> &ResourceType {
    catalog.user()
}

pub(crate) fn groups(catalog: &Catalog) -> &ResourceType {
    catalog.resource_type(Kind::Group).expect("groups are enabled")
}

/// A user of the platform with all that is required, and these attributes.
pub(crate) fn user(attributes: Value) -> Resource {
    let catalog = platform();
    Resource::parse(catalog.user(), user_body(attributes)).expect("a valid user")
}

pub(crate) fn user_body(attributes: Value) -> Value {
    let mut body = json!({
        "userName": "Ada@Example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "Ada@Example.com", "type": "work", "primary": true}]
    });
    if let (Value::Object(body), Value::Object(attributes)) = (&mut body, attributes) {
        body.extend(attributes);
    }
    body
}

/// A user of the platform after a PATCH with these operations.
pub(crate) fn patched(user: &Resource, operations: Value) -> Result<Resource, Error> {
    let catalog = platform();
    let body =
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    PatchRequest::parse(catalog.user(), body)?.apply(catalog.user(), user.clone())
}

/// Whether a user of the platform passes a filter.
pub(crate) fn passes(user: &Resource, filter: &str) -> bool {
    let catalog = platform();
    let filter = Filter::parse(filter, catalog.user()).expect("a filter");
    crate::filter::evaluate(&filter, &user.comparable(catalog.user()))
}

/// An error as one line: status, scimType, detail.
pub(crate) fn line(error: &Error) -> String {
    let scim_type = error.scim_type.map_or("-", crate::ScimType::as_str);
    format!("{} {scim_type}: {}", error.status, error.detail)
}
