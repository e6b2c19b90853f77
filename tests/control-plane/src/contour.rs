//! Contour and Envoy, as two parts: Contour reads the objects, Envoy carries the requests.

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

const READY_WITHIN: Duration = Duration::from_secs(30);

/// A pair of the two, listening on 127.0.0.1. It serves either Ingresses or a Gateway.
#[derive(Debug)]
pub struct Contour {
    controller: Part,
    proxy: Part,
    ports: Ports,
    /// Holds Envoy's administration socket, whose path must be short.
    _sockets: ScratchDirectory,
}

/// What a pair is for.
pub(crate) struct Purpose<'a> {
    /// Sets its parts and files apart from those of another pair: the end of their names.
    pub(crate) suffix: &'a str,
    /// Lines of Contour's configuration file.
    pub(crate) configuration: &'a str,
    /// Further arguments of `contour serve`.
    pub(crate) arguments: Vec<String>,
    /// How many threads of Envoy carry requests.
    pub(crate) threads: u8,
}

/// The ports of a pair.
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

impl Contour {
    pub(crate) async fn new(
        installation: &Installation,
        state: &StateDirectory,
        api_server: &ApiServer,
        machine: Ipv4Addr,
        purpose: Purpose<'_>,
    ) -> Result<Self, StackError> {
        let Purpose { suffix, configuration, arguments, threads } = purpose;
        let ports = Ports::choose()?;
        let name = |program: &str| format!("{program}{suffix}");
        let sockets = ScratchDirectory::create("scim-contour-")?;
        let program = installation.path(Artifact::Contour)?;
        let contour_configuration = name("contour") + ".yaml";
        private_file::write(
            &state.file(&contour_configuration),
            &format!("network: {{admin-port: {}}}\n{configuration}", ports.administration),
        )?;
        let mut serve = contour_arguments(ports, api_server, machine, &contour_configuration);
        serve.extend(arguments);
        let contour = state.command(program.clone(), serve, &name("contour"));
        let envoy_configuration = name("envoy") + ".json";
        let bootstrap = vec![
            "bootstrap".to_owned(),
            envoy_configuration.clone(),
            "--xds-address=127.0.0.1".to_owned(),
            format!("--xds-port={}", ports.xds),
            format!("--admin-address={}", sockets.path().join("admin.sock").display()),
        ];
        run_to_end(&state.command(program, bootstrap, &name("contour-bootstrap"))).await?;
        let envoy = state.command(
            installation.path(Artifact::Envoy)?,
            envoy_arguments(&envoy_configuration, threads),
            &name("envoy"),
        );
        Ok(Self {
            controller: Part::new(name("contour"), contour, Signal::TERM),
            proxy: Part::new(name("envoy"), envoy, Signal::TERM),
            ports,
            _sockets: sockets,
        })
    }

    /// The port on 127.0.0.1 for `http://`. Envoy opens it with the first route.
    pub fn http_port(&self) -> u16 {
        self.ports.http
    }

    /// The port on 127.0.0.1 for `https://`. Envoy opens it with the first route that has a TLS Secret.
    pub fn https_port(&self) -> u16 {
        self.ports.https
    }

    /// Starts both, and waits until Envoy has its first configuration from Contour.
    pub async fn start(&self) -> Result<(), PartError> {
        self.controller
            .start(READY_WITHIN, async |_| probe::answers(self.ports.health, "/healthz").await)
            .await?;
        self.proxy.start(READY_WITHIN, async |_| probe::answers(self.ports.statistics, "/ready").await).await
    }

    /// Stops both: objects stay, and nobody serves them.
    pub async fn stop(&self) {
        tokio::join!(self.proxy.stop(), self.controller.stop());
    }
}

fn contour_arguments(
    ports: Ports,
    api_server: &ApiServer,
    machine: Ipv4Addr,
    configuration: &str,
) -> Vec<String> {
    vec![
        "serve".to_owned(),
        format!("--kubeconfig={}", api_server.admin().kubeconfig().display()),
        format!("--config-path={configuration}"),
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
        format!("--ingress-status-address={machine}"),
    ]
}

fn envoy_arguments(configuration: &str, threads: u8) -> Vec<String> {
    let arguments = [
        "--config-path",
        configuration,
        "--service-cluster",
        "contour",
        "--service-node",
        "contour",
        "--disable-hot-restart", // its shared memory would be one with every other Envoy's
        "--log-level",
        "warn",
        "--concurrency",
    ];
    arguments.into_iter().map(str::to_owned).chain([threads.to_string()]).collect()
}

async fn run_to_end(command: &ChildCommand) -> Result<(), StackError> {
    debug_assert_eq!((command.account, command.abandon), (Account::Own, Abandon::Kill));
    let mut child = Child::spawn(command).await?;
    let _status = child.wait(READY_WITHIN).await; // when it failed, Envoy says that it has no configuration
    Ok(())
}
