//! Writes what is made of the types: the definitions of our custom resources into `crds/`, and the handbook's page on
//! conditions into `docs/`. The folder that holds both is the argument, or the current one.

use std::path::PathBuf;
use std::process::ExitCode;

use crds::definition::definitions;
use crds::handbook;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    for definition in definitions() {
        if let Err(error) = definition.write(&folder.join("crds")) {
            eprintln!("{}: {error}", definition.file_name);
            return ExitCode::FAILURE;
        }
    }
    let page = folder.join("docs/conditions.md");
    if let Err(error) = std::fs::write(&page, handbook::conditions()) {
        eprintln!("{}: {error}", page.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
