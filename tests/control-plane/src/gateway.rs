//! A Gateway of the Gateway API that really routes, for tests that ask for it: CRDs, GatewayClass, Gateway, and a
//! Contour with an Envoy of its own, because one that serves a Gateway listens on that one's ports only.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::api_server::ApiServer;
use crate::contour::{Contour, Purpose};
use crate::installation::{Artifact, Installation};
use crate::kubectl;
use crate::stack::StackError;
use crate::state::StateDirectory;

/// The namespace of the Gateway.
pub const GATEWAY_NAMESPACE: &str = "gateways";
/// The name of the Gateway.
pub const GATEWAY: &str = "public";
/// The name of its one listener, for HTTP; it takes routes of all namespaces.
pub const GATEWAY_LISTENER: &str = "http";

const GATEWAY_CLASS: &str = "contour";
const GROUP: &str = "gateway.networking.k8s.io";
const PROGRAMMED_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);
/// Contour has Envoy listen on a port that much above the Gateway's, so that no privilege is needed for port 80.
const PORT_OFFSET: u16 = 8000;

/// The pair that serves the Gateway [`GATEWAY`] in [`GATEWAY_NAMESPACE`], and nothing else.
pub(crate) async fn contour(
    installation: &Installation,
    state: &StateDirectory,
    api_server: &ApiServer,
    machine: Ipv4Addr,
) -> Result<Contour, StackError> {
    let reference = format!("gateway: {{gatewayRef: {{namespace: {GATEWAY_NAMESPACE}, name: {GATEWAY}}}}}\n");
    // Without these Contour waits for CRDs of the experimental channel.
    let mut arguments: Vec<String> = ["tlsroutes", "tcproutes", "backendtlspolicies"]
        .map(|feature| format!("--disable-feature={feature}"))
        .into();
    // No IngressClass has that name: Ingresses are for the other pair.
    arguments.push("--ingress-class-name=none".to_owned());
    let purpose = Purpose { suffix: "-gateway", configuration: &reference, arguments, threads: 1 };
    Contour::new(installation, state, api_server, machine, purpose).await
}

/// Installs CRDs, GatewayClass and Gateway, starts the pair that serves it, and waits until the Gateway is programmed.
/// What is there already stays as it is.
pub(crate) async fn install(
    contour: &Contour,
    installation: &Installation,
    api_server: &ApiServer,
) -> Result<(), StackError> {
    kubectl::apply_crds(installation, api_server, &[installation.path(Artifact::GatewayCrds)?]).await?;
    let client = api_server.admin().client()?;
    apply_objects(&client, contour.http_port()).await?;
    contour.start().await?;
    until_programmed(&client).await
}

/// Stops the pair and takes the CRDs away, and with them every object of their kinds.
pub(crate) async fn remove(
    contour: &Contour,
    installation: &Installation,
    api_server: &ApiServer,
) -> Result<(), StackError> {
    contour.stop().await;
    kubectl::delete_crds(installation, api_server, &installation.path(Artifact::GatewayCrds)?).await
}

async fn apply_objects(client: &Client, port: u16) -> Result<(), kube::Error> {
    let apply = PatchParams::apply("control-plane").force();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GATEWAY_NAMESPACE}});
    namespaces.patch(GATEWAY_NAMESPACE, &apply, &Patch::Apply(namespace)).await?;
    let classes: Api<DynamicObject> = Api::all_with(client.clone(), &resource("GatewayClass"));
    classes.patch(GATEWAY_CLASS, &apply, &Patch::Apply(gateway_class())).await?;
    gateways(client).patch(GATEWAY, &apply, &Patch::Apply(gateway(port))).await?;
    Ok(())
}

fn gateway_class() -> Value {
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "GatewayClass",
        "metadata": {"name": GATEWAY_CLASS},
        "spec": {"controllerName": "projectcontour.io/gateway-controller"},
    })
}

fn gateway(port: u16) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "Gateway",
        "metadata": {"namespace": GATEWAY_NAMESPACE, "name": GATEWAY},
        "spec": {
            "gatewayClassName": GATEWAY_CLASS,
            "listeners": [{
                "name": GATEWAY_LISTENER,
                "protocol": "HTTP",
                "port": port - PORT_OFFSET,
                "allowedRoutes": {"namespaces": {"from": "All"}},
            }],
        },
    })
}

fn gateways(client: &Client) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), GATEWAY_NAMESPACE, &resource("Gateway"))
}

fn resource(kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1", kind))
}

async fn until_programmed(client: &Client) -> Result<(), StackError> {
    let begin = Instant::now();
    while !is_programmed(&gateways(client).get(GATEWAY).await?) {
        if begin.elapsed() > PROGRAMMED_WITHIN {
            return Err(StackError::GatewayNotProgrammed);
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

fn is_programmed(gateway: &DynamicObject) -> bool {
    let conditions = gateway.data.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        condition["type"] == "Programmed"
            && condition["status"] == "True"
            && condition["observedGeneration"].as_i64() == gateway.metadata.generation
    })
}
