//! Who may ask an issuer at this moment: so many in all, and so many for one tenant.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tenancy::TenantId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Most issuers that are asked at the same time.
const AT_ONCE: usize = 16;

/// Most of them for one tenant, so that one whose issuers are slow keeps not everybody waiting.
const AT_ONCE_FOR_ONE_TENANT: usize = 4;

/// How long somebody waits for a turn: as long as for an answer, which a request has the time for.
const WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    /// Of those tenants who wait or ask.
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

/// The right to ask, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _of_tenant: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), tenants: Mutex::default() }
    }
}

impl Turns {
    /// Waits for a turn; `None` when none comes.
    pub(super) async fn of(&self, tenant: TenantId) -> Option<Turn> {
        let of_tenant = self.semaphore(tenant);
        let turn = async {
            let of_tenant = of_tenant.acquire_owned().await.ok()?;
            let of_all = self.all.clone().acquire_owned().await.ok()?;
            Some(Turn { _of_tenant: of_tenant, _of_all: of_all })
        };
        timeout(WAIT, turn).await.ok().flatten()
    }

    fn semaphore(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits or asks holds a share.
        tenants.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        tenants.entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_FOR_ONE_TENANT))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: TenantId = TenantId::new(1);

    #[tokio::test(start_paused = true)]
    async fn one_tenant_takes_not_all_turns() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for _ in 0..AT_ONCE_FOR_ONE_TENANT {
            held.push(turns.of(SLOW).await.unwrap());
        }
        assert!(turns.of(SLOW).await.is_none());
        assert!(turns.of(TenantId::new(2)).await.is_some());
        held.pop();
        assert!(turns.of(SLOW).await.is_some());
        assert_eq!(turns.tenants.lock().unwrap().len(), 1, "who is done is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_so_many_turns_and_no_more() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for number in 0..AT_ONCE {
            held.push(turns.of(TenantId::new(i64::try_from(number).unwrap())).await.unwrap());
        }
        assert!(turns.of(TenantId::new(100)).await.is_none());
        held.pop();
        assert!(turns.of(TenantId::new(100)).await.is_some());
    }
}
