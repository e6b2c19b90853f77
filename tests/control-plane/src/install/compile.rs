//! A shared library out of one C file, with the compiler that Rust links with.

use std::path::Path;

use super::tool::{ToolError, quiet, run};

/// Compiles `source` into the shared library `target`.
///
/// libfaketime asks for the two macros, which say where its own command would look for it. Without further ones it
/// only answers for the clocks: sleeps, timers and the times of files are the kernel's.
pub(super) async fn shared_library(source: &Path, target: &Path, log: &Path) -> Result<(), ToolError> {
    let flags = ["-std=gnu99", "-O2", "-fPIC", "-shared", "-DPREFIX=\"\"", "-DLIBDIRNAME=\"\"", "-o"];
    let mut command = quiet("cc", &flags);
    run(command.arg(target).arg(source).args(["-lm", "-ldl", "-lpthread", "-lrt"]), log).await
}
