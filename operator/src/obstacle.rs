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
    /// Others are at it, and a watch tells when they are done; trying again is of no use until then.
    Others,
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

    /// An obstacle that passes by what others do.
    pub(crate) fn awaited(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), remedy: Remedy::Others }
    }

    /// The time until the next look at something that goes away by a change which nobody tells us of, or may not tell. `None`:
    /// a watch or the audit tells.
    pub(crate) fn look_again(&self) -> Option<Duration> {
        match self.reason {
            // Objects of others are not watched.
            Reason::SecretNameTaken | Reason::RouteNameTaken => Some(SOON),
            // Quotas and policies are not watched, nor what is mended in PostgreSQL: of a row that has another owner, or that
            // is another cluster's, the audit does not tell. What a Gateway says is watched, and that the Gateway API comes,
            // but nobody tells that a watch failed. There may be thousands of these at once, after a policy, a Gateway or a
            // restore that went wrong.
            Reason::SecretRefused
            | Reason::RouteRefused
            | Reason::RouteRejected
            | Reason::RoutePending
            | Reason::GatewayAPIMissing
            | Reason::OwnedByAnother
            | Reason::RegistrationLost
            | Reason::SchemaDamaged
            | Reason::InstallationTaken => Some(LATER),
            _ => None,
        }
    }
}
