//! When each tenant's users and groups are to be counted: as long as it is young, and later when something was written.
//! Not on each pass, since counting costs, and a status that changes with each new user would make the next pass.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// The least time between two counts of a tenant that is old enough.
const INTERVAL: Duration = Duration::from_mins(4);
/// The time until a tenant that has just been made is counted again.
const FIRST_INTERVAL: Duration = Duration::from_secs(15);

/// When each tenant is to be counted again, by the UID of its ScimTenant.
#[derive(Debug, Default)]
pub(crate) struct Census(Mutex<HashMap<Uuid, Count>>);

/// When a tenant is to be counted again.
#[derive(Debug, Clone, Copy)]
enum Count {
    /// When somebody has written, then at the earliest.
    OnceWritten(Instant),
    /// Then, since somebody has written or the tenant is young.
    Due(Instant),
}

/// How long after a pass over a tenant of this age its users are to be counted again: somebody who has just set up a
/// connection looks whether users come. `None`: it is old enough to wait until something is written.
pub(crate) fn next_count(age: Duration) -> Option<Duration> {
    Some((age / 2).max(FIRST_INTERVAL)).filter(|interval| *interval < INTERVAL)
}

impl Census {
    /// Whether it is time to count.
    pub(crate) fn is_due(&self, tenant: Uuid) -> bool {
        match self.lock().get(&tenant) {
            None => true,
            Some(Count::Due(due)) => Instant::now() >= *due,
            Some(Count::OnceWritten(_)) => false,
        }
    }

    /// Notes that a tenant of this age was counted just now.
    pub(crate) fn counted(&self, tenant: Uuid, age: Duration) {
        let now = Instant::now();
        let count = next_count(age).map_or(Count::OnceWritten(now + INTERVAL), |wait| Count::Due(now + wait));
        self.lock().insert(tenant, count);
    }

    /// Notes that somebody may have written.
    pub(crate) fn written(&self, tenant: Uuid) {
        if let Some(count) = self.lock().get_mut(&tenant)
            && let Count::OnceWritten(earliest) = *count
        {
            *count = Count::Due(earliest);
        }
    }

    /// Those whose time has come.
    pub(crate) fn due(&self) -> Vec<Uuid> {
        let now = Instant::now();
        let counts = self.lock();
        let due = counts.iter().filter(|(_, count)| matches!(count, Count::Due(due) if *due <= now));
        due.map(|(tenant, _)| *tenant).collect()
    }

    /// Forgets a tenant that is gone.
    pub(crate) fn forget(&self, tenant: Uuid) {
        self.lock().remove(&tenant);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Duration = Duration::from_hours(24);

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

    /// One that was counted, the interval between two counts ago.
    fn counted_long_ago() -> Census {
        Census(Mutex::new(HashMap::from([(Uuid::nil(), Count::OnceWritten(Instant::now()))])))
    }

    #[test]
    fn an_old_tenant_is_counted_when_something_was_written() {
        let census = counted_long_ago();
        assert!(!census.is_due(Uuid::nil()) && census.due().is_empty());
        census.written(Uuid::nil());
        assert!(census.is_due(Uuid::nil()));
        assert_eq!(census.due(), [Uuid::nil()]);
        census.counted(Uuid::nil(), OLD);
        assert!(census.due().is_empty());
    }

    #[test]
    fn one_that_is_written_all_the_time_is_counted_now_and_then() {
        let census = Census::default();
        census.counted(Uuid::nil(), OLD);
        census.written(Uuid::nil());
        assert!(!census.is_due(Uuid::nil()), "four minutes later, and then without being written again");
    }
}
