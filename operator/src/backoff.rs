//! How long to wait until the next pass over an object.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::obstacle::Obstacle;

/// The wait after the first failure.
pub(crate) const FIRST: Duration = Duration::from_secs(1);
/// Short enough that people see the operator come back by itself after PostgreSQL did.
const LONGEST: Duration = Duration::from_secs(30);
/// The shortest time until a settled object is looked at again, and how much longer it may take: ten hours, as in
/// controller-runtime. Watches and the audit tell of what changes.
const RESYNC: Duration = Duration::from_hours(9);
const RESYNC_JITTER: Duration = Duration::from_hours(2);

/// Failures in a row, by the UID of the object.
#[derive(Debug, Default)]
pub(crate) struct Backoff(Mutex<HashMap<String, u32>>);

impl Backoff {
    /// The time to wait after one more failure: 1, 2, 4, … 30 seconds.
    pub(crate) fn after_failure(&self, uid: &str) -> Duration {
        let mut failures = self.lock();
        let count = failures.entry(uid.to_owned()).or_insert(0);
        let wait = FIRST.saturating_mul(1 << (*count).min(5)).min(LONGEST);
        *count = count.saturating_add(1);
        wait
    }

    /// Starts over: the object is settled, or gone.
    pub(crate) fn reset(&self, uid: &str) {
        self.lock().remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time until a settled object is looked at again without cause: ten hours, give or take one, so that those that
/// were made together do not stay together.
pub(crate) fn resync() -> Duration {
    RESYNC + up_to(RESYNC_JITTER)
}

/// The time until an object is looked at again that came as far as it can without a change of some object: up to a fifth
/// longer than the obstacle says, so that thousands that met the same one do not come back together.
pub(crate) fn next_look(obstacle: Option<&Obstacle>) -> Duration {
    obstacle.and_then(Obstacle::look_again).map_or_else(resync, |look| look + up_to(look / 5))
}

/// By chance.
fn up_to(longest: Duration) -> Duration {
    let milliseconds = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(RandomState::new().hash_one(()) % milliseconds)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crds::Reason;

    use super::*;

    #[test]
    fn what_nobody_tells_of_is_looked_at_soon() {
        let look = |reason| next_look(Some(&Obstacle::lasting(reason, "no")));
        for (reason, seconds) in [
            (Reason::SecretNameTaken, 30),
            (Reason::RouteNameTaken, 30),
            (Reason::SecretRefused, 300),
            (Reason::RegistrationLost, 300),
            (Reason::RouteRejected, 300),
            (Reason::RoutePending, 300),
            (Reason::GatewayAPIMissing, 300),
            (Reason::SchemaDamaged, 300),
            (Reason::InstallationTaken, 300),
        ] {
            assert!((seconds..seconds + seconds / 5).contains(&look(reason).as_secs()), "{reason}");
        }
        let looks: HashSet<Duration> = (0..10).map(|_| look(Reason::RouteRejected)).collect();
        assert!(looks.len() > 1, "not all at once");
        assert!(look(Reason::ClassNotFound) >= RESYNC);
        assert!(next_look(None) >= RESYNC);
    }

    #[test]
    fn waits_grow_up_to_half_a_minute_and_start_over() {
        let backoff = Backoff::default();
        let waits: Vec<u64> = (0..7).map(|_| backoff.after_failure("a").as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(backoff.after_failure("b").as_secs(), 1);
        backoff.reset("a");
        assert_eq!(backoff.after_failure("a").as_secs(), 1);
    }

    #[test]
    fn a_settled_object_is_seen_about_every_ten_hours() {
        for _ in 0..100 {
            assert!((9 * 3600..11 * 3600).contains(&resync().as_secs()));
        }
    }
}
