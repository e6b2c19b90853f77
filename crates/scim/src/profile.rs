//! What an application understands: the choices a class and a tenant make about SCIM, as one serialisable
//! value.

use serde::{Deserialize, Serialize};

use crate::schema::{Attribute, Uniqueness};

/// What the application understands. [`crate::Catalog::new`] compiles it into the resource types a tenant
/// has.
///
/// The JSON form is camelCase and is that of `spec.profile` of a `ScimTenantClass`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    /// Whether `/Groups` exists.
    pub groups: Groups,
    /// What a successful PATCH answers.
    pub patch_response: PatchResponse,
    /// What becomes of a user who is created again.
    pub returning_users: ReturningUsers,
    /// Paths of attributes that every resource must have, such as `name.givenName`. A path without a URN is
    /// one of User; `urn:ietf:params:scim:schemas:core:2.0:Group:externalId` names one of Group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// Attributes that are narrower than their schema says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Narrowing>,
    /// Schemas beside User, Group and the enterprise extension.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// Whether groups are provisioned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Groups {
    /// `/Groups` is served.
    #[default]
    Enabled,
    /// There is no resource type Group.
    Disabled,
}

/// What a successful PATCH answers (RFC 7644 §3.5.2 leaves it to the service provider).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PatchResponse {
    /// 200 with the resource.
    #[default]
    Body,
    /// 204 without a body.
    NoContent,
}

/// What becomes of a POST for a user who was there before: disabled since (`active: false`), or deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReturningUsers {
    /// A disabled user is in the way (409 `uniqueness`); after a deletion the user is a new one, with a new id.
    #[default]
    Conflict,
    /// The user comes back under the id from before, and is what the body says.
    Revive,
}

/// One attribute of an existing schema, made narrower.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Narrowing {
    /// The attribute, such as `userType`, `emails.value` or `urn:…:User:department`.
    pub path: String,
    /// The values the application knows; empty leaves those of the schema.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// Whether any other value is refused (compared exactly).
    #[serde(default)]
    pub enforce: bool,
    /// Whether no two resources may have the same value; absent leaves what the schema says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniqueness: Option<Uniqueness>,
    /// Whether every resource must have it (in a multi-valued attribute: each element, and at least one).
    #[serde(default)]
    pub required: bool,
}

/// A schema that the application adds to a resource type (RFC 7643 §3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    /// The schema's URN, under which its attributes stand in a resource.
    pub urn: String,
    /// The resource type it extends.
    pub resource: crate::Kind,
    /// Its attributes, as RFC 7643 §7 defines them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// Whether any other name is accepted too, and what its values become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_attributes: Option<AdditionalAttributes>,
}

/// What values of attributes become that a schema does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdditionalAttributes {
    /// Single strings, whatever type arrives.
    String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_profile_of_the_design_is_read_and_written_back() {
        let written = json!({
            "groups": "Enabled",
            "patchResponse": "NoContent",
            "required": ["name.givenName", "name.familyName", "emails"],
            "attributes": [
                {"path": "userType", "canonicalValues": ["Premium", "Standard"], "enforce": true},
                {"path": "emails.value", "uniqueness": "server"}
            ],
            "extensions": [
                {"urn": "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName", "resource": "User",
                 "attributes": [{"name": "folders", "type": "string", "multiValued": true}]},
                {"urn": "urn:ietf:params:scim:schemas:extension:2.0:Metadata", "resource": "User",
                 "additionalAttributes": "String"}
            ]
        });
        let profile: Profile = serde_json::from_value(written).unwrap();
        assert_eq!(profile.patch_response, PatchResponse::NoContent);
        let again: Profile = serde_json::from_value(serde_json::to_value(&profile).unwrap()).unwrap();
        assert_eq!(again, profile);
    }

    #[test]
    fn an_empty_profile_is_the_default() {
        assert_eq!(serde_json::from_value::<Profile>(json!({})).unwrap(), Profile::default());
    }
}
