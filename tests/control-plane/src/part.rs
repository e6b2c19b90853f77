//! A part of the stack: a program that can be started, stopped, and started again.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::sync::Mutex;

use crate::child::{Child, ChildCommand};
use crate::progress::{say, written};

const POLL: Duration = Duration::from_millis(25);
/// How long a part may take to end when asked to, before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);
const LINES_SHOWN: usize = 12;

/// A program that runs as a child process of ours, or doesn't at the moment.
#[derive(Debug)]
pub(crate) struct Part {
    name: String,
    command: ChildCommand,
    stop: Signal,
    running: Mutex<Option<Child>>,
}

/// Why a part does not run.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The operating system did not start the program.
    #[error("{name} cannot be started")]
    Spawn {
        /// The part.
        name: String,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("{name} ended with {status}; {} says:\n{end}", log.display())]
    Ended {
        /// The part.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// Its log file.
        log: PathBuf,
        /// The last lines of its log.
        end: String,
    },
    /// It runs but does not answer.
    #[error("{name} is not ready after {}; {} says:\n{end}", written(*within), log.display())]
    NotReady {
        /// The part.
        name: String,
        /// How long we waited.
        within: Duration,
        /// Its log file.
        log: PathBuf,
        /// The last lines of its log.
        end: String,
    },
}

impl Part {
    /// A part that does not run yet. `stop` is the signal that ends it in an orderly way.
    pub(crate) fn new(name: impl Into<String>, command: ChildCommand, stop: Signal) -> Self {
        Self { name: name.into(), command, stop, running: Mutex::new(None) }
    }

    /// Starts it and waits until `ready` (which gets its process id) says so. One that runs is left alone.
    pub(crate) async fn start(
        &self,
        within: Duration,
        ready: impl AsyncFn(i32) -> bool,
    ) -> Result<(), PartError> {
        let mut running = self.running.lock().await;
        if running.as_ref().is_some_and(|child| child.exit_status().is_none()) {
            return Ok(());
        }
        let begin = Instant::now();
        let child = Child::spawn(&self.command)
            .await
            .map_err(|source| PartError::Spawn { name: self.name.clone(), source })?;
        // From here on a return drops the child, and that ends it.
        while !ready(child.pid()).await {
            if let Some(status) = child.exit_status() {
                let (log, end) = self.log_end();
                return Err(PartError::Ended { name: self.name.clone(), status, log, end });
            }
            if begin.elapsed() > within {
                let (log, end) = self.log_end();
                return Err(PartError::NotReady { name: self.name.clone(), within, log, end });
            }
            tokio::time::sleep(POLL).await;
        }
        say(&format!("{} is ready after {}", self.name, written(begin.elapsed())));
        *running = Some(child);
        Ok(())
    }

    /// Stops it in an orderly way, or by force when that takes too long; returns when it has ended.
    pub(crate) async fn stop(&self) {
        self.end(self.stop).await;
    }

    /// Ends it at once, without any chance to tidy up.
    pub(crate) async fn kill(&self) {
        self.end(Signal::KILL).await;
    }

    /// Whether it runs at the moment.
    pub(crate) async fn is_running(&self) -> bool {
        self.running.lock().await.as_ref().is_some_and(|child| child.exit_status().is_none())
    }

    async fn end(&self, signal: Signal) {
        if let Some(mut child) = self.running.lock().await.take() {
            child.stop(signal, PATIENCE).await;
        }
    }

    fn log_end(&self) -> (PathBuf, String) {
        (self.command.log.clone(), last_lines(&self.command.log))
    }
}

/// The last lines of a log file, for a message to a person.
pub(crate) fn last_lines(log: &Path) -> String {
    let content = std::fs::read(log).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    let lines: Vec<&str> = content.lines().collect();
    let first = lines.len().saturating_sub(LINES_SHOWN);
    lines.get(first..).unwrap_or_default().join("\n")
}
