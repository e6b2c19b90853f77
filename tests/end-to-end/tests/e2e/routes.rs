//! Kinds of routes, hosts of tenants' own, and where requests may come from.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use control_plane::{GATEWAY, GATEWAY_NAMESPACE, INGRESS_CLASS};
use http::Method;
use identity_provider::Request;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams};
use product::{Customer, Manifest, SYSTEM_NAMESPACE};
use serde_json::{Value, json};

use crate::people::list_users;
use crate::world::{SOON, World, eventually};

/// A class for namespaces of this label; unlike [`World::apply`] it leaves the URL and the route as they are.
async fn class(world: &World, name: &str, url: &str, route: &Value) {
    let class = json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": name},
        "spec": {
            "url": url, "route": route,
            "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": name}}},
        },
    });
    Manifest::parse("class", &class.to_string()).unwrap().apply(&world.client).await.unwrap();
}

async fn tenant(world: &World, class: &str, namespace: &str) {
    world.namespace(namespace, json!({"class": class})).await;
    world.redeclare(namespace, "tenant", json!({"className": class})).await;
}

async fn ready(world: &World, namespace: &str) -> Customer {
    Customer::when_ready(&world.client, namespace, "tenant", SOON).await.unwrap()
}

fn ingress_route() -> Value {
    json!({"kind": "Ingress", "ingress": {"className": INGRESS_CLASS}})
}

fn http_route() -> Value {
    json!({"kind": "HTTPRoute", "gateway": {"name": GATEWAY, "namespace": GATEWAY_NAMESPACE}})
}

fn ingresses(world: &World) -> Api<Ingress> {
    Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE)
}

fn http_routes(world: &World) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "HTTPRoute");
    let resource = ApiResource::from_gvk(&kind);
    Api::namespaced_with(world.client.clone(), SYSTEM_NAMESPACE, &resource)
}

/// What a request for the customer's users is told at this port, by whatever host its Tenant URL names; 0: nothing.
async fn status_at(customer: &Customer, port: u16) -> u16 {
    let url = reqwest::Url::parse(&customer.tenant_url).unwrap();
    let host = url.host_str().unwrap().to_owned();
    let here = SocketAddr::from(([127, 0, 0, 1], port));
    let client = reqwest::Client::builder().resolve(&host, here).build().unwrap();
    let url = format!("http://{host}:{port}{}/Users?count=1", url.path());
    match client.get(url).bearer_auth(&customer.token).send().await {
        Ok(response) => response.status().as_u16(),
        Err(_) => 0,
    }
}

/// First without the Gateway API, which a condition says; then with it, and with a real Gateway.
pub(crate) async fn an_http_route_is_accepted_by_its_gateway_and_routes(world: &World) {
    let stack = world.installation.stack();
    stack.remove_gateway_api().await.unwrap();
    class(world, "gateway", "http://gateway.scim.test", &http_route()).await;
    tenant(world, "gateway", "by-gateway").await;
    world.condition("by-gateway", "tenant", "RouteReady", "False", "GatewayAPIMissing").await;
    let port = stack.install_gateway_api().await.unwrap().http_port();
    let begin = Instant::now();
    let customer =
        Customer::when_ready(&world.client, "by-gateway", "tenant", Duration::from_secs(90)).await.unwrap();
    println!("gateway: Ready {:?} after the Gateway API came", begin.elapsed());
    eventually("requests get through the Gateway", async || status_at(&customer, port).await == 200).await;
    assert!(ingresses(world).get_opt("tenant.by-gateway.tenant").await.unwrap().is_none());

    let routes = http_routes(world);
    let name = "tenant.by-gateway.tenant";
    let before = routes.get(name).await.unwrap();
    let edited = json!({"spec": {"hostnames": ["elsewhere.example.com"]}});
    routes.patch(name, &PatchParams::default(), &Patch::Merge(edited)).await.unwrap();
    let spec = async || routes.get_opt(name).await.unwrap().map(|route| route.data["spec"].clone());
    eventually("an edited HTTPRoute is as it was", async || {
        spec().await == Some(before.data["spec"].clone())
    })
    .await;
    routes.delete(name, &DeleteParams::default()).await.unwrap();
    eventually("a deleted HTTPRoute comes back", async || spec().await == Some(before.data["spec"].clone()))
        .await;
    eventually("and routes", async || status_at(&customer, port).await == 200).await;

    // A Gateway that is not there says nothing: the tenant waits, and says for what.
    let nowhere =
        json!({"kind": "HTTPRoute", "gateway": {"name": "nowhere", "namespace": GATEWAY_NAMESPACE}});
    class(world, "gatewayless", "http://gatewayless.scim.test", &nowhere).await;
    tenant(world, "gatewayless", "by-nowhere").await;
    world.condition("by-nowhere", "tenant", "RouteReady", "False", "RoutePending").await;
    world.delete_tenant("by-nowhere", "tenant").await;
    assert!(routes.get_opt("tenant.by-nowhere.tenant").await.unwrap().is_none());
}

/// Under requests to both ports: at each moment one of them serves, and in the end only the new one's objects are there.
pub(crate) async fn another_kind_of_route_leaves_no_gap_and_no_orphan(world: &World) {
    let stack = world.installation.stack();
    let gateway = stack.install_gateway_api().await.unwrap().http_port();
    let ingress = stack.ingress().http_port();
    class(world, "switching", "http://switching.scim.test", &ingress_route()).await;
    tenant(world, "switching", "switched").await;
    let customer = ready(world, "switched").await;
    eventually("it is reached by its Ingress", async || status_at(&customer, ingress).await == 200).await;
    let name = "tenant.switched.tenant";
    let (mut requests, mut gaps) = (0_u32, 0_u32);
    for (route, new) in [(http_route(), gateway), (ingress_route(), ingress)] {
        class(world, "switching", "http://switching.scim.test", &route).await;
        let begin = Instant::now();
        loop {
            let served = [status_at(&customer, ingress).await, status_at(&customer, gateway).await];
            requests += 1;
            gaps += u32::from(!served.contains(&200));
            let (has_ingress, has_http_route) = (
                ingresses(world).get_opt(name).await.unwrap().is_some(),
                http_routes(world).get_opt(name).await.unwrap().is_some(),
            );
            assert!(has_ingress || has_http_route, "a route is there at each moment");
            let is_done = has_ingress == (new == ingress) && has_http_route == (new == gateway);
            if is_done && status_at(&customer, new).await == 200 {
                break;
            }
            assert!(begin.elapsed() < SOON, "the new kind has not taken over");
        }
    }
    println!("routes: switched there and back, {gaps} gaps in {requests} looks");
    assert_eq!(gaps, 0);
    let host = "host.switching.scim.test";
    eventually("the catch-all of the other kind is gone, too", async || {
        ingresses(world).get_opt(host).await.unwrap().is_some()
            && http_routes(world).get_opt(host).await.unwrap().is_none()
    })
    .await;
    class(world, "switching", "http://switching.scim.test", &json!({"kind": "None"})).await;
    world.condition("switched", "tenant", "RouteReady", "True", "NotRouted").await;
    assert!(ingresses(world).get_opt(name).await.unwrap().is_none());
    world.delete_tenant("switched", "tenant").await;
}

pub(crate) async fn a_namespace_has_a_host_of_its_own_where_the_class_says_so(world: &World) {
    let port = world.installation.stack().ingress().http_port();
    class(world, "hosts", "http://{namespace}.hosts.scim.test", &ingress_route()).await;
    for namespace in ["host-one", "host-two"] {
        tenant(world, "hosts", namespace).await;
        let customer = ready(world, namespace).await;
        assert!(customer.tenant_url.starts_with(&format!("http://{namespace}.hosts.scim.test/")));
        eventually("it is reached at its host", async || status_at(&customer, port).await == 200).await;
        let host = format!("host.{namespace}.hosts.scim.test");
        eventually("its host is caught", async || ingresses(world).get_opt(&host).await.unwrap().is_some())
            .await;
    }
    world.delete_tenant("host-two", "tenant").await;
    eventually("a host that no tenant has is caught no more", async || {
        ingresses(world).get_opt("host.host-two.hosts.scim.test").await.unwrap().is_none()
    })
    .await;
    assert!(ingresses(world).get_opt("host.host-one.hosts.scim.test").await.unwrap().is_some());
}

/// Through Envoy, which says in X-Forwarded-For whose request it brings; of one from a loopback address it says that it is
/// from the machine's. That a client's own X-Forwarded-For counts for nothing is shown in scim-server's tests.
pub(crate) async fn requests_come_from_where_class_and_tenant_say(world: &World) {
    let customer = world.tenant("sources", json!({})).await;
    let connection = customer.connection().unwrap();
    let list = async || list_users(&connection).await.response;
    let machine = world.installation.stack().machine_address();
    assert_eq!(list().await.status, 200);
    world.redeclare("sources", "sources", json!({"sourceRanges": ["203.0.113.0/24"]})).await;
    eventually("a request from elsewhere is refused", async || list().await.status == 403).await;
    let told = list().await.text;
    assert!(told.contains(&machine.to_string()), "it says which address was seen: {told}");
    let stranger = connection.with_token("scim_wrong");
    let answer = stranger.send(Request::new(Method::GET, "/Users")).await.unwrap().response;
    assert_eq!(answer.status, 401, "who has no token learns nothing of ranges");
    world.redeclare("sources", "sources", json!({"sourceRanges": [format!("{machine}/32")]})).await;
    eventually("from here it is served", async || list().await.status == 200).await;
}
