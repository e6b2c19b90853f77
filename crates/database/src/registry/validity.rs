//! Which of a tenant's credentials work. Operator and servers decide by this alone.

use jiff::Timestamp;
use tenancy::Generation;

/// A credential as far as validity depends on it: a rung of the tenant's ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rung {
    pub(super) generation: Generation,
    pub(super) use_of: Use,
    pub(super) revocation: Revocation,
    /// When it ends, whether or not a later one was used by then. `None`: as soon as a later one is used.
    pub(super) valid_until: Option<Timestamp>,
}

/// Whether a credential was ever presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Not before.
    First,
    /// It was.
    Repeated,
}

/// Whether a credential was ended by decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revocation {
    /// It was not.
    Standing,
    /// It was.
    Revoked,
}

/// The newest generation that was ever used, revoked or not: those before have ended, unless they have an end of their own.
pub(super) fn newest_used(rungs: impl IntoIterator<Item = Rung>) -> Option<Generation> {
    rungs.into_iter().filter(|rung| rung.use_of == Use::Repeated).map(|rung| rung.generation).max()
}

impl Rung {
    /// Whether it works at this time, which is PostgreSQL's, on a ladder with this [`newest_used`].
    pub(super) fn works(self, newest_used: Option<Generation>, now: Timestamp) -> bool {
        let stands = match self.valid_until {
            Some(valid_until) => now < valid_until,
            None => newest_used.is_none_or(|newest| self.generation >= newest),
        };
        stands && self.revocation == Revocation::Standing
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_900_000_000, 0);

    /// A rung in one word: `-` unused or `u` used, `x` revoked, `<` or `>`: valid until a second ago or in a second.
    fn rung(generation: usize, word: &str) -> Rung {
        let second = SignedDuration::from_secs(1);
        Rung {
            generation: Generation::new(u32::try_from(generation).unwrap()),
            use_of: if word.contains('u') { Use::Repeated } else { Use::First },
            revocation: if word.contains('x') { Revocation::Revoked } else { Revocation::Standing },
            valid_until: match word {
                _ if word.contains('<') => Some(NOW - second),
                _ if word.contains('>') => Some(NOW + second),
                _ => None,
            },
        }
    }

    fn working(rungs: &[Rung]) -> Vec<u32> {
        let newest_used = newest_used(rungs.iter().copied());
        let working = rungs.iter().filter(|rung| rung.works(newest_used, NOW));
        working.map(|rung| rung.generation.get()).collect()
    }

    #[test]
    fn the_ladder_decides_which_credentials_work() {
        for (ladder, expected, why) in [
            ("", vec![], "there is none"),
            ("-", vec![1], "the first one"),
            ("- -", vec![1, 2], "until one is used"),
            ("u -", vec![1, 2], "the old one works until the new one is used"),
            ("- u", vec![2], "it was used"),
            ("u u", vec![2], "both were, the later one stays"),
            ("- u -", vec![2, 3], "a use ends only those before"),
            ("ux -", vec![2], "revoked"),
            ("u ux", vec![], "a revoked one that was used has ended those before"),
            ("u -x", vec![1], "one that was revoked unused ends nothing"),
            ("u> u", vec![1, 2], "a duration holds also when the new one was used"),
            ("u> -", vec![1, 2], "and when it was not"),
            ("u< -", vec![2], "it is over, also when nobody used the new one"),
            ("-> u", vec![1, 2], "a duration asks for no use"),
            ("ux> u", vec![2], "a revocation comes before a duration"),
            ("u> u< u", vec![1, 3], "each has its own end"),
            ("u> - u", vec![1, 3], "and who has none ends by use"),
        ] {
            let rungs: Vec<_> = (1..)
                .zip(ladder.split_whitespace())
                .map(|(generation, word)| rung(generation, word))
                .collect();
            assert_eq!(working(&rungs), expected, "{ladder}: {why}");
        }
    }

    #[test]
    fn a_credential_ends_at_its_time_and_not_after_it() {
        let at = Rung { valid_until: Some(NOW), ..rung(1, "u") };
        assert!(!at.works(None, NOW));
        assert!(at.works(None, NOW - SignedDuration::from_nanos(1)));
    }

    fn ladders() -> impl Strategy<Value = Vec<Rung>> {
        let words = prop::sample::select(vec!["-", "u", "x", "ux", "->", "u>", "-<", "u<", "x>"]);
        prop::collection::vec(words, 0..8)
            .prop_map(|words| (1..).zip(words).map(|(generation, word)| rung(generation, word)).collect())
    }

    proptest! {
        #[test]
        fn whoever_uses_a_working_credential_goes_on_being_let_in(mut rungs in ladders(), pick: prop::sample::Index) {
            let before = working(&rungs);
            prop_assume!(!before.is_empty());
            let used = before[pick.index(before.len())];
            for rung in rungs.iter_mut().filter(|rung| rung.generation.get() == used) {
                rung.use_of = Use::Repeated;
            }
            let after = working(&rungs);
            prop_assert!(after.contains(&used));
            prop_assert!(after.iter().all(|generation| before.contains(generation)), "a use lets nobody in");
        }

        #[test]
        fn a_new_credential_ends_none_before_it_is_used(mut rungs in ladders()) {
            let before = working(&rungs);
            rungs.push(rung(rungs.len() + 1, "-"));
            let after = working(&rungs);
            prop_assert_eq!(&after[..after.len() - 1], &before[..]);
        }

        #[test]
        fn no_revoked_credential_works_and_what_is_over_stays_over(rungs in ladders(), seconds in 0_i64..10) {
            let newest_used = newest_used(rungs.iter().copied());
            let later = NOW + SignedDuration::from_secs(seconds);
            for rung in rungs {
                prop_assert!(rung.revocation == Revocation::Standing || !rung.works(newest_used, NOW));
                prop_assert!(rung.works(newest_used, NOW) || !rung.works(newest_used, later));
            }
        }
    }
}
