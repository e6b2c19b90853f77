//! How tenants are named: by installation, namespace and name in the registry, by namespace and name in a URL.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::label::{self, LabelError};

macro_rules! dns_label {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads a DNS label.
            pub fn parse(text: impl Into<String>) -> Result<Self, LabelError> {
                let text = text.into();
                label::check(&text)?;
                Ok(Self(text))
            }

            /// The label.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = LabelError;

            fn from_str(text: &str) -> Result<Self, LabelError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = LabelError;

            fn try_from(text: String) -> Result<Self, LabelError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

dns_label! {
    /// The name of an installation of this product, so that two clusters can share a database. A DNS label.
    InstallationId
}

dns_label! {
    /// The Kubernetes namespace of a tenant. A DNS label.
    Namespace
}

dns_label! {
    /// The name of a tenant within its namespace. A DNS label.
    TenantName
}

/// What a tenant is known by in the registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantKey {
    /// The installation whose operator looks after the tenant.
    pub installation: InstallationId,
    /// The namespace of its `ScimTenant`.
    pub namespace: Namespace,
    /// The name of its `ScimTenant`.
    pub name: TenantName,
}

impl TenantKey {
    /// What a URL calls this tenant.
    pub fn path(&self) -> TenantPath {
        TenantPath { namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

impl fmt::Display for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.installation, self.namespace, self.name)
    }
}

/// What a URL calls a tenant: the first two segments of its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantPath {
    /// The namespace of its `ScimTenant`.
    pub namespace: Namespace,
    /// The name of its `ScimTenant`.
    pub name: TenantName,
}

impl TenantPath {
    /// Reads the two segments of a path.
    pub fn parse(namespace: &str, name: &str) -> Result<Self, LabelError> {
        Ok(Self { namespace: namespace.parse()?, name: name.parse()? })
    }
}

impl fmt::Display for TenantPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_to_the_path_of_the_same_tenant() {
        let key = TenantKey {
            installation: "production".parse().unwrap(),
            namespace: "customer-acme".parse().unwrap(),
            name: "acme".parse().unwrap(),
        };
        assert_eq!(key.path(), TenantPath::parse("customer-acme", "acme").unwrap());
        assert_eq!(key.to_string(), "production/customer-acme/acme");
    }

    #[test]
    fn a_path_with_a_segment_that_is_no_label_names_no_tenant() {
        assert_eq!(TenantPath::parse("customer-acme", ".."), Err(LabelError::Character('.')));
    }

    #[test]
    fn a_name_that_is_no_label_is_not_deserialized() {
        assert!(serde_json::from_str::<Namespace>("\"a b\"").is_err());
        assert_eq!(serde_json::from_str::<Namespace>("\"ab\"").unwrap().as_str(), "ab");
    }
}
