//! An operator process, with the rights of its ServiceAccount and no more.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use control_plane::{Access, Process, ProcessOptions, Stack};

use crate::database::{Databases, SERVER_ROLE};
use crate::installation::free_address;
use crate::{Error, INSTALLATION_ID, SERVER_SERVICE, SYSTEM_NAMESPACE};

/// A running operator.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    observability: SocketAddr,
}

impl Operator {
    pub(crate) fn new(
        stack: &Stack,
        binaries: &Path,
        access: &Access,
        databases: &Databases,
        number: usize,
    ) -> Result<Self, Error> {
        let observability = free_address(stack, Ipv4Addr::LOCALHOST)?;
        let arguments = vec![
            format!("--installation={INSTALLATION_ID}"),
            format!("--server-namespace={SYSTEM_NAMESPACE}"),
            format!("--server-service={SERVER_SERVICE}"),
            format!("--server-role={SERVER_ROLE}"),
            format!("--observability-address={observability}"),
        ];
        let environment = vec![
            ("DATABASE_URL".to_owned(), databases.operator_url.clone()),
            ("KUBECONFIG".to_owned(), access.kubeconfig().display().to_string()),
            ("POD_NAME".to_owned(), format!("scim-operator-{number}")),
            ("RUST_LOG".to_owned(), "info,scim_operator=debug,sqlx=warn".to_owned()),
        ];
        let process = stack.process(ProcessOptions {
            name: format!("scim-operator-{number}"),
            program: binaries.join("scim-operator"),
            arguments,
            environment,
            probe: (observability, "/livez"),
        });
        Ok(Self { process, observability })
    }

    /// Starts it and waits until it lives. It works when it has the lease.
    pub async fn start(&self) -> Result<(), Error> {
        Ok(self.process.start().await?)
    }

    /// Asks it to end and waits for that.
    pub async fn stop(&self) {
        self.process.stop().await;
    }

    /// Ends it as a lost machine does.
    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// Where `/livez`, `/readyz` and `/metrics` are.
    pub fn observability(&self) -> SocketAddr {
        self.observability
    }
}
