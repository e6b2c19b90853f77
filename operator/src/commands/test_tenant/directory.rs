//! Where a connection is handed over: a file for each part of it, in a folder that containers share.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crds::metadata::connection_secret::{TENANT_URL, TOKEN};
use k8s_openapi::api::core::v1::Secret;

/// For the owner alone: one of the files is a password.
const MODE: u32 = 0o600;

/// Why a connection is not in the folder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    /// The Secret is not what the operator makes.
    #[error(
        "the Secret of the ScimTenant has no {0}: is its class's way in another one than a bearer token?"
    )]
    Missing(&'static str),
    /// A file cannot be written.
    #[error("{} cannot be written", .0.display())]
    File(PathBuf, #[source] io::Error),
}

/// Writes URL and token of a tenant's Secret into files that have the names of its keys.
pub(super) fn write_connection(secret: &Secret, directory: &Path) -> Result<(), DirectoryError> {
    for key in [TENANT_URL, TOKEN] {
        let value =
            secret.data.as_ref().and_then(|data| data.get(key)).ok_or(DirectoryError::Missing(key))?;
        let path = directory.join(key);
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&path)?;
            file.write_all(&value.0)
        };
        write().map_err(|source| DirectoryError::File(path.clone(), source))?;
    }
    Ok(())
}
