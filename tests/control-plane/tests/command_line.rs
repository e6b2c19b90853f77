//! The commands run other commands faithfully, and what they start ends with them.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn control_plane(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_control-plane"));
    command.args(arguments);
    command
}

#[test]
fn a_namespace_has_an_address_that_is_not_loopback_and_passes_the_exit_status_on() {
    let script = "ip -brief address show lo; echo $SCIM_TEST_ADDRESS; exit 7";
    let output = control_plane(&["in-namespace", "--", "sh", "-c", script]).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("198.18.0.1/32"), "{said}");
    assert!(said.ends_with("\n198.18.0.1\n"), "{said}");
}

#[test]
fn postgresql_is_there_for_a_command_and_the_exit_status_is_passed_on() {
    let script = "echo $TEST_DATABASE_URL; exit 7";
    let output = control_plane(&["with-postgres", "--", "sh", "-c", script]).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    let url = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(!accepts(&url), "it is gone afterwards");
}

#[test]
fn postgresql_ends_even_when_its_parent_is_killed() {
    // The command ends when this test closes its standard input.
    let mut parent = control_plane(&["with-postgres", "--", "sh", "-c", "echo $TEST_DATABASE_URL; read end"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(accepts(url.trim()), "{url}");
    parent.kill().unwrap();
    parent.wait().unwrap();
    let begin = Instant::now();
    while accepts(url.trim()) {
        assert!(begin.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether the server of `postgres://postgres:…@127.0.0.1:<port>/postgres` accepts connections.
fn accepts(url: &str) -> bool {
    let address = url.split('@').nth(1).and_then(|rest| rest.strip_suffix("/postgres")).unwrap();
    TcpStream::connect(address).is_ok()
}
