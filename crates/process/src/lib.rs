//! What every binary needs: tracing, metrics, probes, shutdown.
