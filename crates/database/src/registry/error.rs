//! Why the registry refused a call of the operator.

use tenancy::{SchemaName, TenantId, TenantKey};
use uuid::Uuid;

use crate::error::Error;

/// Why the registry refused a call of the operator.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The data under this key belongs to a namespace of the same name that is gone (or of another cluster).
    #[error(
        "{0} holds the data of another owner: the UID of the namespace is not the one that it was registered with"
    )]
    OwnedByAnother(TenantKey),
    /// The row is gone, or belongs to another `ScimTenant` meanwhile.
    #[error("tenant {0} is not registered for this owner")]
    NotOwned(TenantId),
    /// [`Issue::First`](crate::registry::Issue::First) was asked for, and there is a credential that works; or
    /// [`Issue::Known`](crate::registry::Issue::Known), and there is one as new.
    #[error("tenant {0} already has a credential")]
    AlreadyIssued(TenantId),
    /// Another cluster's operator writes for the installation.
    #[error("the registry of this installation belongs to the cluster {cluster}")]
    InstallationTaken {
        /// The UID of that cluster's namespace kube-system.
        cluster: Uuid,
    },
    /// There is no database to ask: nobody said where it is, or it does not let us in. The text says why.
    #[error("{0}")]
    NotConfigured(String),
    /// PostgreSQL was away a moment ago, and was not asked again.
    #[error("PostgreSQL is unavailable")]
    Away,
    /// The role that servers connect with does not exist, and we cannot make it.
    #[error(
        "the database role {role} for the servers does not exist, and {because}; as an administrator of PostgreSQL run: {run}"
    )]
    ServerRoleMissing {
        /// Its name.
        role: String,
        /// Why we do not make it.
        because: String,
        /// The statements that an administrator runs.
        run: String,
    },
    /// The role that servers connect with may not connect to this database, and we may not let it.
    #[error(
        "the database role {role} of the servers may not connect to the database; \
         as an administrator of PostgreSQL run: {run}"
    )]
    ServerRoleNotLetIn {
        /// Its name.
        role: String,
        /// The statement that an administrator runs.
        run: String,
    },
    /// The operator's role may not make schemas.
    #[error(
        "the database role {role} may not create schemas; \
         as an administrator of PostgreSQL run: GRANT CREATE ON DATABASE \"{database}\" TO \"{role}\""
    )]
    MayNotCreateSchemas {
        /// The role that the operator connects with.
        role: String,
        /// The database it is connected to.
        database: String,
    },
    /// A schema of the name that a new tenant would get is there, and not ours to write to (a restore that brought
    /// back less of the registry). The next attempt gets another name.
    #[error("there is a schema {0} already that no tenant of the registry has")]
    SchemaTaken(SchemaName),
    /// A part of a tenant's schema is gone: only a person can say whether a backup is to be restored or the rest dropped.
    #[error("the schema {schema} lacks {}", missing.join(", "))]
    SchemaDamaged {
        /// The tenant's schema.
        schema: SchemaName,
        /// The tables and functions that are gone.
        missing: Vec<String>,
    },
    /// A row does not hold what this version writes.
    #[error("the registry holds a {what} that cannot be read")]
    Unreadable {
        /// Which part of the row.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The statement itself did not work.
    #[error(transparent)]
    Database(#[from] Error),
}

impl RegistryError {
    /// Whether waiting helps, without anybody changing anything.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Away) || matches!(self, Self::Database(error) if error.is_unavailable())
    }

    /// Whether a table or a schema is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Database(Error::Missing(_)))
    }

    pub(crate) fn unreadable(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unreadable { what, source: source.into() }
    }
}

impl From<sqlx::Error> for RegistryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}
