//! A tenant, and users to fill it with.

use std::sync::Arc;

use database::Database;
use database::tenant::TenantDatabase;
use database::testing::TestDatabase;
use scim::{Catalog, Profile, Resource};
use serde_json::json;
use store::{Groups, Users};
use uuid::Uuid;

use crate::race::CLIENTS;

/// A tenant, and what is done with it.
pub(crate) struct Tenant {
    pub(crate) database: TenantDatabase,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) users: Users,
    pub(crate) groups: Groups,
}

impl Tenant {
    /// A new tenant, whose statements all go through `pool`.
    pub(crate) async fn start(server: &TestDatabase, pool: &Database) -> Self {
        let database = TenantDatabase::new(pool.clone(), server.tenant().await.scope);
        let catalog = Arc::new(Catalog::new(&Profile::default()).unwrap());
        let users = Users::new(database.clone(), Arc::clone(&catalog));
        let groups = Groups::new(database.clone(), Arc::clone(&catalog));
        Self { database, catalog, users, groups }
    }

    /// A user as identity providers send it. All that it can be found by has its number in it.
    pub(crate) fn user(&self, number: usize) -> Resource {
        let name = name(number);
        let body = json!({
            "userName": format!("user-{name}"),
            "externalId": format!("external-{name}"),
            "displayName": format!("User {name}"),
            "name": {"givenName": "User", "familyName": name},
            "active": true,
            "emails": [{"value": format!("user-{name}@example.com"), "type": "work", "primary": true}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "employeeNumber": format!("employee-{name}"),
                "department": "Engineering",
            },
        });
        Resource::parse(self.catalog.user(), body).unwrap()
    }

    /// Creates the users with the numbers from 0 on. Returns their ids in that order.
    pub(crate) async fn fill(&self, count: usize) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(self.users.create(self.user(number)).await.unwrap().id);
        }
        ids
    }
}

/// As many connections as measuring needs; each is then as warm as the last measurement left it.
pub(crate) fn connections(server: &TestDatabase) -> Database {
    server.server.apart(u32::try_from(CLIENTS).unwrap())
}

/// What the user with this number is called: none of these is a part of another.
pub(crate) fn name(number: usize) -> String {
    format!("{number:06}")
}

/// Does now what autovacuum would do in the midst of a race.
pub(crate) async fn settle(server: &TestDatabase) {
    sqlx::query("VACUUM ANALYZE").execute(&mut server.administrator().await).await.unwrap();
}

/// A number below `end` that looks like a random one, always the same for the same `number`.
pub(crate) fn scattered(number: usize, end: usize) -> usize {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_right(32) % end
}
