//! By what a ScimTenant is known: its names and UID, parsed once.

use std::time::Duration;

use crds::ScimTenant;
use crds::authentication::Authentication;
use jiff::Timestamp;
use tenancy::TenantKey;
use uuid::Uuid;

use crate::error::Error;
use crate::settings::Settings;

/// By what a ScimTenant is known.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// In the registry.
    pub(crate) key: TenantKey,
    /// `metadata.uid`.
    pub(crate) uid: Uuid,
    /// The name of the Secret that we make for it, where we make one.
    pub(crate) secret_name: String,
}

impl Identity {
    /// Reads the metadata. The API server has checked all of it, the name by a rule of the definition.
    pub(crate) fn of(tenant: &ScimTenant, settings: &Settings) -> Result<Self, Error> {
        let metadata = &tenant.metadata;
        let name =
            metadata.name.as_deref().and_then(|name| name.parse().ok()).ok_or(Error::Unnamed("name"))?;
        let namespace = metadata.namespace.as_deref().and_then(|namespace| namespace.parse().ok());
        let uid = metadata.uid.as_deref().and_then(|uid| uid.parse().ok()).ok_or(Error::Unnamed("UID"))?;
        let key = TenantKey {
            installation: settings.installation.clone(),
            namespace: namespace.ok_or(Error::Unnamed("namespace"))?,
            name,
        };
        let secret_name = secret_name(tenant).unwrap_or_else(|| format!("{}-scim", key.name));
        Ok(Self { key, uid, secret_name })
    }
}

/// How long ago a tenant was made, by the API server's clock and ours.
pub(crate) fn age(tenant: &ScimTenant) -> Duration {
    let created = tenant.metadata.creation_timestamp.as_ref();
    created
        .and_then(|created| Timestamp::now().duration_since(created.0).try_into().ok())
        .unwrap_or(Duration::ZERO)
}

/// The name that is declared, by whichever way in.
fn secret_name(tenant: &ScimTenant) -> Option<String> {
    let Authentication { bearer_token, basic, oauth2, jwt: _ } = tenant.spec.authentication.as_ref()?;
    let client_secret = oauth2.as_ref().and_then(|oauth2| oauth2.client_secret.as_ref());
    let names = [
        bearer_token.as_ref().and_then(|token| token.secret_name.as_ref()),
        basic.as_ref().and_then(|basic| basic.secret_name.as_ref()),
        client_secret.and_then(|secret| secret.secret_name.as_ref()),
    ];
    names.into_iter().flatten().next().cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::fixtures::{identity, tenant};

    #[test]
    fn the_secret_is_called_as_declared_or_after_the_tenant() {
        for authentication in [
            json!({"bearerToken": {"secretName": "mine"}}),
            json!({"basic": {"secretName": "mine"}}),
            json!({"oauth2": {"clientSecret": {"secretName": "mine"}}}),
        ] {
            assert_eq!(identity(&tenant(json!({"authentication": authentication}))).secret_name, "mine");
        }
        for authentication in [
            json!({}),
            json!({"bearerToken": {}}),
            json!({"oauth2": {"clientSecret": {}}}),
            json!({"jwt": {"entra": {"directoryID": "9c1f1c9e-0000-4000-8000-000000000000"}}}),
        ] {
            assert_eq!(identity(&tenant(json!({"authentication": authentication}))).secret_name, "acme-scim");
        }
    }
}
