//! What it costs that the requests of many tenants come by the same connections: what PostgreSQL knows about tables, and
//! which statements are prepared, is kept for each connection.

use database::testing::TestDatabase;
use scim::Projection;
use scim::profile::ReturningUsers;

use crate::race::{CLIENTS, Race};
use crate::tenant::{Tenant, connections, scattered};

const CASES: [(&str, usize); 2] = [("in one tenant", 1), ("in 200 tenants at random", 200)];

pub(crate) async fn race(server: &TestDatabase) {
    let mut race = Race::new("Creating and getting a user");
    for (case, count) in CASES {
        let pool = connections(server);
        let mut tenants = Vec::new();
        for _ in 0..count {
            let tenant = Tenant::start(server, &pool).await;
            // Each connection has seen each tenant before it is measured.
            let visit = |number| create_and_get(&tenant, number);
            tokio::join!(visit(0), visit(1), visit(2), visit(3));
            tenants.push(tenant);
        }
        race = race.case(case, async move |number| {
            create_and_get(tenants.get(scattered(number, count)).unwrap(), CLIENTS + number).await;
        });
    }
    race.run(100).await;
}

async fn create_and_get(tenant: &Tenant, number: usize) {
    let created = tenant.users.create(tenant.user(number), ReturningUsers::Conflict).await.unwrap();
    tenant.users.get(created.id, &Projection::default()).await.unwrap().unwrap();
}
