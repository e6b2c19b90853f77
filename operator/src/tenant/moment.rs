//! When something happens to a tenant by itself, so that it is to be looked at then: pure, and by PostgreSQL's clock alone.

use std::time::Duration;

use database::registry::RegisteredTenant;
use jiff::{SignedDuration, Timestamp};

use crate::tenant::entrance::{Entrance, Rotation};
use crate::tenant::standing::Standing;

/// A clock that runs a little faster than another one must not make a pass follow a pass.
const LEAST: Duration = Duration::from_secs(1);

/// The time until the next of these after `decided_at`, PostgreSQL's time when this pass decided what to do: the end of a
/// credential that was given one, a rotation by schedule, and when it is time to say that nobody uses the newest. What was due
/// by then was done, or something stands in its way.
pub(crate) fn next_moment(
    registered: &RegisteredTenant,
    entrance: Option<&Entrance>,
    decided_at: Timestamp,
) -> Option<Duration> {
    let ends = registered.working().filter_map(|credential| credential.valid_until);
    let rotation = entrance.and_then(|entrance| rotation_due(registered, entrance));
    let unused = Standing::of(registered).and_then(|standing| standing.waits_since());
    let moments = ends.chain(rotation).chain(unused);
    let next = moments.filter(|moment| *moment > decided_at).min()?;
    let wait = Duration::try_from(next.duration_since(registered.now)).unwrap_or_default();
    Some(wait.max(LEAST))
}

/// When the newest credential is as old as it may get. One that nobody has used yet gets as old as it likes: only a person can
/// put the next one into the identity provider. Its first use is found by the audit, and makes the next pass.
fn rotation_due(registered: &RegisteredTenant, entrance: &Entrance) -> Option<Timestamp> {
    let Entrance::Issued { rotation: Rotation { every: Some(every), .. }, .. } = entrance else {
        return None;
    };
    let newest = registered.newest().filter(|newest| newest.first_used_at.is_some())?;
    newest.issued_at.checked_add(SignedDuration::try_from(*every).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use database::registry::{Credential, Overlap};

    use super::*;
    use crate::fixtures::{credential, registered, token};
    use crate::tenant::entrance::IssuedKind;

    const NOW: Timestamp = Timestamp::constant(1_900_000_000, 0);

    fn at(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    fn issued(generation: u32, seconds: i64) -> Credential {
        Credential { issued_at: at(seconds), ..credential(generation, &token(1)) }
    }

    fn used(generation: u32, seconds: i64) -> Credential {
        Credential { first_used_at: Some(at(seconds)), ..issued(generation, seconds) }
    }

    fn ending(generation: u32, seconds: i64) -> Credential {
        Credential { valid_until: Some(at(seconds)), ..used(generation, -1000) }
    }

    fn every(seconds: Option<u64>) -> Entrance {
        let rotation = Rotation { overlap: Overlap::UntilUsed, every: seconds.map(Duration::from_secs) };
        Entrance::Issued { kind: IssuedKind::BearerToken, rotation }
    }

    fn next(credentials: Vec<Credential>, entrance: Option<&Entrance>) -> Option<u64> {
        let registered = RegisteredTenant { now: NOW, ..registered(credentials) };
        next_moment(&registered, entrance, NOW).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_tenant_at_rest_waits_for_nothing() {
        assert_eq!(next(vec![], None), None);
        assert_eq!(next(vec![used(1, -100)], Some(&every(None))), None);
        assert_eq!(next(vec![issued(1, -100), issued(2, -50)], Some(&every(None))), None);
    }

    #[test]
    fn it_is_told_when_nobody_has_used_the_newest_for_a_day() {
        let day = 24 * 3600;
        assert_eq!(next(vec![used(1, -100), issued(2, -50)], None), Some(day - 50));
        assert_eq!(next(vec![used(1, -100 - 86_400), issued(2, -86_400)], None), None, "it was told");
    }

    #[test]
    fn the_end_of_a_credential_is_waited_for_once() {
        for entrance in [None, Some(every(None))] {
            let credentials = vec![ending(1, 60), ending(2, 30), used(3, -10)];
            assert_eq!(next(credentials, entrance.as_ref()), Some(30));
            assert_eq!(next(vec![ending(1, 0), issued(2, -10)], entrance.as_ref()), None);
        }
    }

    #[test]
    fn a_rotation_is_waited_for_when_the_newest_was_used() {
        let schedule = every(Some(100));
        assert_eq!(next(vec![used(1, -40)], Some(&schedule)), Some(60));
        assert_eq!(next(vec![issued(1, -40)], Some(&schedule)), None);
        assert_eq!(next(vec![used(1, -90), used(2, -40), issued(3, -86_400)], Some(&schedule)), None);
        assert_eq!(next(vec![used(1, -40)], None), None, "nobody knows the schedule of an invalid spec");
    }

    #[test]
    fn a_rotation_that_was_due_and_did_not_happen_is_not_tried_again_at_once() {
        assert_eq!(next(vec![used(1, -100)], Some(&every(Some(100)))), None);
    }

    #[test]
    fn what_comes_first_is_waited_for_but_at_least_a_second() {
        let schedule = every(Some(100));
        assert_eq!(next(vec![ending(1, 30), used(2, -40)], Some(&schedule)), Some(30));
        assert_eq!(next(vec![ending(1, 90), used(2, -40)], Some(&schedule)), Some(60));
        let soon = Credential { valid_until: Some(NOW + SignedDuration::from_millis(1)), ..used(1, -40) };
        assert_eq!(next(vec![soon, used(2, -40)], None), Some(1));
    }

    #[test]
    fn what_came_while_the_pass_was_under_way_is_looked_at_next() {
        let registered = RegisteredTenant { now: at(2), ..registered(vec![used(1, -99)]) };
        let wait = next_moment(&registered, Some(&every(Some(100))), NOW);
        assert_eq!(wait, Some(LEAST));
    }

    #[test]
    fn a_schedule_beyond_all_time_is_none() {
        assert_eq!(next(vec![used(1, -40)], Some(&every(Some(u64::MAX)))), None);
    }
}
