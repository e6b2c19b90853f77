//! An ingress controller that really routes.

use std::net::Ipv4Addr;

use crate::api_server::ApiServer;
use crate::contour::{Contour, Ports, Purpose};
use crate::installation::Installation;
use crate::part::PartError;
use crate::stack::StackError;
use crate::state::StateDirectory;

/// The IngressClass that it serves, the default one of the cluster.
pub const INGRESS_CLASS: &str = "contour";

/// Contour and Envoy, listening on 127.0.0.1.
#[derive(Debug)]
pub struct Ingress(Contour);

impl Ingress {
    pub(crate) async fn new(
        installation: &Installation,
        state: &StateDirectory,
        api_server: &ApiServer,
        machine: Ipv4Addr,
    ) -> Result<Self, StackError> {
        let purpose = Purpose {
            suffix: "",
            configuration: "",
            arguments: vec![format!("--ingress-class-name={INGRESS_CLASS}")],
            threads: 2,
        };
        let ports = Ports::choose()?;
        Ok(Self(Contour::new(installation, state, api_server, machine, ports, purpose).await?))
    }

    /// The port on 127.0.0.1 for `http://`. Envoy opens it with the first Ingress.
    pub fn http_port(&self) -> u16 {
        self.0.ports().http
    }

    /// The port on 127.0.0.1 for `https://`. Envoy opens it with the first Ingress that has a TLS Secret.
    pub fn https_port(&self) -> u16 {
        self.0.ports().https
    }

    /// Starts both, and waits until Envoy has its first configuration from Contour.
    pub async fn start(&self) -> Result<(), PartError> {
        self.0.start().await
    }

    /// Stops both.
    pub async fn stop(&self) {
        self.0.stop().await;
    }
}
