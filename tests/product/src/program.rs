//! A program of the product as a process: started, stopped, killed, observed.

use std::net::SocketAddr;

use control_plane::{Process, ProcessOptions, Stack};

use crate::Error;

/// An operator or a server. It ends when it is dropped.
#[derive(Debug)]
pub struct Program {
    process: Process,
    name: String,
    observability: SocketAddr,
}

impl Program {
    /// One that does not run yet, and whose probe is at its address for observability.
    pub(crate) fn new(stack: &Stack, options: ProcessOptions) -> Self {
        let (observability, _) = options.probe;
        Self { name: options.name.clone(), process: stack.process(options), observability }
    }

    /// Starts it and waits until its probe answers: an operator lives (it works when it has the lease), a server is
    /// ready (it has read the registry).
    pub async fn start(&self) -> Result<(), Error> {
        Ok(self.process.start().await?)
    }

    /// Asks it to end and waits for that.
    pub async fn stop(&self) {
        self.process.stop().await;
    }

    /// Ends it as a lost machine does.
    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// `scim-operator-1`: its name in the Lease, and that of its log, `<name>.log`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where `/livez`, `/readyz` and `/metrics` are.
    pub fn observability(&self) -> SocketAddr {
        self.observability
    }
}
