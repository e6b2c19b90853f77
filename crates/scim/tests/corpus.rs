//! Replays what fuzzing kept (`fuzz/corpus`) through the functions that are fuzzed, without a fuzzer.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a law that is broken panics, for the fuzzer too"
)]

#[path = "../../../fuzz/src/lib.rs"]
mod targets;

use std::{fs, panic::catch_unwind, path::Path};

/// What a target may keep: it is read in every run of the tests.
const FILES: usize = 200;
const BYTES: usize = 300 * 1024;

#[test]
fn every_input_that_was_kept_is_read_or_refused_by_the_laws() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in targets::TARGETS {
        for (path, input) in inputs(&corpus.join(name)) {
            let kept = catch_unwind(|| target(&input));
            assert!(kept.is_ok(), "{name}: {path} breaks a law");
        }
    }
}

#[test]
fn every_target_keeps_some_inputs_and_not_too_many() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, _) in targets::TARGETS {
        let inputs = inputs(&corpus.join(name));
        let bytes: usize = inputs.iter().map(|(_, input)| input.len()).sum();
        assert!((1..=FILES).contains(&inputs.len()), "{name} keeps {} files", inputs.len());
        assert!(bytes <= BYTES, "{name} keeps {bytes} bytes");
    }
}

fn inputs(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.display().to_string(), fs::read(&path).unwrap())
        })
        .collect()
}
