//! How much dearer one thing is than another, on a real PostgreSQL: `TEST_DATABASE_URL`, which `make bench` sets.
//!
//! Times are those of one machine and nothing checks them. The ratios are the result: the cases of a race take turns in
//! one run, so they say something on any machine.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says why by panicking")]

mod affinity;
mod membership;
mod paging;
mod race;
mod reading;
mod tenant;
mod uniqueness;

use database::testing::TestDatabase;

use crate::tenant::{Tenant, connections};

/// How many users the tenant has on which most is measured.
const USERS: usize = 20_000;
/// How many the tenant has on which is measured what must not depend on how many there are.
const MANY_USERS: usize = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let server = TestDatabase::start().await;
    let pool = connections(&server);
    let large = Tenant::start(&server, &pool).await;
    let many_users = large.fill(MANY_USERS).await;
    let tenant = Tenant::start(&server, &pool).await;
    let users = tenant.fill(USERS).await;
    println!(
        "What counts is the ratio to a race's first case. Times are this machine's, by run, four clients at once."
    );
    membership::race(&server, &large, &many_users).await;
    paging::race(&large, &many_users).await;
    reading::race(&tenant, &users).await;
    uniqueness::race(&tenant).await;
    Box::pin(affinity::race(&server)).await;
}
