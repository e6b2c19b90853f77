//! The wish that this process ends: SIGTERM from Kubernetes, SIGINT from a keyboard.

use std::{fmt, io};

use tokio::signal::unix::{SignalKind, signal as listen_for};

/// What asked the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: the kubelet ends the pod.
    Terminate,
    /// SIGINT: Ctrl-C.
    Interrupt,
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        })
    }
}

/// Starts to listen for signals (so call it early: what comes during the start is kept) and returns what ends
/// with the first one. Needs a running tokio runtime; fails where the system refuses a handler.
pub fn signal() -> io::Result<impl Future<Output = Signal> + Send + 'static> {
    let mut terminate = listen_for(SignalKind::terminate())?;
    let mut interrupt = listen_for(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => Signal::Terminate,
            _ = interrupt.recv() => Signal::Interrupt,
        }
    })
}
