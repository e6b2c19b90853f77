//! The store on a real PostgreSQL: `TEST_DATABASE_URL`, which `make test` sets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by panicking")]

mod agreement;
mod concurrency;
mod cost;
mod creation;
mod derivation;
mod groups;
mod listing;
mod matrix;
mod members;
mod order;
mod pages;
mod population;
mod refusals;
mod returning;
mod shared_values;
mod support;
mod users;
mod versions;
mod walk;
