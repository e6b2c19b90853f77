//! End-to-end tests of operator and server on real parts.
