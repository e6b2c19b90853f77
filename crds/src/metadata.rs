//! Labels, annotations and finalizers that users and the operator meet on objects.

/// The API group, and the prefix of everything below.
pub const GROUP: &str = "scim-operator.io";

/// What annotations a person may set.
pub mod annotation {
    /// On a ScimTenantClass, `"true"`: tenants that name no class are served by this one.
    pub const IS_DEFAULT_CLASS: &str = "scimtenantclass.scim-operator.io/is-default-class";
    /// On a ScimTenant: any new value issues a new token; the old one works until the new one was used.
    pub const ROTATE_TOKEN: &str = "scim-operator.io/rotate-token";
    /// On a ScimTenant: any new value ends all older tokens at once and issues a new one.
    pub const REVOKE_TOKENS: &str = "scim-operator.io/revoke-tokens";
    /// On a ScimTenant, `"true"`: the operator leaves it as it is, until it is deleted.
    pub const PAUSED: &str = "scim-operator.io/paused";
    /// On a route that the operator made: a digest of everything it asked for, so that what it asks for no more
    /// is noticed too.
    pub const DESIRED: &str = "scim-operator.io/desired";
}

/// Labels on the objects that the operator makes.
pub mod label {
    /// Always [`MANAGER`].
    pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
    /// The value of [`MANAGED_BY`].
    pub const MANAGER: &str = "scim-operator";
    /// The installation that made the object.
    pub const INSTALLATION: &str = "scim-operator.io/installation";
    /// The namespace of the ScimTenant that the object belongs to.
    pub const TENANT_NAMESPACE: &str = "scim-operator.io/tenant-namespace";
    /// The name of the ScimTenant that the object belongs to.
    pub const TENANT_NAME: &str = "scim-operator.io/tenant-name";
    /// The UID of the ScimTenant that the object belongs to.
    pub const TENANT_UID: &str = "scim-operator.io/tenant-uid";
    /// The name of the ScimTenantClass that the object belongs to.
    pub const CLASS_NAME: &str = "scim-operator.io/class-name";
    /// On a Secret, `"true"`: its owner consents that a ScimTenant of its namespace takes a credential out of it.
    pub const CREDENTIAL: &str = "scim-operator.io/credential";
}

/// Finalizers that the operator sets.
pub mod finalizer {
    /// On a ScimTenant: its registry row is to be retained or deleted, its route removed.
    pub const TENANT: &str = "scim-operator.io/tenant";
    /// On a ScimTenantClass: tenants refer to it.
    pub const CLASS_IN_USE: &str = "scim-operator.io/in-use";
}

/// The Secret that holds what an identity provider needs.
pub mod connection_secret {
    /// `type` of the Secret.
    pub const TYPE: &str = "scim-operator.io/connection";
    /// The key that holds the URL to paste into the identity provider.
    pub const TENANT_URL: &str = "tenantURL";
    /// The key that holds the bearer token; with basic, the password once more.
    pub const TOKEN: &str = "token";
    /// The key that holds the user name, with basic.
    pub const USER_NAME: &str = "username";
    /// The key that holds the password, with basic.
    pub const PASSWORD: &str = "password";
    /// The key that holds the URL of the token endpoint, with oauth2.
    pub const TOKEN_URL: &str = "tokenURL";
    /// The key that holds the client id, with oauth2.
    pub const CLIENT_ID: &str = "clientID";
    /// The key that holds the client secret, with oauth2.
    pub const CLIENT_SECRET: &str = "clientSecret";
}
