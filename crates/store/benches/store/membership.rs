//! Members of a group of ten and of one of a hundred thousand: a change must cost the same, and so must reading the group
//! without them.

use database::testing::TestDatabase;
use scim::profile::ReturningUsers;
use scim::{Kind, MemberChange, MemberReference, Projection};
use store::Precondition;
use uuid::Uuid;

use crate::race::{CLIENTS, Race};
use crate::tenant::{Tenant, settle};

pub(crate) async fn race(server: &TestDatabase, tenant: &Tenant, users: &[Uuid]) {
    let guest = tenant.users.create(tenant.user(users.len()), ReturningUsers::Conflict).await.unwrap().id;
    let resource_type = tenant.catalog.resource_type(Kind::Group).unwrap();
    let id_only = &Projection::parse(Some("id"), None, resource_type).unwrap();
    let everything = &Projection::default();
    let without = &Projection::parse(None, Some("members"), resource_type).unwrap();
    let mut changing = Race::new("Adding and removing a member");
    let mut reading = Race::new("Reading a group");
    for size in [10, users.len()] {
        let members = users.get(..size).unwrap();
        // One for each client: changes of the same group wait for each other.
        let mut groups = Vec::new();
        for client in 0..CLIENTS {
            groups.push(tenant.group(&format!("{size} people of client {client}"), members).await);
        }
        let first = groups.first().copied().unwrap();
        changing = changing.case(format!("in a group of {size}"), async move |number| {
            let group = groups.get(number % CLIENTS).copied().unwrap();
            let always = Precondition::default();
            let guests = || vec![MemberReference { id: guest, kind: None }];
            for change in [MemberChange::Add(guests()), MemberChange::Remove(guests())] {
                tenant.groups.update(group, &always, Ok, &[change], id_only).await.unwrap().unwrap();
            }
        });
        reading = reading
            .case(format!("of {size}, without its members"), async move |_| {
                tenant.groups.get(first, without).await.unwrap().unwrap();
            })
            .case(format!("of {size}, with its first 1,000 members"), async move |_| {
                tenant.groups.get(first, everything).await.unwrap().unwrap();
            });
    }
    settle(server).await;
    changing.run(40).await;
    reading.run(20).await;
}
