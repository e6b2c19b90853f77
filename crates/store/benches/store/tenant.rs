//! A tenant, and users to fill it with.

use std::sync::Arc;

use database::Database;
use database::tenant::TenantDatabase;
use database::testing::TestDatabase;
use scim::{Catalog, GroupBody, Kind, Profile, Projection, Resource};
use serde_json::json;
use sqlx::types::Json;
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

    /// Creates the users with the numbers from 0 on, by a few statements. Returns their ids in that order.
    pub(crate) async fn fill(&self, count: usize) -> Vec<Uuid> {
        let mut ids = Vec::new();
        while ids.len() < count {
            let numbers = ids.len()..count.min(ids.len() + 1_000);
            let users: Vec<_> = numbers.map(|number| (Uuid::now_v7(), self.user(number))).collect();
            let documents = users.iter().map(|(_, user)| Json(user.document().clone()));
            let comparable = users.iter().map(|(_, user)| Json(user.comparable(self.catalog.user())));
            let mut statement = self.database.statement(
                "INSERT INTO {users} (id, user_name_key, external_id, active, resource, comparable, form, created_at, \
                 last_modified_at) SELECT one.id, one.comparable ->> 'userName', one.comparable ->> 'externalId', TRUE, \
                 one.resource, one.comparable, ",
            );
            statement.bind(self.catalog.form()).text(", now(), now() FROM unnest(");
            statement.bind(users.iter().map(|(id, _)| *id).collect::<Vec<_>>()).text(", ");
            statement.bind(documents.collect::<Vec<_>>()).text(", ").bind(comparable.collect::<Vec<_>>());
            statement.text(") AS one(id, resource, comparable)");
            self.database.execute(statement).await.unwrap();
            ids.extend(users.into_iter().map(|(id, _)| id));
        }
        ids
    }

    /// Creates a group with these members, by two statements.
    pub(crate) async fn group(&self, name: &str, members: &[Uuid]) -> Uuid {
        let resource_type = self.catalog.resource_type(Kind::Group).unwrap();
        let body = GroupBody::parse(resource_type, json!({"displayName": name})).unwrap();
        let group = self.groups.create(body.resource, Vec::new(), &Projection::default()).await.unwrap().id;
        let mut statement =
            self.database.statement("INSERT INTO {group_members} (group_id, member_user) SELECT ");
        statement.bind(group).text(", one.id FROM unnest(").bind(members.to_vec()).text(") AS one(id)");
        self.database.execute(statement).await.unwrap();
        group
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
