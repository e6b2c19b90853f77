//! Transactions that others were in the way of are run again, a bounded number of times.
//!
//! Deadlocks are rare because transactions take their locks in one order:
//!
//! 1. rows of groups, by id. A change of a group or of its members locks the one group; a deletion locks the groups that
//!    the resource is in, and with them the group that is deleted;
//! 2. the row of a user, or of several by id. A change of memberships takes no more of a member than the right that it stays
//!    (`FOR KEY SHARE`, by the foreign key), which changes of the member do not mind and its deletion waits for;
//! 3. names, by the unique indexes: of groups before those of users, each in their order. A creation takes the note of who
//!    left under a name first, or afterwards without waiting for it;
//! 4. claims of unique values, by attribute and digest where there are several resources.
//!
//! Derivation (2, 4) waits for no row: it skips those that are locked. What remains are unique values that several resources
//! exchange or give up at once, a membership that is made in the middle of its member's deletion, and a user who is given a free name
//! while somebody else is created under it: PostgreSQL ends one of the transactions, and it is run again.

use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::error::StoreError;

/// How often a transaction is tried. Each deadlock costs PostgreSQL's `deadlock_timeout` (a second) already.
const ATTEMPTS: u32 = 6;
/// After this no attempt is begun: the client's own patience, or a proxy's, is shorter than that of a database.
const WITHIN: Duration = Duration::from_secs(4);
/// The longest pause after the first attempt. Those who were in each other's way must not meet again.
const PAUSE: Duration = Duration::from_millis(40);

/// Runs a transaction until it comes to an end that trying again would not change.
pub(crate) async fn persistently<T, A>(attempt: impl Fn() -> A) -> Result<T, StoreError>
where
    A: Future<Output = Result<T, StoreError>>,
{
    let mut attempts = Attempts::new();
    loop {
        match attempt().await {
            Err(error) if attempts.again(&error) => attempts.pause().await,
            ended => return ended,
        }
    }
}

/// The attempts that are left.
#[derive(Debug)]
pub(crate) struct Attempts {
    left: u32,
    since: Instant,
}

impl Attempts {
    /// A transaction that was not tried yet.
    pub(crate) fn new() -> Self {
        Self { left: ATTEMPTS, since: Instant::now() }
    }

    /// Counts an attempt that came to nothing. Returns whether there is another one.
    pub(crate) fn remain(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0 && self.since.elapsed() < WITHIN
    }

    /// Counts a failed attempt. Returns whether to try again: the failure may go away, and attempts are left.
    pub(crate) fn again(&mut self, error: &StoreError) -> bool {
        self.remain() && is_passing(error)
    }

    /// Waits a moment before the next attempt, longer each time, and never as long as another one.
    pub(crate) async fn pause(&self) {
        let longest = PAUSE * (ATTEMPTS - self.left);
        let [.., chance] = *Uuid::now_v7().as_bytes();
        tokio::time::sleep(longest * u32::from(chance) / u32::from(u8::MAX)).await;
    }
}

fn is_passing(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(database::Error::Contention(_)) => true,
        // A member was deleted between the look whether it exists and the insert: the next look sees that.
        StoreError::Database(database::Error::Constraint { constraint, .. }) => {
            ["group_members_member_user", "group_members_member_group"].contains(&constraint.as_str())
        }
        _ => false,
    }
}
