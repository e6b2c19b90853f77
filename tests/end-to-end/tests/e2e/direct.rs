//! Ways to servers with no ingress controller between.

use identity_provider::{Connection, Credential};
use product::{Customer, Server};

use crate::world::World;

/// The customer's way to a server.
pub(crate) fn to_server(server: &Server, customer: &Customer) -> Connection {
    let path = format!("/{}/{}/scim/v2", customer.namespace, customer.name);
    Connection::new(&format!("http://{}{path}", server.address()), &customer.token).unwrap()
}

/// The customer's way to each server of the world, with this credential.
pub(crate) fn to_each_server(world: &World, customer: &Customer, credential: &Credential) -> Vec<Connection> {
    let servers = world.installation.servers().iter();
    servers.map(|server| to_server(server, customer).with_credential(credential.clone())).collect()
}
