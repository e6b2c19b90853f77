//! The Group schema (RFC 7643 §4.2, §8.7.1).

use std::sync::Arc;

use super::{Attribute, Mutability, Returned, Schema, common};

pub(crate) const URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// `urn:ietf:params:scim:schemas:core:2.0:Group`. `displayName` is required (§4.2) and unique in a tenant,
/// for which identity providers rely on a 409.
pub(crate) fn schema() -> Schema {
    let attributes = [
        common::external_id(),
        Attribute::string("displayName", "The name of the group, unique in the tenant").required().unique(),
        Attribute::complex(
            "members",
            "The members of the group",
            [
                Attribute::string("value", "The id of the member")
                    .case_exact()
                    .mutability(Mutability::Immutable),
                Attribute::reference("$ref", &["User", "Group"], "The URL of the member")
                    .mutability(Mutability::Immutable),
                Attribute::string("type", "The kind of the member")
                    .canonical(&["User", "Group"])
                    .mutability(Mutability::Immutable),
                // On request alone: clients compare what they wrote with what they read (scim2-tester does), and looking
                // up the names of a large group costs more than its members do.
                Attribute::string("display", "The name of the member")
                    .read_only()
                    .returned(Returned::Request),
            ],
        )
        .multi_valued(),
    ];
    Schema {
        urn: URN.into(),
        name: "Group".to_owned(),
        description: "Group".to_owned(),
        attributes: attributes.into_iter().map(Arc::new).collect(),
        additional_attributes: None,
    }
}
