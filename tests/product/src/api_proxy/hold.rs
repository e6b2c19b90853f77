//! A write that is stopped on its way to the API server, until a test has done what it wants to do just then.

use std::time::Duration;

use tokio::sync::oneshot;

use super::call::Write;
use super::plan::Stop;

/// When a write is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the API server gets it.
    Before,
    /// When the API server has carried it out, before anybody learns of it.
    After,
}

/// A write that is going to be stopped.
#[derive(Debug)]
pub struct Hold(pub(super) oneshot::Receiver<HeldWrite>);

impl Hold {
    /// Waits until the write has come and is stopped; `None`: it did not come within that time, or was forgotten by a
    /// reset. Then nothing is stopped any more.
    pub async fn reached(self, within: Duration) -> Option<HeldWrite> {
        tokio::time::timeout(within, self.0).await.ok()?.ok()
    }
}

/// A write that is stopped, until it is released. Dropping it instead loses the write, or its answer: the connection
/// ends.
#[derive(Debug)]
pub struct HeldWrite {
    /// Which one.
    pub write: Write,
    go_on: oneshot::Sender<()>,
}

impl HeldWrite {
    /// Lets it go on.
    pub fn release(self) {
        let _ = self.go_on.send(()); // whoever sent it may be gone
    }
}

/// Nobody is to get an answer.
#[derive(Debug, thiserror::Error)]
#[error("a test has dropped the request")]
pub(super) struct Dropped;

impl Stop {
    /// Tells the test, and waits for its word.
    pub(super) async fn wait(self) -> Result<(), Dropped> {
        let (go_on, word) = oneshot::channel();
        match self.told.send(HeldWrite { write: self.write, go_on }) {
            Ok(()) => word.await.map_err(|_| Dropped),
            Err(_) => Ok(()), // nobody waits for it any more
        }
    }
}
