//! What it costs that the requests of many tenants come by the same connection: PostgreSQL keeps what it knows
//! about tables, and the client its prepared statements, for each connection.

use database::testing::TestDatabase;
use scim::Projection;

use crate::race::Race;
use crate::tenant::{Tenant, scattered};

const CASES: [(&str, usize); 2] = [("in one tenant", 1), ("in 200 tenants at random", 200)];

pub(crate) async fn race(server: &TestDatabase) {
    let everything = &Projection::default();
    let mut race = Race::new("Creating and getting a user, by one connection");
    for (case, count) in CASES {
        let connection = server.server.apart(1);
        let mut tenants = Vec::new();
        for _ in 0..count {
            let tenant = Tenant::start(server, &connection).await;
            // By each connection once: what is measured is not that it sees the tenant for the first time.
            tokio::join!(visit(0), visit(1), visit(2), visit(3));
            tenants.push(tenant);
        }
        race = race.case(case, async move |number| {
            let tenant = tenants.get(scattered(number, count)).unwrap();
            create_and_get(tenant, &number.to_string(), everything).await;
        });
    }
    race.run(200).await;
}

async fn create_and_get(tenant: &Tenant, name: &str, projection: &Projection) {
    let created = tenant.users.create(tenant.user(name)).await.unwrap();
    tenant.users.get(created.id, projection).await.unwrap().unwrap();
}
