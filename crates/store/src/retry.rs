//! Transactions that others were in the way of are run again, a bounded number of times.

use crate::error::StoreError;

/// How often a transaction is tried. Each deadlock costs PostgreSQL's `deadlock_timeout` (a second) already.
const ATTEMPTS: u32 = 4;

/// The attempts that are left.
#[derive(Debug)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// A transaction that was not tried yet.
    pub(crate) fn new() -> Self {
        Self(ATTEMPTS)
    }

    /// Counts a failed attempt. Returns whether to try again: the failure may go away, and attempts are left.
    pub(crate) fn again(&mut self, error: &StoreError) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0 && is_passing(error)
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
