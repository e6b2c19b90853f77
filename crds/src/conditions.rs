//! The conditions of both resources, and every reason they give.
//!
//! Messages are for people and may change; types and reasons are for programs and stay.

use std::fmt;

/// The types of conditions. `Ready` sums up the four before it; `Reconciling` and `Stalled` have the sense of
/// kstatus (<https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus>) and are there when true only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionType {
    /// The object is valid and, for a tenant, its class takes it.
    Accepted,
    /// The tenant's schema is there and its configuration is what the servers read.
    DatabaseReady,
    /// The token is valid and in the Secret.
    CredentialsReady,
    /// The route from the Tenant URL to the servers is applied.
    RouteReady,
    /// An identity provider can connect.
    Ready,
    /// The operator is at it: what is missing passes without a change of any object.
    Reconciling,
    /// The operator waits for somebody to change something.
    Stalled,
}

impl ConditionType {
    /// The type as it stands in a condition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::DatabaseReady => "DatabaseReady",
            Self::CredentialsReady => "CredentialsReady",
            Self::RouteReady => "RouteReady",
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
        }
    }
}

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! reasons {
    ($($(#[$documentation:meta])* $name:ident,)*) => {
        /// The reasons of conditions and Events.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$documentation])* $name,)*
        }

        impl Reason {
            /// All of them, in the order of their documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reason as it stands in a condition.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

reasons! {
    /// Accepted: nothing is wrong with the object.
    Valid,
    /// DatabaseReady: schema and registry are as declared.
    Provisioned,
    /// CredentialsReady: the Secret holds a valid token.
    Issued,
    /// RouteReady: the Ingress is as declared.
    Applied,
    /// Ready: an identity provider can connect.
    Connected,

    /// Accepted is false: the tenant names a class that does not exist.
    ClassNotFound,
    /// Accepted is false: the tenant names no class, and no class is the default.
    NoDefaultClass,
    /// Accepted is false: the tenant names no class, and more than one class is the default.
    SeveralDefaultClasses,
    /// Accepted is false: the class is being deleted and takes no new tenants.
    ClassTerminating,
    /// Accepted is false: the class does not serve the tenant's namespace.
    NamespaceNotAllowed,
    /// Accepted is false: the namespace is being deleted.
    NamespaceTerminating,
    /// Accepted is false: the class allows other deletion policies only.
    DeletionPolicyNotAllowed,
    /// Accepted is false: the tenant adds schemas, and its class does not let it (tenantProfile: Fixed).
    ProfileFixed,
    /// Accepted is false: the profile makes no SCIM schema.
    InvalidProfile,
    /// Accepted is false: the class serves all namespaces without being the default.
    SelectorRequired,
    /// Accepted is false: the label selector of the class cannot be read.
    InvalidSelector,
    /// Accepted is false: the class's URL cannot be routed.
    InvalidURL,
    /// Accepted is false: the class names a database that the installation does not have.
    UnknownDatabase,

    /// DatabaseReady is false: PostgreSQL does not answer. It is tried again.
    DatabaseUnavailable,
    /// DatabaseReady is false: PostgreSQL refuses a statement. It is tried again.
    DatabaseFailed,
    /// DatabaseReady is false: the registry holds data of another owner under this name.
    OwnedByAnother,
    /// CredentialsReady is false: a Secret of that name is there, and it is not the tenant's.
    SecretNameTaken,
    /// CredentialsReady is false: the API server refuses the Secret.
    SecretRefused,
    /// RouteReady or a class's Accepted is false: an Ingress of that name is there, and it is not ours.
    RouteNameTaken,
    /// RouteReady or a class's Accepted is false: the API server refuses the Ingress.
    RouteRefused,
    /// A condition is unknown: an earlier step failed.
    Waiting,
    /// Ready is false: the tenant is being deleted, which waits for PostgreSQL.
    DeletionWaits,
    /// A class is being deleted, and tenants refer to it.
    InUse,

    /// Event: the tenant is gone, its users and groups are kept.
    DataRetained,
    /// Event: the tenant is gone, and its users and groups with it.
    DataDeleted,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
