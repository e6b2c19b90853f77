//! The server as identity providers meet it: real HTTP on loopback, a real `PostgreSQL`, and nothing else.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects by panicking"
)]

mod bad_input;
mod bulk;
mod check;
mod conditional;
mod credentials;
mod cursors;
mod derivation;
mod discovery;
mod federation;
mod groups;
mod isolation;
mod large;
mod listing;
mod me;
mod metrics;
mod neighbours;
mod oauth;
mod outage;
mod outgoing;
mod program;
mod projection;
mod providers;
mod replicas;
mod returning;
mod schema_change;
mod search;
mod server;
mod shutdown;
mod signed_tokens;
mod source_ranges;
mod suspension;
mod token_endpoint;
mod traces;
mod users;
