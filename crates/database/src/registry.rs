//! The registry of tenants: the operator writes it here, servers read it through [`view`].

mod audit;
mod binding;
mod control;
mod credential;
mod deletion;
mod error;
mod issuance;
mod lifecycle;
mod login;
mod registered;
mod role;
mod rollout;
mod schema;
mod statistics;
mod validity;
pub mod view;

use tenancy::{InstallationId, SchemaName, TenantKey};

pub use crate::registry::audit::Audited;
pub use crate::registry::credential::{Credential, NewCredential};
pub use crate::registry::error::RegistryError;
pub use crate::registry::issuance::{Issue, Overlap};
pub use crate::registry::lifecycle::{Foreign, Origin};
pub use crate::registry::registered::{HandledAnnotations, OwnedRow, RegisteredTenant, State};
pub use crate::registry::role::{ServerRole, ServerRoleError};
pub use crate::registry::rollout::{ClassSchemas, Migration};
pub use crate::registry::schema::SchemaState;
pub use crate::registry::statistics::Statistics;

use crate::connection::Database;
use crate::migration::{self, TenantMigrations};
use crate::registry::binding::Binding;
pub(crate) use crate::registry::login::ensure_roles;

/// The registry as the operator sees it. Cheap to clone.
///
/// Every change names the [`Owner`](tenancy::Owner) and happens only when the row belongs to it, but for those that no
/// `ScimTenant` asks for: deletions that are due, and new versions of schemas. A call that would change nothing writes nothing. Once it is [bound](Registry::bind), every call that would write is refused when the
/// installation belongs to another cluster meanwhile ([`RegistryError::InstallationTaken`]).
#[derive(Debug, Clone)]
pub struct Registry {
    database: Database,
    server_role: ServerRole,
    migrations: TenantMigrations,
    binding: Binding,
}

/// What a call did to PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The registry already said so; nothing was written.
    Unchanged,
    /// The registry was written.
    Written,
}

impl Registry {
    /// The registry in this database, which is connected to with the operator's role. `server_role` is the role that
    /// servers connect with; it gets no more rights than serving needs. Schemas of tenants are made and brought up to
    /// date by `migrations`.
    pub fn new(database: Database, server_role: ServerRole, migrations: TenantMigrations) -> Self {
        Self { database, server_role, migrations, binding: Binding::default() }
    }

    /// Brings the control schema up to date, makes the server's role if it is missing and this one may, and gives it its
    /// rights. Two operators may do so at once.
    pub async fn migrate(&self) -> Result<(), RegistryError> {
        migration::migrate_control(&self.database, &self.server_role).await
    }

    /// Reads a tenant, active or retained. `None`: never registered, or deleted.
    pub async fn tenant(&self, key: &TenantKey) -> Result<Option<RegisteredTenant>, RegistryError> {
        let mut connection = self.database.acquire().await?;
        registered::read(&mut connection, key, &self.server_role).await
    }

    /// Reads to whom a tenant's row belongs, active or retained, and nothing that could be unreadable.
    pub async fn owner_of(&self, key: &TenantKey) -> Result<Option<OwnedRow>, RegistryError> {
        let mut connection = self.database.acquire().await?;
        registered::read_owner(&mut connection, key).await
    }

    /// Reads to whom the rows of all tenants of this installation belong that servers answer for.
    pub async fn active(&self, installation: &InstallationId) -> Result<Vec<OwnedRow>, RegistryError> {
        let mut connection = self.database.acquire().await?;
        registered::read_active(&mut connection, installation).await
    }

    /// Whether there is a schema of this name and no tenant that it belongs to, whatever its installation: what a backup
    /// leaves that brought back less of the registry than of the schemas.
    ///
    /// [`TenantId::of_schema`](tenancy::TenantId::of_schema) leads from what a status says to the name.
    pub async fn schema_without_row(&self, schema: &SchemaName) -> Result<bool, RegistryError> {
        let mut connection = self.database.acquire().await?;
        schema::is_without_row(&mut connection, schema).await
    }
}
