//! A clock that goes wrong: the environment of a process whose wall clock is ahead of the machine's, or behind it.

use std::time::Duration;

use crate::installation::{Artifact, Installation, NotInstalled};

/// How a process's wall clock differs from the machine's. Its monotonic clock, its sleeps and its timers do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// It is later there, by whole seconds.
    Ahead(Duration),
    /// It is earlier there, by whole seconds.
    Behind(Duration),
}

/// Variables for [`ProcessOptions::environment`](crate::ProcessOptions::environment). The program must be linked
/// with the C library dynamically, as programs in Rust are and programs in Go are not.
pub fn shifted(installation: &Installation, shift: Shift) -> Result<Vec<(String, String)>, NotInstalled> {
    let library = installation.path(Artifact::Faketime)?;
    let offset = match shift {
        Shift::Ahead(by) => format!("+{}", by.as_secs()),
        Shift::Behind(by) => format!("-{}", by.as_secs()),
    };
    let variables = [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME", offset),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    Ok(variables.map(|(name, value)| (name.to_owned(), value)).into())
}
