//! What every binary needs: log, traces, metrics, probes, TLS, shutdown.

pub mod arguments;
pub mod database;
mod line;
pub mod listener;
pub mod observability;
pub mod readiness;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod traces;

pub use readiness::Readiness;
