//! Statements on one tenant's tables: what the store is written with.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{FromRow, Transaction};
use tenancy::TenantId;

use crate::connection::Database;
use crate::error::Error;
use crate::scope::TenantScope;
use crate::share::{Lease, Share};
use crate::sql::Statement;

/// A database, narrowed to one tenant. Cheap to clone.
///
/// One tenant holds half of the pool at most, so that its slow statements are its own affair. Whoever finds no room in
/// that half within the time for a connection gets [`Error::Crowded`].
#[derive(Debug, Clone)]
pub struct TenantDatabase {
    database: Database,
    scope: TenantScope,
    share: Share,
}

impl TenantDatabase {
    /// Narrows `database` to the tenant that a request was authenticated for.
    pub fn new(database: Database, scope: TenantScope) -> Self {
        let share = database.share(scope.tenant());
        Self { database, scope, share }
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
        Ok(TenantTransaction { transaction: self.database.begin_in(&self.share).await? })
    }

    /// Runs one statement by itself and reads all its rows.
    pub async fn fetch_all<R>(&self, statement: Statement) -> Result<Vec<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        let mut lease = self.database.lease(&self.share).await?;
        let result = statement.fetch_all(&mut **lease.connection()?).await;
        drop(lease.end()?);
        result
    }

    /// Runs one statement whose text will hardly ever be run again and reads all its rows: no connection keeps it prepared, in
    /// place of others and at the cost of PostgreSQL's memory.
    ///
    /// Such a statement has no name and reaches PostgreSQL in two messages. Between them PgBouncer in transaction mode may
    /// lend another connection, where the statement without a name is another client's, perhaps another tenant's: hence the
    /// transaction.
    pub async fn fetch_all_once<R>(&self, statement: Statement) -> Result<Vec<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        let mut transaction = self.begin().await?;
        let rows = transaction.fetch_all(statement.without_name()).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    /// Runs one statement by itself and reads its first row.
    pub async fn fetch_optional<R>(&self, statement: Statement) -> Result<Option<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        let mut lease = self.database.lease(&self.share).await?;
        let result = statement.fetch_optional(&mut **lease.connection()?).await;
        drop(lease.end()?);
        result
    }

    /// Runs one statement by itself. Returns how many rows it wrote.
    pub async fn execute(&self, statement: Statement) -> Result<u64, Error> {
        let mut lease = self.database.lease(&self.share).await?;
        let result = statement.execute(&mut **lease.connection()?).await;
        drop(lease.end()?);
        result
    }
}

/// A transaction on one tenant's tables. Dropped without [`commit`](Self::commit), it is rolled back.
#[derive(Debug)]
pub struct TenantTransaction {
    transaction: Lease<Transaction<'static, Postgres>>,
}

impl TenantTransaction {
    /// Runs a statement and reads all its rows.
    pub async fn fetch_all<R>(&mut self, statement: Statement) -> Result<Vec<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        statement.fetch_all(&mut **self.transaction.connection()?).await
    }

    /// Runs a statement and reads its first row.
    pub async fn fetch_optional<R>(&mut self, statement: Statement) -> Result<Option<R>, Error>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        statement.fetch_optional(&mut **self.transaction.connection()?).await
    }

    /// Runs a statement. Returns how many rows it wrote.
    pub async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
        statement.execute(&mut **self.transaction.connection()?).await
    }

    /// Makes the writes of this transaction last.
    pub async fn commit(self) -> Result<(), Error> {
        let (transaction, _share) = self.transaction.end()?;
        Ok(transaction.commit().await?)
    }

    /// Gives the writes up now and frees the connection at once.
    pub async fn rollback(self) -> Result<(), Error> {
        let (transaction, _share) = self.transaction.end()?;
        Ok(transaction.rollback().await?)
    }
}
