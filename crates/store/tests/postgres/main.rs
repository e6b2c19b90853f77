//! The store on a real PostgreSQL: `TEST_DATABASE_URL`, which `make test` sets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by panicking")]

mod agreement;
mod concurrency;
mod cost;
mod groups;
mod listing;
mod pages;
mod refusals;
mod support;
mod users;
