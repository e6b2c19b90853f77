//! The custom resources ScimTenantClass and ScimTenant, their rules, and the reasons of their conditions.
