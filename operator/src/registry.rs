//! The registry, migrated before its first use, so that the operator starts and reports while PostgreSQL is away.

use std::time::Duration;

use crds::Reason;
use database::registry::{Registry, RegistryError};
use tokio::sync::OnceCell;
use tracing::warn;

use crate::error::{Error, in_full};
use crate::obstacle::Obstacle;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A registry that is migrated before its first use.
#[derive(Debug)]
pub(crate) struct MigratedRegistry {
    registry: Registry,
    migrated: OnceCell<()>,
}

impl MigratedRegistry {
    /// Nothing is asked of PostgreSQL yet.
    pub(crate) fn new(registry: Registry) -> Self {
        Self { registry, migrated: OnceCell::new() }
    }

    /// Migrates it as soon as PostgreSQL lets us, without waiting for a tenant: servers are ready only when there is
    /// a registry to read.
    pub(crate) async fn migrate(&self) {
        let mut wait = FIRST_WAIT;
        while let Err(error) = self.get().await {
            warn!(error = in_full(&error), "the registry cannot be migrated; tries again in {wait:?}");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// The registry; migrates it if nobody has.
    pub(crate) async fn get(&self) -> Result<&Registry, RegistryError> {
        self.migrated.get_or_try_init(|| self.registry.migrate()).await?;
        Ok(&self.registry)
    }
}

/// What a refusal of the registry means for a tenant; an error, when what was read is old.
pub(crate) fn obstacle(error: &RegistryError) -> Result<Obstacle, Error> {
    match error {
        RegistryError::NotOwned(_) | RegistryError::AlreadyIssued(_) => Err(Error::Raced),
        RegistryError::OwnedByAnother(_) => Ok(owned_by_another()),
        error if error.is_unavailable() => {
            Ok(Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer"))
        }
        error => Ok(Obstacle::passing(Reason::DatabaseFailed, in_full(error))),
    }
}

/// The registry holds data under this name, and the namespace is another one.
pub(crate) fn owned_by_another() -> Obstacle {
    Obstacle::lasting(
        Reason::OwnedByAnother,
        "the database holds retained data of this namespace and name, and the namespace is not the one that it \
         belongs to (another UID)",
    )
}
