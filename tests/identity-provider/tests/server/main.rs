//! The identity providers against the server itself, with the profiles of the examples.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

mod credentials;
mod envkey;
mod envoy;
mod okta_spec;
mod platform;
mod scene;
