//! What the operator tells the server about a tenant: the JSON of its registry row.

use scim::Profile;
use serde::{Deserialize, Serialize};

use crate::url::TenantUrl;

/// A tenant as it is served.
///
/// A server reads what an operator of the version before or after wrote, so unknown fields are ignored, and every
/// field that is added later needs a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantConfiguration {
    /// What people call the customer.
    pub display_name: String,
    /// Where the tenant is reached: the base of every `meta.location` and `$ref`.
    #[serde(rename = "tenantURL")]
    pub tenant_url: TenantUrl,
    /// What the application understands, of class and tenant together.
    pub profile: Profile,
    /// Bounds on what one request may ask for.
    pub limits: Limits,
}

/// Bounds on what one request may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Most resources on one page of a listing (`filter.maxResults` of RFC 7643, section 5). At least 1.
    pub max_page_size: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration() -> TenantConfiguration {
        TenantConfiguration {
            display_name: "Acme Inc.".to_owned(),
            tenant_url: TenantUrl::try_from("https://scim.example.com/customer-acme/acme/scim/v2".to_owned())
                .unwrap(),
            profile: Profile::default(),
            limits: Limits { max_page_size: 1000 },
        }
    }

    #[test]
    fn a_configuration_survives_the_registry() {
        let json = serde_json::to_value(configuration()).unwrap();
        assert_eq!(json["tenantURL"], "https://scim.example.com/customer-acme/acme/scim/v2");
        assert_eq!(json["limits"]["maxPageSize"], 1000);
        assert_eq!(serde_json::from_value::<TenantConfiguration>(json).unwrap(), configuration());
    }

    #[test]
    fn a_field_that_a_newer_operator_wrote_is_ignored() {
        let mut json = serde_json::to_value(configuration()).unwrap();
        json["suspended"] = true.into();
        assert_eq!(serde_json::from_value::<TenantConfiguration>(json).unwrap(), configuration());
    }
}
