//! An ingress controller that really routes.

use std::net::Ipv4Addr;

use crate::api_server::ApiServer;
use crate::contour::{Contour, Purpose};
use crate::installation::Installation;
use crate::stack::StackError;
use crate::state::StateDirectory;

/// The IngressClass that it serves, the default one of the cluster.
pub const INGRESS_CLASS: &str = "contour";

/// The pair that serves Ingresses.
pub(crate) async fn contour(
    installation: &Installation,
    state: &StateDirectory,
    api_server: &ApiServer,
    machine: Ipv4Addr,
) -> Result<Contour, StackError> {
    let purpose = Purpose {
        suffix: "",
        configuration: "",
        arguments: vec![format!("--ingress-class-name={INGRESS_CLASS}")],
        threads: 2,
    };
    Contour::new(installation, state, api_server, machine, purpose).await
}
