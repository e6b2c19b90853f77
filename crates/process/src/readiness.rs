//! Whether this process wants work: told by its parts, asked by the probe, ended for good by shutdown.

use std::sync::Arc;

use tokio::sync::watch;

/// A handle on the readiness of the process. Clones share one state.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<watch::Sender<State>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Unready(String),
    ShuttingDown,
}

impl Readiness {
    /// A process that cannot take work yet, and why.
    pub fn unready(reason: impl Into<String>) -> Self {
        Self(Arc::new(watch::Sender::new(State::Unready(reason.into()))))
    }

    /// From now on the process takes work.
    pub fn set_ready(&self) {
        self.change(State::Ready);
    }

    /// For now the process takes no work, and why.
    pub fn set_unready(&self, reason: impl Into<String>) {
        self.change(State::Unready(reason.into()));
    }

    /// The process is about to end; nothing makes it ready again.
    pub fn shut_down(&self) {
        self.change(State::ShuttingDown);
    }

    /// Whether the process takes work; if not, why.
    pub fn check(&self) -> Result<(), String> {
        match &*self.0.borrow() {
            State::Ready => Ok(()),
            State::Unready(reason) => Err(reason.clone()),
            State::ShuttingDown => Err("shutting down".to_owned()),
        }
    }

    fn change(&self, next: State) {
        self.0.send_if_modified(|state| {
            let changes = *state != State::ShuttingDown && *state != next;
            if changes {
                *state = next;
            }
            changes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_comes_and_goes() {
        let readiness = Readiness::unready("the registry is not loaded");
        assert_eq!(readiness.check(), Err("the registry is not loaded".to_owned()));
        readiness.set_ready();
        assert_eq!(readiness.check(), Ok(()));
        readiness.set_unready("the registry is old");
        assert_eq!(readiness.check(), Err("the registry is old".to_owned()));
    }

    #[test]
    fn after_shutdown_nothing_makes_it_ready_again() {
        let readiness = Readiness::unready("starting");
        let clone = readiness.clone();
        readiness.shut_down();
        clone.set_ready();
        assert_eq!(clone.check(), Err("shutting down".to_owned()));
    }
}
