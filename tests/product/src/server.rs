//! A server process. It gets a database and an address, and knows nothing of Kubernetes.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use control_plane::{ProcessOptions, Stack};

use crate::database::Databases;
use crate::installation::free_address;
use crate::{Error, INSTALLATION_ID, Program};

/// A server, and where it serves.
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
        number: usize,
    ) -> Result<Self, Error> {
        let address = free_address(stack, stack.machine_address())?;
        let observability = free_address(stack, Ipv4Addr::LOCALHOST)?;
        let arguments = vec![
            format!("--installation={INSTALLATION_ID}"),
            format!("--address={address}"),
            format!("--observability-address={observability}"),
            "--shutdown-delay=0s".to_owned(), // nothing takes a stopping server out of its Service here
        ];
        let environment = vec![
            ("DATABASE_URL".to_owned(), databases.server_url.clone()),
            ("RUST_LOG".to_owned(), "info".to_owned()),
        ];
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
