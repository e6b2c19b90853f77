//! A release whose Pods are processes: the operator and the servers as the objects in the cluster say, at this moment.

use std::net::{Ipv4Addr, SocketAddr};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};
use product::{Launch, Pod, Program};

use crate::world::World;

/// The programs of a release.
pub(crate) struct Running {
    pub(crate) operator: Program,
    pub(crate) servers: Vec<(Program, SocketAddr)>,
    /// How each was started, the operator first.
    pub(crate) launches: Vec<Launch>,
}

impl Running {
    /// Starts one operator, and one server for each database, to which its Service leads.
    pub(crate) async fn start(world: &World, namespace: &str) -> Self {
        let [operators, servers] =
            [deployments(world, namespace, "operator").await, deployments(world, namespace, "server").await];
        let [operator] = &operators[..] else { panic!("there is one Deployment of operators") };
        let (operator, launch) = start_operator(world, namespace, &template(operator), None).await;
        let mut running = Self { operator, servers: Vec::new(), launches: vec![launch] };
        for deployment in servers {
            let (program, address, launch) = start_server(world, namespace, &template(&deployment)).await;
            world.stack.route_to(namespace, &deployment.name_any(), &[address]).await.unwrap();
            running.servers.push((program, address));
            running.launches.push(launch);
        }
        running
    }

    pub(crate) async fn stop(self) {
        self.operator.stop().await;
        for (server, _) in self.servers {
            server.stop().await;
        }
    }

    /// The arguments of all programs.
    pub(crate) fn arguments(&self) -> Vec<String> {
        self.launches.iter().flat_map(|launch| launch.arguments.clone()).collect()
    }
}

/// Starts an operator of this Pod, at the API server or at a proxy before it.
pub(crate) async fn start_operator(
    world: &World,
    namespace: &str,
    template: &PodTemplateSpec,
    api_server: Option<&str>,
) -> (Program, Launch) {
    let name = world.process_name("operator");
    let pod = Pod::prepare(&world.stack, namespace, &name, template, api_server).await.unwrap();
    let observability = world.stack.free_address(Ipv4Addr::LOCALHOST).unwrap();
    let more = [format!("--observability-address={observability}")];
    let program = pod.program(&world.stack, "operator", &more, (observability, "/livez")).await.unwrap();
    program.start().await.unwrap();
    (program, pod.launch("operator").await.unwrap())
}

async fn start_server(
    world: &World,
    namespace: &str,
    template: &PodTemplateSpec,
) -> (Program, SocketAddr, Launch) {
    let name = world.process_name("server");
    let pod = Pod::prepare(&world.stack, namespace, &name, template, None).await.unwrap();
    let observability = world.stack.free_address(Ipv4Addr::LOCALHOST).unwrap();
    let address = world.stack.free_address(world.stack.machine_address()).unwrap();
    let more = [format!("--observability-address={observability}"), format!("--address={address}")];
    let program = pod.program(&world.stack, "server", &more, (observability, "/readyz")).await.unwrap();
    program.start().await.unwrap();
    (program, address, pod.launch("server").await.unwrap())
}

async fn deployments(world: &World, namespace: &str, component: &str) -> Vec<Deployment> {
    let deployments: Api<Deployment> = Api::namespaced(world.client.clone(), namespace);
    let of_component = ListParams::default().labels(&format!("app.kubernetes.io/component={component}"));
    deployments.list(&of_component).await.unwrap().items
}

/// The Pods of a Deployment.
pub(crate) fn template(deployment: &Deployment) -> PodTemplateSpec {
    deployment.spec.clone().unwrap().template
}
