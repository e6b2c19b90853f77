//! Tests of the workspace itself: the dependency table of ARCHITECTURE.md, one version of the libraries that must not
//! come twice, what the documents say of tests and limits, and where their links lead. All of it is in `tests/`.
