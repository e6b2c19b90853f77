//! Where a request comes from: the address of the client, also behind proxies.

use std::{
    net::{AddrParseError, IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a connection came from; an extension of each of its requests.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The networks of the proxies before this server. What they say of where a request comes from is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Proxies in these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// The address of the client: of the peer, or, where that is a trusted proxy, what `X-Forwarded-For` says. A proxy
    /// adds at the right whom it was asked by, so the list is walked from there, for as long as whoever wrote an entry is
    /// trusted. Everything further left may be of the client's own making, and so may be what follows on an entry
    /// that cannot be read.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // Several lines are one list (RFC 9110, section 5.3). A line that is no text holds an entry that is no address.
        let lines = headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?"));
        let mut client = peer.to_canonical();
        for entry in lines.rev().flat_map(|line| line.rsplit(',')) {
            if !self.trust(client) {
                break;
            }
            match address(entry) {
                Some(address) => client = address.to_canonical(),
                None => break,
            }
        }
        client
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Reads a network such as `10.0.0.0/8`, or the address of one proxy.
pub fn network(text: &str) -> Result<IpNet, AddrParseError> {
    let text = text.trim();
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:443`.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.parse().ok();
    let with_port = || entry.parse().ok().map(|address: SocketAddr| address.ip());
    let in_brackets = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    bare.or_else(with_port).or_else(in_brackets)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXIES: &str = "10.0.0.0/8,2001:db8:1::/48";

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::new(PROXIES.split(',').map(|text| network(text).unwrap()).collect());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_client_without_a_proxy_is_the_peer_whatever_it_says() {
        assert_eq!(client("203.0.113.7", &[]), "203.0.113.7");
        assert_eq!(client("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(client("203.0.113.7", &["198.51.100.1, 10.0.0.1"]), "203.0.113.7");
        assert_eq!(client("::ffff:203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
    }

    #[test]
    fn a_client_behind_proxies_is_the_last_entry_that_is_none_of_theirs() {
        for (forwarded, expected) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["198.51.100.1, 10.1.1.1"], "198.51.100.1"),
            (&["198.51.100.1,10.1.1.1,2001:db8:1::9"], "198.51.100.1"),
            (&["192.0.2.66, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
            (&["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
            (&["192.0.2.66", "198.51.100.1", "10.1.1.1"], "198.51.100.1"),
            (&["2001:db8:2::1"], "2001:db8:2::1"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["198.51.100.1, ::ffff:10.1.1.1"], "198.51.100.1"),
        ] {
            assert_eq!(client("10.0.0.1", forwarded), expected, "{forwarded:?}");
            assert_eq!(client("2001:db8:1::1", forwarded), expected, "{forwarded:?}");
            assert_eq!(client("::ffff:10.0.0.1", forwarded), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn ports_and_brackets_are_tolerated() {
        for (forwarded, expected) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("[2001:db8:2::1]:4711", "2001:db8:2::1"),
            ("[2001:db8:2::1]", "2001:db8:2::1"),
            ("198.51.100.1 , [2001:db8:1::9]:80\t", "198.51.100.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[forwarded]), expected, "{forwarded}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_walk_at_the_last_that_was_sure() {
        for forwarded in
            ["", " ", ",", "unknown", "198.51.100.1 10.0.0.9", "198.51.100.1,", "fe80::1%eth0", "é"]
        {
            assert_eq!(client("10.0.0.1", &[forwarded]), "10.0.0.1", "{forwarded}");
        }
        assert_eq!(client("10.0.0.1", &["198.51.100.1, _hidden, 10.2.2.2"]), "10.2.2.2");
        assert_eq!(client("10.0.0.1", &["198.51.100.1", "é", "10.2.2.2"]), "10.2.2.2");
    }

    #[test]
    fn where_all_are_proxies_the_first_of_them_asked() {
        assert_eq!(client("10.0.0.1", &["10.3.3.3, 10.2.2.2"]), "10.3.3.3");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_proxy_is_named_by_its_address_too() {
        assert_eq!(network(" 10.0.0.1 ").unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(network("2001:db8::/32").unwrap().to_string(), "2001:db8::/32");
        assert!(network("proxy.example.com").is_err());
    }
}
