//! Writes what is made of the types: the definitions of our custom resources into `crds/` and into the chart, and the handbook's
//! page on conditions and its reference into `docs/`. The folder that holds all is the argument, or the current one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crds::definition::{FOLDERS, definitions};
use crds::{handbook, reference};

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    for definition in definitions() {
        for copies in FOLDERS {
            if let Err(error) = definition.write(&folder.join(copies)) {
                eprintln!("{}: {error}", definition.file_name);
                return ExitCode::FAILURE;
            }
        }
    }
    let conditions = ("docs/conditions.md".to_owned(), handbook::conditions());
    let reference =
        reference::pages().into_iter().map(|page| (format!("docs/reference/{}", page.file_name), page.text));
    for (file, text) in std::iter::once(conditions).chain(reference) {
        if let Err(error) = write(&folder.join(&file), &text) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text)
}
