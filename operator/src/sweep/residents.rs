//! Whom this process has seen living: the owner of a row that was one of them was of this cluster, though nobody is here any
//! more.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// The UIDs of the ScimTenants that a watch told of.
#[derive(Debug, Default)]
pub(crate) struct Residents(Mutex<HashSet<Uuid>>);

impl Residents {
    /// Notes that a ScimTenant of this UID is here, or was.
    pub(crate) fn note(&self, uid: &str) {
        if let Ok(uid) = uid.parse() {
            self.lock().insert(uid);
        }
    }

    /// All so far.
    pub(super) fn all(&self) -> HashSet<Uuid> {
        self.lock().clone()
    }

    /// Forgets those of `known` that matter no more. Who came after `known` was read stays.
    pub(super) fn forget(&self, known: &HashSet<Uuid>, matters: impl Fn(&Uuid) -> bool) {
        self.lock().retain(|uid| !known.contains(uid) || matters(uid));
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_matters_no_more_is_forgotten_and_who_came_meanwhile_is_not() {
        let [gone, row, new] = [1, 2, 3].map(Uuid::from_u128);
        let residents = Residents::default();
        residents.note(&gone.to_string());
        residents.note(&row.to_string());
        residents.note("no UID");
        let known = residents.all();
        residents.note(&new.to_string());
        residents.forget(&known, |uid| *uid == row);
        assert_eq!(residents.all(), HashSet::from([row, new]));
    }
}
