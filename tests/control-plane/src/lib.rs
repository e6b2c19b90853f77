//! A real control plane for tests and demo: API server, PostgreSQL, ingress controller, as processes.
//!
//! [`Installation`] brings the programs into a cache folder, once. [`Stack`] runs all of them; every
//! part is a child process that ends with its parent, logs into a file, and can be stopped and started again.
//! [`namespace`] keeps it all from the outside.

mod access;
mod api_server;
mod certificate;
mod child;
mod contour;
mod controller_manager;
mod etcd;
mod gateway;
mod helm;
mod ingress;
mod install;
mod installation;
mod kubectl;
mod part;
mod port;
mod postgresql;
mod private_file;
mod probe;
mod process;
mod program;
mod progress;
mod route;
mod scratch;
mod stack;
mod state;
mod text;

pub mod address;
pub mod clock;
pub mod health;
pub mod namespace;

pub use access::{Access, AccessError};
pub use api_server::ApiServer;
pub use certificate::{CertificateAuthority, CertificateError, ServerCertificate};
pub use contour::Contour;
pub use controller_manager::ControllerManager;
pub use etcd::Etcd;
pub use gateway::{GATEWAY, GATEWAY_LISTENER, GATEWAY_NAMESPACE};
pub use ingress::INGRESS_CLASS;
pub use install::{InstallError, ToolError};
pub use installation::{Artifact, Installation, NotInstalled};
pub use part::PartError;
pub use postgresql::{Durability, PostgreSql, PostgreSqlError, PostgreSqlOptions};
pub use process::{Process, ProcessOptions};
pub use scratch::ScratchDirectory;
pub use stack::{Stack, StackError, StackOptions};
