//! kube-controller-manager, as a part: garbage collection, deletion of namespaces, ServiceAccounts.

use std::time::Duration;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use rustix::process::Signal;

use crate::api_server::{AUTHORITY, ApiServer};
use crate::installation::{Artifact, Installation};
use crate::part::Part;
use crate::stack::StackError;
use crate::state::StateDirectory;

const READY_WITHIN: Duration = Duration::from_mins(1);

/// What our objects meet in a cluster. The rest is about Pods, nodes and volumes, which there are none of.
const CONTROLLERS: [&str; 5] = [
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
];

/// The controllers of Kubernetes that our objects meet.
///
/// Its garbage collector looks for new kinds twice a minute only. CRDs that are there when it starts are collected
/// at once: [`StackOptions::crds`](crate::StackOptions::crds).
#[derive(Debug)]
pub struct ControllerManager {
    part: Part,
}

impl ControllerManager {
    pub(crate) fn new(
        installation: &Installation,
        state: &StateDirectory,
        api_server: &ApiServer,
    ) -> Result<Self, StackError> {
        let arguments = vec![
            format!("--kubeconfig={}", api_server.admin().kubeconfig().display()),
            format!("--controllers={}", CONTROLLERS.join(",")),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            format!("--root-ca-file={AUTHORITY}"),
        ];
        let program = installation.path(Artifact::KubeControllerManager)?;
        let command = state.command(program, arguments, "kube-controller-manager");
        Ok(Self { part: Part::new("kube-controller-manager", command, Signal::TERM) })
    }

    /// Starts it, and waits for its first work: the ServiceAccount of the namespace `default`.
    pub(crate) async fn start_for(&self, api_server: &ApiServer) -> Result<(), StackError> {
        let accounts: Api<ServiceAccount> = Api::namespaced(api_server.admin().client()?, "default");
        self.part.start(READY_WITHIN, async |_| accounts.get("default").await.is_ok()).await?;
        Ok(())
    }

    /// Stops it.
    pub async fn stop(&self) {
        self.part.stop().await;
    }
}
