//! The SCIM endpoint: stateless, serves the provisioning traffic of all tenants.
fn main() {}
