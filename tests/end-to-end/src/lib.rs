//! End-to-end tests of operator and server on real parts: API server, PostgreSQL, ingress controller. All of it is in
//! `tests/e2e`; it is run by `make test-kubernetes`, in a network namespace of its own.
