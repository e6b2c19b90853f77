//! Runs a command beside a PostgreSQL of its own.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};

use control_plane::{
    Artifact, Durability, InstallError, Installation, PostgreSql, PostgreSqlError, PostgreSqlOptions,
    ScratchDirectory,
};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// Why the command did not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// PostgreSQL is not installed and cannot be.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// PostgreSQL does not run.
    #[error(transparent)]
    PostgreSql(#[from] PostgreSqlError),
    /// The command cannot be run.
    #[error("the command cannot be run")]
    Run(#[from] io::Error),
}

/// Runs `command` with `TEST_DATABASE_URL` set; ends as it does (128 + signal when a signal ended it).
pub(crate) async fn run(installation: &Installation, command: &[OsString]) -> Result<ExitCode, Error> {
    installation.install(&[Artifact::Postgresql]).await?;
    let logs = ScratchDirectory::create("scim-logs-")?;
    let log_directory = logs.path().to_path_buf();
    let options = PostgreSqlOptions { log_directory, durability: Durability::None };
    let postgresql = PostgreSql::create(installation, &options).await?;
    postgresql.start().await?;
    let status = run_beside(command, &postgresql.superuser_url()).await;
    postgresql.stop().await;
    Ok(ExitCode::from(code(status?)))
}

async fn run_beside(command: &[OsString], database_url: &str) -> io::Result<ExitStatus> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::other("no command"))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut child = Command::new(program).args(arguments).env("TEST_DATABASE_URL", database_url).spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            _ = terminate.recv() => end(&child),
            _ = interrupt.recv() => {} // Ctrl-C reaches the command too, which is in our process group
        }
    }
}

fn end(child: &Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
