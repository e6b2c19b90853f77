//! Routes a Service to processes on this machine: there are no Pods, so its EndpointSlices are written by hand.

use std::net::SocketAddr;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

const MANAGER: &str = "control-plane";

/// Makes the Service `name` (port 80, named `http`) in `namespace` lead to `addresses`, and nowhere else. They must
/// not be loopback addresses. The namespace must exist.
pub(crate) async fn route(
    client: &Client,
    namespace: &str,
    name: &str,
    addresses: &[SocketAddr],
) -> Result<(), kube::Error> {
    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let slices: Api<EndpointSlice> = Api::namespaced(client.clone(), namespace);
    let apply = PatchParams::apply(MANAGER).force();
    services.patch(name, &apply, &Patch::Apply(service(name))).await?;
    let wanted: Vec<_> = addresses.iter().map(|address| (slice_name(name, *address), *address)).collect();
    for (slice, address) in &wanted {
        slices.patch(slice, &apply, &Patch::Apply(endpoint_slice(slice, name, *address))).await?;
    }
    let ours = format!("kubernetes.io/service-name={name},endpointslice.kubernetes.io/managed-by={MANAGER}");
    for slice in slices.list(&ListParams::default().labels(&ours)).await? {
        let slice = slice.name_any();
        if !wanted.iter().any(|(name, _)| *name == slice) {
            slices.delete(&slice, &DeleteParams::default()).await?;
        }
    }
    Ok(())
}

/// One slice for each address, because all endpoints of a slice share its port.
fn slice_name(service: &str, address: SocketAddr) -> String {
    let ip = address.ip().to_string().replace([':', '.'], "-");
    format!("{service}-{}-{}", ip.trim_matches('-'), address.port())
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    })
}

fn endpoint_slice(name: &str, service: &str, address: SocketAddr) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/service-name": service,
            "endpointslice.kubernetes.io/managed-by": MANAGER,
        }},
        "addressType": if address.is_ipv4() { "IPv4" } else { "IPv6" },
        "ports": [{"name": "http", "port": address.port()}],
        "endpoints": [{"addresses": [address.ip().to_string()], "conditions": {"ready": true}}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_one_address_have_slices_of_their_own() {
        let name = |address: &str| slice_name("scim-server", address.parse().unwrap());
        assert_eq!(name("198.18.0.1:9000"), "scim-server-198-18-0-1-9000");
        assert_eq!(name("198.18.0.1:9001"), "scim-server-198-18-0-1-9001");
        assert_eq!(name("[fd00::]:80"), "scim-server-fd00-80");
    }
}
