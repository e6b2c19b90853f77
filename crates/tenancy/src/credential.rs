//! What identity providers prove themselves by, as operator and server agree on it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::TokenDigest;
use crate::key::TenantPath;

/// What kind of proof a credential of the registry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A bearer token (RFC 6750). The digest is of the token.
    BearerToken,
    /// A user name and a password (RFC 7617). The digest is of the password, which is good as a bearer token too.
    Basic,
    /// A client id and a client secret for the token endpoint (RFC 6749, section 2.3.1). The digest is of the secret.
    ClientSecret,
    /// A signed assertion for the token endpoint (RFC 7523, section 2.2). The digest is of the [`Trust`], and proves nothing.
    Federation,
    /// A signed token (RFC 7519) in place of a bearer token. The digest is of the [`Trust`], and proves nothing.
    Jwt,
}

/// A text names no kind of credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no kind of credential: {0}")]
pub struct KindError(String);

impl CredentialKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::BearerToken, Self::Basic, Self::ClientSecret, Self::Federation, Self::Jwt];

    /// What the registry calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BearerToken => "bearerToken",
            Self::Basic => "basic",
            Self::ClientSecret => "clientSecret",
            Self::Federation => "federation",
            Self::Jwt => "jwt",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CredentialKind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| KindError(text.to_owned()))
    }
}

/// Who signs, and which claims must be in what is signed (RFC 7519, section 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trust {
    /// `iss`.
    pub issuer: String,
    /// Where the issuer's keys are (RFC 7517).
    #[serde(rename = "jwksURI")]
    pub jwks_uri: String,
    /// `aud`.
    pub audience: String,
    /// `sub`; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `tid`, the directory of Entra; `None`: any or none.
    #[serde(default, rename = "directoryID", skip_serializing_if = "Option::is_none")]
    pub directory_id: Option<String>,
}

impl Trust {
    /// To recognise it by: the digest of its JSON. It is no secret and proves nothing.
    pub fn digest(&self) -> TokenDigest {
        // Texts: nothing that JSON could not hold.
        TokenDigest::of(&serde_json::to_string(self).unwrap_or_default())
    }
}

/// Whether addresses of private networks may be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PrivateAddresses {
    /// They may not, and TLS is a must.
    #[default]
    Deny,
    /// They may, also without TLS.
    Allow,
}

/// The client id of a tenant (RFC 6749, section 2.2): `<namespace>.<name>`. It is no secret. Neither part holds a dot, so no
/// two tenants have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// The client id of the tenant with this path.
    pub fn of(path: &TenantPath) -> Self {
        Self(format!("{}.{}", path.namespace, path.name))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back() {
        for kind in CredentialKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("password".parse::<CredentialKind>().is_err());
    }

    #[test]
    fn a_trust_is_recognised_by_all_that_it_says() {
        let trust = Trust {
            issuer: "https://login.example.com/v2.0".to_owned(),
            jwks_uri: "https://login.example.com/keys".to_owned(),
            audience: "scim".to_owned(),
            subject: None,
            directory_id: Some("4f1a".to_owned()),
        };
        let json = serde_json::to_value(&trust).unwrap();
        assert_eq!(json["jwksURI"], "https://login.example.com/keys");
        assert_eq!(json["directoryID"], "4f1a");
        assert_eq!(serde_json::from_value::<Trust>(json).unwrap(), trust);
        let other = Trust { subject: Some("4f1a".to_owned()), directory_id: None, ..trust.clone() };
        assert_ne!(other.digest(), trust.digest());
        assert_eq!(trust.clone().digest(), trust.digest());
    }

    #[test]
    fn a_trust_that_said_more_is_still_read() {
        let json =
            r#"{"issuer": "i", "jwksURI": "https://i/keys", "audience": "a", "privateAddresses": "Allow"}"#;
        let trust: Trust = serde_json::from_str(json).unwrap();
        assert_eq!((trust.issuer.as_str(), trust.subject), ("i", None));
    }

    #[test]
    fn a_client_id_is_namespace_and_name() {
        let path = TenantPath::parse("customer-acme", "acme").unwrap();
        assert_eq!(ClientId::of(&path).as_str(), "customer-acme.acme");
    }
}
