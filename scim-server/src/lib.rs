//! The SCIM endpoint: stateless, serves the provisioning traffic of all tenants.
//!
//! A request is served, always to the right: layers ([`router`]) → [`tenant::Tenant`]
//! ([`authentication`]) → values of the engine ([`body`], [`query`]) → a store that is bound to the tenant
//! ([`users`], [`groups`]) → [`view::View`].

pub mod arguments;
pub mod authentication;
pub mod body;
pub mod catalogs;
pub mod connections;
pub mod discovery;
pub mod error;
pub mod groups;
pub mod guard;
pub mod json;
pub mod metrics;
pub mod observation;
pub mod query;
pub mod response;
pub mod router;
pub mod run;
pub mod shutdown;
pub mod state;
pub mod tenant;
pub mod users;
pub mod view;
