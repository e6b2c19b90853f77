//! ScimTenantClass: what the platform decides and a tenant cannot change.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector};
use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::authentication::DURATION;
use crate::metadata::annotation;
use crate::profile::ClassProfile;
use crate::tenant::DeletionPolicy;
use crate::text::{DNS_SUBDOMAIN, LINES};

/// What the platform decides for the tenants of this class, as an IngressClass does for Ingresses.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "scim-operator.io",
    version = "v1alpha1",
    kind = "ScimTenantClass",
    plural = "scimtenantclasses",
    shortname = "sctc",
    category = "scim",
    status = "ScimTenantClassStatus",
    derive = "PartialEq",
    doc = "What a platform decides for its SCIM tenants: where they are reached, where their data is, what the application understands.",
    validation = Rule::new("self.metadata.name.size() <= 63").message("the name must have at most 63 characters"),
    printcolumn(name = "Accepted", type_ = "string", json_path = ".status.conditions[?(@.type==\"Accepted\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Accepted\")].reason"),
    printcolumn(
        name = "Database",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"DatabaseReady\")].status"
    ),
    printcolumn(name = "URL", type_ = "string", json_path = ".spec.url"),
    printcolumn(name = "Tenants", type_ = "integer", json_path = ".status.tenants.total"),
    printcolumn(name = "Not Ready", type_ = "integer", json_path = ".status.tenants.notReady"),
    printcolumn(
        name = "Default",
        type_ = "string",
        json_path = ".metadata.annotations.scimtenantclass\\.scim-operator\\.io/is-default-class"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct ScimTenantClassSpec {
    /// The operator that serves this class. It cannot be changed.
    #[serde(default = "default_controller_name")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[A-Za-z0-9._/-]+$")
    )]
    #[x_kube(validation = Rule::new("self == oldSelf").message("controllerName cannot be changed"))]
    pub controller_name: String,
    /// Where identity providers reach the tenants: https:// (http:// to try it out), a host name, perhaps a port. The host
    /// may hold {namespace} and {name}. A tenant's URL is this, its namespace, its name, and scim/v2.
    #[schemars(length(min = 1, max = 262))]
    #[x_kube(
        validation = Rule::new(r"self.replace('{namespace}', 'a').replace('{name}', 'a').matches('^https?://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[1-9][0-9]{0,4})?$')")
            .message("must be https:// or http://, a host name in small letters, perhaps a port, and nothing else"),
        validation = Rule::new("!self.matches('^https?://[0-9]+([.][0-9]+){3}(:|$)')")
            .message("must name a host: an Ingress cannot route an IP address")
    )]
    pub url: String,
    /// How requests get from that URL to the server.
    pub route: Route,
    /// The database of the installation that holds the tenants' data.
    #[serde(default = "default_database")]
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub database: String,
    /// The namespaces whose tenants this class serves.
    #[serde(default)]
    pub allowed_namespaces: AllowedNamespaces,
    /// What the application understands.
    #[serde(default)]
    pub profile: ClassProfile,
    /// Bounds on what identity providers may ask for.
    #[serde(default)]
    pub limits: ClassLimits,
    /// What tenants may choose to happen to their data when they are deleted. The first is the default.
    #[serde(default = "default_deletion_policies")]
    #[schemars(length(min = 1, max = 2), extend("x-kubernetes-list-type" = "set"))]
    pub deletion_policies: Vec<DeletionPolicy>,
    /// How long deletionPolicy: Delete waits at least until it drops the data, during which the tenant can be made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 16), regex(pattern = DURATION))]
    #[x_kube(validation = Rule::new("duration(self) <= duration('8760h')").message("must be at most 8760h"))]
    pub deletion_delay: Option<String>,
    /// Whether tenants may add schemas of their own.
    #[serde(default)]
    pub tenant_profile: TenantProfileRule,
    /// What becomes of data that a namespace of the same name but another UID left behind.
    #[serde(default)]
    pub retained_data: RetainedData,
    /// The addresses that requests may come from, as CIDR ranges; without it, any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::text::ranges")]
    pub source_ranges: Vec<String>,
    /// Where the servers may fetch keys of identity providers from.
    #[serde(default)]
    pub outgoing: Outgoing,
}

/// How requests get to the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(self.kind == 'HTTPRoute') == has(self.gateway)")
        .message("gateway belongs to kind: HTTPRoute, which needs it"),
    validation = Rule::new("self.kind == 'Ingress' || !has(self.ingress)")
        .message("ingress belongs to kind: Ingress")
)]
pub struct Route {
    /// The kind of route.
    pub kind: RouteKind,
    /// How the Ingresses look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressRoute>,
    /// The Gateway that the HTTPRoutes belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewayRoute>,
}

/// The kinds of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RouteKind {
    /// An Ingress for each tenant, and one for the host.
    Ingress,
    /// An HTTPRoute of the Gateway API for each tenant, and one for the host.
    HTTPRoute,
    /// None: the platform leads requests to the servers by itself.
    None,
}

/// The Gateway that the HTTPRoutes of a class belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRoute {
    /// Its name.
    #[schemars(length(min = 1, max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub name: String,
    /// Its namespace; without it, the servers' one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub namespace: Option<String>,
    /// Its listener; without it, all that take the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub section_name: Option<String>,
}

/// How the Ingresses of a class look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IngressRoute {
    /// The IngressClass; without it, the cluster's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub class_name: Option<String>,
    /// The Secret with the host's certificate, in the namespace of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub tls_secret_name: Option<String>,
    /// Annotations for the ingress controller.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "annotations")]
    pub annotations: BTreeMap<String, String>,
    /// The annotation by which the ingress controller takes source ranges, joined by commas, such as
    /// nginx.ingress.kubernetes.io/whitelist-source-range. The servers enforce the ranges with and without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 316),
        regex(pattern = r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")
    )]
    pub source_ranges_annotation: Option<String>,
}

/// The namespaces whose tenants a class serves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(self.from == 'Selector') == has(self.selector)")
        .message("selector belongs to from: Selector, which needs it")
)]
pub struct AllowedNamespaces {
    /// All is for the default class only; any other class must select.
    #[serde(default)]
    pub from: NamespacesFrom,
    /// Labels of the namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// Which namespaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NamespacesFrom {
    /// Every namespace.
    #[default]
    All,
    /// Those that a label selector matches.
    Selector,
}

/// Bounds on what identity providers may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassLimits {
    /// Most resources on one page of a listing.
    #[serde(default = "default_page_size")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_page_size: u16,
}

impl Default for ClassLimits {
    fn default() -> Self {
        Self { max_page_size: default_page_size() }
    }
}

/// Whether tenants may add schemas of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TenantProfileRule {
    /// They may.
    #[default]
    Extend,
    /// They may not.
    Fixed,
}

/// What becomes of data that is registered for a namespace of the same name and another UID.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RetainedData {
    /// It is nobody's: a tenant of that name is refused.
    #[default]
    Refuse,
    /// It belongs to whoever has the name now: for a cluster that was built anew.
    Adopt,
}

/// Where the servers may fetch keys of identity providers from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outgoing {
    /// Whether tenants may name addresses of private networks.
    #[serde(default)]
    pub private_addresses: PrivateAddresses,
}

/// Whether addresses of private networks may be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PrivateAddresses {
    /// They may not.
    #[default]
    Deny,
    /// They may, also without TLS.
    Allow,
}

/// What the operator says about a class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScimTenantClassStatus {
    /// The generation of the class that this status is about; -1 before the operator has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Accepted; DatabaseReady, whether the database of the class can be used; Reconciling and Stalled are there when true
    /// only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The tenants of this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenants: Option<TenantCounts>,
    /// The schemas of those tenants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaProgress>,
}

/// How many tenants a class has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantCounts {
    /// All of them.
    pub total: i64,
    /// Those that are Ready.
    pub ready: i64,
    /// Those that are not.
    pub not_ready: i64,
}

/// How far a new version of the tenants' schema has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchemaProgress {
    /// The version that this operator brings all schemas to.
    pub version: i64,
    /// How many schemas are of an earlier one.
    pub outdated: i64,
}

impl ScimTenantClass {
    /// Whether tenants that name no class are served by this one.
    pub fn is_default(&self) -> bool {
        let annotations = self.metadata.annotations.as_ref();
        annotations.and_then(|all| all.get(annotation::IS_DEFAULT_CLASS)).is_some_and(|value| value == "true")
    }
}

/// The `controllerName` of a class that names none.
pub const DEFAULT_CONTROLLER_NAME: &str = "scim-operator.io/operator";

fn default_controller_name() -> String {
    DEFAULT_CONTROLLER_NAME.to_owned()
}

fn default_database() -> String {
    "primary".to_owned()
}

fn default_deletion_policies() -> Vec<DeletionPolicy> {
    vec![DeletionPolicy::Retain]
}

fn default_page_size() -> u16 {
    1000
}

fn annotations(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 64,
        "additionalProperties": { "type": "string", "maxLength": 8192, "pattern": LINES },
    })
}
