//! How an identity provider proves who it is: the union of `spec.authentication`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{DNS_SUBDOMAIN, GUID, ONE_LINE, SECRET_KEY, VISIBLE};

/// How an identity provider proves who it is: by one of these, or, where nothing is said, by a bearer token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.bearerToken), has(self.basic), has(self.oauth2), has(self.jwt)].filter(one, one).size() <= 1")
        .message("choose one of bearerToken, basic, oauth2 and jwt")
)]
pub struct Authentication {
    /// A bearer token (RFC 6750): the Secret Token of Entra, the API token of Okta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<BearerToken>,
    /// A user name and a password (RFC 7617). The password alone is good as a bearer token too, for identity providers
    /// with one field for both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<Basic>,
    /// Access tokens from a token endpoint of this tenant (RFC 6749, section 4.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<OAuth2>,
    /// JSON Web Tokens that the identity provider signs and sends itself: Entra with an empty Secret Token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<TrustedIssuer>,
}

/// A bearer token: one that the operator makes, or one that is brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.existingSecret) || !has(self.secretName)")
        .message("secretName names the Secret that is made: it does not go with existingSecret"),
    validation = Rule::new("!has(self.existingSecret) || !has(self.rotation) || !has(self.rotation.every)")
        .message("a token that is brought is rotated by whoever brings it: rotation.every does not go with existingSecret")
)]
pub struct BearerToken {
    /// The Secret that is made for URL and token, in this namespace; without it, the name of this object and -scim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub secret_name: Option<String>,
    /// When a new token takes the place of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// The Secret with a token that somebody else makes (External Secrets, Sealed Secrets, SOPS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_secret: Option<ExistingToken>,
}

/// A user name and a password: a pair that the operator makes, or one that is brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.existingSecret) || !has(self.secretName)")
        .message("secretName names the Secret that is made: it does not go with existingSecret"),
    validation = Rule::new("!has(self.existingSecret) || !has(self.rotation) || !has(self.rotation.every)")
        .message("a password that is brought is rotated by whoever brings it: rotation.every does not go with existingSecret")
)]
pub struct Basic {
    /// The Secret that is made for URL, user name and password, in this namespace; without it, the name of this object
    /// and -scim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub secret_name: Option<String>,
    /// When a new password takes the place of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// The Secret with a user name and a password that somebody else makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_secret: Option<ExistingPassword>,
}

/// Access tokens from a token endpoint, for a client that proves itself in one of these ways.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.clientSecret) != has(self.federation)")
        .message("choose one of clientSecret and federation"),
    validation = Rule::new("!has(self.federation) || !has(self.federation.entra) || (has(self.federation.entra.audience) && has(self.federation.entra.subject))")
        .message("federation.entra needs audience and subject"),
    validation = Rule::new("!has(self.federation) || !has(self.federation.issuer) || has(self.federation.issuer.subject)")
        .message("federation.issuer needs subject")
)]
pub struct OAuth2 {
    /// A client id and a client secret that the operator makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<ClientSecret>,
    /// An assertion that the identity provider signs (RFC 7523): workload identity federation, with no secret at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federation: Option<TrustedIssuer>,
    /// How long an access token works, from one hour to six.
    #[serde(default = "one_hour")]
    #[schemars(length(min = 2, max = 16), regex(pattern = DURATION))]
    #[x_kube(
        validation = Rule::new("duration(self) >= duration('1h') && duration(self) <= duration('6h')")
            .message("must be from 1h to 6h")
    )]
    pub access_token_lifetime: String,
}

/// A client id and a client secret that the operator makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecret {
    /// The Secret that is made for the URLs, id and secret, in this namespace; without it, the name of this object and
    /// -scim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub secret_name: Option<String>,
    /// When a new client secret takes the place of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
}

/// When a new credential takes the place of the old one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// How long the old one works besides the new one: until the new one was used, or for a duration such as 24h.
    #[serde(default = "until_used")]
    #[schemars(length(min = 2, max = 16), regex(pattern = r"^(UntilUsed|([0-9]+[hms])+)$"))]
    #[x_kube(
        validation = Rule::new("self == 'UntilUsed' || (duration(self) > duration('0s') && duration(self) <= duration('8760h'))")
            .message("must be UntilUsed, or a duration of at most 8760h")
    )]
    pub overlap: String,
    /// How old it may get until a new one is made, such as 2160h; without it, one is made when somebody asks. Only a person
    /// can paste it into an identity provider, so none is made before the last one was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 16), regex(pattern = DURATION))]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1h')").message("must be at least 1h"))]
    pub every: Option<String>,
}

/// Where a token is that somebody brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExistingToken {
    /// The Secret, in this namespace. Its label scim-operator.io/credential: "true" is its owner's consent.
    #[schemars(length(min = 1, max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub name: String,
    /// The key in it.
    #[serde(default = "token_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SECRET_KEY))]
    pub key: String,
}

/// Where a user name and a password are that somebody brings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExistingPassword {
    /// The Secret, in this namespace. Its label scim-operator.io/credential: "true" is its owner's consent.
    #[schemars(length(min = 1, max = 253), regex(pattern = DNS_SUBDOMAIN))]
    pub name: String,
    /// The key of the user name in it.
    #[serde(default = "user_name_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SECRET_KEY))]
    pub user_name_key: String,
    /// The key of the password in it.
    #[serde(default = "password_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SECRET_KEY))]
    pub password_key: String,
}

/// Who signs, and what must be in what is signed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.entra) != has(self.issuer)").message("choose one of entra and issuer")
)]
pub struct TrustedIssuer {
    /// Microsoft Entra ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entra: Option<EntraIssuer>,
    /// Any other OpenID provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<OtherIssuer>,
}

/// A directory of Microsoft Entra ID.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntraIssuer {
    /// The directory (tenant) ID, which must be in the claim tid.
    #[serde(rename = "directoryID")]
    #[schemars(length(min = 36, max = 36), regex(pattern = GUID))]
    pub directory_id: String,
    /// What must be in the claim aud: of federation, api:// and the application ID of the workload; of jwt, the application
    /// ID in the gallery, or without it the one of all custom applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = VISIBLE))]
    pub audience: Option<String>,
    /// What must be in the claim sub: the object ID of the service principal. Federation needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = ONE_LINE))]
    pub subject: Option<String>,
    /// The cloud of the directory.
    #[serde(default)]
    pub cloud: EntraCloud,
}

/// Clouds of Microsoft.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EntraCloud {
    /// login.microsoftonline.com
    #[default]
    Public,
    /// login.microsoftonline.us
    USGovernment,
}

/// An OpenID provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherIssuer {
    /// What must be in the claim iss.
    #[schemars(length(min = 1, max = 512), regex(pattern = VISIBLE))]
    pub url: String,
    /// Where its keys are (RFC 7517). http:// is for trying it out, where the class allows private addresses.
    #[serde(rename = "jwksURI")]
    #[schemars(length(min = 8, max = 512), regex(pattern = r"^https?://[!-~]+$"))]
    pub jwks_uri: String,
    /// What must be in the claim aud.
    #[schemars(length(min = 1, max = 256), regex(pattern = VISIBLE))]
    pub audience: String,
    /// What must be in the claim sub. Federation needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = ONE_LINE))]
    pub subject: Option<String>,
}

/// A duration as Kubernetes writes it: hours, minutes, seconds.
pub(crate) const DURATION: &str = r"^([0-9]+[hms])+$";

fn one_hour() -> String {
    "1h".to_owned()
}

fn until_used() -> String {
    "UntilUsed".to_owned()
}

fn token_key() -> String {
    "token".to_owned()
}

fn user_name_key() -> String {
    "username".to_owned()
}

fn password_key() -> String {
    "password".to_owned()
}
