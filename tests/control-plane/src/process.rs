//! A process of somebody else's beside the parts of the stack: an operator, a server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use crate::part::{Part, PartError};
use crate::probe;
use crate::state::StateDirectory;

const READY_WITHIN: Duration = Duration::from_secs(30);

/// What is run, and how it tells that it is ready.
#[derive(Clone, Debug)]
pub struct ProcessOptions {
    /// Its name, in messages and as the name of its log file.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment, beside `PATH` and `HOME`.
    pub environment: Vec<(String, String)>,
    /// An address on 127.0.0.1 and a path there that answer 200 to GET when it is ready.
    pub probe: (SocketAddr, &'static str),
}

/// A process that can be started, stopped, killed, and started again. It ends when it is dropped.
#[derive(Debug)]
pub struct Process {
    part: Part,
    probe: (SocketAddr, &'static str),
}

impl Process {
    pub(crate) fn new(state: &StateDirectory, options: ProcessOptions) -> Self {
        let ProcessOptions { name, program, arguments, environment, probe } = options;
        let mut command = state.command(program, arguments, &name);
        command.environment = environment;
        Self { part: Part::new(name, command, Signal::TERM), probe }
    }

    /// Starts it and waits until it is ready. One that runs is left alone.
    pub async fn start(&self) -> Result<(), PartError> {
        let (address, path) = self.probe;
        self.part.start(READY_WITHIN, async |_| probe::answers(address.port(), path).await).await
    }

    /// Asks it to end (SIGTERM) and waits for that; kills it when that takes too long.
    pub async fn stop(&self) {
        self.part.stop().await;
    }

    /// Ends it as a lost machine does (SIGKILL).
    pub async fn kill(&self) {
        self.part.kill().await;
    }
}
