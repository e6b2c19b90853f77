//! The product, installed on a control plane as an administrator would: database and roles, CRDs, RBAC, and the
//! operator and the servers as processes. `make demo` and the end-to-end tests stand on it.

mod customer;
mod database;
mod error;
mod installation;
mod manifest;
mod operator;
mod program;
mod server;

pub use customer::Customer;
pub use database::Databases;
pub use error::Error;
pub use installation::{Installation, InstallationOptions};
pub use manifest::{Manifest, repository};
pub use program::Program;
pub use server::Server;

/// The namespace of operator and servers.
pub const SYSTEM_NAMESPACE: &str = "scim-system";
/// The Service that leads to the servers.
pub const SERVER_SERVICE: &str = "scim-server";
/// What tells this installation from others on the same database.
pub const INSTALLATION_ID: &str = "demo";
