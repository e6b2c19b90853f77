//! What the operator tells the server about a tenant: the JSON of its registry row.

use std::net::IpAddr;

use ipnet::IpNet;
use scim::Profile;
use serde::{Deserialize, Serialize};

use crate::credential::PrivateAddresses;
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
    /// Whether requests are served.
    #[serde(default)]
    pub service: Service,
    /// Where requests may come from.
    #[serde(default)]
    pub source_ranges: SourceRanges,
    /// How long an access token of the token endpoint works, in seconds.
    #[serde(default = "one_hour")]
    pub access_token_seconds: u32,
    /// Whether keys of issuers may be fetched from private networks. It is asked for at every request and no part of a trust, so
    /// that a class that denies it is heeded at once.
    #[serde(default)]
    pub private_addresses: PrivateAddresses,
    /// The name of the tenant's class: of no matter to servers.
    #[serde(default)]
    pub class_name: String,
}

/// Whether requests are served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// They are.
    #[default]
    Active,
    /// They are answered with 503 once they are authenticated.
    Suspended,
}

/// Where requests may come from: an address must be in each of these lists that is not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRanges {
    /// What the class lets through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class: Vec<IpNet>,
    /// What the tenant lets through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenant: Vec<IpNet>,
}

impl SourceRanges {
    /// Whether requests may come from this address; an IPv4 address in the form of an IPv6 one counts as the former.
    pub fn allow(&self, source: IpAddr) -> bool {
        let source = source.to_canonical();
        [&self.class, &self.tenant]
            .into_iter()
            .all(|ranges| ranges.is_empty() || ranges.iter().any(|range| range.contains(&source)))
    }

    /// Whether every address may ask.
    pub fn allow_all(&self) -> bool {
        self.class.is_empty() && self.tenant.is_empty()
    }
}

fn one_hour() -> u32 {
    3600
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
            service: Service::Suspended,
            source_ranges: ranges(&["203.0.113.0/24"], &[]),
            access_token_seconds: 7200,
            private_addresses: PrivateAddresses::Allow,
            class_name: "default".to_owned(),
        }
    }

    fn ranges(class: &[&str], tenant: &[&str]) -> SourceRanges {
        let parse = |ranges: &[&str]| ranges.iter().map(|range| range.parse().unwrap()).collect();
        SourceRanges { class: parse(class), tenant: parse(tenant) }
    }

    fn allowed(ranges: &SourceRanges, source: &str) -> bool {
        ranges.allow(source.parse().unwrap())
    }

    #[test]
    fn a_configuration_survives_the_registry() {
        let json = serde_json::to_value(configuration()).unwrap();
        assert_eq!(json["tenantURL"], "https://scim.example.com/customer-acme/acme/scim/v2");
        assert_eq!(json["limits"]["maxPageSize"], 1000);
        assert_eq!(json["service"], "Suspended");
        assert_eq!(json["sourceRanges"]["class"][0], "203.0.113.0/24");
        assert_eq!(json["accessTokenSeconds"], 7200);
        assert_eq!(json["privateAddresses"], "Allow");
        assert_eq!(serde_json::from_value::<TenantConfiguration>(json).unwrap(), configuration());
    }

    #[test]
    fn a_field_that_a_newer_operator_wrote_is_ignored() {
        let mut json = serde_json::to_value(configuration()).unwrap();
        json["fromTheFuture"] = true.into();
        assert_eq!(serde_json::from_value::<TenantConfiguration>(json).unwrap(), configuration());
    }

    #[test]
    fn what_an_older_operator_did_not_write_has_a_default() {
        let mut json = serde_json::to_value(configuration()).unwrap();
        for newer in ["service", "sourceRanges", "accessTokenSeconds", "privateAddresses", "className"] {
            json.as_object_mut().unwrap().remove(newer);
        }
        let read: TenantConfiguration = serde_json::from_value(json).unwrap();
        assert_eq!((read.service, read.access_token_seconds), (Service::Active, 3600));
        assert_eq!(read.private_addresses, PrivateAddresses::Deny);
        assert!(read.source_ranges.allow_all() && read.class_name.is_empty());
    }

    #[test]
    fn without_ranges_requests_come_from_anywhere() {
        assert!(allowed(&ranges(&[], &[]), "203.0.113.7"));
    }

    #[test]
    fn a_tenant_narrows_its_class_and_does_not_widen_it() {
        let both = ranges(&["203.0.113.0/24"], &["203.0.113.0/28", "198.51.100.0/24"]);
        assert!(allowed(&both, "203.0.113.7"));
        assert!(!allowed(&both, "203.0.113.77"));
        assert!(!allowed(&both, "198.51.100.7"));
    }

    #[test]
    fn an_ipv4_address_in_the_form_of_an_ipv6_one_is_the_same() {
        assert!(allowed(&ranges(&["203.0.113.0/24"], &[]), "::ffff:203.0.113.7"));
    }
}
