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
    ($($(#[doc = $meaning:literal])+ $name:ident => $remedy:literal,)*) => {
        /// The reasons of conditions and Events.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $meaning])+ $name,)*
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

            /// What it says, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($meaning),+).trim_ascii(),)*
                }
            }

            /// What a person does about it.
            pub fn remedy(self) -> &'static str {
                match self {
                    $(Self::$name => $remedy,)*
                }
            }
        }
    };
}

reasons! {
    /// Accepted: nothing is wrong with the object.
    Valid => "Nothing.",
    /// DatabaseReady: schema and registry are as declared.
    Provisioned => "Nothing.",
    /// CredentialsReady: the Secret holds a valid token.
    Issued => "Nothing.",
    /// RouteReady: the Ingress is as declared.
    Applied => "Nothing.",
    /// Ready: an identity provider can connect.
    Connected => "Nothing.",

    /// Accepted is false: the tenant names a class that does not exist.
    ClassNotFound => "Create the class, or name one of `kubectl get sctc` in `spec.className`.",
    /// Accepted is false: the tenant names no class, and no class is the default.
    NoDefaultClass => "Name a class in `spec.className`, or annotate one with `scimtenantclass.scim-operator.io/is-default-class: \"true\"`.",
    /// Accepted is false: the tenant names no class, and more than one class is the default.
    SeveralDefaultClasses => "Leave the default annotation on one class only, or name a class in `spec.className`.",
    /// Accepted is false: the class is being deleted and takes no new tenants.
    ClassTerminating => "Name another class, or wait until the class is gone and create it anew.",
    /// Accepted is false: the class does not serve the tenant's namespace.
    NamespaceNotAllowed => "Label the namespace as the class selects (`kubectl get sctc NAME -o yaml`), or name another class.",
    /// Accepted is false: the namespace is being deleted.
    NamespaceTerminating => "Nothing: the tenant goes with its namespace.",
    /// Accepted is false: the class allows other deletion policies only.
    DeletionPolicyNotAllowed => "Choose one of the class's `deletionPolicies`, or let the class allow this one.",
    /// Accepted is false: the tenant adds schemas, and its class does not let it (tenantProfile: Fixed).
    ProfileFixed => "Take `spec.profile.extensions` out, or set `tenantProfile: Extend` on the class.",
    /// Accepted is false: the profile makes no SCIM schema.
    InvalidProfile => "Mend what the message names in `spec.profile` of the class or of the tenant.",
    /// Accepted is false: the class serves all namespaces without being the default.
    SelectorRequired => "Give the class `allowedNamespaces: {from: Selector, selector: …}`, or make it the default class.",
    /// Accepted is false: the label selector of the class cannot be read.
    InvalidSelector => "Mend `allowedNamespaces.selector` of the class.",
    /// Accepted is false: the class's URL cannot be routed.
    InvalidURL => "Mend `url` of the class: `https://`, a host name, perhaps a port.",
    /// Accepted is false: the class names a database that the installation does not have.
    UnknownDatabase => "Name a database of the installation in `database` of the class.",

    /// DatabaseReady is false: PostgreSQL does not answer. It is tried again.
    DatabaseUnavailable => "Bring PostgreSQL back; the operator goes on by itself. Servers answer 503 meanwhile. A deletion waits: see below.",
    /// DatabaseReady is false: PostgreSQL refuses a statement. It is tried again.
    DatabaseFailed => "Read the message and the operator's log; mostly a right or a role is missing, and the message has the statement to run.",
    /// DatabaseReady is false: the registry holds data of another owner under this name.
    OwnedByAnother => "The data of this name belongs to an earlier namespace of the same name. Use another name, or let a database administrator remove the old row and its schema.",
    /// CredentialsReady is false: a Secret of that name is there, and it is not the tenant's.
    SecretNameTaken => "Name another Secret in `spec.authentication.bearerToken.secretName`, or remove the one that is there.",
    /// CredentialsReady is false: the API server refuses the Secret, or fails. What passes is tried again.
    SecretRefused => "Read the message: a quota, an admission policy, a missing right, or a webhook or an API server in trouble.",
    /// CredentialsReady is false: the Secret was taken away or edited as soon as it was written. A new token follows after ten seconds.
    SecretLost => "If it happens again and again, find out who prunes or edits the Secret that the message names.",
    /// RouteReady or a class's Accepted is false: an Ingress of that name is there, and it is not ours.
    RouteNameTaken => "Remove the Ingress that the message names from the servers' namespace. If another class made it for the same host, give both classes the same `route.ingress.className` and `tlsSecretName`.",
    /// RouteReady or a class's Accepted is false: the API server refuses the Ingress, or fails. What passes is tried again.
    RouteRefused => "Read the message: an admission policy of the ingress controller, a missing right, or a webhook or an API server in trouble.",
    /// A condition is unknown: an earlier step failed.
    Waiting => "Look at the condition that is false.",
    /// Ready is false: the tenant is being deleted, which waits for PostgreSQL.
    DeletionWaits => "See the message; a deletion that waits is described below.",
    /// A class is being deleted, and tenants refer to it.
    InUse => "Delete the tenants of the class, or give them another one.",

    /// Event: the tenant is gone, its users and groups are kept.
    DataRetained => "Nothing. The same name in the same namespace takes the data up again.",
    /// Event: the tenant is gone, and its users and groups with it.
    DataDeleted => "Nothing.",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
