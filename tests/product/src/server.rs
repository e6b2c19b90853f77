//! A server process. It gets a database and an address, and knows nothing of Kubernetes.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use control_plane::{ProcessOptions, Stack};

use crate::database::Databases;
use crate::installation::free_address;
use crate::{Error, Program, Site};

/// How a server is started. The default is how an installation starts its own.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// The installation that it belongs to.
    pub site: Site,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
}

/// A server, and where it serves. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    program: Program,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn new(
        stack: &Stack,
        binaries: &Path,
        databases: &Databases,
        options: &ServerOptions,
        number: usize,
    ) -> Result<Self, Error> {
        let machine = stack.machine_address();
        let address = free_address(stack, machine)?;
        let observability = free_address(stack, Ipv4Addr::LOCALHOST)?;
        let mut arguments = vec![
            format!("--installation={}", options.site.id),
            format!("--address={address}"),
            format!("--observability-address={observability}"),
            "--shutdown-delay=0s".to_owned(), // nothing takes a stopping server out of its Service here
        ];
        if !options.arguments.iter().any(|argument| argument.starts_with(TRUSTED_PROXIES)) {
            // Envoy connects from this address, and says in X-Forwarded-For whose request it brings. Clients of Envoy have
            // another one, 127.0.0.1.
            arguments.push(format!("{TRUSTED_PROXIES}={machine}/32"));
        }
        arguments.extend(options.arguments.iter().cloned());
        let mut environment = vec![
            ("DATABASE_URL".to_owned(), databases.server_url.clone()),
            ("RUST_LOG".to_owned(), "info".to_owned()),
        ];
        environment.extend(options.environment.iter().cloned());
        let program = Program::new(
            stack,
            ProcessOptions {
                name: format!("scim-server-{number}"),
                program: binaries.join("scim-server"),
                arguments,
                environment,
                probe: (observability, "/readyz"),
            },
        );
        Ok(Self { program, address })
    }

    /// The process.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Where it serves SCIM, behind no ingress controller.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The argument by which a server learns whom it believes the client's address.
const TRUSTED_PROXIES: &str = "--trusted-proxies";
