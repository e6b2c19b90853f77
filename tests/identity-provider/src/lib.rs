//! Plays an identity provider: Entra's and Okta's provisioning cycles over HTTP.
//!
//! A [`Connection`] is a Tenant URL and a [`Credential`], as an administrator pastes them. [`entra::Job`] and
//! [`okta::Application`] send over it what the two products send, request by request, for the people and groups of a
//! [`Directory`]. Every function returns what it did as [`Exchange`]s, or an [`Error`] whose text shows the request
//! and the response. [`okta_spec`] runs Okta's published test. An [`Issuer`] signs what tenants can trust. A [`Load`]
//! provisions without an end.
//!
//! Sources of the wire forms are named where a form is made: `[dev]`, `[compat]`, `[attr]`, `[known]`, `[lav]` are
//! Microsoft's SCIM tutorial, compatibility page, attribute-mapping page, list of known issues and validator tests;
//! `[okta]` is Okta's SCIM 2.0 reference; `repository#number` is a public issue.

mod attribute;
mod connection;
mod credential;
mod directory;
pub mod entra;
mod exchange;
mod issuer;
mod load;
mod mapping;
mod oauth;
pub mod okta;
pub mod okta_spec;
mod query;

pub use attribute::Attribute;
pub use connection::{Connection, ConnectionBuilder};
pub use credential::Credential;
pub use directory::{Directory, Group, Person, PostalAddress};
pub use exchange::{Error, Exchange, Request, Response};
pub use issuer::{Algorithm, Issuer, SigningKey};
pub use load::{Failure, Load, Report};
pub use mapping::{GroupMapping, Mapping};
pub use oauth::{Assertions, ClientProof, OAuthClient};
