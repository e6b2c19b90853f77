//! PostgreSQL, as a part: a cluster of its own for every run.
//!
//! PostgreSQL refuses to run as root, so as root it runs as `nobody`. Its data and its socket are in a folder below
//! the system's folder for temporary files, because that account must reach them and a socket's path must be short.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::child::{Abandon, Account, Child, ChildCommand, NOBODY};
use crate::installation::{Artifact, Installation, NotInstalled};
use crate::part::{Part, PartError, last_lines};
use crate::scratch::ScratchDirectory;
use crate::{port, private_file, text};

const SUPERUSER: &str = "postgres";
const MAXIMUM_CONNECTIONS: u16 = 200;
const INITDB_WITHIN: Duration = Duration::from_mins(1);
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A PostgreSQL server of our own on 127.0.0.1, with one superuser.
#[derive(Debug)]
pub struct PostgreSql {
    part: Part,
    directory: ScratchDirectory,
    port: u16,
    password: String,
}

/// How PostgreSQL is run.
#[derive(Clone, Debug)]
pub struct PostgreSqlOptions {
    /// The folder that its log files are written to.
    pub log_directory: PathBuf,
    /// Whether commits survive a crash of the machine.
    pub durability: Durability,
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// No: fast, and right for data that dies with the test.
    None,
    /// Yes, as in production: for measurements.
    Full,
}

/// Why PostgreSQL does not run.
#[derive(Debug, thiserror::Error)]
pub enum PostgreSqlError {
    /// Its programs are not in the cache.
    #[error(transparent)]
    NotInstalled(#[from] NotInstalled),
    /// A folder or file of it cannot be prepared.
    #[error("PostgreSQL's folder cannot be prepared")]
    Prepare(#[from] io::Error),
    /// `initdb` failed.
    #[error("initdb failed; {} says:\n{end}", log.display())]
    Initdb {
        /// Its log file.
        log: PathBuf,
        /// The last lines of its log.
        end: String,
    },
    /// The server does not run.
    #[error(transparent)]
    Part(#[from] PartError),
}

impl PostgreSql {
    /// Makes a new database cluster, which does not run yet.
    pub async fn create(
        installation: &Installation,
        options: &PostgreSqlOptions,
    ) -> Result<Self, PostgreSqlError> {
        let programs = installation.path(Artifact::Postgresql)?.join("bin");
        let account = account();
        let directory = ScratchDirectory::create("scim-postgresql-")?;
        give(directory.path(), account)?;
        let password = text::random(16)?;
        let port = port::free()?;
        let log = options.log_directory.join("initdb.log");
        initdb(&programs, directory.path(), &password, account, log).await?;
        let command = ChildCommand {
            program: programs.join("postgres"),
            arguments: server_arguments(directory.path(), port, options.durability),
            environment: Vec::new(),
            account,
            directory: directory.path().to_path_buf(),
            log: options.log_directory.join("postgresql.log"),
            abandon: Abandon::Quit,
        };
        // INT is the fast shutdown: it does not wait for clients.
        Ok(Self { part: Part::new("PostgreSQL", command, Signal::INT), directory, port, password })
    }

    /// Starts it on its port with the data it has, and waits until it accepts connections.
    pub async fn start(&self) -> Result<(), PostgreSqlError> {
        let pid_file = data(self.directory.path()).join("postmaster.pid");
        let ready = async |pid: i32| fs::read_to_string(&pid_file).is_ok_and(|file| says_ready(&file, pid));
        Ok(self.part.start(READY_WITHIN, ready).await?)
    }

    /// Stops it; its data and its port stay for the next [`start`](Self::start).
    pub async fn stop(&self) {
        self.part.stop().await;
    }

    /// The URL of its superuser on the database `postgres`: `postgres://postgres:…@127.0.0.1:<port>/postgres`.
    pub fn superuser_url(&self) -> String {
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{}/postgres", self.password, self.port)
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn account() -> Account {
    if rustix::process::geteuid().is_root() { Account::Nobody } else { Account::Own }
}

fn give(path: &Path, account: Account) -> io::Result<()> {
    match account {
        Account::Own => Ok(()),
        Account::Nobody => chown(path, Some(NOBODY), Some(NOBODY)),
    }
}

fn data(directory: &Path) -> PathBuf {
    directory.join("data")
}

async fn initdb(
    programs: &Path,
    directory: &Path,
    password: &str,
    account: Account,
    log: PathBuf,
) -> Result<(), PostgreSqlError> {
    let password_file = directory.join("password");
    private_file::write(&password_file, password)?;
    give(&password_file, account)?;
    let command = ChildCommand {
        program: programs.join("initdb"),
        arguments: vec![
            "--pgdata".into(),
            data(directory).into(),
            "--pwfile".into(),
            password_file.clone().into(),
            format!("--username={SUPERUSER}").into(),
            "--auth=scram-sha-256".into(),
            "--encoding=UTF8".into(),
            "--locale=C".into(),
            "--locale-provider=builtin".into(),
            "--builtin-locale=C.UTF-8".into(),
            "--no-sync".into(),
        ],
        environment: Vec::new(),
        account,
        directory: directory.to_path_buf(),
        log: log.clone(),
        abandon: Abandon::Kill,
    };
    let mut child = Child::spawn(&command)
        .await
        .map_err(|source| PartError::Spawn { name: "initdb".to_owned(), source })?;
    let status = child.wait(INITDB_WITHIN).await;
    fs::remove_file(password_file)?;
    if status.is_some_and(|status| status.success()) {
        Ok(())
    } else {
        Err(PostgreSqlError::Initdb { end: last_lines(&log), log })
    }
}

fn server_arguments(directory: &Path, port: u16, durability: Durability) -> Vec<OsString> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        format!("unix_socket_directories={}", directory.display()),
        format!("max_connections={MAXIMUM_CONNECTIONS}"),
    ];
    if durability == Durability::None {
        settings.extend(["fsync=off", "full_page_writes=off", "synchronous_commit=off"].map(str::to_owned));
    }
    let mut arguments: Vec<OsString> = vec!["-D".into(), data(directory).into()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".into(), setting.into()]));
    arguments
}

/// Whether the server of process `pid` has written into `postmaster.pid` that it accepts connections
/// (first line its process id, last line its state: `src/include/utils/pidfile.h`).
fn says_ready(pid_file: &str, pid: i32) -> bool {
    let mut lines = pid_file.lines();
    lines.next() == Some(pid.to_string().as_str())
        && lines.next_back().is_some_and(|line| line.trim() == "ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_ready_when_its_own_pid_file_says_so() {
        let file = "42\n/data\n1700000000\n20000\n/tmp\n127.0.0.1\n 1 2\nready   \n";
        assert!(says_ready(file, 42));
        assert!(!says_ready(file, 43), "a file left behind by an earlier server");
        assert!(!says_ready("42\n/data\n1700000000\n20000\n/tmp\n127.0.0.1\n 1 2\nstarting\n", 42));
        assert!(!says_ready("", 42));
    }
}
