//! What every binary needs: tracing, metrics, probes, shutdown.

pub mod arguments;
pub mod listener;
pub mod observability;
pub mod readiness;
pub mod shutdown;
pub mod telemetry;

pub use readiness::Readiness;
