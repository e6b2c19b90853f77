//! Numbers that the registry gives out, and the one way from a tenant's number to the name of its schema.

use std::fmt;

use serde::{Deserialize, Serialize};

const SCHEMA_PREFIX: &str = "tenant_";

/// The registry's number of a tenant. It is never used again, also not after the tenant was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(i64);

impl TenantId {
    /// The tenant with this number in the registry.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number as the registry holds it.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The tenant whose schema has this name: the way back from what a status or a dump says. `None` for every other text.
    pub fn of_schema(name: &str) -> Option<Self> {
        let id = Self(name.strip_prefix(SCHEMA_PREFIX)?.parse().ok()?);
        (SchemaName::of(id).as_str() == name).then_some(id)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The PostgreSQL schema that holds a tenant's users and groups: `tenant_42`.
///
/// It is made from a [`TenantId`] only, so no text of a user ever gets into an identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaName(String);

impl SchemaName {
    /// The schema of this tenant.
    pub fn of(tenant: TenantId) -> Self {
        // A registry counts from 1. The absolute value keeps a minus sign, which SQL would read as an operator,
        // out of the name for every value of the type.
        Self(format!("{SCHEMA_PREFIX}{}", tenant.0.unsigned_abs()))
    }

    /// The name, of the form `tenant_[0-9]+`: valid in SQL with and without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which credential of a tenant this is: 1 for the first, one more with each that was issued since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// The generation of a tenant's first credential.
    pub const FIRST: Self = Self(1);

    /// The generation with this number.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The generation of the credential that is issued next.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_schema_is_named_after_the_tenants_number() {
        assert_eq!(SchemaName::of(TenantId::new(42)).as_str(), "tenant_42");
    }

    #[test]
    fn only_the_name_of_a_schema_leads_back_to_its_tenant() {
        assert_eq!(TenantId::of_schema("tenant_42"), Some(TenantId::new(42)));
        for other in ["tenant_", "tenant_042", "tenant_+42", "tenant_-42", "tenant_42 ", "scim_control", ""] {
            assert_eq!(TenantId::of_schema(other), None, "{other}");
        }
        assert_eq!(TenantId::of_schema(&format!("tenant_{}", u64::MAX)), None);
    }

    #[test]
    fn the_generation_after_the_first_is_the_second() {
        assert_eq!(Generation::FIRST.next().get(), 2);
    }

    proptest! {
        #[test]
        fn a_schema_name_needs_no_quotes_whatever_the_number(id: i64) {
            let name = SchemaName::of(TenantId::new(id)).as_str().to_owned();
            let digits = name.strip_prefix("tenant_").unwrap();
            prop_assert!(!digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()));
            prop_assert!(name.len() <= 63);
        }
    }
}
