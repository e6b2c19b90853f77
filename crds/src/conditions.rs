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
    /// Of a tenant: its schema is there and its configuration is what the servers read. Of a class: its database can be used.
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
    /// Somebody asked the operator to leave the object as it is. There when true only.
    Paused,
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
            Self::Paused => "Paused",
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
    /// DatabaseReady: schema and registry are as declared; of a class: its database can be used.
    Provisioned => "Nothing.",
    /// CredentialsReady: the Secret holds a valid token.
    Issued => "Nothing.",
    /// CredentialsReady: the token of the Secret that was named is valid.
    Brought => "Nothing.",
    /// CredentialsReady: what the named issuer signs is accepted.
    Trusted => "Nothing.",
    /// RouteReady: the route is as declared and, of an HTTPRoute, its Gateway took it.
    Applied => "Nothing.",
    /// RouteReady: the class makes no routes.
    NotRouted => "Lead requests for the Tenant URL to the Service of the servers yourself.",
    /// Ready: an identity provider can connect.
    Connected => "Nothing.",
    /// Ready: as declared by `spec.suspend`, every request is answered with 503, and all data is kept.
    Suspended => "Nothing; set `spec.suspend` to false to go on.",
    /// Paused is true: the operator leaves the object as it is.
    Paused => "Take the annotation `scim-operator.io/paused` away to go on. Deleting the object works meanwhile.",

    /// Accepted is false: the tenant names a class that does not exist.
    ClassNotFound => "Create the class, or name one of `kubectl get sctc` in `spec.className`.",
    /// Accepted is false: the tenant names no class, and no class is the default.
    NoDefaultClass => "Name a class in `spec.className`, or annotate one with `scimtenantclass.scim-operator.io/is-default-class: \"true\"`.",
    /// Accepted is false: the tenant names no class, and more than one class is the default.
    SeveralDefaultClasses => "Leave the default annotation on one class only, or name a class in `spec.className`.",
    /// Accepted is false: the class is being deleted and takes no new tenants.
    ClassTerminating => "Name another class, or wait until the class is gone and create it anew.",
    /// Accepted is false: users and groups are in another database than the one that the class names by now.
    DatabaseChanged => "Set `spec.database` of the class, or `spec.className` of the tenant, back: data is not moved. What was accepted last goes on serving. To begin with nothing in the other database, delete the tenant and make it again.",
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
    /// Accepted is false: an issuer is named that the class does not allow.
    IssuerNotAllowed => "Name an issuer that is reached by https:// at a public address, or let the class allow private ones (`outgoing.privateAddresses: Allow`).",
    /// Accepted is false: a duration or a range of addresses cannot be read.
    InvalidSpec => "Mend the field that the message names.",
    /// Accepted is false: the class names a database that the installation does not have.
    UnknownDatabase => "Name a database of the installation in `database` of the class.",

    /// DatabaseReady is false: PostgreSQL does not answer. It is tried again.
    DatabaseUnavailable => "Bring PostgreSQL back, at the address that the class names (`kubectl describe sctc`); the operator goes on by itself. Servers answer 503 meanwhile. A deletion waits: see below.",
    /// DatabaseReady is false: PostgreSQL does not let the operator in, or refuses a statement; or nobody said where it is. It is tried again.
    DatabaseFailed => "Read the message of the class (`kubectl describe sctc`): a wrong password or database, TLS that does not fit, or a right or a role that is missing, with the statement to run. Files that were mended are read again within seconds of being there.",
    /// DatabaseReady is false: the registry holds data of another owner under this name.
    OwnedByAnother => "The data of this name belongs to an earlier namespace of the same name. Use another name, or, if it is this customer's, let the class adopt it (`retainedData: Adopt`).",
    /// DatabaseReady is false: the registry's rows of this installation belong to another cluster.
    InstallationTaken => "Give each cluster an `--installation` of its own. If this cluster takes the place of one that is gone, start the operator with `--take-over-cluster` and the UID that the message names.",
    /// DatabaseReady is false: tables of the tenant are missing, and the rest is there.
    SchemaDamaged => "Restore the tables that the message names from a backup; or drop the whole schema, and an empty one is made.",
    /// DatabaseReady is false: the tenant's schema is there, and the registry's row of it is gone.
    RegistrationLost => "Restore the row in `scim_control.tenants` from a backup; or rename or drop the schema that the message names, and the tenant gets an empty one.",
    /// CredentialsReady is false: a Secret of that name is there, and it is not the tenant's.
    SecretNameTaken => "Name another Secret in `spec.authentication.bearerToken.secretName`, or remove the one that is there.",
    /// CredentialsReady is false: the API server refuses the Secret, or fails. What passes is tried again.
    SecretRefused => "Read the message: a quota, an admission policy, a missing right, or a webhook or an API server in trouble.",
    /// CredentialsReady is false: the Secret was taken away or edited as soon as it was written. A new token follows after ten seconds.
    SecretLost => "If it happens again and again, find out who prunes or edits the Secret that the message names.",
    /// CredentialsReady is false: the Secret that is named, or its key, is not there.
    CredentialNotFound => "Make the Secret that the message names, with that key. A credential that was valid before goes on working.",
    /// CredentialsReady is false: the Secret that is named does not consent.
    CredentialNotOffered => "Label the Secret with `scim-operator.io/credential: \"true\"`, if the ScimTenant may take its credential.",
    /// CredentialsReady is false: the token or password that was brought is too easy to guess, or cannot be sent.
    WeakCredential => "Bring one of at least 32 random characters, such as `openssl rand -hex 32` makes.",
    /// CredentialsReady is false: the token or password in the Secret that is named was revoked, or every credential was and none can be issued.
    CredentialRevoked => "Bring another one, which stays revoked as long as the Secret holds it; or mend what the other conditions name, and a new one is issued.",
    /// RouteReady or a class's Accepted is false: a route of that name is there, and it is not ours.
    RouteNameTaken => "Remove the object that the message names from the servers' namespace. If another class made it for the same host, give both classes the same `route.ingress.className` and `tlsSecretName`.",
    /// RouteReady or a class's Accepted is false: the API server refuses the route, or fails. What passes is tried again.
    RouteRefused => "Read the message: an admission policy of the ingress controller, a missing right, or a webhook or an API server in trouble.",
    /// RouteReady or a class's Accepted is false: the cluster knows no HTTPRoute.
    GatewayAPIMissing => "Install the CRDs of the Gateway API (`kubectl get crd httproutes.gateway.networking.k8s.io`) and a controller for it, or set `route.kind: Ingress`.",
    /// RouteReady is false: the Gateway has not taken the HTTPRoute yet.
    RoutePending => "Wait; if it stays, look whether a controller serves the Gateway that the class names.",
    /// RouteReady is false: the Gateway refuses the HTTPRoute.
    RouteRejected => "Read the message, which is the Gateway's: mostly its listeners do not let routes of the servers' namespace or of this host in.",
    /// A condition is unknown or false: something before it is in the way.
    Waiting => "Look at the condition that is false.",
    /// Ready is false: the tenant is being deleted, which waits for PostgreSQL.
    DeletionWaits => "See the message; a deletion that waits is described below.",
    /// A class is being deleted, and tenants refer to it.
    InUse => "Delete the tenants of the class, or give them another one.",

    /// Event: a token or another credential was used for the first time; those before it end, unless they were given a time.
    CredentialUsed => "Nothing.",
    /// Event: a new token waits to be pasted into the identity provider.
    CredentialUnused => "Paste the token of the Secret into the identity provider. The old one works until the time that the message names.",
    /// Ready is false, and Event: the class belongs to another operator now, which makes its own connection.
    HandedOver => "Nothing. Users and groups are kept as with Retain; set `className` back to take them up again.",
    /// Event: the operator is configured with a class of this name (`--default-class-file`), and did not make the one that is there.
    ClassNameTaken => "Configure another name or none; or label the class as the message says, and it follows the configuration.",
    /// Event: the tenant took up data that a namespace of another UID left behind.
    DataAdopted => "Nothing.",
    /// Event: the tenant's tables were dropped by somebody; they were made again, empty.
    SchemaMadeAnew => "Find out who dropped the schema. Restore it from a backup, or let the identity provider provision everything again.",
    /// Event: the tenant is gone; its users and groups are dropped at the time that the message names.
    DataDeletionScheduled => "To undo it, make the ScimTenant again in the same namespace before that time.",
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
