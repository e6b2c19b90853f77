//! Tests of the workspace itself: the dependency table of ARCHITECTURE.md, and one version of the libraries that
//! must not come twice. All of it is in `tests/`.
