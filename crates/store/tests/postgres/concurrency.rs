//! Several writers at once: nothing is lost, nobody is stuck.

use std::sync::Arc;

use scim::MemberChange;
use scim::profile::ReturningUsers;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Tenant, always, everything, references, sorted, unchanged, until_somebody_waits};

const TASKS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_pushes_to_one_group_lose_nothing() {
    const EACH: usize = 8;
    let tenant = Arc::new(Tenant::start().await);
    let users = Arc::new(tenant.create_users(TASKS * EACH).await);
    // Every other one is a member and goes, the rest come.
    let before: Vec<_> = users.iter().copied().step_by(2).collect();
    let group = tenant.create_group("Staff", &before).await;

    let mut pushes = JoinSet::new();
    for task in 0..TASKS {
        let (tenant, users) = (Arc::clone(&tenant), Arc::clone(&users));
        pushes.spawn(async move {
            for step in 0..EACH {
                let position = task * EACH + step;
                let user = users[position];
                let change = if position.is_multiple_of(2) {
                    MemberChange::Remove(references(&[user]))
                } else {
                    MemberChange::Add(references(&[user]))
                };
                tenant.groups.update(group.id, &always(), unchanged, &[change], &everything()).await.unwrap();
            }
        });
    }
    pushes.join_all().await;
    let after: Vec<_> = users.iter().copied().skip(1).step_by(2).collect();
    assert_eq!(tenant.members(group.id).await, sorted(after));
    let group = tenant.groups.get(group.id, &everything()).await.unwrap().unwrap();
    assert_eq!(group.version.number(), 1 + users.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_additions_of_the_same_members_in_any_order_succeed() {
    let tenant = Arc::new(Tenant::start().await);
    let users = Arc::new(tenant.create_users(20).await);
    let groups = [tenant.create_group("A", &[]).await.id, tenant.create_group("B", &[]).await.id];
    let mut pushes = JoinSet::new();
    for task in 0..TASKS {
        let (tenant, users) = (Arc::clone(&tenant), Arc::clone(&users));
        pushes.spawn(async move {
            let mut members = references(&users);
            members.rotate_left(task);
            if task % 2 == 0 {
                members.reverse();
            }
            let add = [MemberChange::Add(members)];
            tenant.groups.update(groups[task % 2], &always(), unchanged, &add, &everything()).await.unwrap();
        });
    }
    pushes.join_all().await;
    for group in groups {
        assert_eq!(tenant.members(group).await, sorted(users.to_vec()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_changes_of_one_user_are_made_one_after_the_other() {
    let tenant = Arc::new(Tenant::start().await);
    let user = tenant.create_user("ada").await;
    let mut changes = JoinSet::new();
    for task in 0..TASKS {
        let tenant = Arc::clone(&tenant);
        changes.spawn(async move {
            let add = |user: scim::Resource| {
                let mut document = user.into_document();
                let emails = document.entry("emails").or_insert_with(|| json!([]));
                emails.as_array_mut().unwrap().push(json!({"value": format!("{task}@example.com")}));
                Ok(scim::Resource::from_stored(document))
            };
            tenant.users.update(user.id, &always(), add, &everything()).await.unwrap().unwrap();
        });
    }
    changes.join_all().await;
    let user = tenant.users.get(user.id, &everything()).await.unwrap().unwrap();
    assert_eq!(user.resource.document()["emails"].as_array().unwrap().len(), TASKS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_creations_under_one_name_one_succeeds() {
    let tenant = Arc::new(Tenant::start().await);
    let mut creations = JoinSet::new();
    for _ in 0..TASKS {
        let tenant = Arc::clone(&tenant);
        creations.spawn(async move { tenant.create(json!({"userName": "ada"})).await.is_ok() });
    }
    let succeeded = creations.join_all().await.into_iter().filter(|&succeeded| succeeded).count();
    assert_eq!(succeeded, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn members_that_are_deleted_while_they_are_pushed_are_refused_or_gone() {
    let tenant = Arc::new(Tenant::start().await);
    let users = Arc::new(tenant.create_users(32).await);
    let group = tenant.create_group("Staff", &[]).await;
    let mut work = JoinSet::new();
    for user in users.iter().copied() {
        let tenant = Arc::clone(&tenant);
        work.spawn(async move {
            let add = [MemberChange::Add(references(&[user]))];
            let (projection, anyway) = (everything(), always());
            let delete = tenant.users.delete(user, &anyway, ReturningUsers::Conflict);
            let push = tenant.groups.update(group.id, &anyway, unchanged, &add, &projection);
            let (pushed, deleted) = tokio::join!(push, delete);
            assert!(deleted.unwrap());
            if let Err(error) = pushed {
                assert!(matches!(error, store::StoreError::Scim(_)), "{error:?}");
            }
        });
    }
    work.join_all().await;
    assert!(tenant.members(group.id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_creation_that_meets_a_deadlock_is_tried_again() {
    let unique = json!({"attributes": [{"path": "emails.value", "uniqueness": "server"}]});
    let tenant = Arc::new(Tenant::with_profile(unique).await);
    let eve = tenant.create_user("eve").await;
    let mut other = tenant.database.begin().await.unwrap();
    // It claims what the creation is going to claim, then waits for the name that the creation has taken.
    let mut claim =
        tenant.database.statement("INSERT INTO {unique_values} SELECT 'emails.value', sha256('ada@x'), ");
    claim.bind(eve.id);
    other.execute(claim).await.unwrap();
    let creation = tokio::spawn({
        let tenant = Arc::clone(&tenant);
        async move {
            let ada = tenant.user(json!({"userName": "ada", "emails": [{"value": "ada@x", "type": "work"}]}));
            tenant.users.create(ada, ReturningUsers::Conflict).await
        }
    });
    until_somebody_waits(&tenant).await;
    let name =
        "INSERT INTO {users} VALUES (gen_random_uuid(), 'ada', NULL, TRUE, '{}', '{}', 0, 1, now(), now())";
    other.execute(tenant.database.statement(name)).await.unwrap();
    other.rollback().await.unwrap();
    creation.await.unwrap().unwrap();
}
