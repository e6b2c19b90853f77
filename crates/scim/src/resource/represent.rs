//! A resource as an answer shows it: with `schemas`, `id` and `meta`, in the schema's order.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Resource;
use crate::{EntityTag, ResourceType, schema::Schema, value::is_empty};

/// What the service provider knows about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The resource's id.
    pub id: Uuid,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub last_modified: Timestamp,
    /// Its version, and for a user who is shown with groups what they are.
    pub tag: EntityTag,
}

impl ResourceType {
    /// The whole resource but for `members` and `groups`, which a store knows; a [`crate::Projection`] is
    /// applied after they are added. `base_url` is the tenant URL without a slash at the end.
    pub fn represent(&self, resource: &Resource, identity: &Identity, base_url: &str) -> Map<String, Value> {
        let document = &resource.fitting(self);
        let mut shown = Map::new();
        shown.insert("schemas".to_owned(), self.schemas_of(document).collect());
        shown.insert("id".to_owned(), json!(identity.id));
        let mut show = |name: &str| {
            if let Some(value) = document.get(name) {
                shown.insert(name.to_owned(), value.clone());
            }
        };
        self.core.attributes().iter().for_each(|attribute| show(&attribute.name));
        self.extensions.iter().for_each(|schema| show(schema.urn()));
        shown.insert("meta".to_owned(), self.meta(identity, base_url));
        shown
    }

    /// The URL of a resource: `base_url/Users/id`.
    pub fn location(&self, id: Uuid, base_url: &str) -> String {
        format!("{base_url}{}/{id}", self.kind().endpoint())
    }

    /// The URNs of the core schema, and of the extensions that the document has attributes of.
    pub(crate) fn schemas_of<'a>(
        &'a self,
        document: &'a Map<String, Value>,
    ) -> impl Iterator<Item = &'a str> {
        let is_present = |urn: &&str| document.get(*urn).is_some_and(|value| !is_empty(value));
        std::iter::once(self.core.urn()).chain(self.extensions.iter().map(Schema::urn).filter(is_present))
    }

    fn meta(&self, identity: &Identity, base_url: &str) -> Value {
        json!({
            "resourceType": self.kind().name(),
            "created": identity.created.to_string(),
            "lastModified": identity.last_modified.to_string(),
            "location": self.location(identity.id, base_url),
            "version": identity.tag.to_string(),
        })
    }
}
