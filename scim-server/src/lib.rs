//! The SCIM endpoint: stateless, serves the provisioning traffic of all tenants.
//!
//! A request is served, always to the right: layers ([`router`]) → [`tenant::Tenant`]
//! ([`authentication`]) → values of the engine ([`body`], [`query`], [`conditional`]) → a store that is bound to the tenant
//! ([`users`], [`groups`], [`search`], [`bulk`]) → [`view::View`], [`listing::page`] → [`stream::Text`].
//!
//! Beside it stands the [`token_endpoint`]. Signed tokens are judged by [`jwt`], [`keys`] and [`trust`]; [`outgoing`] is the one way
//! in which the server asks anybody but `PostgreSQL`. [`check`] is a program of its own: it plays an identity provider.

pub mod arguments;
pub mod authentication;
pub mod authorization;
pub mod body;
pub mod bulk;
pub mod catalogs;
pub mod check;
pub mod command;
pub mod conditional;
pub mod connections;
pub mod derivation;
pub mod discovery;
pub mod error;
pub mod groups;
pub mod guard;
pub mod head;
pub mod jwt;
pub mod keys;
pub mod listing;
pub mod me;
pub mod metrics;
pub mod observation;
pub mod outgoing;
pub mod paging;
pub mod path;
pub mod query;
pub mod response;
pub mod router;
pub mod run;
pub mod search;
pub mod shutdown;
pub mod source;
pub mod span;
pub mod state;
pub mod stream;
pub mod tenant;
pub mod token_endpoint;
pub mod trust;
pub mod users;
pub mod view;
