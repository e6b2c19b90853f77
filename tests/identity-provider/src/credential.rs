//! What an identity provider proves itself with: nothing, a token, a password, or access tokens that it gets.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Client;

use crate::{Error, OAuthClient};

/// What an administrator has pasted into an identity provider besides the Tenant URL. Its debug form shows none of it.
#[derive(Clone)]
pub enum Credential {
    /// Nothing: requests have no `Authorization`.
    Nothing,
    /// A bearer token (RFC 6750): of the tenant's Secret, or a JWT that was signed elsewhere.
    Token(String),
    /// A user name and a password (RFC 7617).
    Password {
        /// The user name.
        user_name: String,
        /// The password.
        password: String,
    },
    /// A client that gets access tokens from a token endpoint (RFC 6749, section 4.4).
    Client(OAuthClient),
}

impl Credential {
    /// The value of `Authorization`. A client asks its token endpoint, if it has no access token that works.
    pub(crate) async fn authorization(&self, http: &Client) -> Result<Option<String>, Error> {
        Ok(match self {
            Self::Nothing => None,
            Self::Token(token) => Some(format!("Bearer {token}")),
            Self::Password { user_name, password } => Some(basic(user_name, password)),
            Self::Client(client) => Some(format!("Bearer {}", client.access_token(http).await?)),
        })
    }
}

/// `Basic <user name:password>`.
pub(crate) fn basic(user_name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user_name}:{password}")))
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Token(_) => "Token",
            Self::Password { .. } => "Password",
            Self::Client(_) => "Client",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_sent_as_rfc_7617_has_it() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
