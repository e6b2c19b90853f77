//! Tenants are reconciled once everything around them is known: what was there before need then not be told.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::warn;

/// A watch that cannot be opened must not keep everything from going on.
const LONGEST: Duration = Duration::from_secs(10);

/// Opens when every [`Ticket`] was given back.
#[derive(Debug)]
pub(crate) struct Gate {
    tickets: mpsc::Receiver<Infallible>,
    is_open: Arc<AtomicBool>,
}

/// Keeps a [`Gate`] closed, for a while, until it is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    _kept: mpsc::Sender<Infallible>,
    is_open: Arc<AtomicBool>,
}

impl Gate {
    /// A gate that is closed.
    pub(crate) fn new() -> (Self, Ticket) {
        let (sender, tickets) = mpsc::channel(1);
        let is_open = Arc::new(AtomicBool::new(false));
        (Self { tickets, is_open: is_open.clone() }, Ticket { _kept: sender, is_open })
    }

    /// Waits until every ticket was given back, ten seconds at most.
    pub(crate) async fn pass(mut self) {
        if timeout(LONGEST, self.tickets.recv()).await.is_err() {
            warn!("not everything around the tenants can be watched; goes on without");
        }
        self.is_open.store(true, Ordering::Release);
    }
}

impl Ticket {
    /// Whether the gate opened without waiting any longer for this ticket.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }
}
