//! The pool of connections to PostgreSQL.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::{Transaction, pool::PoolConnection};

use crate::error::Error;

/// How long a caller waits for a connection before PostgreSQL counts as unavailable: short, so that clients are told.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection that was used within this time is taken to be alive; an older one is asked first.
const TRUSTED_AFTER_USE: Duration = Duration::from_secs(1);

/// How to connect.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most connections at once. At least 1.
    pub max_connections: u32,
    /// What `pg_stat_activity` calls this process.
    pub application_name: String,
}

/// The URL of a database cannot be used. It holds a password, so no message repeats it.
#[derive(Debug, thiserror::Error)]
#[error("the database URL is not of the form postgres://user:password@host:port/database")]
pub struct ConnectError(#[source] sqlx::Error);

/// A PostgreSQL database, by a pool of connections that open when they are needed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    pool: PgPool,
    options: Options,
}

impl Database {
    /// Reads the URL. Connects on first use, so that a process starts while PostgreSQL is away.
    ///
    /// Must be called within a tokio runtime.
    pub fn connect(url: &str, options: Options) -> Result<Self, ConnectError> {
        let connect = PgConnectOptions::from_str(url).map_err(ConnectError)?;
        Ok(Self::open(connect.application_name(&options.application_name), options))
    }

    /// The same database by connections of its own, which traffic on `self` cannot use up.
    #[must_use]
    pub fn apart(&self, max_connections: u32) -> Self {
        let connect = PgConnectOptions::clone(&self.pool.connect_options());
        Self::open(connect, Options { max_connections, ..self.options.clone() })
    }

    /// Says whether PostgreSQL answers.
    pub async fn health(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes all connections; statements under way finish first.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        Ok(self.pool.begin().await?)
    }

    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        Ok(self.pool.acquire().await?)
    }

    fn open(connect: PgConnectOptions, options: Options) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, usage| {
                Box::pin(async move {
                    // A round trip before each statement would double the cost of most requests. After a restart of
                    // PostgreSQL each busy connection fails at most once.
                    Ok(usage.idle_for < TRUSTED_AFTER_USE || connection.ping().await.is_ok())
                })
            })
            .connect_lazy_with(connect);
        Self { pool, options }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options { max_connections: 1, application_name: "test".to_owned() }
    }

    #[test]
    fn a_text_that_is_no_url_is_refused_without_repeating_it() {
        let error = Database::connect("postgres://u:secret@host:port/x", options()).unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable_soon() {
        let database = Database::connect("postgres://nobody@127.0.0.1:1/x", options()).unwrap();
        let started = std::time::Instant::now();
        assert!(database.health().await.unwrap_err().is_unavailable());
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}
