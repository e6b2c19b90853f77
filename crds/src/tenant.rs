//! ScimTenant: one SCIM connection of one customer.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::authentication::{Authentication, DURATION};
use crate::profile::TenantProfile;
use crate::text::ONE_LINE;

/// One SCIM connection of one customer. A customer with two directories has two.
#[derive(CustomResource, KubeSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "scim-operator.io",
    version = "v1alpha1",
    kind = "ScimTenant",
    namespaced,
    shortname = "sct",
    category = "scim",
    status = "ScimTenantStatus",
    derive = "PartialEq",
    doc = "One SCIM connection of one customer: a URL, a token, and a place for its users and groups.",
    validation = Rule::new("self.metadata.name.matches('^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$')")
        .message("the name must be a DNS label: at most 63 small letters, digits and '-'"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.tenantURL"),
    printcolumn(name = "Users", type_ = "integer", json_path = ".status.users"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct ScimTenantSpec {
    /// The ScimTenantClass; without it, the default class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub class_name: Option<String>,
    /// What people call the customer; without it, the name of this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = ONE_LINE))]
    pub display_name: Option<String>,
    /// Whose set-up text people are shown. What is spoken on the wire is the same for all.
    #[serde(default)]
    pub identity_provider: IdentityProvider,
    /// How the identity provider proves who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// What this tenant adds to or sets apart from its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<TenantProfile>,
    /// The addresses that requests may come from, as CIDR ranges; without it, any that the class lets through. It can only
    /// narrow what the class says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::text::ranges")]
    pub source_ranges: Vec<String>,
    /// Answers every request with 503 and keeps all data.
    #[serde(default)]
    pub suspend: bool,
    /// What happens to users and groups when this object is deleted; without it, the first that the class allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// How long deletionPolicy: Delete waits until it drops the data: as long as that, this object can be made again and
    /// takes the data up. At least as long as the class says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 16), regex(pattern = DURATION))]
    #[x_kube(validation = Rule::new("duration(self) <= duration('8760h')").message("must be at most 8760h"))]
    pub deletion_delay: Option<String>,
}

/// Identity providers that we have a set-up text for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IdentityProvider {
    /// Microsoft Entra ID.
    Entra,
    /// Okta.
    Okta,
    /// Any other.
    #[default]
    Generic,
}

/// What happens to a tenant's data when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The data stays. A ScimTenant of the same name in the same namespace takes it up again.
    Retain,
    /// The data is dropped.
    Delete,
}

/// What the operator says about a tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimTenantStatus {
    /// The generation of the tenant that this status is about; -1 before the operator has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready sums up Accepted, DatabaseReady, CredentialsReady and RouteReady. Reconciling and Stalled are there
    /// when true only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// What to paste into the identity provider as Tenant URL.
    #[serde(default, rename = "tenantURL", skip_serializing_if = "Option::is_none")]
    pub tenant_url: Option<String>,
    /// Where the identity provider gets access tokens, with authentication.oauth2.
    #[serde(default, rename = "tokenURL", skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// The Secret that holds URL and token; the one that was brought, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// The database of the installation that holds users and groups, by the name that classes call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The PostgreSQL schema that holds users and groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_schema: Option<String>,
    /// The token in the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenStatus>,
    /// What happens to users and groups when this object is deleted, as last accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// How long deletionPolicy: Delete waits, as last accepted. Absent: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_delay: Option<String>,
    /// The controllerName of the operator that served this tenant last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller_name: Option<String>,
    /// How many users there are; counted every few minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<i64>,
    /// How many groups there are; counted every few minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<i64>,
    /// When an identity provider last changed a user or a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_provisioned_at: Option<Time>,
}

/// What is known about the newest credential, a token unless `kind` says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenStatus {
    /// 1 for the first token of the tenant, one more with each that was issued since.
    pub generation: i64,
    /// What it is.
    pub kind: CredentialKind,
    /// When it was issued.
    pub issued_at: Time,
    /// When it was last used, to a quarter of an hour. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
    /// When it ends by itself. Absent: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
    /// The token before, as long as it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousToken>,
}

/// A token that was replaced and still works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviousToken {
    /// Its generation.
    pub generation: i64,
    /// When it was last used, to a quarter of an hour. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Time>,
    /// When it ends. Absent: when the new one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Time>,
}

/// The kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CredentialKind {
    /// A bearer token.
    BearerToken,
    /// A user name and a password.
    Basic,
    /// A client id and a client secret for the token endpoint.
    ClientSecret,
    /// Signed assertions for the token endpoint.
    Federation,
    /// Signed tokens.
    Jwt,
}
