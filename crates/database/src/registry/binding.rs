//! Which cluster's operator may write for an installation.
//!
//! Two clusters that share a database have installation ids of their own. When they have the same by mistake, or a cluster
//! was built anew beside the old one, the second operator must not take the first one's tenants for orphans.

use std::sync::{Arc, OnceLock};

use sqlx::{PgConnection, Postgres, Transaction};
use tenancy::InstallationId;
use uuid::Uuid;

use crate::error::Error;
use crate::registry::Registry;
use crate::registry::error::RegistryError;

/// What a registry was bound to, if it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Binding(Arc<OnceLock<Bound>>);

impl Binding {
    /// The installation, if it was bound.
    pub(super) fn installation(&self) -> Option<&InstallationId> {
        self.0.get().map(|bound| &bound.installation)
    }
}

#[derive(Debug)]
struct Bound {
    installation: InstallationId,
    cluster: Uuid,
}

impl Registry {
    /// [Migrates](Self::migrate) and [binds](Self::bind). Who is refused writes nothing at all: an operator that has another's
    /// installation by mistake does not bring its control schema to another version.
    pub async fn prepare(
        &self,
        installation: &InstallationId,
        cluster: Uuid,
        take_over: Option<Uuid>,
    ) -> Result<(), RegistryError> {
        match self.recorded(installation).await? {
            Some(other) if other != cluster && Some(other) != take_over => {
                return Err(RegistryError::InstallationTaken { cluster: other });
            }
            Some(_) | None => {}
        }
        self.migrate().await?;
        self.bind(installation, cluster, take_over).await
    }

    /// Records that this cluster's operator writes for this installation, unless another cluster's does:
    /// [`RegistryError::InstallationTaken`]. `take_over` names the cluster whose place it takes, which is then refused
    /// every write. `cluster` is the UID of the namespace kube-system.
    ///
    /// From then on this registry and its clones write only as long as that holds. Calling it again writes nothing.
    pub async fn bind(
        &self,
        installation: &InstallationId,
        cluster: Uuid,
        take_over: Option<Uuid>,
    ) -> Result<(), RegistryError> {
        let bound = self.binding.0.get_or_init(|| Bound { installation: installation.clone(), cluster });
        let mut transaction = self.database.begin().await?;
        let recorded = recorded(&mut transaction, &bound.installation).await?;
        if recorded == Some(cluster) {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO scim_control.installations AS known (installation, cluster) VALUES ($1, $2)
             ON CONFLICT (installation) DO UPDATE SET cluster = $2, bound_at = now() WHERE known.cluster = $3",
        )
        .bind(installation.as_str())
        .bind(cluster)
        .bind(take_over)
        .execute(&mut *transaction)
        .await?;
        bound.check(&mut transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The cluster that an installation is known to belong to. A registry that was never migrated knows of none.
    async fn recorded(&self, installation: &InstallationId) -> Result<Option<Uuid>, RegistryError> {
        let mut connection = self.database.acquire().await?;
        match recorded(&mut connection, installation).await {
            Err(Error::Missing(_)) => Ok(None),
            recorded => Ok(recorded?),
        }
    }

    /// Begins a transaction that writes for the installation.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, RegistryError> {
        let mut transaction = self.database.begin().await?;
        if let Some(bound) = self.binding.0.get() {
            bound.check(&mut transaction).await?;
        }
        Ok(transaction)
    }
}

impl Bound {
    async fn check(&self, connection: &mut PgConnection) -> Result<(), RegistryError> {
        match recorded(connection, &self.installation).await? {
            Some(cluster) if cluster != self.cluster => Err(RegistryError::InstallationTaken { cluster }),
            _ => Ok(()),
        }
    }
}

async fn recorded(
    connection: &mut PgConnection,
    installation: &InstallationId,
) -> Result<Option<Uuid>, Error> {
    Ok(sqlx::query_scalar("SELECT cluster FROM scim_control.installations WHERE installation = $1")
        .bind(installation.as_str())
        .fetch_optional(connection)
        .await?)
}
