//! Tests of the workspace itself: the dependency table of ARCHITECTURE.md, one version of the libraries that must not
//! come twice, and what the documents say of tests and limits. All of it is in `tests/`.
