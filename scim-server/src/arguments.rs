//! The command line.

use std::{net::SocketAddr, time::Duration};

use clap::Parser;
use ipnet::IpNet;
use process::arguments::{DatabaseArguments, ObservabilityArguments, duration};
use tenancy::InstallationId;

use crate::source::network;

/// Serves the SCIM endpoints of every tenant of an installation.
///
/// It needs the database, where the operator registers tenants, and no Kubernetes. Any number may run side by side.
#[derive(Parser, Clone, Debug)]
#[command(version, about)]
pub struct Arguments {
    /// The installation whose tenants are served
    #[arg(long, value_name = "ID")]
    pub installation: InstallationId,

    /// Where SCIM is served, without TLS
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    pub address: SocketAddr,

    /// Most connections to the database for serving requests; up to five more read the registry, issue access tokens and keep what
    /// is stored up to date
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub database_connections: u32,

    /// Longest body of a request, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub max_body: usize,

    /// How long a request may take before it is answered with 503; less than what the ingress controller waits (Envoy: 15s)
    #[arg(long, value_name = "DURATION", default_value = "14s", value_parser = duration)]
    pub request_timeout: Duration,

    /// The networks of the proxies before this server, or their addresses: what they say of where a request comes from
    /// (X-Forwarded-For) is believed. Separated by commas, or given several times
    #[arg(long, value_name = "CIDR", env = "SCIM_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// How long requests are still taken after the readiness was turned off, so that proxies notice
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub shutdown_delay: Duration,

    /// How long requests in flight may take to finish after that
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub shutdown_grace: Duration,

    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseArguments,

    /// How the process tells about itself.
    #[command(flatten)]
    pub observability: ObservabilityArguments,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn only_the_installation_must_be_given() {
        let arguments = Arguments::try_parse_from(["scim-server", "--installation", "production"]).unwrap();
        assert_eq!(arguments.database_connections, 16);
        assert_eq!(arguments.max_body, 1_048_576);
        assert_eq!(arguments.shutdown_delay, Duration::from_secs(5));
        assert!(arguments.trusted_proxies.is_empty());
        assert!(Arguments::try_parse_from(["scim-server"]).is_err());
    }

    #[test]
    fn proxies_are_a_list_or_several_arguments() {
        let given = ["--trusted-proxies", "10.0.0.0/8, 192.0.2.1", "--trusted-proxies", "2001:db8::/32"];
        let arguments = ["scim-server", "--installation", "production"].into_iter().chain(given);
        let arguments = Arguments::try_parse_from(arguments).unwrap();
        let proxies: Vec<_> = arguments.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]);
        let wrong = ["scim-server", "--installation", "production", "--trusted-proxies", "proxy.example.com"];
        assert!(Arguments::try_parse_from(wrong).is_err());
    }
}
