//! A process can have a clock that is wrong.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use control_plane::Installation;
use control_plane::clock::{Shift, shifted};

const BEGIN: &str = "seconds=";
const NAP: Duration = Duration::from_millis(20);

#[test]
fn a_program_in_rust_has_another_wall_clock_and_sleeps_as_long_as_ever() {
    if std::env::var_os("FAKETIME").is_some() {
        let begin = Instant::now();
        std::thread::sleep(NAP);
        assert!((NAP..NAP * 100).contains(&begin.elapsed()));
        println!("\n{BEGIN}{}", seconds());
        return;
    }
    let hour = Duration::from_hours(1);
    for (shift, expected) in [(Shift::Ahead(hour), 3_600), (Shift::Behind(hour), -3_600)] {
        let difference = seconds_of_another(shift) - seconds();
        assert!((difference - expected).abs() < 10, "{shift:?}: {difference}");
    }
}

/// What this test prints as a process with that clock.
fn seconds_of_another(shift: Shift) -> i64 {
    let environment = shifted(&Installation::of_environment(), shift).unwrap();
    let own = std::env::current_exe().unwrap();
    let output = Command::new(own).arg("--nocapture").envs(environment).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix(BEGIN)).unwrap().parse().unwrap()
}

fn seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}
