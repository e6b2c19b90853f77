//! The conditions of a status: what held before goes in, what holds now comes out.

use crds::{ConditionType, Reason};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::obstacle::{Obstacle, Remedy};

/// `status` of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// Conditions in the making.
///
/// `lastTransitionTime` changes with `status` only (a time that is written on each pass is an endless loop:
/// knative/serving#1181), and has whole seconds, as Kubernetes keeps them.
#[derive(Debug)]
pub(crate) struct Conditions<'a> {
    previous: &'a [Condition],
    generation: Option<i64>,
    now: Timestamp,
    current: Vec<Condition>,
}

impl<'a> Conditions<'a> {
    /// Starts from the conditions of the status before; `generation` is the one that was looked at.
    pub(crate) fn new(previous: &'a [Condition], generation: Option<i64>, now: Timestamp) -> Self {
        Self { previous, generation, now, current: Vec::new() }
    }

    /// Says that a condition holds, does not, or is not known.
    pub(crate) fn set(
        &mut self,
        type_: ConditionType,
        truth: Truth,
        reason: Reason,
        message: impl Into<String>,
    ) {
        let before = find(self.previous, type_).filter(|before| before.status == truth.as_str());
        self.current.push(Condition {
            type_: type_.as_str().to_owned(),
            status: truth.as_str().to_owned(),
            reason: reason.as_str().to_owned(),
            message: message.into(),
            observed_generation: self.generation,
            last_transition_time: before
                .map_or_else(|| whole_seconds(self.now), |before| before.last_transition_time.clone()),
        });
    }

    /// Says that something stands in the way of a condition.
    pub(crate) fn block(&mut self, type_: ConditionType, obstacle: &Obstacle) {
        self.set(type_, Truth::False, obstacle.reason, &obstacle.message);
    }

    /// Says what was said before, since nobody has looked this time; of the first time, that it is not known.
    pub(crate) fn keep(&mut self, type_: ConditionType, waits_for: &str) {
        match find(self.previous, type_) {
            Some(before) if before.status != Truth::Unknown.as_str() => self.current.push(before.clone()),
            _ => self.set(type_, Truth::Unknown, Reason::Waiting, waits_for),
        }
    }

    /// Sums up as kstatus reads it: `Reconciling` while waiting helps, `Stalled` when somebody has to act.
    pub(crate) fn explain(&mut self, obstacle: &Obstacle) {
        let type_ = match obstacle.remedy {
            Remedy::Time | Remedy::Others => ConditionType::Reconciling,
            Remedy::Change => ConditionType::Stalled,
        };
        self.set(type_, Truth::True, obstacle.reason, &obstacle.message);
    }

    /// The conditions for the status.
    pub(crate) fn into_vec(self) -> Vec<Condition> {
        self.current
    }
}

/// The condition of that type.
pub(crate) fn find(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == type_.as_str())
}

/// Whether the condition of that type is there and true.
pub(crate) fn is_true(conditions: &[Condition], type_: ConditionType) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status == Truth::True.as_str())
}

/// A time as Kubernetes keeps it, without fractions of a second: else what we write would never equal what we read.
pub(crate) fn whole_seconds(moment: Timestamp) -> Time {
    Time(Timestamp::from_second(moment.as_second()).unwrap_or(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ready(truth: Truth, reason: Reason, previous: &[Condition], now: i64) -> Vec<Condition> {
        let mut conditions = Conditions::new(previous, Some(1), at(now));
        conditions.set(ConditionType::Ready, truth, reason, "");
        conditions.into_vec()
    }

    #[test]
    fn the_time_of_transition_changes_with_the_status_only() {
        let first = ready(Truth::False, Reason::ClassNotFound, &[], 10);
        let same = ready(Truth::False, Reason::NoDefaultClass, &first, 20);
        let other = ready(Truth::True, Reason::Connected, &same, 30);
        let times: Vec<i64> =
            [first, same, other].iter().map(|all| all[0].last_transition_time.0.as_second()).collect();
        assert_eq!(times, [10, 10, 30]);
    }

    #[test]
    fn what_others_are_at_is_reconciling_and_what_somebody_has_to_change_is_stalled() {
        let type_of = |obstacle: &Obstacle| {
            let mut conditions = Conditions::new(&[], Some(1), at(10));
            conditions.explain(obstacle);
            conditions.into_vec().remove(0).type_
        };
        assert_eq!(type_of(&Obstacle::awaited(Reason::RoutePending, "")), "Reconciling");
        assert_eq!(type_of(&Obstacle::passing(Reason::DatabaseUnavailable, "")), "Reconciling");
        assert_eq!(type_of(&Obstacle::lasting(Reason::RouteRejected, "")), "Stalled");
    }

    #[test]
    fn times_have_whole_seconds() {
        assert_eq!(whole_seconds(Timestamp::from_millisecond(1_999).unwrap()).0, at(1));
    }

    #[test]
    fn what_nobody_looked_at_is_kept_with_the_generation_it_was_seen_in() {
        let before = ready(Truth::True, Reason::Connected, &[], 10);
        let mut conditions = Conditions::new(&before, Some(2), at(20));
        conditions.keep(ConditionType::Ready, "waits");
        conditions.keep(ConditionType::RouteReady, "waits");
        let [ready, route] = conditions.into_vec().try_into().unwrap();
        assert_eq!(ready, before[0]);
        assert_eq!((route.status.as_str(), route.reason.as_str()), ("Unknown", "Waiting"));
    }
}
