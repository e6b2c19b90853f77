//! Operator and servers on a running control plane.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use control_plane::{Stack, StackOptions};
use kube::Client;

use crate::operator::operator;
use crate::{
    Databases, Error, Manifest, OperatorOptions, Program, SERVER_SERVICE, SYSTEM_NAMESPACE, Server,
    ServerOptions, Site, repository,
};

const CRDS: [&str; 2] =
    ["crds/scim-operator.io_scimtenantclasses.yaml", "crds/scim-operator.io_scimtenants.yaml"];

/// How much of it is installed.
#[derive(Clone, Debug)]
pub struct InstallationOptions {
    /// Where logs and kubeconfigs stay; without it: a temporary folder that goes.
    pub state_directory: Option<PathBuf>,
    /// How many operators; one of them works. Servers are not ready before one of them has made the registry.
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
    binaries: PathBuf,
    /// How many operators and servers there were, those that were added included: each one has a name of its own.
    operators_made: AtomicUsize,
    servers_made: AtomicUsize,
    stack: Arc<Stack>,
}

impl Installation {
    /// Starts a control plane and installs the product there.
    pub async fn start(options: &InstallationOptions) -> Result<Self, Error> {
        Self::start_with(options, &OperatorOptions::default(), &ServerOptions::default()).await
    }

    /// Likewise, with options for each of the operators and each of the servers. Their site has the default namespace and
    /// Service.
    pub async fn start_with(
        options: &InstallationOptions,
        operator_options: &OperatorOptions,
        server_options: &ServerOptions,
    ) -> Result<Self, Error> {
        let stack = start_stack(options).await?;
        let databases = Databases::create(&stack.postgresql().superuser_url()).await?;
        Self::start_on(stack, databases, options, operator_options, server_options).await
    }

    /// Starts another control plane and installs the product there on the database of this one: a cluster that was built
    /// anew, or the second of two. It must end before this one.
    pub async fn start_beside(
        &self,
        options: &InstallationOptions,
        operator_options: &OperatorOptions,
        server_options: &ServerOptions,
    ) -> Result<Self, Error> {
        let (stack, databases) = (start_stack(options).await?, self.databases.clone());
        Self::start_on(stack, databases, options, operator_options, server_options).await
    }

    async fn start_on(
        stack: Stack,
        databases: Databases,
        options: &InstallationOptions,
        operator_options: &OperatorOptions,
        server_options: &ServerOptions,
    ) -> Result<Self, Error> {
        let client = stack.admin().client()?;
        Manifest::namespace(SYSTEM_NAMESPACE).apply(&client).await?;
        Site::default().rights(&[]).await?.apply(&client).await?;
        let mut installation = Self {
            operators: Vec::new(),
            servers: Vec::new(),
            databases,
            binaries: binaries()?,
            operators_made: AtomicUsize::new(0),
            servers_made: AtomicUsize::new(0),
            stack: Arc::new(stack),
        };
        for _ in 0..options.operators {
            installation.operators.push(installation.new_operator(operator_options).await?);
        }
        for _ in 0..options.servers {
            installation.servers.push(installation.new_server(server_options)?);
        }
        installation.start_processes().await?;
        Ok(installation)
    }

    /// Starts a further operator, which ends when it is dropped: for this installation or, by its
    /// [`Site`](crate::Site), for another one in the same cluster, whose namespace and ServiceAccount exist. It is none
    /// of [`operators`](Self::operators).
    pub async fn add_operator(&self, options: &OperatorOptions) -> Result<Program, Error> {
        let operator = self.new_operator(options).await?;
        operator.start().await?;
        Ok(operator)
    }

    /// Starts a further server, which ends when it is dropped, and is none of [`servers`](Self::servers). No Service
    /// leads to it until [`Stack::route_to`] says so.
    pub async fn add_server(&self, options: &ServerOptions) -> Result<Server, Error> {
        let server = self.new_server(options)?;
        server.program().start().await?;
        Ok(server)
    }

    async fn new_operator(&self, options: &OperatorOptions) -> Result<Program, Error> {
        let (namespace, account) = (&options.site.namespace, &options.service_account);
        let access = match &options.api_server {
            Some(proxy) => self.stack.access_through(namespace, account, proxy, None).await?,
            None => self.stack.access_as(namespace, account).await?,
        };
        let number = self.operators_made.fetch_add(1, Ordering::Relaxed) + 1;
        operator(&self.stack, &self.binaries, &access, &self.databases, options, number)
    }

    fn new_server(&self, options: &ServerOptions) -> Result<Server, Error> {
        let number = self.servers_made.fetch_add(1, Ordering::Relaxed) + 1;
        Server::new(&self.stack, &self.binaries, &self.databases, options, number)
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

async fn start_stack(options: &InstallationOptions) -> Result<Stack, Error> {
    let crds = CRDS.iter().map(|file| repository().join(file)).collect();
    let options = StackOptions { state_directory: options.state_directory.clone(), crds };
    Ok(Stack::start(&options).await?)
}

pub(crate) fn free_address(stack: &Stack, machine: Ipv4Addr) -> Result<SocketAddr, Error> {
    stack
        .free_address(machine)
        .map_err(|source| Error::File { what: "there is no free port".to_owned(), source })
}

/// The folder that cargo built this very program into, where the product's binaries are, too.
pub(crate) fn binaries() -> Result<PathBuf, Error> {
    let program = std::env::current_exe()
        .map_err(|source| Error::File { what: "the path of this program is not known".to_owned(), source })?;
    let folder = program.parent().map(PathBuf::from).unwrap_or_default();
    Ok(if folder.ends_with("deps") { folder.parent().map(PathBuf::from).unwrap_or_default() } else { folder })
}
