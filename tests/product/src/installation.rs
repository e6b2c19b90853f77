//! Operator and servers on a running control plane.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use control_plane::{Stack, StackOptions};
use kube::Client;

use crate::operator::operator;
use crate::{Databases, Error, Manifest, Program, SERVER_SERVICE, SYSTEM_NAMESPACE, Server, repository};

const SERVICE_ACCOUNT: &str = "scim-operator";
const CRDS: [&str; 2] =
    ["crds/scim-operator.io_scimtenantclasses.yaml", "crds/scim-operator.io_scimtenants.yaml"];

/// How much of it is installed.
#[derive(Clone, Debug)]
pub struct InstallationOptions {
    /// Where logs and kubeconfigs stay; without it: a temporary folder that goes.
    pub state_directory: Option<PathBuf>,
    /// How many operators; one of them works.
    pub operators: usize,
    /// How many servers behind the ingress controller.
    pub servers: usize,
}

/// The product, running. [`stop`](Self::stop) ends all of it.
#[derive(Debug)]
pub struct Installation {
    operators: Vec<Program>,
    servers: Vec<Server>,
    databases: Databases,
    stack: Arc<Stack>,
}

impl Installation {
    /// Starts a control plane and installs the product there.
    pub async fn start(options: &InstallationOptions) -> Result<Self, Error> {
        let crds = CRDS.iter().map(|file| repository().join(file)).collect();
        let stack =
            Stack::start(&StackOptions { state_directory: options.state_directory.clone(), crds }).await?;
        let databases = Databases::create(&stack.postgresql().superuser_url()).await?;
        let client = stack.admin().client()?;
        Manifest::namespace(SYSTEM_NAMESPACE).apply(&client).await?;
        Manifest::read("operator/rbac.yaml")?.apply(&client).await?;
        let access = stack.access_as(SYSTEM_NAMESPACE, SERVICE_ACCOUNT).await?;
        let binaries = binaries()?;
        let operators: Result<Vec<_>, Error> = (1..=options.operators)
            .map(|number| operator(&stack, &binaries, &access, &databases, number))
            .collect();
        let servers: Result<Vec<_>, Error> =
            (1..=options.servers).map(|number| Server::new(&stack, &binaries, &databases, number)).collect();
        let installation =
            Self { operators: operators?, servers: servers?, databases, stack: Arc::new(stack) };
        installation.start_processes().await?;
        Ok(installation)
    }

    async fn start_processes(&self) -> Result<(), Error> {
        for operator in &self.operators {
            operator.start().await?;
        }
        for server in &self.servers {
            server.program().start().await?;
        }
        let addresses: Vec<_> = self.servers.iter().map(Server::address).collect();
        Ok(self.stack.route_to(SYSTEM_NAMESPACE, SERVER_SERVICE, &addresses).await?)
    }

    /// Ends the servers, the operators, and the control plane under them.
    pub async fn stop(&self) {
        for server in &self.servers {
            server.program().stop().await;
        }
        for operator in &self.operators {
            operator.stop().await;
        }
        self.stack.stop().await;
    }

    /// What it stands on.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// A new client of the API server with all rights.
    pub fn client(&self) -> Result<Client, Error> {
        Ok(self.stack.admin().client()?)
    }

    /// The operators.
    pub fn operators(&self) -> &[Program] {
        &self.operators
    }

    /// The servers.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The URLs of the two roles.
    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    /// The URL that identity providers on this machine reach the ingress controller at, without TLS.
    pub fn local_url(&self) -> String {
        format!("http://localhost:{}", self.stack.ingress().http_port())
    }
}

pub(crate) fn free_address(stack: &Stack, machine: Ipv4Addr) -> Result<SocketAddr, Error> {
    stack
        .free_address(machine)
        .map_err(|source| Error::File { what: "there is no free port".to_owned(), source })
}

/// The folder that cargo built this very program into, where the product's binaries are, too.
fn binaries() -> Result<PathBuf, Error> {
    let program = std::env::current_exe()
        .map_err(|source| Error::File { what: "the path of this program is not known".to_owned(), source })?;
    let folder = program.parent().map(PathBuf::from).unwrap_or_default();
    Ok(if folder.ends_with("deps") { folder.parent().map(PathBuf::from).unwrap_or_default() } else { folder })
}
