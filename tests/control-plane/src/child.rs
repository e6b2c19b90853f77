//! A child process that ends with its parent, even when the parent is killed.
//!
//! The kernel's parent death signal does it, set by `setpriv` (util-linux). It comes when the **thread** that made
//! the child ends, so one thread that lives as long as this process makes and watches all of them, whatever
//! runtimes and threads its users come and go with.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::progress::say;

/// Who the child runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// Whoever we are.
    Own,
    /// Uid and gid 65534 (`nobody`).
    Nobody,
}

/// Uid and gid of the account that owns nothing.
pub(crate) const NOBODY: u32 = 65_534;

/// What to run. The environment is empty but for `PATH`, `HOME` (its folder), and what is named: a run does not depend
/// on the variables of the shell that it was started from.
#[derive(Clone, Debug)]
pub(crate) struct ChildCommand {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) account: Account,
    pub(crate) directory: PathBuf,
    /// Standard output and error are added to it.
    pub(crate) log: PathBuf,
    /// What the child gets when its parent ends, or when its [`Child`] is dropped.
    pub(crate) abandon: Abandon,
}

/// The signal for a child whose parent is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abandon {
    /// For most: nothing can hold it up.
    Kill,
    /// For PostgreSQL, its immediate shutdown: unlike after KILL, no shared memory stays behind.
    Quit,
}

impl Abandon {
    fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Quit => Signal::QUIT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
        }
    }
}

/// A running child, or one that has ended. Dropping it sends the command's [`Abandon`] signal.
#[derive(Debug)]
pub(crate) struct Child {
    pid: Pid,
    exit: watch::Receiver<Option<ExitStatus>>,
    abandon: Abandon,
}

impl Child {
    /// Starts `command`.
    pub(crate) async fn spawn(command: &ChildCommand) -> io::Result<Self> {
        let nursery = NURSERY.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
        let (started, start) = oneshot::channel();
        let command = command.clone();
        nursery.spawn(watch_over(command, started));
        start.await.map_err(io::Error::other)?
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// How it ended, or `None` while it runs.
    pub(crate) fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits until it ends by itself; `None` says that it has not, `within` that time.
    pub(crate) async fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let _ = tokio::time::timeout(within, self.ended()).await;
        self.exit_status()
    }

    /// Sends `signal`, waits for the end, and kills it when that takes longer than `patience`.
    pub(crate) async fn stop(&mut self, signal: Signal, patience: Duration) {
        self.send(signal);
        if tokio::time::timeout(patience, self.ended()).await.is_err() {
            self.send(Signal::KILL);
            self.ended().await;
        }
    }

    async fn ended(&mut self) {
        // An error says that nobody watches any more, which happens after the end only.
        let _ = self.exit.wait_for(Option::is_some).await;
    }

    fn send(&self, signal: Signal) {
        if self.exit_status().is_none() {
            let _ = rustix::process::kill_process(self.pid, signal); // it may have ended this moment
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.send(self.abandon.signal());
    }
}

/// The runtime of the thread that makes all children.
static NURSERY: LazyLock<io::Result<Handle>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("children".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
});

async fn watch_over(command: ChildCommand, started: oneshot::Sender<io::Result<Child>>) {
    let spawned = to_process(&command).and_then(|mut process| process.spawn());
    let mut process = match spawned {
        Ok(process) => process,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let (end, exit) = watch::channel(None);
    let pid = process.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let child = pid
        .map(|pid| Child { pid, exit, abandon: command.abandon })
        .ok_or_else(|| io::Error::other("it ended at once"));
    let _ = started.send(child); // when nobody waits any more, the child gets its signal right here
    if let Ok(status) = process.wait().await {
        end.send_replace(Some(status));
    }
}

fn to_process(command: &ChildCommand) -> io::Result<tokio::process::Command> {
    let log = File::options().create(true).append(true).open(&command.log)?;
    let mut process = guarded(&command.program, command.abandon);
    process
        .args(&command.arguments)
        .current_dir(&command.directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &command.directory)
        .envs(command.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0); // Ctrl-C in a terminal is for us alone: we end the children, in order
    if command.account == Account::Nobody {
        process.uid(NOBODY).gid(NOBODY); // with uid set, the standard library also drops the other groups
    }
    Ok(process)
}

fn guarded(program: &Path, abandon: Abandon) -> tokio::process::Command {
    static SETPRIV: LazyLock<bool> = LazyLock::new(|| {
        let there = std::process::Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !there {
            say("setpriv (util-linux) is missing: when this process is killed, what it started stays behind");
        }
        there
    });
    if !*SETPRIV {
        return tokio::process::Command::new(program);
    }
    let mut process = tokio::process::Command::new("setpriv");
    process.arg("--pdeathsig").arg(abandon.name()).arg("--").arg(program);
    process
}
