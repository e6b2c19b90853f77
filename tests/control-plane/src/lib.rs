//! A real control plane for tests and demo: API server, PostgreSQL, ingress controller, as processes.
