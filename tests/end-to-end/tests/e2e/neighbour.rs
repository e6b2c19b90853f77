//! Another installation in the cluster and on the database of the world: with a namespace, rights, a Lease, an operator, a
//! server and a class of its own, and with a host that leads to its server.

use std::net::SocketAddr;
use std::time::Duration;

use control_plane::INGRESS_CLASS;
use identity_provider::Connection;
use kube::api::DeleteParams;
use product::{Customer, Manifest, OperatorOptions, Program, SERVER_SERVICE, Server, ServerOptions, Site};
use serde_json::{Value, json};

use crate::direct::to_server;
use crate::metrics;
use crate::people::status;
use crate::world::{SOON, World, eventually, eventually_within};

/// The tenants of its class are in namespaces with a label of its name, and are called `tenant`.
pub(crate) const TENANT: &str = "tenant";

/// One that runs.
pub(crate) struct Neighbour {
    pub(crate) site: Site,
    pub(crate) operator: Program,
    pub(crate) server: Server,
}

impl Neighbour {
    /// The installation of this name, which its class has too, with the rights that the chart gives it.
    pub(crate) async fn start(world: &World, name: &str) -> Self {
        let site = site(name);
        install(world, &site).await;
        Self::run(world, &options(&site)).await
    }

    /// Likewise, where the rights are installed already.
    pub(crate) async fn run(world: &World, options: &OperatorOptions) -> Self {
        let site = options.site.clone();
        class(world, &site, json!({})).await;
        let operator = world.installation.add_operator(options).await.unwrap();
        let server = ServerOptions { site: site.clone(), ..ServerOptions::default() };
        let server = world.installation.add_server(&server).await.unwrap();
        let neighbour = Self { site, operator, server };
        neighbour.route(world).await;
        neighbour
    }

    /// Has its Service lead to its server.
    pub(crate) async fn route(&self, world: &World) {
        let (stack, addresses) = (world.installation.stack(), [self.server.address()]);
        stack.route_to(&self.site.namespace, &self.site.service, &addresses).await.unwrap();
    }

    /// A tenant of its class in a namespace that is made for it, Ready and reached by its host.
    pub(crate) async fn tenant(&self, world: &World, namespace: &str, spec: Value) -> Customer {
        self.declare(world, namespace, spec).await;
        self.customer(world, namespace).await
    }

    /// Applies one and waits for nothing.
    pub(crate) async fn declare(&self, world: &World, namespace: &str, spec: Value) {
        world.namespace(namespace, json!({"class": self.site.id})).await;
        world.redeclare(namespace, TENANT, of_class(&self.site.id, spec)).await;
    }

    /// The tenant in this namespace, when it is Ready and reached by the host of the class.
    pub(crate) async fn customer(&self, world: &World, namespace: &str) -> Customer {
        let customer = Customer::when_ready(&world.client, namespace, TENANT, SOON).await.unwrap();
        let connection = through_ingress(world, &customer);
        // After an outage of the API server Contour takes its time until it watches Services again.
        let within = Duration::from_secs(90);
        eventually_within(within, "its host leads to its server", async || status(&connection).await == 200)
            .await;
        customer
    }

    /// The customer's way to its server with no ingress controller between.
    pub(crate) fn direct(&self, customer: &Customer) -> Connection {
        to_server(&self.server, customer)
    }

    /// Ends its processes. The class stays: tenants may have it.
    pub(crate) async fn end(self) {
        self.operator.stop().await;
        self.server.program().stop().await;
    }
}

/// The names of an installation. They are also those of its class and its host.
pub(crate) fn site(name: &str) -> Site {
    Site {
        id: name.to_owned(),
        controller_name: Some(format!("example.com/{name}")),
        namespace: format!("{name}-system"),
        service: SERVER_SERVICE.to_owned(),
    }
}

/// How its operator is started.
pub(crate) fn options(site: &Site) -> OperatorOptions {
    OperatorOptions { site: site.clone(), ..OperatorOptions::default() }
}

/// Makes its namespace, and gives its operator the rights of an operator of the whole cluster.
pub(crate) async fn install(world: &World, site: &Site) {
    Manifest::namespace(&site.namespace).apply(&world.client).await.unwrap();
    site.rights(&[]).await.unwrap().apply(&world.client).await.unwrap();
}

/// Applies its class, with `more` in its spec.
pub(crate) async fn class(world: &World, site: &Site, more: Value) {
    let port = world.installation.stack().ingress().http_port();
    let mut spec = json!({
        "controllerName": site.controller_name, "url": format!("http://{}.scim.test:{port}", site.id),
        "route": {"kind": "Ingress", "ingress": {"className": INGRESS_CLASS}},
        "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": site.id}}},
        "deletionPolicies": ["Retain", "Delete"],
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let class = json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass",
        "metadata": {"name": site.id}, "spec": spec,
    });
    Manifest::parse("class", &class.to_string()).unwrap().apply(&world.client).await.unwrap();
}

/// Takes its class away, which waits for its tenants.
pub(crate) async fn remove_class(world: &World, site: &Site) {
    world.classes().delete(&site.id, &DeleteParams::default()).await.unwrap();
    eventually("the class is gone", async || world.classes().get_opt(&site.id).await.unwrap().is_none())
        .await;
}

/// A spec of a tenant of this class.
pub(crate) fn of_class(class: &str, mut spec: Value) -> Value {
    spec["className"] = class.into();
    spec
}

/// The customer's way through the ingress controller, whatever host the Tenant URL names.
pub(crate) fn through_ingress(world: &World, customer: &Customer) -> Connection {
    let ingress = SocketAddr::from(([127, 0, 0, 1], world.installation.stack().ingress().http_port()));
    let connection = Connection::builder(&customer.tenant_url, &customer.token).resolve_to(ingress);
    connection.build().unwrap()
}

/// Has the tokens of the namespace a minute behind them: what is lost when it was just issued is issued anew after ten
/// seconds.
pub(crate) async fn are_older(world: &World, namespace: &str) {
    let statement = "UPDATE scim_control.credentials SET issued_at = issued_at - interval '1 minute' \
                     WHERE tenant_id IN (SELECT id FROM scim_control.tenants WHERE namespace = $1)";
    sqlx::query(statement).bind(namespace.to_owned()).execute(&mut world.database().await).await.unwrap();
}

/// Waits until an operator that has just been started has looked at so many tenants as there are in the cluster.
pub(crate) async fn looked_at_everything(world: &World, operator: &Program) {
    let tenants = kube::Api::<crds::ScimTenant>::all(world.client.clone());
    let tenants = tenants.list(&kube::api::ListParams::default()).await.unwrap().items.len();
    let looked_at = async || metrics::sum(operator, metrics::RECONCILED, "").await;
    eventually("it has looked at every tenant", async || {
        looked_at().await >= f64::from(u32::try_from(tenants).unwrap())
    })
    .await;
}
