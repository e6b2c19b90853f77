//! The controller: reconciles ScimTenants into schemas, credentials, Secrets and routes.
fn main() {}
