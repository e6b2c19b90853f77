//! Which issuers are remembered: those that were asked for last, so many in all and so many for one tenant.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tenancy::{PrivateAddresses, TenantId};
use tokio::time::Instant;

/// Most places in all.
const MOST: usize = 1000;

/// Most places of one tenant: those of two issuers, and of two more in the middle of a change. Whoever changes where keys are
/// again and again pushes out keys of their own.
const MOST_OF_ONE_TENANT: usize = 4;

/// After which a place is forgotten that nobody asks for.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// Where keys are. Who may not fetch from private addresses gets nothing either that somebody else fetched there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) uri: String,
    pub(super) private_addresses: PrivateAddresses,
}

/// What is remembered of places.
#[derive(Debug)]
pub(super) struct Places<T> {
    places: HashMap<Place, Remembered<T>>,
}

#[derive(Debug)]
struct Remembered<T> {
    what: Arc<T>,
    /// By whom, and when last.
    wanted: HashMap<TenantId, Instant>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { places: HashMap::new() }
    }
}

impl<T> Places<T> {
    /// What is remembered of a place, or what this makes of it. Makes room for it where there is none.
    pub(super) fn want(
        &mut self,
        place: Place,
        tenant: TenantId,
        now: Instant,
        make: impl FnOnce(Place) -> T,
    ) -> Arc<T> {
        let is_known = self.places.get(&place).is_some_and(|known| known.wanted.contains_key(&tenant));
        if !is_known {
            self.forget_unwanted(now);
            self.forget_oldest_of(tenant);
            if !self.places.contains_key(&place) {
                self.forget_oldest();
            }
        }
        let remembered = self.places.entry(place).or_insert_with_key(|place| Remembered {
            what: Arc::new(make(place.clone())),
            wanted: HashMap::new(),
        });
        remembered.wanted.insert(tenant, now);
        remembered.what.clone()
    }

    fn forget_unwanted(&mut self, now: Instant) {
        self.places.retain(|_, remembered| {
            remembered.wanted.retain(|_, wanted| now.duration_since(*wanted) < FORGOTTEN_AFTER);
            !remembered.wanted.is_empty()
        });
    }

    /// Leaves room for one more place of this tenant. One that others want as well stays for them.
    fn forget_oldest_of(&mut self, tenant: TenantId) {
        let of_tenant = self.places.values_mut().filter(|remembered| remembered.wanted.contains_key(&tenant));
        let mut of_tenant: Vec<_> = of_tenant.collect();
        of_tenant
            .sort_unstable_by_key(|remembered| std::cmp::Reverse(remembered.wanted.get(&tenant).copied()));
        for remembered in of_tenant.into_iter().skip(MOST_OF_ONE_TENANT - 1) {
            remembered.wanted.remove(&tenant);
        }
        self.places.retain(|_, remembered| !remembered.wanted.is_empty());
    }

    /// Leaves room for one more place.
    fn forget_oldest(&mut self) {
        let surplus = (self.places.len() + 1).saturating_sub(MOST);
        let mut oldest: Vec<_> =
            self.places.iter().map(|(place, known)| (known.last_wanted(), place)).collect();
        oldest.sort_unstable_by_key(|(wanted, _)| *wanted);
        let surplus: HashSet<Place> =
            oldest.into_iter().take(surplus).map(|(_, place)| place.clone()).collect();
        self.places.retain(|place, _| !surplus.contains(place));
    }
}

impl<T> Remembered<T> {
    fn last_wanted(&self) -> Option<Instant> {
        self.wanted.values().max().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn place(number: usize) -> Place {
        Place { uri: format!("https://{number}.example"), private_addresses: PrivateAddresses::Deny }
    }

    fn tenant(number: usize) -> TenantId {
        TenantId::new(i64::try_from(number).unwrap())
    }

    fn want(places: &mut Places<()>, number: usize, tenant: TenantId, now: Instant) {
        places.want(place(number), tenant, now, |_| ());
    }

    fn known(places: &Places<()>) -> Vec<usize> {
        (0..=MOST).filter(|number| places.places.contains_key(&place(*number))).collect()
    }

    #[test]
    fn a_place_is_remembered_for_all_who_want_it_in_the_same_way() {
        let (mut places, now) = (Places::default(), Instant::now());
        let one = places.want(place(1), tenant(1), now, |_| 1);
        assert!(Arc::ptr_eq(&one, &places.want(place(1), tenant(2), now, |_| 2)));
        let private = Place { private_addresses: PrivateAddresses::Allow, ..place(1) };
        assert_eq!(*places.want(private, tenant(2), now, |_| 3), 3);
    }

    #[test]
    fn a_tenant_that_names_many_places_pushes_out_its_own_only() {
        let (mut places, now) = (Places::default(), Instant::now());
        want(&mut places, 0, tenant(0), now);
        want(&mut places, 1, tenant(0), now);
        for number in 1..=5 {
            let at = now + SECOND * u32::try_from(number).unwrap();
            want(&mut places, number, tenant(1), at);
        }
        assert_eq!(known(&places), [0, 1, 2, 3, 4, 5], "the first one is wanted by somebody else, too");
        want(&mut places, 2, tenant(1), now + SECOND * 6);
        want(&mut places, 6, tenant(1), now + SECOND * 7);
        assert_eq!(known(&places), [0, 1, 2, 4, 5, 6]);
        for number in 7..100 {
            want(&mut places, number, tenant(1), now + SECOND * 8);
        }
        assert_eq!(known(&places).len(), 2 + MOST_OF_ONE_TENANT);
    }

    #[test]
    fn there_is_an_end_to_all_of_them() {
        let (mut places, now) = (Places::default(), Instant::now());
        for number in 0..MOST {
            want(&mut places, number, tenant(number), now + SECOND * u32::from(number > 0));
        }
        assert_eq!(known(&places).len(), MOST);
        want(&mut places, MOST, tenant(MOST), now + SECOND * 2);
        assert_eq!(known(&places), (1..=MOST).collect::<Vec<_>>());
    }

    #[test]
    fn a_place_that_nobody_asks_for_goes_within_an_hour() {
        let (mut places, now) = (Places::default(), Instant::now());
        want(&mut places, 1, tenant(1), now);
        want(&mut places, 2, tenant(1), now);
        want(&mut places, 2, tenant(1), now + SECOND);
        want(&mut places, 3, tenant(1), now + FORGOTTEN_AFTER);
        assert_eq!(known(&places), [2, 3]);
    }
}
