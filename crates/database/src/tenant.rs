//! Statements on one tenant's tables: what the store is written with.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{FromRow, Transaction};
use tenancy::TenantId;

use crate::connection::Database;
use crate::error::Error;
use crate::scope::TenantScope;
use crate::sql::Statement;

/// A database, narrowed to one tenant. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TenantDatabase {
    database: Database,
    scope: TenantScope,
}

impl TenantDatabase {
    /// Narrows `database` to the tenant that a request was authenticated for.
    pub fn new(database: Database, scope: TenantScope) -> Self {
        Self { database, scope }
    }

    /// Which tenant: for logs, metrics and caches.
    pub fn tenant(&self) -> TenantId {
        self.scope.tenant()
    }

    /// Begins a statement on this tenant's tables.
    pub fn statement(&self, text: &'static str) -> Statement {
        Statement::new(self.scope.schema().clone(), text)
    }

    /// Begins a transaction (read committed). Without [`TenantTransaction::commit`] it leaves nothing behind.
    pub async fn begin(&self) -> Result<TenantTransaction, Error> {
        Ok(TenantTransaction { transaction: self.database.begin().await? })
    }

    /// Begins a transaction that reads one state of the tables throughout and writes nothing.
    pub async fn begin_snapshot(&self) -> Result<TenantTransaction, Error> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        Ok(TenantTransaction { transaction: self.database.pool().begin_with(begin).await? })
    }

    /// Runs one statement by itself and reads all its rows.
    pub async fn fetch_all<R>(&self, statement: Statement) -> Result<Vec<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        statement.fetch_all(self.database.pool()).await
    }

    /// Runs one statement by itself and reads its first row.
    pub async fn fetch_optional<R>(&self, statement: Statement) -> Result<Option<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        statement.fetch_optional(self.database.pool()).await
    }

    /// Runs one statement by itself. Returns how many rows it wrote.
    pub async fn execute(&self, statement: Statement) -> Result<u64, Error> {
        statement.execute(self.database.pool()).await
    }
}

/// A transaction on one tenant's tables. Dropped without [`commit`](Self::commit), it is rolled back.
#[derive(Debug)]
pub struct TenantTransaction {
    transaction: Transaction<'static, Postgres>,
}

impl TenantTransaction {
    /// Runs a statement and reads all its rows.
    pub async fn fetch_all<R>(&mut self, statement: Statement) -> Result<Vec<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        statement.fetch_all(&mut *self.transaction).await
    }

    /// Runs a statement and reads its first row.
    pub async fn fetch_optional<R>(&mut self, statement: Statement) -> Result<Option<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        statement.fetch_optional(&mut *self.transaction).await
    }

    /// Runs a statement. Returns how many rows it wrote.
    pub async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
        statement.execute(&mut *self.transaction).await
    }

    /// Makes the writes of this transaction last.
    pub async fn commit(self) -> Result<(), Error> {
        Ok(self.transaction.commit().await?)
    }

    /// Gives the writes up now and frees the connection at once.
    pub async fn rollback(self) -> Result<(), Error> {
        Ok(self.transaction.rollback().await?)
    }
}
