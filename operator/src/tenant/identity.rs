//! By what a ScimTenant is known: its names and UID, parsed once.

use std::time::Duration;

use crds::ScimTenant;
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
    /// The name of its Secret.
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

fn secret_name(tenant: &ScimTenant) -> Option<String> {
    tenant.spec.authentication.as_ref()?.bearer_token.as_ref()?.secret_name.clone()
}
