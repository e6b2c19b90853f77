//! A file that only its owner may read: tokens, keys, kubeconfigs.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes `content` into a new file of mode 0600; a file that was there is replaced, not opened.
pub(crate) fn write(path: &Path, content: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::options().create_new(true).write(true).mode(0o600).open(path)?.write_all(content.as_bytes())
}
