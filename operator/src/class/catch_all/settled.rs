//! Which classes' catch-alls are as they should be, so that a pass need not read them: the watch tells when one changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the catch-alls of a class follow from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Of what the class declares.
    pub(super) generation: Option<i64>,
    /// Whose requests are caught.
    pub(super) hosts: BTreeSet<String>,
}

/// How far the pass over a class's catch-alls came that nothing happened since.
#[derive(Debug)]
enum Pass {
    Begun(Wanted),
    Settled(Wanted),
}

/// What is known of the catch-alls of classes, by the UID of the class.
#[derive(Debug, Default)]
pub(crate) struct SettledCatchAlls(Mutex<HashMap<String, Pass>>);

impl SettledCatchAlls {
    /// Whether a pass made sure of the same, and no route changed since.
    pub(super) fn is_settled(&self, class: &str, wanted: &Wanted) -> bool {
        matches!(self.lock().get(class), Some(Pass::Settled(settled)) if settled == wanted)
    }

    /// Notes that a pass begins, before it reads anything.
    pub(super) fn begin(&self, class: &str, wanted: Wanted) {
        self.lock().insert(class.to_owned(), Pass::Begun(wanted));
    }

    /// Notes that the pass left nothing to do; of no effect if a route changed meanwhile.
    pub(super) fn settle(&self, class: &str) {
        let mut passes = self.lock();
        if let Some(Pass::Begun(wanted)) = passes.remove(class) {
            passes.insert(class.to_owned(), Pass::Settled(wanted));
        }
    }

    /// Notes that a route of the class changed, or the class itself.
    pub(crate) fn forget(&self, class: &str) {
        self.lock().remove(class);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pass>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS: &str = "c1a55000-0000-4000-8000-000000000000";

    fn wanted(generation: i64, hosts: &[&str]) -> Wanted {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Wanted { generation: Some(generation), hosts }
    }

    #[test]
    fn what_was_settled_is_left_alone_until_something_else_is_wanted_or_a_route_changes() {
        let settled = SettledCatchAlls::default();
        let same = wanted(1, &["a.example.com"]);
        assert!(!settled.is_settled(CLASS, &same));
        settled.begin(CLASS, same.clone());
        assert!(!settled.is_settled(CLASS, &same), "the pass may fail");
        settled.settle(CLASS);
        assert!(settled.is_settled(CLASS, &same));
        assert!(!settled.is_settled("another", &same));
        assert!(!settled.is_settled(CLASS, &wanted(2, &["a.example.com"])));
        assert!(!settled.is_settled(CLASS, &wanted(1, &["a.example.com", "b.example.com"])));
        settled.forget(CLASS);
        assert!(!settled.is_settled(CLASS, &same));
    }

    #[test]
    fn a_route_that_changes_during_a_pass_costs_another_pass() {
        let settled = SettledCatchAlls::default();
        settled.begin(CLASS, wanted(1, &[]));
        settled.forget(CLASS);
        settled.settle(CLASS);
        assert!(!settled.is_settled(CLASS, &wanted(1, &[])));
    }
}
