//! What stands in the way of a part of a tenant, and whether waiting helps.

use std::time::Duration;

use crds::Reason;

const SOON: Duration = Duration::from_secs(30);
const LATER: Duration = Duration::from_mins(5);

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

    /// An obstacle that passes.
    pub(crate) fn passing(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), remedy: Remedy::Time }
    }

    /// The time until the next look at something that goes away by a change which nobody tells us of. `None`: a watch or the
    /// audit tells.
    pub(crate) fn look_again(&self) -> Option<Duration> {
        match self.reason {
            // Objects of others are not watched, nor what the API server serves.
            Reason::SecretNameTaken
            | Reason::RouteNameTaken
            | Reason::RouteRejected
            | Reason::GatewayAPIMissing => Some(SOON),
            // Quotas and policies are not watched, nor what is mended in PostgreSQL. There may be a thousand of these at once,
            // after a policy or a restore that went wrong.
            Reason::SecretRefused
            | Reason::RouteRefused
            | Reason::OwnedByAnother
            | Reason::RegistrationLost => Some(LATER),
            _ => None,
        }
    }
}
