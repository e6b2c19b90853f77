//! The registry of tenants: the operator writes it here, servers read it through [`view`].

mod credential;
mod error;
mod lifecycle;
mod registered;
mod role;
mod statistics;
pub mod view;

use tenancy::{InstallationId, TenantKey};

pub use crate::registry::credential::Issue;
pub use crate::registry::error::RegistryError;
pub use crate::registry::registered::{Credential, HandledAnnotations, OwnedRow, RegisteredTenant, State};
pub use crate::registry::role::{ServerRole, ServerRoleError};
pub use crate::registry::statistics::Statistics;

use crate::connection::Database;
use crate::migration;

/// The registry as the operator sees it. Cheap to clone.
///
/// Every change names the [`Owner`](tenancy::Owner) and happens only when the row belongs to it. A call that would
/// change nothing writes nothing.
#[derive(Debug, Clone)]
pub struct Registry {
    database: Database,
    server_role: ServerRole,
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
    /// servers connect with; it gets no more rights than serving needs.
    pub fn new(database: Database, server_role: ServerRole) -> Self {
        Self { database, server_role }
    }

    /// Brings the control schema up to date and gives the server's role its rights. Two operators may do so at once.
    pub async fn migrate(&self) -> Result<(), RegistryError> {
        migration::migrate_control(&self.database, &self.server_role).await
    }

    /// Reads a tenant, active or retained. `None`: never registered, or deleted.
    pub async fn tenant(&self, key: &TenantKey) -> Result<Option<RegisteredTenant>, RegistryError> {
        let mut connection = self.database.acquire().await?;
        registered::read(&mut connection, key).await
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
}
