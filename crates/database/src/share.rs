//! The share of the pool that one tenant may hold: what a tenant does cannot keep the others from being served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Postgres, Transaction};
use tenancy::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// The shares of the tenants that are being served.
#[derive(Debug)]
pub(crate) struct Shares {
    /// How many connections each may hold.
    size: usize,
    tenants: Mutex<HashMap<TenantId, Weak<Semaphore>>>,
}

/// How many more connections a tenant may hold. All clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Share(Arc<Semaphore>);

impl Shares {
    /// Half of a pool for each tenant, rounded up.
    pub(crate) fn of_pool(max_connections: u32) -> Self {
        let size = usize::try_from(max_connections.div_ceil(2)).unwrap_or(usize::MAX);
        Self { size: size.clamp(1, Semaphore::MAX_PERMITS), tenants: Mutex::default() }
    }

    /// That tenant's share: the same one as long as anybody has it.
    pub(crate) fn of(&self, tenant: TenantId) -> Share {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = tenants.get(&tenant).and_then(Weak::upgrade) {
            return Share(share);
        }
        tenants.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(self.size));
        tenants.insert(tenant, Arc::downgrade(&share));
        Share(share)
    }
}

impl Share {
    /// Waits for room in the share. [`Error::Crowded`] where there is none in time.
    pub(crate) async fn take(&self, within: Duration) -> Result<OwnedSemaphorePermit, Error> {
        let permit = tokio::time::timeout(within, Arc::clone(&self.0).acquire_owned()).await;
        permit.ok().and_then(Result::ok).ok_or(Error::Crowded)
    }
}

/// A connection, or a transaction on one, that counts in its tenant's share until PostgreSQL is done with it. A caller
/// who goes away in the middle of a statement does not end the statement, so neither does he give back the share.
#[derive(Debug)]
pub(crate) struct Lease<C: Settle> {
    /// `Some` until it is dropped.
    leased: Option<(C, OwnedSemaphorePermit)>,
}

/// What can wait for the end of a statement that nobody waits for any more.
pub(crate) trait Settle: Send + 'static {
    fn settle(self) -> impl Future<Output = ()> + Send;
}

impl Settle for PoolConnection<Postgres> {
    async fn settle(mut self) {
        // A connection that broke is thrown away by the pool.
        let _ = self.ping().await;
    }
}

impl Settle for Transaction<'static, Postgres> {
    async fn settle(self) {
        let _ = self.rollback().await;
    }
}

impl<C: Settle> Lease<C> {
    pub(crate) fn new(connection: C, permit: OwnedSemaphorePermit) -> Self {
        Self { leased: Some((connection, permit)) }
    }

    /// What is leased.
    pub(crate) fn connection(&mut self) -> Result<&mut C, Error> {
        let leased = self.leased.as_mut().map(|(connection, _)| connection);
        leased.ok_or(Error::Unavailable(sqlx::Error::PoolClosed))
    }

    /// Takes the lease apart, because no statement is under way.
    pub(crate) fn end(mut self) -> Result<(C, OwnedSemaphorePermit), Error> {
        self.leased.take().ok_or(Error::Unavailable(sqlx::Error::PoolClosed))
    }
}

impl<C: Settle> Drop for Lease<C> {
    fn drop(&mut self) {
        if let Some((connection, permit)) = self.leased.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                connection.settle().await;
                drop(permit);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(10);

    #[tokio::test]
    async fn a_tenant_may_hold_half_of_the_pool_and_another_one_the_other_half() {
        let shares = Shares::of_pool(4);
        let [one, other] = [1, 2].map(|id| shares.of(TenantId::new(id)));
        let held = [one.take(WAIT).await.unwrap(), shares.of(TenantId::new(1)).take(WAIT).await.unwrap()];
        assert!(matches!(one.take(WAIT).await, Err(Error::Crowded)));
        assert!(other.take(WAIT).await.is_ok());
        drop(held);
        assert!(one.take(WAIT).await.is_ok());
    }

    #[tokio::test]
    async fn a_pool_of_one_connection_is_everybodys() {
        assert!(Shares::of_pool(1).of(TenantId::new(1)).take(WAIT).await.is_ok());
    }

    #[test]
    fn a_tenant_that_nobody_asks_for_is_forgotten() {
        let shares = Shares::of_pool(4);
        for id in 0..100 {
            drop(shares.of(TenantId::new(id)));
        }
        assert_eq!(shares.tenants.lock().unwrap().len(), 1);
    }
}
