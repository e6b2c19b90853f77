//! Everything together: PostgreSQL, etcd, API server, controllers, ingress controller.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Instant;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::networking::v1::IngressClass;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::access::{Access, AccessError, Identity};
use crate::address::{self, NoAddress};
use crate::api_server::ApiServer;
use crate::certificate::CertificateError;
use crate::contour::Contour;
use crate::controller_manager::ControllerManager;
use crate::etcd::Etcd;
use crate::gateway;
use crate::helm;
use crate::ingress::{self, INGRESS_CLASS};
use crate::installation::{Artifact, Installation, NotInstalled};
use crate::kubectl;
use crate::part::PartError;
use crate::port;
use crate::postgresql::{Durability, PostgreSql, PostgreSqlError, PostgreSqlOptions};
use crate::process::{Process, ProcessOptions};
use crate::progress::{say, written};
use crate::route::route;
use crate::state::StateDirectory;

/// How long a ServiceAccount's token is good for.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;

/// A running stack. When it is dropped, or its process is killed, all its parts end with it; [`stop`](Self::stop)
/// ends them in order.
#[derive(Debug)]
pub struct Stack {
    postgresql: PostgreSql,
    ingress: Contour,
    gateway: OnceCell<Contour>,
    controller_manager: ControllerManager,
    api_server: ApiServer,
    etcd: Etcd,
    machine: Ipv4Addr,
    installation: Installation,
    state: StateDirectory,
}

/// How a stack is started.
#[derive(Clone, Debug, Default)]
pub struct StackOptions {
    /// Where logs, kubeconfigs and etcd's data are; it stays afterwards. Without it: a temporary folder that goes.
    pub state_directory: Option<PathBuf>,
    /// YAML files with CRDs, applied before the controllers start, so that the garbage collector knows them at once.
    pub crds: Vec<PathBuf>,
}

/// Why a stack does not run.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A program is not in the cache.
    #[error(transparent)]
    NotInstalled(#[from] NotInstalled),
    /// The machine has no address for Endpoints.
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    /// PostgreSQL does not run.
    #[error(transparent)]
    PostgreSql(#[from] PostgreSqlError),
    /// Another part does not run.
    #[error(transparent)]
    Part(#[from] PartError),
    /// Keys and certificates cannot be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nobody can be given access to the API server.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The API server refuses.
    #[error("the API server refuses")]
    Kubernetes(#[from] Box<kube::Error>),
    /// kubectl refuses.
    #[error("`kubectl {arguments}` failed: {said}")]
    Kubectl {
        /// Its arguments.
        arguments: String,
        /// Its message.
        said: String,
    },
    /// Contour does not take the Gateway.
    #[error("the Gateway is not programmed after half a minute: see contour-gateway.log")]
    GatewayNotProgrammed,
    /// A folder, a file or a port cannot be had.
    #[error("the stack cannot be prepared")]
    Prepare(#[from] io::Error),
}

impl From<kube::Error> for StackError {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}

impl Stack {
    /// Starts all parts and waits until each is ready. They listen on 127.0.0.1 only, on ports that were free.
    pub async fn start(options: &StackOptions) -> Result<Self, StackError> {
        let begin = Instant::now();
        let installation = Installation::of_environment();
        let machine = address::of_this_machine()?;
        let state = match &options.state_directory {
            Some(path) => StateDirectory::at(path)?,
            None => StateDirectory::temporary()?,
        };
        let (postgresql, (etcd, api_server)) = tokio::try_join!(
            start_postgresql(&installation, &state),
            start_api_server(&installation, &state, machine),
        )?;
        let crds = [&[installation.path(Artifact::ContourCrds)?], &options.crds[..]].concat();
        kubectl::apply_crds(&installation, &api_server, &crds).await?;
        let controller_manager = ControllerManager::new(&installation, &state, &api_server)?;
        let ingress = ingress::contour(&installation, &state, &api_server, machine).await?;
        tokio::try_join!(controller_manager.start_for(&api_server), async {
            make_ingress_class(&api_server).await?;
            Ok(ingress.start().await?)
        })?;
        say(&format!("all parts are ready after {}", written(begin.elapsed())));
        let gateway = OnceCell::new();
        Ok(Self {
            postgresql,
            ingress,
            gateway,
            controller_manager,
            api_server,
            etcd,
            machine,
            installation,
            state,
        })
    }

    /// Stops all parts, each in an orderly way, and the API server before etcd.
    pub async fn stop(&self) {
        let begin = Instant::now();
        let gateway = async {
            if let Some(gateway) = self.gateway.get() {
                gateway.stop().await;
            }
        };
        let api_server = async {
            self.api_server.stop().await;
            self.etcd.stop().await;
        };
        let (controllers, postgresql) = (self.controller_manager.stop(), self.postgresql.stop());
        tokio::join!(self.ingress.stop(), gateway, controllers, postgresql, api_server);
        say(&format!("all parts have ended after {}", written(begin.elapsed())));
    }

    /// PostgreSQL; it can be stopped and started again.
    pub fn postgresql(&self) -> &PostgreSql {
        &self.postgresql
    }

    /// The API server; it can be stopped and started again.
    pub fn api_server(&self) -> &ApiServer {
        &self.api_server
    }

    /// The ingress controller, with the ports that it listens on.
    pub fn ingress(&self) -> &Contour {
        &self.ingress
    }

    /// Brings the Gateway API, which a stack starts without: its CRDs (standard channel), and the Gateway
    /// [`GATEWAY`](crate::GATEWAY) in [`GATEWAY_NAMESPACE`](crate::GATEWAY_NAMESPACE) with a Contour and an Envoy of
    /// its own. Where it is already, this only says so.
    ///
    /// The garbage collector learns of its kinds within half a minute, and not at once.
    pub async fn install_gateway_api(&self) -> Result<&Contour, StackError> {
        let make = || gateway::contour(&self.installation, &self.state, &self.api_server, self.machine);
        let contour = self.gateway.get_or_try_init(make).await?;
        gateway::install(contour, &self.installation, &self.api_server).await?;
        Ok(contour)
    }

    /// Takes the Gateway API away again, with every HTTPRoute that there is. It can be installed anew.
    pub async fn remove_gateway_api(&self) -> Result<(), StackError> {
        match self.gateway.get() {
            Some(contour) => gateway::remove(contour, &self.installation, &self.api_server).await,
            None => Ok(()),
        }
    }

    /// Access to the API server as its administrator.
    pub fn admin(&self) -> &Access {
        self.api_server.admin()
    }

    /// An address of this machine that Services can lead to: servers behind the ingress controller listen on it.
    pub fn machine_address(&self) -> Ipv4Addr {
        self.machine
    }

    /// The folder with all files of this stack.
    pub fn state_directory(&self) -> &Path {
        self.state.path()
    }

    /// The folder with a log file of each part.
    pub fn log_directory(&self) -> PathBuf {
        self.state.logs()
    }

    /// Where the programs are that it runs.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// kubectl as the administrator, to be given arguments.
    pub fn kubectl(&self) -> Result<Command, NotInstalled> {
        kubectl::command(&self.installation, &self.api_server)
    }

    /// helm as the administrator, to be given arguments.
    pub fn helm(&self) -> Result<Command, NotInstalled> {
        helm::command_for(&self.installation, &self.api_server, &self.state)
    }

    /// Applies YAML files with CRDs, and waits until their kinds are served.
    pub async fn apply_crds(&self, files: &[PathBuf]) -> Result<(), StackError> {
        kubectl::apply_crds(&self.installation, &self.api_server, files).await
    }

    /// Access as a ServiceAccount that exists, with a token of the TokenRequest API that is good for a day.
    pub async fn access_as(&self, namespace: &str, service_account: &str) -> Result<Access, AccessError> {
        let (server, authority) = (self.api_server.url(), self.api_server.authority_file());
        self.access(namespace, service_account, server, Some(authority), "").await
    }

    /// As [`access_as`](Self::access_as), but at `server`, which stands before the API server: a proxy at
    /// `http://127.0.0.1:<port>`; or at `https://…`, with a certificate that the authority in the file `authority` signs.
    pub async fn access_through(
        &self,
        namespace: &str,
        service_account: &str,
        server: &str,
        authority: Option<PathBuf>,
    ) -> Result<Access, AccessError> {
        let port = server.rsplit(':').next().unwrap_or_default();
        let suffix = format!("-through-{}", port.trim_matches('/'));
        self.access(namespace, service_account, server, authority, &suffix).await
    }

    async fn access(
        &self,
        namespace: &str,
        service_account: &str,
        server: &str,
        authority: Option<PathBuf>,
        suffix: &str,
    ) -> Result<Access, AccessError> {
        let name = format!("{namespace}/{service_account}");
        let token_error =
            |source| AccessError::Token { service_account: name.clone(), source: Box::new(source) };
        let client = self.admin().client().map_err(token_error)?;
        let accounts: Api<ServiceAccount> = Api::namespaced(client, namespace);
        let spec =
            TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..TokenRequestSpec::default() };
        let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
        let answer = accounts.create_token_request(service_account, &PostParams::default(), &request).await;
        let token = answer.map_err(token_error)?.status.and_then(|status| status.token).unwrap_or_default();
        let kubeconfig = self.state.file(&format!("kubeconfig-{namespace}-{service_account}{suffix}"));
        let identity = Identity { server, authority: authority.as_deref(), user: &name, token: &token };
        Access::write(kubeconfig, &identity).await
    }

    /// A process of somebody else's beside the parts, which does not run yet. It logs into `logs/<name>.log`.
    pub fn process(&self, options: ProcessOptions) -> Process {
        Process::new(&self.state, options)
    }

    /// A free port of `machine`, which is [`machine_address`](Self::machine_address) or 127.0.0.1.
    pub fn free_address(&self, machine: Ipv4Addr) -> io::Result<SocketAddr> {
        Ok((machine, port::free()?).into())
    }

    /// Makes the Service `service` (port 80, named `http`) in `namespace`, which must exist, lead to `addresses` and
    /// nowhere else. They are addresses of [`machine_address`](Self::machine_address): Endpoints may not be loopback.
    pub async fn route_to(
        &self,
        namespace: &str,
        service: &str,
        addresses: &[SocketAddr],
    ) -> Result<(), kube::Error> {
        route(&self.admin().client()?, namespace, service, addresses).await
    }
}

async fn start_postgresql(
    installation: &Installation,
    state: &StateDirectory,
) -> Result<PostgreSql, StackError> {
    let options = PostgreSqlOptions { log_directory: state.logs(), durability: Durability::None };
    let postgresql = PostgreSql::create(installation, &options).await?;
    postgresql.start().await?;
    Ok(postgresql)
}

async fn start_api_server(
    installation: &Installation,
    state: &StateDirectory,
    machine: Ipv4Addr,
) -> Result<(Etcd, ApiServer), StackError> {
    let etcd = Etcd::new(installation, state)?;
    etcd.start().await?;
    let api_server = ApiServer::new(installation, state, &etcd, machine).await?;
    api_server.start().await?;
    Ok((etcd, api_server))
}

async fn make_ingress_class(api_server: &ApiServer) -> Result<(), StackError> {
    let classes: Api<IngressClass> = Api::all(api_server.admin().client()?);
    let class = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": INGRESS_CLASS,
            "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"},
        },
        "spec": {"controller": "projectcontour.io/ingress-controller"},
    });
    let apply = PatchParams::apply("control-plane").force();
    classes.patch(INGRESS_CLASS, &apply, &Patch::Apply(class)).await?;
    Ok(())
}
