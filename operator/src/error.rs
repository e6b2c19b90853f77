//! Why a reconcile did not come to its end. Each is tried again.

use database::registry::RegistryError;

use crate::obstacle::Obstacle;

/// Why a reconcile did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The API server does not answer, or not as expected.
    #[error("the API server does not do what it is asked")]
    Kubernetes(#[source] kube::Error),
    /// Somebody else wrote an object meanwhile; what was read is old.
    #[error("somebody else wrote an object meanwhile")]
    Raced,
    /// The registry refused in a way that has nothing to do with the tenant.
    #[error("the registry does not do what it is asked")]
    Registry(#[from] RegistryError),
    /// Something stands in the way that passes; the status says so.
    #[error("{}: {}", .0.reason, .0.message)]
    Waits(Obstacle),
    /// The operating system gives no random bits.
    #[error("the operating system gives no random bits")]
    Random(#[source] getrandom::Error),
    /// An object without a name, namespace or UID of the form that Kubernetes gives.
    #[error("the object has no {0} of the form that Kubernetes gives")]
    Unnamed(&'static str),
}

impl From<kube::Error> for Error {
    /// Tells "read again" (409) from everything else.
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if status.code == 409 => Self::Raced,
            _ => Self::Kubernetes(error),
        }
    }
}

/// An error with its causes, in one line for logs and conditions.
pub(crate) fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
