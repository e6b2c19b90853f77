//! What an administrator does next, in the words of the identity provider.

use crds::ScimTenant;
use crds::metadata::connection_secret;
use crds::tenant::{CredentialKind, IdentityProvider, ScimTenantStatus};

use crate::tenant::entrance::{BroughtKeys, brought_secret};

/// What an administrator enters into the identity provider, and where.
pub(super) fn set_up(tenant: &ScimTenant, status: &ScimTenantStatus) -> String {
    let url = status.tenant_url.as_deref().unwrap_or_default();
    let kind = status.token.as_ref().map_or(CredentialKind::BearerToken, |token| token.kind);
    let values = Values {
        token_url: status.token_url.as_deref().unwrap_or_default(),
        secret_name: status.secret_name.as_deref().unwrap_or_default(),
        keys: brought_secret(tenant).map(|brought| brought.keys),
    };
    match tenant.spec.identity_provider {
        // Without the flag Entra sends PATCH bodies of its own kind, which are understood too:
        // https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility
        IdentityProvider::Entra => format!(
            "In Microsoft Entra, enterprise application, Provisioning: Tenant URL is {url}?aadOptscim062020, {}. Press \
             Test Connection",
            values.for_entra(kind)
        ),
        IdentityProvider::Okta => format!(
            "In Okta, application, Provisioning, Integration: SCIM connector base URL is {url}, unique identifier field \
             is userName, {}. Press Test Connector Configuration",
            values.for_okta(kind)
        ),
        IdentityProvider::Generic => {
            format!("The SCIM 2.0 base URL is {url}, {}", values.for_any(kind))
        }
    }
}

/// Where to read what is entered.
struct Values<'a> {
    token_url: &'a str,
    secret_name: &'a str,
    /// Of a Secret that is brought.
    keys: Option<BroughtKeys>,
}

impl Values<'_> {
    fn for_entra(&self, kind: CredentialKind) -> String {
        match kind {
            CredentialKind::BearerToken => format!("Secret Token is {}", self.token()),
            CredentialKind::Basic => format!("Secret Token is {}", self.password()),
            CredentialKind::ClientSecret => format!(
                "Authentication Method is OAuth2 Client Credentials Grant, Token Endpoint is {}, Client Identifier is \
                 {}, Client Secret is {}",
                self.token_url,
                self.client_id(),
                self.client_secret()
            ),
            CredentialKind::Federation => format!(
                "Authentication Method is Workload Identity Federation, Token Endpoint is {}; there is no secret",
                self.token_url
            ),
            CredentialKind::Jwt => "Secret Token stays empty".to_owned(),
        }
    }

    fn for_okta(&self, kind: CredentialKind) -> String {
        match kind {
            CredentialKind::BearerToken => {
                format!("authentication mode is HTTP Header, its token is {}", self.token())
            }
            CredentialKind::Basic => format!(
                "authentication mode is Basic Auth, username is {}, password is {}",
                self.user_name(),
                self.password()
            ),
            CredentialKind::ClientSecret => format!(
                "authentication mode is OAuth 2 with the grant client credentials, access token endpoint URI is {}, \
                 client ID is {}, client secret is {}",
                self.token_url,
                self.client_id(),
                self.client_secret()
            ),
            CredentialKind::Federation => self.federation(),
            CredentialKind::Jwt => TRUSTED.to_owned(),
        }
    }

    fn for_any(&self, kind: CredentialKind) -> String {
        match kind {
            CredentialKind::BearerToken => format!("the bearer token is {}", self.token()),
            CredentialKind::Basic => format!(
                "the user name is {}, the password is {}, which is good as a bearer token too",
                self.user_name(),
                self.password()
            ),
            CredentialKind::ClientSecret => format!(
                "the token endpoint of OAuth 2 (grant client_credentials) is {}, the client id is {}, the client secret \
                 is {}",
                self.token_url,
                self.client_id(),
                self.client_secret()
            ),
            CredentialKind::Federation => self.federation(),
            CredentialKind::Jwt => TRUSTED.to_owned(),
        }
    }

    fn federation(&self) -> String {
        format!(
            "the token endpoint of OAuth 2 is {}, where the issuer's assertion (RFC 7523) is the proof; there is no \
             secret",
            self.token_url
        )
    }

    fn token(&self) -> String {
        match &self.keys {
            Some(BroughtKeys::Token(key)) => self.value(key),
            Some(BroughtKeys::Password { .. }) | None => self.value(connection_secret::TOKEN),
        }
    }

    fn user_name(&self) -> String {
        match &self.keys {
            Some(BroughtKeys::Password { user_name, .. }) => self.value(user_name),
            Some(BroughtKeys::Token(_)) | None => self.value(connection_secret::USER_NAME),
        }
    }

    fn password(&self) -> String {
        match &self.keys {
            Some(BroughtKeys::Password { password, .. }) => self.value(password),
            Some(BroughtKeys::Token(_)) | None => self.value(connection_secret::PASSWORD),
        }
    }

    fn client_id(&self) -> String {
        self.value(connection_secret::CLIENT_ID)
    }

    fn client_secret(&self) -> String {
        self.value(connection_secret::CLIENT_SECRET)
    }

    fn value(&self, key: &str) -> String {
        format!("the value of key {key} in Secret {}", self.secret_name)
    }
}

const TRUSTED: &str = "the bearer token is what the issuer signs; there is no secret";

#[cfg(test)]
mod tests;
