//! When each tenant's users and groups were last counted: not on each pass, since counting costs, and a status that
//! changes with each new user would make the next pass.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// A little less than the time between two passes over a settled tenant, so that each of those counts.
const INTERVAL: Duration = Duration::from_mins(4);

/// When each tenant was last counted, by the UID of its ScimTenant.
#[derive(Debug, Default)]
pub(crate) struct Census(Mutex<HashMap<Uuid, Instant>>);

impl Census {
    /// Whether it is time to count.
    pub(crate) fn is_due(&self, tenant: Uuid) -> bool {
        self.lock().get(&tenant).is_none_or(|counted| counted.elapsed() >= INTERVAL)
    }

    /// Notes that a tenant was counted just now.
    pub(crate) fn counted(&self, tenant: Uuid) {
        self.lock().insert(tenant, Instant::now());
    }

    /// Forgets a tenant that is gone.
    pub(crate) fn forget(&self, tenant: Uuid) {
        self.lock().remove(&tenant);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_counted_at_first_sight_and_not_again_at_once() {
        let census = Census::default();
        assert!(census.is_due(Uuid::nil()));
        census.counted(Uuid::nil());
        assert!(!census.is_due(Uuid::nil()));
        census.forget(Uuid::nil());
        assert!(census.is_due(Uuid::nil()));
    }
}
