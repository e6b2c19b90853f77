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

use crate::access::{Access, AccessError, Identity};
use crate::address::{self, NoAddress};
use crate::api_server::{AUTHORITY, ApiServer};
use crate::certificate::CertificateError;
use crate::controller_manager::ControllerManager;
use crate::etcd::Etcd;
use crate::ingress::{INGRESS_CLASS, Ingress};
use crate::installation::{Artifact, Installation, NotInstalled};
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
    ingress: Ingress,
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
        apply_crds(&installation, &api_server, &options.crds).await?;
        let controller_manager = ControllerManager::new(&installation, &state, &api_server)?;
        let ingress = Ingress::new(&installation, &state, &api_server, machine).await?;
        tokio::try_join!(controller_manager.start_for(&api_server), async {
            make_ingress_class(&api_server).await?;
            Ok(ingress.start().await?)
        })?;
        say(&format!("all parts are ready after {}", written(begin.elapsed())));
        Ok(Self { postgresql, ingress, controller_manager, api_server, etcd, machine, installation, state })
    }

    /// Stops all parts, each in an orderly way, and the API server before etcd.
    pub async fn stop(&self) {
        let begin = Instant::now();
        tokio::join!(self.ingress.stop(), self.controller_manager.stop(), self.postgresql.stop(), async {
            self.api_server.stop().await;
            self.etcd.stop().await;
        });
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
    pub fn ingress(&self) -> &Ingress {
        &self.ingress
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
        kubectl(&self.installation, &self.api_server)
    }

    /// Access as a ServiceAccount that exists, with a token of the TokenRequest API that is good for a day.
    pub async fn access_as(&self, namespace: &str, service_account: &str) -> Result<Access, AccessError> {
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
        let kubeconfig = self.state.file(&format!("kubeconfig-{namespace}-{service_account}"));
        let identity = Identity {
            server: self.api_server.url(),
            authority: &self.state.file(AUTHORITY),
            user: &name,
            token: &token,
        };
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

async fn apply_crds(
    installation: &Installation,
    api_server: &ApiServer,
    further: &[PathBuf],
) -> Result<(), StackError> {
    let mut files = vec!["-f".into(), installation.path(Artifact::ContourCrds)?.into_os_string()];
    files.extend(further.iter().flat_map(|file| ["-f".into(), file.into()]));
    for action in [&["apply", "--server-side"][..], &["wait", "--for=condition=Established", "--timeout=30s"]]
    {
        let output = kubectl(installation, api_server)?.args(action).args(&files).output().await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(StackError::Kubectl { arguments: action.join(" "), said });
        }
    }
    Ok(())
}

fn kubectl(installation: &Installation, api_server: &ApiServer) -> Result<Command, NotInstalled> {
    let mut command = Command::new(installation.path(Artifact::Kubectl)?);
    command.env("KUBECONFIG", api_server.admin().kubeconfig()).kill_on_drop(true);
    Ok(command)
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
