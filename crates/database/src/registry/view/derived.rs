//! What a server does for tenants without being asked by a request: it derives stored rows anew when schemas change.

use std::sync::Arc;

use tenancy::TenantConfiguration;

use crate::error::Error;
use crate::registry::view::RegistryView;
use crate::registry::view::snapshot::Revision;
use crate::scope::TenantScope;

/// A tenant as this kind of work sees it.
#[derive(Debug, Clone)]
pub struct Configured {
    /// The right to touch that tenant's data.
    ///
    /// It is made without a token. That is safe because the tenant comes from the registry and not from a caller, who
    /// cannot ask for one by name or number; and because no answer to a client is made of it: handlers of requests hold no
    /// view.
    pub scope: TenantScope,
    /// How the tenant is served. The same `Arc` until the configuration changes.
    pub configuration: Arc<TenantConfiguration>,
    /// The form of the schemas by which all of its rows were derived last; `None` where nobody has looked since the profile
    /// changed.
    pub derived_form: Option<i64>,
    /// Which of the tenant's profiles is in the configuration.
    profile_version: i64,
}

impl Configured {
    /// Whether the profile is the same one, and was not another one in between.
    pub fn has_profile_of(&self, other: &Self) -> bool {
        self.profile_version == other.profile_version
    }
}

impl RegistryView {
    /// The tenants whose configuration or derived form changed after `seen`, by the state in memory, and what to ask with
    /// next time. Where nothing changed this costs next to nothing. Tenants that are not served any more are not told, and
    /// neither are those whose newest configuration this version cannot read, although it serves them by the one before.
    pub fn configured_since(&self, seen: Revision) -> (Revision, Vec<Configured>) {
        let (revision, changed) = self.snapshot().changed_since(seen);
        let configured = changed.into_iter().filter_map(|(tenant, settings)| {
            Some(Configured {
                scope: TenantScope::of(tenant),
                configuration: settings.configuration,
                derived_form: settings.derived_form,
                profile_version: settings.profile_version?,
            })
        });
        (revision, configured.collect())
    }

    /// Whether the tenant is served and still has the profile that it was told with, by the state in memory.
    pub fn has_profile_of(&self, tenant: &Configured) -> bool {
        let snapshot = self.snapshot();
        let settings = snapshot.settings(tenant.scope.tenant());
        settings.is_some_and(|settings| settings.profile_version == Some(tenant.profile_version))
    }

    /// Notes that all rows of a tenant are derived by this form, unless it has another profile by now. Views learn of it by
    /// their next poll.
    pub async fn note_derived(&self, tenant: &Configured, form: i64) -> Result<(), Error> {
        sqlx::query(
            "UPDATE scim_control.tenants SET derived_form = $3
              WHERE id = $1 AND profile_version = $2 AND derived_form IS DISTINCT FROM $3",
        )
        .bind(tenant.scope.tenant().get())
        .bind(tenant.profile_version)
        .bind(form)
        .execute(self.shared.database.pool())
        .await?;
        Ok(())
    }

    /// Notes that rows of another form may be written than the one that was noted. Whoever derives by that form looks at all
    /// of them again.
    pub async fn forget_derived(&self, tenant: &Configured) -> Result<(), Error> {
        sqlx::query(
            "UPDATE scim_control.tenants SET derived_form = NULL WHERE id = $1 AND derived_form = $2",
        )
        .bind(tenant.scope.tenant().get())
        .bind(tenant.derived_form)
        .execute(self.shared.database.pool())
        .await?;
        Ok(())
    }
}
