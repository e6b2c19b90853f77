//! From the profile that people declare to the one that the SCIM engine compiles.

use crds::profile::{ClassProfile, Groups, PatchResponse, ReturningUsers, TenantProfile};
use scim::Profile;
use scim::profile;

/// The profile of a class. Both have the JSON of the design's `spec.profile`, so an error is a defect of ours.
pub(crate) fn of_class(declared: &ClassProfile) -> Result<Profile, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(declared)?)
}

/// What a tenant of that class understands: what the class does, with the tenant's own choices and schemas.
pub(crate) fn of_tenant(class: &Profile, declared: &TenantProfile) -> Result<Profile, serde_json::Error> {
    let TenantProfile { groups, patch_response, returning_users, extensions } = declared;
    let mut profile = class.clone();
    if let Some(groups) = groups {
        profile.groups = match groups {
            Groups::Enabled => profile::Groups::Enabled,
            Groups::Disabled => profile::Groups::Disabled,
        };
    }
    if let Some(patch_response) = patch_response {
        profile.patch_response = match patch_response {
            PatchResponse::Body => profile::PatchResponse::Body,
            PatchResponse::NoContent => profile::PatchResponse::NoContent,
        };
    }
    if let Some(returning_users) = returning_users {
        profile.returning_users = match returning_users {
            ReturningUsers::Conflict => profile::ReturningUsers::Conflict,
            ReturningUsers::Revive => profile::ReturningUsers::Revive,
        };
    }
    let extensions: Vec<profile::Extension> = serde_json::from_value(serde_json::to_value(extensions)?)?;
    profile.extensions.extend(extensions);
    Ok(profile)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_that_can_be_declared_gets_lost() {
        let sub_attribute = json!({
            "name": "value", "type": "reference", "multiValued": true, "description": "d", "required": true,
            "canonicalValues": ["a"], "enforce": true, "caseExact": true, "mutability": "immutable",
            "returned": "request", "uniqueness": "server", "referenceTypes": ["User"],
        });
        let mut attribute = sub_attribute.clone();
        attribute["type"] = json!("complex");
        attribute["subAttributes"] = json!([sub_attribute]);
        let declared = json!({
            "groups": "Disabled", "patchResponse": "NoContent", "returningUsers": "Revive", "required": ["emails"],
            "attributes": [{
                "path": "userType", "canonicalValues": ["a"], "enforce": true, "uniqueness": "server",
                "required": true,
            }],
            "extensions": [{
                "urn": "urn:example:a", "resource": "Group", "attributes": [attribute],
                "additionalAttributes": "String",
            }],
        });
        let class: ClassProfile = serde_json::from_value(declared.clone()).unwrap();
        assert_eq!(serde_json::to_value(&class).unwrap(), declared);
        assert_eq!(serde_json::to_value(of_class(&class).unwrap()).unwrap(), declared);
    }

    #[test]
    fn a_tenant_adds_schemas_and_sets_its_own_choices() {
        let class: Profile = serde_json::from_value(json!({"required": ["emails"]})).unwrap();
        let declared = serde_json::from_value(json!({
            "groups": "Disabled", "patchResponse": "NoContent", "returningUsers": "Revive",
            "extensions": [{"urn": "urn:example:a", "resource": "User", "additionalAttributes": "String"}],
        }));
        let profile = of_tenant(&class, &declared.unwrap()).unwrap();
        assert_eq!(profile.groups, profile::Groups::Disabled);
        assert_eq!(profile.patch_response, profile::PatchResponse::NoContent);
        assert_eq!(profile.returning_users, profile::ReturningUsers::Revive);
        assert_eq!((profile.required.len(), profile.extensions.len()), (1, 1));
    }
}
