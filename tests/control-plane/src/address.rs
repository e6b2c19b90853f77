//! An address of this machine that Endpoints may have: IPv4, neither loopback nor link-local.

use std::env;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use crate::namespace::ADDRESS_VARIABLE;

/// Never routed (RFC 5737); connecting a UDP socket sends nothing, it only asks which address we would use.
const SOMEWHERE: &str = "198.51.100.1:9";
const ROUTES: &str = "/proc/net/fib_trie";

/// The machine has no such address.
#[derive(Debug, thiserror::Error)]
#[error(
    "this machine has no address but loopback: connect it to a network, or use `control-plane in-namespace`"
)]
pub struct NoAddress;

/// The address of the namespace we are in (`SCIM_TEST_ADDRESS`), else the one that the machine speaks to others from.
pub fn of_this_machine() -> Result<Ipv4Addr, NoAddress> {
    let of_namespace = env::var(ADDRESS_VARIABLE).ok().and_then(|address| address.parse().ok());
    of_namespace
        .or_else(of_default_route)
        .or_else(|| {
            local_addresses(&fs::read_to_string(ROUTES).unwrap_or_default())
                .into_iter()
                .find(|address| is_usable(*address))
        })
        .ok_or(NoAddress)
}

fn of_default_route() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(SOMEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) => Some(address).filter(|address| is_usable(*address)),
        IpAddr::V6(_) => None,
    }
}

fn is_usable(address: Ipv4Addr) -> bool {
    !address.is_loopback() && !address.is_link_local() && !address.is_unspecified()
}

/// The addresses that the kernel's routing table calls local: `|-- <address>` followed by `/32 host LOCAL`.
fn local_addresses(routes: &str) -> Vec<Ipv4Addr> {
    let lines = routes.lines().map(str::trim);
    let pairs = lines.clone().zip(lines.skip(1));
    pairs
        .filter(|(_, kind)| *kind == "/32 host LOCAL")
        .filter_map(|(address, _)| address.strip_prefix("|-- ")?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses_are_read_from_the_routing_table() {
        let routes = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n     \
                      |-- 10.0.0.2\n        /32 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n";
        assert_eq!(local_addresses(routes), [Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::LOCALHOST]);
    }

    #[test]
    fn loopback_and_link_local_addresses_are_not_for_endpoints() {
        assert!(!is_usable(Ipv4Addr::LOCALHOST));
        assert!(!is_usable(Ipv4Addr::new(169, 254, 0, 1)));
        assert!(is_usable(Ipv4Addr::new(198, 18, 0, 1)));
    }
}
