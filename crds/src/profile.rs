//! `spec.profile`: which SCIM attributes an application understands (RFC 7643), as people declare it.
//!
//! Attributes and their sub-attributes are two types, because a structural schema of Kubernetes knows no recursion
//! and RFC 7643 no third level.

// RFC 7643 section 7 defines these characteristics as booleans.
#![allow(clippy::struct_excessive_bools)]

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{LINES, ONE_LINE};

/// What the application understands, for all tenants of a class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClassProfile {
    /// Whether the application takes groups. Disabled: there is no /Groups, and users have no groups.
    pub groups: Groups,
    /// What a successful PATCH of a user answers: Body is 200 with the resource, NoContent is 204. That of a group answers
    /// 204 unless the request asks for attributes.
    pub patch_response: PatchResponse,
    /// What becomes of a POST for a user who was there before. Conflict: a disabled user is in the way (409), a deleted
    /// one gets a new id. Revive: the user comes back under the same id. Choose Revive only where a user name is never
    /// given to another person.
    pub returning_users: ReturningUsers,
    /// Attributes of a user that must have a value, beyond those that RFC 7643 requires: paths such as
    /// name.givenName.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        inner(length(min = 1, max = 256), regex(pattern = ONE_LINE)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub required: Vec<String>,
    /// Narrows attributes of the core schemas.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["path"]))]
    pub attributes: Vec<NarrowedAttribute>,
    /// Schemas beside the core ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["urn"]))]
    pub extensions: Vec<Extension>,
}

/// What one tenant adds to or sets apart from its class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantProfile {
    /// Whether this tenant takes groups, instead of what its class says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Groups>,
    /// What a successful PATCH answers to this tenant, instead of what its class says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_response: Option<PatchResponse>,
    /// What becomes of a POST for a user of this tenant who was there before, instead of what its class says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returning_users: Option<ReturningUsers>,
    /// Schemas beside those of the class, where the class allows it (tenantProfile: Extend).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["urn"]))]
    pub extensions: Vec<Extension>,
}

/// Whether there are groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Groups {
    /// `/Groups` is there.
    #[default]
    Enabled,
    /// There are users only.
    Disabled,
}

/// What a successful PATCH answers (RFC 7644 section 3.5.2 allows both).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PatchResponse {
    /// 200 with the resource.
    #[default]
    Body,
    /// 204.
    NoContent,
}

/// What becomes of a POST for a user who was there before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReturningUsers {
    /// A disabled user is in the way, a deleted one gets a new id.
    #[default]
    Conflict,
    /// The user comes back under the same id.
    Revive,
}

/// An attribute of a core schema that takes less than RFC 7643 allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.enforce) || !self.enforce || has(self.canonicalValues)")
        .message("enforce needs canonicalValues")
)]
pub struct NarrowedAttribute {
    /// The path of the attribute, such as userType or emails.value.
    #[schemars(length(min = 1, max = 256), regex(pattern = ONE_LINE))]
    pub path: String,
    /// The values that are suggested, or with enforce the only ones that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 128),
        inner(length(min = 1, max = 256), regex(pattern = ONE_LINE)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub canonical_values: Vec<String>,
    /// Whether other values than canonicalValues are refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub enforce: bool,
    /// server: no two resources of a tenant may have the same value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniqueness: Option<Uniqueness>,
    /// Whether the attribute must have a value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
}

/// A schema extension (RFC 7643 section 3.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.attributes) || has(self.additionalAttributes)")
        .message("an extension needs attributes or additionalAttributes"),
    validation = Rule::new(
        "self.resource == 'User' || !has(self.attributes) || self.attributes.all(attribute, \
         attribute.uniqueness == 'none' && (!has(attribute.subAttributes) || \
         attribute.subAttributes.all(part, part.uniqueness == 'none')))"
    )
    .message("only attributes of User can be unique")
)]
pub struct Extension {
    /// The URN of the schema.
    #[schemars(
        length(min = 1, max = 256),
        regex(pattern = r"^[uU][rR][nN]:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[A-Za-z0-9()+,.:=@;$_!*'%/?~-]+$")
    )]
    pub urn: String,
    /// The kind of resource that it extends.
    pub resource: ExtendedResource,
    /// Its attributes, as RFC 7643 section 7 defines them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub attributes: Vec<Attribute>,
    /// String: keys beyond attributes are accepted too, and kept as strings whatever type arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_attributes: Option<AdditionalAttributes>,
}

/// The kinds of resources that can be extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExtendedResource {
    /// Users.
    User,
    /// Groups.
    Group,
}

/// What becomes of keys that an extension does not declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AdditionalAttributes {
    /// They are kept as strings.
    String,
}

/// An attribute of an extension (RFC 7643 section 7), with the defaults of section 2.2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(self.type == 'complex') == has(self.subAttributes)")
        .message("subAttributes belong to the type complex, which needs them"),
    validation = Rule::new("!has(self.enforce) || !self.enforce || has(self.canonicalValues)")
        .message("enforce needs canonicalValues")
)]
pub struct Attribute {
    /// The attribute's name.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z][A-Za-z0-9_$-]*$"))]
    pub name: String,
    /// The type of its values.
    #[serde(default, rename = "type")]
    pub type_: AttributeType,
    /// Whether it holds a list.
    #[serde(default, skip_serializing_if = "is_false")]
    pub multi_valued: bool,
    /// What people read in /Schemas.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024), regex(pattern = LINES))]
    pub description: String,
    /// Whether it must have a value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Suggested values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 128),
        inner(length(min = 1, max = 256), regex(pattern = ONE_LINE)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub canonical_values: Vec<String>,
    /// Whether other values than canonicalValues are refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub enforce: bool,
    /// Whether upper and lower case differ in comparisons.
    #[serde(default, skip_serializing_if = "is_false")]
    pub case_exact: bool,
    /// Who may write it, and when.
    #[serde(default)]
    pub mutability: Mutability,
    /// When it is part of a response.
    #[serde(default)]
    pub returned: Returned,
    /// server: no two resources of a tenant may have the same value.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// For the type reference: what it may refer to, such as User, Group, external or uri.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 16),
        inner(length(min = 1, max = 256), regex(pattern = ONE_LINE)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub reference_types: Vec<String>,
    /// The parts of a complex attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub sub_attributes: Vec<SubAttribute>,
}

/// A part of a complex attribute (RFC 7643 section 2.3.8): like an attribute, and never complex itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.enforce) || !self.enforce || has(self.canonicalValues)")
        .message("enforce needs canonicalValues")
)]
pub struct SubAttribute {
    /// The sub-attribute's name.
    #[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z$][A-Za-z0-9_$-]*$"))]
    pub name: String,
    /// The type of its values.
    #[serde(default, rename = "type")]
    pub type_: SimpleType,
    /// Whether it holds a list.
    #[serde(default, skip_serializing_if = "is_false")]
    pub multi_valued: bool,
    /// What people read in /Schemas.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024), regex(pattern = LINES))]
    pub description: String,
    /// Whether it must have a value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Suggested values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 128),
        inner(length(min = 1, max = 256), regex(pattern = ONE_LINE)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub canonical_values: Vec<String>,
    /// Whether other values than canonicalValues are refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub enforce: bool,
    /// Whether upper and lower case differ in comparisons.
    #[serde(default, skip_serializing_if = "is_false")]
    pub case_exact: bool,
    /// Who may write it, and when.
    #[serde(default)]
    pub mutability: Mutability,
    /// When it is part of a response.
    #[serde(default)]
    pub returned: Returned,
    /// server: no two resources of a tenant may have the same value.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// For the type reference: what it may refer to, such as User, Group, external or uri.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 16),
        inner(length(min = 1, max = 256), regex(pattern = ONE_LINE)),
        extend("x-kubernetes-list-type" = "set")
    )]
    pub reference_types: Vec<String>,
}

/// The types of RFC 7643 section 2.3.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AttributeType {
    /// Text.
    #[default]
    String,
    /// true or false.
    Boolean,
    /// A number.
    Decimal,
    /// A whole number.
    Integer,
    /// A point in time (RFC 3339).
    DateTime,
    /// Base64.
    Binary,
    /// A URI, or the id of a resource.
    Reference,
    /// Sub-attributes.
    Complex,
}

/// The types of RFC 7643 section 2.3 without complex.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SimpleType {
    /// Text.
    #[default]
    String,
    /// true or false.
    Boolean,
    /// A number.
    Decimal,
    /// A whole number.
    Integer,
    /// A point in time (RFC 3339).
    DateTime,
    /// Base64.
    Binary,
    /// A URI, or the id of a resource.
    Reference,
}

/// RFC 7643 section 7, `mutability`, without `readOnly` and `writeOnly`: nothing here would write the one or read the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// It can be written at any time.
    #[default]
    ReadWrite,
    /// It can be written once.
    Immutable,
}

/// RFC 7643 section 7, `returned`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// In every response.
    Always,
    /// In no response.
    Never,
    /// Unless the request excludes it.
    #[default]
    Default,
    /// Only if the request names it.
    Request,
}

/// RFC 7643 section 7, `uniqueness`, without `global`, which nothing here could keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// Values may repeat.
    #[default]
    None,
    /// No two resources of a tenant may have the same value.
    Server,
}

// serde asks with a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}
