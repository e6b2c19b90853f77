//! From a stored resource to the JSON a client sees (RFC 7643 §3, RFC 7644 §3.4).

use scim::resource::Identity;
use scim::{Kind, Projection, ResourceType};
use serde_json::{Map, Value, json};

use crate::stored::{Related, RelatedPage, Stored};

impl Stored {
    /// The resource as an answer holds it, with `groups` or the first `members`: what the projection lets through of it.
    ///
    /// `base_url` is the Tenant URL, without a slash at the end.
    pub fn to_json(
        &self,
        resource_type: &ResourceType,
        base_url: &str,
        projection: &Projection,
    ) -> Map<String, Value> {
        let identity = Identity {
            id: self.id,
            created: self.created,
            last_modified: self.last_modified,
            tag: self.entity_tag(),
        };
        let mut resource = resource_type.represent(&self.resource, &identity, base_url);
        if let Some(related) = &self.related {
            related.insert_into(&mut resource, self.kind, base_url);
        }
        projection.apply(resource_type, &mut resource);
        resource
    }
}

impl RelatedPage {
    /// Its members as the answer about a group holds them, which goes on with them behind those of
    /// [`Stored::to_json`]: what the projection lets through.
    pub fn to_json(
        &self,
        resource_type: &ResourceType,
        base_url: &str,
        projection: &Projection,
    ) -> Vec<Value> {
        let mut resource = Map::new();
        self.insert_into(&mut resource, resource_type.kind(), base_url);
        projection.apply(resource_type, &mut resource);
        match resource.shift_remove(attribute(resource_type.kind())) {
            Some(Value::Array(members)) => members,
            _ => Vec::new(),
        }
    }

    fn insert_into(&self, resource: &mut Map<String, Value>, kind: Kind, base_url: &str) {
        if self.items.is_empty() {
            return;
        }
        let values = self.items.iter().map(|related| related.to_json(kind, base_url)).collect();
        resource.insert(attribute(kind).to_owned(), Value::Array(values));
    }
}

/// The attribute that holds what a resource of that kind is related to.
fn attribute(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "groups",
        Kind::Group => "members",
    }
}

impl Related {
    /// The value as a resource of that kind has it.
    fn to_json(&self, of: Kind, base_url: &str) -> Value {
        let reference = format!("{base_url}{}/{}", self.kind.endpoint(), self.id);
        let mut value = json!({"value": self.id, "$ref": reference});
        if let (Value::Object(parts), Some(display)) = (&mut value, &self.display) {
            parts.insert("display".to_owned(), json!(display));
        }
        let kind_of_relation = match of {
            // Memberships by way of other groups are not worked out, hence all are direct (RFC 7643 §4.1.2).
            Kind::User => "direct",
            Kind::Group => self.kind.name(),
        };
        if let Value::Object(parts) = &mut value {
            parts.insert("type".to_owned(), json!(kind_of_relation));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use scim::{Catalog, Profile, Resource, Version};
    use uuid::Uuid;

    use super::*;

    const BASE_URL: &str = "https://scim.example.com/customer/acme/scim/v2";

    fn stored(kind: Kind, document: Value, related: Option<Vec<Related>>) -> Stored {
        let Value::Object(document) = document else { panic!("a document is an object") };
        Stored {
            id: Uuid::from_u128(1),
            kind,
            resource: Resource::from_stored(document),
            version: Version::new(7),
            created: "2026-01-31T08:00:00.5Z".parse().unwrap(),
            last_modified: "2026-01-31T08:00:01Z".parse().unwrap(),
            related: related.map(|items| RelatedPage { items, rest: None }),
        }
    }

    fn json_of(stored: &Stored, attributes: Option<&str>) -> Value {
        let catalog = Catalog::new(&Profile::default()).unwrap();
        let resource_type = catalog.resource_type(stored.kind).unwrap();
        let projection = Projection::parse(attributes, None, resource_type).unwrap();
        Value::Object(stored.to_json(resource_type, BASE_URL, &projection))
    }

    #[test]
    fn a_user_has_its_groups_with_their_urls() {
        let group = Related { id: Uuid::from_u128(2), kind: Kind::Group, display: Some("Staff".to_owned()) };
        let document = json!({
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D"},
            "userName": "Ada",
        });
        insta::assert_json_snapshot!(json_of(&stored(Kind::User, document, Some(vec![group])), None), @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
          ],
          "id": "00000000-0000-0000-0000-000000000001",
          "userName": "Ada",
          "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "R&D"
          },
          "meta": {
            "resourceType": "User",
            "created": "2026-01-31T08:00:00.5Z",
            "lastModified": "2026-01-31T08:00:01Z",
            "location": "https://scim.example.com/customer/acme/scim/v2/Users/00000000-0000-0000-0000-000000000001",
            "version": "W/\"7-73ddcef5b5045ddd\""
          },
          "groups": [
            {
              "value": "00000000-0000-0000-0000-000000000002",
              "$ref": "https://scim.example.com/customer/acme/scim/v2/Groups/00000000-0000-0000-0000-000000000002",
              "display": "Staff",
              "type": "direct"
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_group_has_members_with_their_urls() {
        let members = vec![
            Related { id: Uuid::from_u128(2), kind: Kind::User, display: Some("Ada".to_owned()) },
            Related { id: Uuid::from_u128(3), kind: Kind::Group, display: None },
        ];
        let group = stored(Kind::Group, json!({"displayName": "Staff"}), Some(members));
        insta::assert_json_snapshot!(json_of(&group, None)["members"], @r#"
        [
          {
            "value": "00000000-0000-0000-0000-000000000002",
            "$ref": "https://scim.example.com/customer/acme/scim/v2/Users/00000000-0000-0000-0000-000000000002",
            "type": "User"
          },
          {
            "value": "00000000-0000-0000-0000-000000000003",
            "$ref": "https://scim.example.com/customer/acme/scim/v2/Groups/00000000-0000-0000-0000-000000000003",
            "type": "Group"
          }
        ]
        "#);
        // Names of members are shown on request (see the schema).
        let named = &json_of(&group, Some("members.display"))["members"];
        assert_eq!(named[0]["display"], json!("Ada"));
    }

    #[test]
    fn members_that_were_not_read_are_not_shown() {
        let group = stored(Kind::Group, json!({"displayName": "Staff"}), None);
        assert_eq!(json_of(&group, None).get("members"), None);
    }

    #[test]
    fn a_projection_is_applied() {
        let user = stored(Kind::User, json!({"userName": "Ada", "title": "Countess"}), None);
        insta::assert_json_snapshot!(json_of(&user, Some("userName")), @r#"
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User"
          ],
          "id": "00000000-0000-0000-0000-000000000001",
          "userName": "Ada"
        }
        "#);
    }
}
