//! Writes the definitions of our custom resources into a folder: the one named as argument, or `crds`.

use std::{path::PathBuf, process::ExitCode};

use crds::definition::definitions;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("crds"), PathBuf::from);
    for definition in definitions() {
        if let Err(error) = definition.write(&folder) {
            eprintln!("{}: {error}", folder.join(definition.file_name).display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
