//! The folder of one stack: logs, keys, kubeconfigs, etcd's data.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::child::{Abandon, Account, ChildCommand};
use crate::scratch::ScratchDirectory;

const LOCK: &str = "stack.lock";
const LOGS: &str = "logs";

/// A folder that one stack uses at a time.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
    _owner: Owner,
}

/// What keeps others out of the folder for as long as it lives.
#[derive(Debug)]
#[expect(dead_code, reason = "they do their work when they are dropped")]
enum Owner {
    Scratch(ScratchDirectory),
    Lock(File),
}

impl StateDirectory {
    /// A folder that is removed in the end.
    pub(crate) fn temporary() -> io::Result<Self> {
        let scratch = ScratchDirectory::create("scim-stack-")?;
        let path = scratch.path().to_path_buf();
        fs::create_dir(path.join(LOGS))?;
        Ok(Self { path, _owner: Owner::Scratch(scratch) })
    }

    /// `path`, which stays; what an earlier stack left there is removed. Fails when another one is using it.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        fs::create_dir_all(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.try_lock()
            .map_err(|_| io::Error::other(format!("another stack is running in {}", path.display())))?;
        for folder in [LOGS, "etcd"] {
            match fs::remove_dir_all(path.join(folder)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::create_dir(path.join(LOGS))?;
        Ok(Self { path, _owner: Owner::Lock(lock) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.path.join(LOGS)
    }

    /// A child that runs in this folder, and logs into `logs/<log>.log`.
    pub(crate) fn command(&self, program: PathBuf, arguments: Vec<String>, log: &str) -> ChildCommand {
        ChildCommand {
            program,
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            account: Account::Own,
            directory: self.path.clone(),
            log: self.logs().join(format!("{log}.log")),
            abandon: Abandon::Kill,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_stack_s_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let first = StateDirectory::at(parent.path()).unwrap();
        let error = StateDirectory::at(parent.path()).unwrap_err().to_string();
        assert!(error.starts_with("another stack is running in "), "{error}");
        drop(first);
        StateDirectory::at(parent.path()).unwrap();
    }

    #[test]
    fn data_and_logs_of_an_earlier_stack_are_removed_and_the_rest_stays() {
        let parent = tempfile::tempdir().unwrap();
        fs::create_dir_all(parent.path().join("etcd/member")).unwrap();
        fs::write(parent.path().join("env"), "").unwrap();
        let state = StateDirectory::at(parent.path()).unwrap();
        assert!(!state.file("etcd").exists());
        assert!(state.file("env").exists());
        assert!(state.logs().is_dir());
    }
}
