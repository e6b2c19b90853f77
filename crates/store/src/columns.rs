//! From a resource to the columns that hold it.

use scim::{Catalog, Kind, Resource, ResourceType, fold};
use serde_json::Value;
use sqlx::types::Json;

/// What is written of a resource.
pub(crate) struct Columns {
    /// `user_name_key` of a user, `display_name_key` of a group: the name, folded.
    pub(crate) key: String,
    /// `external_id`.
    pub(crate) external_id: Option<String>,
    /// `active`; users only.
    pub(crate) active: bool,
    /// `resource`: the document as written.
    pub(crate) resource: Json<Value>,
    /// `comparable`: the document as filters compare it.
    pub(crate) comparable: Json<Value>,
    /// `form`: which form of the schemas `comparable` and the claims of unique values follow from.
    pub(crate) form: i64,
}

impl Columns {
    /// The columns of a resource, which has that type in the catalog.
    pub(crate) fn of(resource: &Resource, resource_type: &ResourceType, catalog: &Catalog) -> Self {
        Self {
            key: key(resource, resource_type.kind()),
            external_id: resource.external_id().map(str::to_owned),
            active: resource.is_active(),
            resource: Json(Value::Object(resource.document().clone())),
            comparable: Json(Value::Object(resource.comparable(resource_type))),
            form: catalog.form(),
        }
    }
}

/// `user_name_key` of a user, `display_name_key` of a group.
pub(crate) fn key(resource: &Resource, kind: Kind) -> String {
    let name = match kind {
        Kind::User => resource.user_name(),
        Kind::Group => resource.display_name(),
    };
    name.map(fold).unwrap_or_default()
}
