//! What a customer's administrator is handed, to paste into an identity provider: the Secret of a connection.

use std::fmt;

use identity_provider::{ClientProof, Credential, OAuthClient};
use k8s_openapi::api::core::v1::Secret;

/// The type of the Secrets that the product makes.
const CONNECTION: &str = "scim-operator.io/connection";

/// What a Secret of the product holds beside the Tenant URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Handed {
    /// A bearer token.
    Token(String),
    /// A user name and a password.
    Password {
        /// The user name.
        user_name: String,
        /// The password.
        password: String,
    },
    /// A client that gets access tokens.
    Client {
        /// Where it gets them.
        token_url: String,
        /// Who it is.
        id: String,
        /// What it proves that with.
        secret: String,
    },
    /// No Secret: an issuer is trusted, or the credential was brought.
    Nothing,
}

impl Handed {
    /// What the Secret holds, if the product has made it and it is whole; else the key that it lacks.
    pub(crate) fn in_secret(secret: Option<&Secret>) -> Result<Self, &'static str> {
        let Some(secret) = secret.filter(|secret| secret.type_.as_deref() == Some(CONNECTION)) else {
            return Ok(Self::Nothing);
        };
        let text = |key| text(secret, key).ok_or(key);
        if let Ok(id) = text("clientID") {
            return Ok(Self::Client { token_url: text("tokenURL")?, id, secret: text("clientSecret")? });
        }
        if let Ok(user_name) = text("username") {
            return Ok(Self::Password { user_name, password: text("password")? });
        }
        Ok(Self::Token(text("token")?))
    }

    /// What goes into the identity provider's field Secret Token: the token, or the password, which is good as one.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Token(token) | Self::Password { password: token, .. } => Some(token),
            Self::Client { .. } | Self::Nothing => None,
        }
    }

    /// What the identity provider proves itself with.
    pub fn credential(&self) -> Credential {
        match self {
            Self::Token(token) => Credential::Token(token.clone()),
            Self::Password { user_name, password } => {
                Credential::Password { user_name: user_name.clone(), password: password.clone() }
            }
            Self::Client { token_url, id, secret } => {
                let proof = ClientProof::SecretInHeader { id: id.clone(), secret: secret.clone() };
                Credential::Client(OAuthClient::new(token_url, proof))
            }
            Self::Nothing => Credential::Nothing,
        }
    }
}

/// Says which of them it is, and shows nothing of it.
impl fmt::Debug for Handed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Token(_) => "Token",
            Self::Password { .. } => "Password",
            Self::Client { .. } => "Client",
            Self::Nothing => "Nothing",
        })
    }
}

/// The text under a key of a Secret.
pub(crate) fn text(secret: &Secret, key: &str) -> Option<String> {
    let bytes = secret.data.as_ref()?.get(key)?;
    String::from_utf8(bytes.0.clone()).ok()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;

    use super::*;

    fn secret(kind: &str, entries: &[(&str, &str)]) -> Secret {
        let data = entries.iter().map(|(key, value)| ((*key).to_owned(), ByteString((*value).into())));
        Secret { type_: Some(kind.to_owned()), data: Some(data.collect()), ..Secret::default() }
    }

    #[test]
    fn what_is_handed_shows_in_the_keys_of_the_secret() {
        let token = secret(CONNECTION, &[("tenantURL", "u"), ("token", "t")]);
        assert!(Handed::in_secret(Some(&token)) == Ok(Handed::Token("t".to_owned())));
        let basic = secret(CONNECTION, &[("username", "scim"), ("password", "p"), ("token", "p")]);
        let handed = Handed::in_secret(Some(&basic)).unwrap();
        assert!(matches!(&handed, Handed::Password { user_name, .. } if user_name == "scim"));
        assert_eq!(handed.token(), Some("p"));
        let client = secret(CONNECTION, &[("tokenURL", "u"), ("clientID", "a.b"), ("clientSecret", "s")]);
        assert!(matches!(Handed::in_secret(Some(&client)), Ok(Handed::Client { .. })));
    }

    #[test]
    fn a_secret_that_lacks_a_key_is_told_apart_from_none() {
        assert_eq!(Handed::in_secret(Some(&secret(CONNECTION, &[]))), Err("token"));
        assert_eq!(Handed::in_secret(Some(&secret(CONNECTION, &[("clientID", "a.b")]))), Err("tokenURL"));
        assert_eq!(Handed::in_secret(Some(&secret("Opaque", &[("token", "mine")]))), Ok(Handed::Nothing));
        assert_eq!(Handed::in_secret(None), Ok(Handed::Nothing));
    }
}
