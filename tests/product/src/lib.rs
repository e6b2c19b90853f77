//! The product, installed on a control plane as an administrator would: database and roles, CRDs, RBAC, and the
//! operator and the servers as processes. `make demo` and the end-to-end tests stand on it.

mod api_proxy;
mod customer;
mod database;
mod error;
mod handed;
mod installation;
mod manifest;
mod operator;
mod pod;
mod program;
mod server;
mod site;

pub mod chart;

pub use api_proxy::{ApiProxy, Denied, Fault, HeldWrite, Hold, Moment, Verb, Which, Write};
pub use customer::Customer;
pub use database::Databases;
pub use error::Error;
pub use handed::Handed;
pub use installation::{Installation, InstallationOptions};
pub use manifest::{Manifest, repository};
pub use operator::{OperatorOptions, OperatorVersion};
pub use pod::{Launch, Pod};
pub use program::Program;
pub use server::{Server, ServerOptions};
pub use site::Site;

/// The namespace of operator and servers.
pub const SYSTEM_NAMESPACE: &str = "scim-system";
/// The Service that leads to the servers.
pub const SERVER_SERVICE: &str = "scim-server";
/// What tells this installation from others on the same database.
pub const INSTALLATION_ID: &str = "demo";
