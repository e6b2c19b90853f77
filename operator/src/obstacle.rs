//! What stands in the way of a part of a tenant, and whether waiting helps.

use crds::Reason;

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// For programs.
    pub(crate) reason: Reason,
    /// For people. The same obstacle has the same text, so that a status does not change with each attempt.
    pub(crate) message: String,
    /// Whether waiting helps.
    pub(crate) remedy: Remedy,
}

/// What makes an obstacle go away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Somebody has to change an object; trying again soon is of no use.
    Change,
    /// Trying again.
    Time,
}

impl Obstacle {
    /// An obstacle that stays until somebody changes something.
    pub(crate) fn lasting(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), remedy: Remedy::Change }
    }

    /// Whether it goes away by a change that nobody tells us of: objects of others are not watched.
    pub(crate) fn is_unwatched(&self) -> bool {
        matches!(self.reason, Reason::SecretNameTaken | Reason::RouteNameTaken)
    }

    /// An obstacle that passes.
    pub(crate) fn passing(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), remedy: Remedy::Time }
    }
}
