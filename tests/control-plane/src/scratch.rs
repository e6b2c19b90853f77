//! A folder for one run: gone when its owner drops it, and swept up by the next run when the owner was killed.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Held locked by the owner for as long as it lives; a lock ends with its process, however that ends.
const LOCK: &str = "owner.lock";

/// A fresh folder below the system's folder for temporary files; others may pass through it, not list it.
#[derive(Debug)]
pub struct ScratchDirectory {
    directory: TempDir,
    _lock: File,
}

impl ScratchDirectory {
    /// Makes `<temporary files>/<prefix><random>`, and removes folders of the same prefix whose owner is gone.
    pub fn create(prefix: &str) -> io::Result<Self> {
        sweep(&std::env::temp_dir(), prefix);
        let directory =
            tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(0o711)).tempdir()?;
        let lock = locked(directory.path())?;
        Ok(Self { directory, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Locks the file before it has its name, so that a sweep never sees it unlocked.
fn locked(directory: &Path) -> io::Result<File> {
    let unnamed = directory.join("owner.new");
    let lock = File::create(&unnamed)?;
    lock.lock()?;
    fs::rename(unnamed, directory.join(LOCK))?;
    Ok(lock)
}

fn sweep(parent: &Path, prefix: &str) {
    for directory in abandoned(parent, prefix) {
        let _ = fs::remove_dir_all(directory); // another user's, or another sweep's: not ours to worry about
    }
}

fn abandoned(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .filter(|directory| File::open(directory.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_whose_owner_lives_is_left_alone() {
        let kept = ScratchDirectory::create("scim-test-kept-").unwrap();
        let _next = ScratchDirectory::create("scim-test-kept-").unwrap();
        assert!(kept.path().is_dir());
    }

    #[test]
    fn a_folder_whose_owner_was_killed_is_swept_up_by_the_next_run() {
        let ScratchDirectory { directory, _lock: lock } =
            ScratchDirectory::create("scim-test-killed-").unwrap();
        let abandoned = directory.keep();
        drop(lock);
        let _next = ScratchDirectory::create("scim-test-killed-").unwrap();
        assert!(!abandoned.exists());
    }
}
