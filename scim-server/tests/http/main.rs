//! The server as identity providers meet it: real HTTP on loopback, a real `PostgreSQL`, and nothing else.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects by panicking"
)]

mod bad_input;
mod discovery;
mod entra;
mod groups;
mod isolation;
mod listing;
mod metrics;
mod neighbours;
mod okta;
mod outage;
mod program;
mod projection;
mod replicas;
mod server;
mod shutdown;
mod users;
