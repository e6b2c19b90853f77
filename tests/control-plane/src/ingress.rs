//! An ingress controller that really routes, as two parts: Contour reads the objects, Envoy carries the requests.

use std::net::Ipv4Addr;
use std::time::Duration;

use rustix::process::Signal;

use crate::api_server::ApiServer;
use crate::child::{Abandon, Account, Child, ChildCommand};
use crate::installation::{Artifact, Installation};
use crate::part::{Part, PartError};
use crate::scratch::ScratchDirectory;
use crate::stack::StackError;
use crate::state::StateDirectory;
use crate::{port, private_file, probe};

/// The IngressClass that it serves, the default one of the cluster.
pub const INGRESS_CLASS: &str = "contour";

const READY_WITHIN: Duration = Duration::from_secs(30);
const CONTOUR_CONFIGURATION: &str = "contour.yaml";
const ENVOY_CONFIGURATION: &str = "envoy.json";

/// Contour and Envoy, listening on 127.0.0.1.
#[derive(Debug)]
pub struct Ingress {
    contour: Part,
    envoy: Part,
    ports: Ports,
    /// Holds Envoy's administration socket, whose path must be short.
    _sockets: ScratchDirectory,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    http: u16,
    https: u16,
    /// Contour tells Envoy here what to do.
    xds: u16,
    /// Contour's health.
    health: u16,
    /// Contour's metrics.
    metrics: u16,
    /// Contour's profiler.
    debug: u16,
    /// Envoy's statistics and readiness.
    statistics: u16,
    /// Envoy's administration for people.
    administration: u16,
}

impl Ports {
    fn choose() -> std::io::Result<Self> {
        Ok(Self {
            http: port::free()?,
            https: port::free()?,
            xds: port::free()?,
            health: port::free()?,
            metrics: port::free()?,
            debug: port::free()?,
            statistics: port::free()?,
            administration: port::free()?,
        })
    }
}

impl Ingress {
    pub(crate) async fn new(
        installation: &Installation,
        state: &StateDirectory,
        api_server: &ApiServer,
        machine: Ipv4Addr,
    ) -> Result<Self, StackError> {
        let ports = Ports::choose()?;
        let sockets = ScratchDirectory::create("scim-ingress-")?;
        let program = installation.path(Artifact::Contour)?;
        private_file::write(
            &state.file(CONTOUR_CONFIGURATION),
            &format!("network: {{admin-port: {}}}\n", ports.administration),
        )?;
        let contour =
            state.command(program.clone(), contour_arguments(ports, api_server, machine), "contour");
        let bootstrap = vec![
            "bootstrap".to_owned(),
            ENVOY_CONFIGURATION.to_owned(),
            "--xds-address=127.0.0.1".to_owned(),
            format!("--xds-port={}", ports.xds),
            format!("--admin-address={}", sockets.path().join("admin.sock").display()),
        ];
        run_to_end(&state.command(program, bootstrap, "contour-bootstrap")).await?;
        let envoy_arguments = [
            "--config-path",
            ENVOY_CONFIGURATION,
            "--service-cluster",
            "contour",
            "--service-node",
            "contour",
            "--disable-hot-restart", // its shared memory would be one with every other Envoy's
            "--log-level",
            "warn",
            "--concurrency",
            "2",
        ];
        let envoy_arguments = envoy_arguments.map(str::to_owned).to_vec();
        let envoy = state.command(installation.path(Artifact::Envoy)?, envoy_arguments, "envoy");
        Ok(Self {
            contour: Part::new("contour", contour, Signal::TERM),
            envoy: Part::new("envoy", envoy, Signal::TERM),
            ports,
            _sockets: sockets,
        })
    }

    /// The port on 127.0.0.1 for `http://`. Envoy opens it with the first Ingress.
    pub fn http_port(&self) -> u16 {
        self.ports.http
    }

    /// The port on 127.0.0.1 for `https://`. Envoy opens it with the first Ingress that has a TLS Secret.
    pub fn https_port(&self) -> u16 {
        self.ports.https
    }

    /// Starts both, and waits until Envoy has its first configuration from Contour.
    pub async fn start(&self) -> Result<(), PartError> {
        self.contour
            .start(READY_WITHIN, async |_| probe::answers(self.ports.health, "/healthz").await)
            .await?;
        self.envoy.start(READY_WITHIN, async |_| probe::answers(self.ports.statistics, "/ready").await).await
    }

    /// Stops both.
    pub async fn stop(&self) {
        tokio::join!(self.envoy.stop(), self.contour.stop());
    }
}

fn contour_arguments(ports: Ports, api_server: &ApiServer, machine: Ipv4Addr) -> Vec<String> {
    vec![
        "serve".to_owned(),
        format!("--kubeconfig={}", api_server.admin().kubeconfig().display()),
        format!("--config-path={CONTOUR_CONFIGURATION}"),
        "--disable-leader-election".to_owned(),
        "--insecure".to_owned(), // plain gRPC to Envoy, over loopback
        "--xds-address=127.0.0.1".to_owned(),
        format!("--xds-port={}", ports.xds),
        "--health-address=127.0.0.1".to_owned(),
        format!("--health-port={}", ports.health),
        "--http-address=127.0.0.1".to_owned(),
        format!("--http-port={}", ports.metrics),
        "--debug-http-address=127.0.0.1".to_owned(),
        format!("--debug-http-port={}", ports.debug),
        "--stats-address=127.0.0.1".to_owned(),
        format!("--stats-port={}", ports.statistics),
        "--envoy-service-http-address=127.0.0.1".to_owned(),
        format!("--envoy-service-http-port={}", ports.http),
        "--envoy-service-https-address=127.0.0.1".to_owned(),
        format!("--envoy-service-https-port={}", ports.https),
        format!("--ingress-class-name={INGRESS_CLASS}"),
        format!("--ingress-status-address={machine}"),
    ]
}

async fn run_to_end(command: &ChildCommand) -> Result<(), StackError> {
    debug_assert_eq!((command.account, command.abandon), (Account::Own, Abandon::Kill));
    let mut child = Child::spawn(command).await?;
    let _status = child.wait(READY_WITHIN).await; // when it failed, Envoy says that it has no configuration
    Ok(())
}
