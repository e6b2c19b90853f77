//! Tests of the workspace itself: which crate may depend on which.
