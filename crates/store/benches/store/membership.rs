//! One member more and one less: it must cost the same whatever the size of the group.

use database::testing::TestDatabase;
use scim::{GroupBody, Kind, MemberChange, MemberReference, Projection};
use serde_json::json;
use uuid::Uuid;

use crate::race::{CLIENTS, Race};
use crate::tenant::{Tenant, settle};

pub(crate) async fn race(server: &TestDatabase, tenant: &Tenant, users: &[Uuid]) {
    let guest = tenant.users.create(tenant.user(users.len())).await.unwrap().id;
    let resource_type = tenant.catalog.resource_type(Kind::Group).unwrap();
    let id_only = &Projection::parse(Some("id"), None, resource_type).unwrap();
    let mut race = Race::new("Adding and removing a member");
    for size in [10, users.len()] {
        let members: Vec<_> = users.iter().take(size).map(|&id| MemberReference { id, kind: None }).collect();
        // One for each client: changes of the same group wait for each other.
        let mut groups = Vec::new();
        for client in 0..CLIENTS {
            let body = json!({"displayName": format!("{size} people of client {client}")});
            let GroupBody { resource, .. } = GroupBody::parse(resource_type, body).unwrap();
            groups.push(tenant.groups.create(resource, members.clone(), id_only).await.unwrap().id);
        }
        race = race.case(format!("in a group of {size}"), async move |number| {
            let group = groups.get(number % CLIENTS).copied().unwrap();
            let add = MemberChange::Add(vec![MemberReference { id: guest, kind: None }]);
            for change in [add, MemberChange::Remove(vec![guest])] {
                tenant.groups.update(group, Ok, &[change], id_only).await.unwrap().unwrap();
            }
        });
    }
    settle(server).await;
    race.run(40).await;
}
