//! TCP ports that are free now and that no outgoing connection takes later.
//!
//! The kernel gives ports of `ip_local_port_range` to outgoing connections. A client that tries again and again to
//! reach a stopped server whose port is in that range sooner or later connects to itself, and then the server
//! can no longer bind it. So ours are below that range.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 20_000;
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// A port that is free on every address of this machine, and was not given out by this process before.
pub(crate) fn free() -> std::io::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let count = first_ephemeral().saturating_sub(FIRST).max(1_000);
    if NEXT.load(Ordering::Relaxed) == 0 {
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(std::io::Error::other)?;
        NEXT.store(u16::from_ne_bytes(random) % count, Ordering::Relaxed);
    }
    (0..count)
        .map(|_| FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % count)
        .find(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok())
        .ok_or_else(|| std::io::Error::other(format!("no TCP port from {FIRST} on is free")))
}

fn first_ephemeral() -> u16 {
    let range = std::fs::read_to_string(EPHEMERAL).unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ports_asked_for_at_once_differ() {
        assert_ne!(free().unwrap(), free().unwrap());
    }

    #[test]
    fn a_port_is_none_that_outgoing_connections_get() {
        assert!(free().unwrap() < first_ephemeral());
    }
}
