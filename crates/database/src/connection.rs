//! The pool of connections to PostgreSQL.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, Postgres};
use sqlx::{Transaction, pool::PoolConnection};
use tenancy::TenantId;

use crate::error::Error;
use crate::refusal::{Refusal, refusal};
use crate::share::{Lease, Share, Shares};
use crate::sql;

/// How long a caller waits for a connection before PostgreSQL counts as unavailable: short, so that clients are told.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// The same for a process that no client waits for. At its start it opens all of its connections at once.
const PATIENT_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was used within this time is taken to be alive; an older one is asked first.
const TRUSTED_AFTER_USE: Duration = Duration::from_secs(1);
/// Of connections whose statements may take as long as they need.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '10s'";

/// Statements that a connection for requests keeps prepared. The name of the tenant's schema is in a statement's text, so
/// each tenant has its own, and preparing one again costs as much as running it. PostgreSQL needs some 100 KiB for each,
/// hence 25 MiB for a connection. What hardly anybody asks twice is not kept ([`TenantDatabase::fetch_all_once`]): a client that puts
/// together ever other filters would fill the memory and drive the statements out that are worth it.
///
/// [`TenantDatabase::fetch_all_once`]: crate::tenant::TenantDatabase::fetch_all_once
const PREPARED_STATEMENTS: usize = 250;

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
    /// This pool and those [apart](Self::apart) from it.
    pools: Arc<Mutex<Vec<PgPool>>>,
    moved: Moved,
    options: Options,
    /// How long a statement may take; `None` for as long as it needs.
    statement_timeout: Option<Duration>,
    shares: Arc<Shares>,
}

/// When the database was last said to be elsewhere.
type Moved = Arc<Mutex<Option<Instant>>>;

/// How the connections of a pool are used at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those that somebody holds.
    pub used: usize,
    /// Those that wait for the next one.
    pub idle: usize,
}

impl Database {
    /// Reads the URL. Connects on first use, so that a process starts while PostgreSQL is away.
    ///
    /// Must be called within a tokio runtime.
    pub fn connect(url: &str, options: Options) -> Result<Self, ConnectError> {
        Ok(Self::open(parse(url, &options, None)?, options, None, Arc::default(), Arc::default()))
    }

    /// The same for a process that serves requests: PostgreSQL ends a statement that takes longer than
    /// `statement_timeout`, and a transaction in which nothing happens for as long ([`Error::TimedOut`]). Otherwise the
    /// statement of a client who went away would go on and keep its connection from the others.
    pub fn connect_for_requests(
        url: &str,
        options: Options,
        statement_timeout: Duration,
    ) -> Result<Self, ConnectError> {
        let limit = Some(statement_timeout);
        Ok(Self::open(parse(url, &options, limit)?, options, limit, Arc::default(), Arc::default()))
    }

    /// Has connections that are opened from now on, also those [apart](Self::apart), opened by another URL. Those that are open
    /// stay where only the account is another; those that lead to another place end with what they do at the moment, or
    /// some would go on writing there.
    pub fn renew(&self, url: &str) -> Result<(), ConnectError> {
        let connect = parse(url, &self.options, self.statement_timeout)?;
        let has_moved = place(&self.pool.connect_options()) != place(&connect);
        for pool in lock(&self.pools).iter() {
            pool.set_connect_options(connect.clone());
        }
        if has_moved {
            *lock(&self.moved) = Some(Instant::now());
        }
        Ok(())
    }

    /// Tries to open a connection, and says why there is none; `None`: there is one.
    pub async fn refusal(&self) -> Option<Refusal> {
        refusal(&self.pool.connect_options()).await
    }

    /// The same database by connections of its own, which traffic on `self` cannot use up.
    #[must_use]
    pub fn apart(&self, max_connections: u32) -> Self {
        let connect = PgConnectOptions::clone(&self.pool.connect_options());
        let options = Options { max_connections, ..self.options.clone() };
        Self::open(connect, options, self.statement_timeout, self.pools.clone(), self.moved.clone())
    }

    /// The same as [`apart`](Self::apart), for work in the background whose statements may take longer.
    #[must_use]
    pub fn apart_with_timeout(&self, max_connections: u32, statement_timeout: Duration) -> Self {
        let connect = PgConnectOptions::clone(&self.pool.connect_options());
        let options = Options { max_connections, ..self.options.clone() };
        Self::open(connect, options, Some(statement_timeout), self.pools.clone(), self.moved.clone())
    }

    /// How many connections are open, and how many of them are in use.
    pub fn connections(&self) -> Connections {
        let open = usize::try_from(self.pool.size()).unwrap_or(usize::MAX);
        let idle = self.pool.num_idle().min(open);
        Connections { used: open - idle, idle }
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

    /// What a tenant may hold of the pool.
    pub(crate) fn share(&self, tenant: TenantId) -> Share {
        self.shares.of(tenant)
    }

    /// A connection that counts in this share.
    pub(crate) async fn lease(&self, share: &Share) -> Result<Lease<PoolConnection<Postgres>>, Error> {
        let permit = share.take(ACQUIRE_TIMEOUT).await?;
        Ok(Lease::new(self.acquire().await?, permit))
    }

    /// A transaction whose connection counts in this share.
    pub(crate) async fn begin_in(
        &self,
        share: &Share,
    ) -> Result<Lease<Transaction<'static, Postgres>>, Error> {
        let permit = share.take(ACQUIRE_TIMEOUT).await?;
        Ok(Lease::new(self.begin().await?, permit))
    }

    fn open(
        connect: PgConnectOptions,
        options: Options,
        statement_timeout: Option<Duration>,
        pools: Arc<Mutex<Vec<PgPool>>>,
        moved: Moved,
    ) -> Self {
        let last_moved = moved.clone();
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(statement_timeout.map_or(PATIENT_ACQUIRE_TIMEOUT, |_| ACQUIRE_TIMEOUT))
            .test_before_acquire(false)
            .before_acquire(move |connection, usage| {
                let leads_elsewhere = lock(&last_moved).is_some_and(|at| usage.age > at.elapsed());
                Box::pin(async move {
                    // A round trip before each statement would double the cost of most requests. After a restart of
                    // PostgreSQL each busy connection fails at most once.
                    let is_trusted = usage.idle_for < TRUSTED_AFTER_USE;
                    Ok(!leads_elsewhere && (is_trusted || connection.ping().await.is_ok()))
                })
            })
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    match statement_timeout {
                        Some(limit) => bound(connection, limit).await,
                        // What waits for a lock that somebody forgot holds up others.
                        None => sqlx::raw_sql(LOCK_TIMEOUT).execute(connection).await.map(|_| ()),
                    }
                })
            })
            .connect_lazy_with(connect);
        lock(&pools).push(pool.clone());
        let shares = Arc::new(Shares::of_pool(options.max_connections));
        Self { pool, pools, moved, options, statement_timeout, shares }
    }
}

/// Where a database is, whoever asks.
fn place(connect: &PgConnectOptions) -> (String, u16, Option<PathBuf>, Option<String>) {
    let socket = connect.get_socket().cloned();
    (connect.get_host().to_owned(), connect.get_port(), socket, connect.get_database().map(str::to_owned))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parse(url: &str, options: &Options, limit: Option<Duration>) -> Result<PgConnectOptions, ConnectError> {
    let connect = PgConnectOptions::from_str(url).map_err(ConnectError)?;
    // PgBouncer refuses the parameter; floats come whole without it since PostgreSQL 12.
    let connect = connect.application_name(&options.application_name).extra_float_digits(None);
    Ok(match limit {
        Some(_) => connect.statement_cache_capacity(PREPARED_STATEMENTS),
        None => connect,
    })
}

/// Sets the time limits of a session. Not by `options` of the start-up message, which PgBouncer refuses or drops; and by
/// the simple protocol, since behind PgBouncer in transaction mode two messages of one statement may reach two connections.
/// There the limits are those of whoever set them last on the connection that is lent: hence they belong to the role, too.
async fn bound(connection: &mut PgConnection, limit: Duration) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql::time_limits(limit)).execute(connection).await.map(|_| ())
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
        let url = "postgres://nobody@127.0.0.1:1/x";
        let database = Database::connect_for_requests(url, options(), Duration::from_secs(1)).unwrap();
        let started = Instant::now();
        assert!(database.health().await.unwrap_err().is_unavailable());
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}
