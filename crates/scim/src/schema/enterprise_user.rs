//! The enterprise extension of User (RFC 7643 §4.3, §8.7.1).

use std::sync::Arc;

use super::{Attribute, Schema};

pub(crate) const URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
pub(crate) fn schema() -> Schema {
    let attributes = [
        Attribute::string("employeeNumber", "The number that the organisation gave the person"),
        Attribute::string("costCenter", "The name of a cost center"),
        Attribute::string("organization", "The name of an organisation"),
        Attribute::string("division", "The name of a division"),
        Attribute::string("department", "The name of a department"),
        Attribute::complex(
            "manager",
            "The user's manager",
            [
                Attribute::string("value", "The id of the manager").case_exact(),
                Attribute::reference("$ref", &["User"], "The URL of the manager").read_only(),
                Attribute::string("displayName", "The manager's name").read_only(),
            ],
        ),
    ];
    Schema {
        urn: URN.into(),
        name: "EnterpriseUser".to_owned(),
        description: "Enterprise User".to_owned(),
        attributes: attributes.into_iter().map(Arc::new).collect(),
        additional_attributes: None,
    }
}
