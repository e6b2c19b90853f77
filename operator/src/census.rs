//! When each tenant's users and groups were last counted: not on each pass, since counting costs, and a status that
//! changes with each new user would make the next pass.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// A little less than the time between two passes over a settled tenant, so that each of those counts.
const INTERVAL: Duration = Duration::from_mins(4);
/// The time until a tenant that has just been made is counted again.
const FIRST_INTERVAL: Duration = Duration::from_secs(15);

/// When each tenant is to be counted again, by the UID of its ScimTenant.
#[derive(Debug, Default)]
pub(crate) struct Census(Mutex<HashMap<Uuid, Instant>>);

/// How long after a pass over a tenant of this age its users are to be counted again: somebody who has just set up a
/// connection looks whether users come. `None`: it is old enough to wait for the next pass, whenever that is.
pub(crate) fn next_count(age: Duration) -> Option<Duration> {
    Some((age / 2).max(FIRST_INTERVAL)).filter(|interval| *interval < INTERVAL)
}

impl Census {
    /// Whether it is time to count.
    pub(crate) fn is_due(&self, tenant: Uuid) -> bool {
        self.lock().get(&tenant).is_none_or(|due| Instant::now() >= *due)
    }

    /// Notes that a tenant of this age was counted just now.
    pub(crate) fn counted(&self, tenant: Uuid, age: Duration) {
        self.lock().insert(tenant, Instant::now() + next_count(age).unwrap_or(INTERVAL));
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
        census.counted(Uuid::nil(), Duration::ZERO);
        assert!(!census.is_due(Uuid::nil()));
        census.forget(Uuid::nil());
        assert!(census.is_due(Uuid::nil()));
    }

    #[test]
    fn a_young_tenant_is_counted_soon_and_ever_less_often() {
        let mut age = Duration::ZERO;
        let mut waits = Vec::new();
        while let Some(wait) = next_count(age) {
            waits.push(wait.as_secs());
            age += wait;
        }
        assert_eq!(waits, [15, 15, 15, 22, 33, 50, 75, 113, 170]);
        assert_eq!(next_count(age), None);
    }
}
