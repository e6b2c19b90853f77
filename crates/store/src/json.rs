//! From a stored resource to the JSON a client sees (RFC 7643 §3, RFC 7644 §3.4).

use scim::resource::Identity;
use scim::{Kind, Projection, ResourceType};
use serde_json::{Map, Value, json};

use crate::stored::{Related, Stored};

impl Stored {
    /// The resource as an answer holds it, with `members` or `groups`: what the projection lets through of it.
    ///
    /// `base_url` is the Tenant URL, without a slash at the end.
    pub fn to_json(
        &self,
        resource_type: &ResourceType,
        base_url: &str,
        projection: &Projection,
    ) -> Map<String, Value> {
        let identity = Identity { id: self.id, created: self.created, last_modified: self.last_modified };
        let mut resource = resource_type.represent(&self.resource, &identity, base_url);
        self.insert_related(&mut resource, base_url);
        projection.apply(resource_type, &mut resource);
        resource
    }

    fn insert_related(&self, resource: &mut Map<String, Value>, base_url: &str) {
        let Some(related) = self.related.as_ref().filter(|related| !related.is_empty()) else {
            return;
        };
        let (name, values): (_, Vec<Value>) = match self.kind {
            // Memberships by way of other groups are not worked out, hence all are direct (RFC 7643 §4.1.2).
            Kind::User => ("groups", related.iter().map(|group| group.to_json(base_url, "direct")).collect()),
            Kind::Group => (
                "members",
                related.iter().map(|member| member.to_json(base_url, member.kind.name())).collect(),
            ),
        };
        resource.insert(name.to_owned(), Value::Array(values));
    }
}

impl Related {
    fn to_json(&self, base_url: &str, kind_of_relation: &str) -> Value {
        let reference = format!("{base_url}{}/{}", self.kind.endpoint(), self.id);
        let mut value = json!({"value": self.id, "$ref": reference});
        if let (Value::Object(parts), Some(display)) = (&mut value, &self.display) {
            parts.insert("display".to_owned(), json!(display));
        }
        if let Value::Object(parts) = &mut value {
            parts.insert("type".to_owned(), json!(kind_of_relation));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use scim::{Catalog, Profile, Resource};
    use uuid::Uuid;

    use super::*;

    const BASE_URL: &str = "https://scim.example.com/customer/acme/scim/v2";

    fn stored(kind: Kind, document: Value, related: Option<Vec<Related>>) -> Stored {
        let Value::Object(document) = document else { panic!("a document is an object") };
        Stored {
            id: Uuid::from_u128(1),
            kind,
            resource: Resource::from_stored(document),
            created: "2026-01-31T08:00:00.5Z".parse().unwrap(),
            last_modified: "2026-01-31T08:00:01Z".parse().unwrap(),
            related,
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
            "location": "https://scim.example.com/customer/acme/scim/v2/Users/00000000-0000-0000-0000-000000000001"
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
            "display": "Ada",
            "type": "User"
          },
          {
            "value": "00000000-0000-0000-0000-000000000003",
            "$ref": "https://scim.example.com/customer/acme/scim/v2/Groups/00000000-0000-0000-0000-000000000003",
            "type": "Group"
          }
        ]
        "#);
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
