//! Several users have a value from before it became unique: nobody else gets it until the last of them has given it up.

use std::sync::Arc;

use scim::Resource;
use scim::profile::ReturningUsers;
use serde_json::{Value, json};
use store::{NewResource, Precondition, create_together};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::derivation::{URN, code, derive, number, reconfigure};
use crate::support::{Tenant, always, everything, refusal, until_somebody_waits};

const CLAIMS: &str = "SELECT count(*) FROM {unique_values}";
const FIRST_CLAIMS: &str = "SELECT count(*) FROM {unique_values} WHERE ordinal = 0";

/// A tenant whose users share this code, which became unique since. Nothing is derived anew yet.
async fn not_derived(count: usize) -> (Tenant, Vec<Uuid>) {
    let mut tenant = Tenant::with_profile(code(&json!({}))).await;
    let mut users = Vec::new();
    for number in 0..count {
        let body = json!({"userName": format!("user-{number}"), URN: {"code": "same"}});
        users.push(tenant.create(body).await.unwrap().id);
    }
    reconfigure(&mut tenant, code(&json!({"uniqueness": "server"})));
    (tenant, users)
}

async fn with_shared_code(count: usize) -> (Tenant, Vec<Uuid>) {
    let (tenant, users) = not_derived(count).await;
    assert_eq!(derive(&tenant).await.doubled, count as u64 - 1);
    assert_eq!(claims(&tenant).await, (count as u64, 1));
    (tenant, users)
}

/// How many there are, and how many of them are in the place for which newcomers apply.
async fn claims(tenant: &Tenant) -> (u64, u64) {
    (number(tenant, CLAIMS).await, number(tenant, FIRST_CLAIMS).await)
}

/// The status that a newcomer with the code gets; it does not stay.
async fn newcomer(tenant: &Tenant) -> u16 {
    match tenant.create(json!({"userName": "newcomer", URN: {"code": "SAME"}})).await {
        Ok(user) => {
            delete(tenant, user.id).await;
            201
        }
        Err(error) => refusal::<()>(Err(error)).status,
    }
}

async fn delete(tenant: &Tenant, user: Uuid) {
    let anyway: Precondition = always();
    assert!(tenant.users.delete(user, &anyway, ReturningUsers::Conflict).await.unwrap());
}

/// Sets an attribute of the user.
async fn set(tenant: &Tenant, user: Uuid, attribute: &str, value: Value) {
    let change = |before: Resource| {
        let mut document = before.into_document();
        document.insert(attribute.to_owned(), value.clone());
        Ok(Resource::from_stored(document))
    };
    tenant.users.update(user, &always(), change, &everything()).await.unwrap().unwrap();
}

async fn give_up(tenant: &Tenant, user: Uuid) {
    set(tenant, user, URN, json!({"code": format!("other {user}")})).await;
}

#[tokio::test]
async fn a_shared_value_stays_taken_when_one_who_has_it_is_deleted() {
    for leaving in [0, 1] {
        let (tenant, users) = with_shared_code(2).await;
        delete(&tenant, users[leaving]).await;
        assert_eq!(claims(&tenant).await, (1, 1));
        assert_eq!(newcomer(&tenant).await, 409);
    }
}

#[tokio::test]
async fn a_shared_value_stays_taken_when_one_who_has_it_gives_it_up() {
    for leaving in [0, 1] {
        let (tenant, users) = with_shared_code(2).await;
        give_up(&tenant, users[leaving]).await;
        assert_eq!(claims(&tenant).await, (2, 2));
        assert_eq!(newcomer(&tenant).await, 409);
    }
}

#[tokio::test]
async fn a_value_that_three_share_is_free_after_the_last_has_left() {
    let (tenant, users) = with_shared_code(3).await;
    delete(&tenant, users[0]).await;
    assert_eq!(claims(&tenant).await, (2, 1));
    assert_eq!(newcomer(&tenant).await, 409);
    give_up(&tenant, users[1]).await;
    assert_eq!(newcomer(&tenant).await, 409);
    delete(&tenant, users[2]).await;
    assert_eq!(newcomer(&tenant).await, 201);
}

#[tokio::test]
async fn whoever_gave_a_shared_value_up_does_not_get_it_back() {
    let (tenant, users) = with_shared_code(2).await;
    give_up(&tenant, users[0]).await;
    let back = |before: Resource| {
        let mut document = before.into_document();
        document.insert(URN.to_owned(), json!({"code": "same"}));
        Ok(Resource::from_stored(document))
    };
    assert_eq!(refusal(tenant.users.update(users[0], &always(), back, &everything()).await).status, 409);
}

#[tokio::test]
async fn everybody_who_shares_a_value_can_be_changed_and_replaced() {
    let (tenant, users) = with_shared_code(3).await;
    for (number, &user) in users.iter().enumerate() {
        set(&tenant, user, "title", json!("Countess")).await;
        let body = json!({"userName": format!("user-{number}"), "title": "Duchess", URN: {"code": "same"}});
        let body = tenant.user(body);
        tenant.users.replace(user, &always(), &body, &everything()).await.unwrap().unwrap();
    }
    assert_eq!(claims(&tenant).await, (3, 1));
}

#[tokio::test]
async fn a_change_of_a_user_who_is_not_derived_anew_yet_claims_what_others_have_too() {
    let (tenant, users) = not_derived(3).await;
    for &user in &users {
        set(&tenant, user, "title", json!("Countess")).await;
    }
    assert_eq!(claims(&tenant).await, (3, 1));
    delete(&tenant, users[0]).await;
    assert_eq!(newcomer(&tenant).await, 409);
}

#[tokio::test]
async fn derivation_adds_no_claim_to_one_that_is_there() {
    let (mut tenant, _) = with_shared_code(3).await;
    // Another form, by which the code is unique still.
    reconfigure(&mut tenant, code(&json!({"uniqueness": "server", "caseExact": true})));
    let again = derive(&tenant).await;
    assert_eq!((again.derived, again.doubled), (3, 2));
    assert_eq!(claims(&tenant).await, (3, 1));
}

#[tokio::test]
async fn claims_are_given_up_by_all_when_the_value_is_unique_no_longer() {
    let (mut tenant, _) = with_shared_code(3).await;
    reconfigure(&mut tenant, code(&json!({})));
    derive(&tenant).await;
    assert_eq!(claims(&tenant).await, (0, 0));
    assert_eq!(newcomer(&tenant).await, 201);
}

/// The first of them, by whoever's claim is at 0.
async fn in_order_of_claims(tenant: &Tenant) -> Vec<Uuid> {
    let statement = tenant.database.statement("SELECT resource_id FROM {unique_values} ORDER BY ordinal");
    let rows: Vec<(Uuid,)> = tenant.database.fetch_all(statement).await.unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

/// What the store does in a transaction that stays open.
async fn begin_deletion(tenant: &Tenant, user: Uuid) -> database::tenant::TenantTransaction {
    let mut transaction = tenant.database.begin().await.unwrap();
    let mut statement = tenant.database.statement("DELETE FROM {users} WHERE id = ");
    statement.bind(user);
    transaction.execute(statement).await.unwrap();
    transaction
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_leave_at_once_the_later_one_passes_on_what_it_was_given_meanwhile() {
    for leaves_by_deletion in [true, false] {
        let (tenant, _) = with_shared_code(3).await;
        let tenant = Arc::new(tenant);
        let order = in_order_of_claims(&tenant).await;
        // It moves the second claim to 0, and has not committed.
        let first = begin_deletion(&tenant, order[0]).await;
        let second = tokio::spawn({
            let (tenant, user) = (Arc::clone(&tenant), order[1]);
            async move {
                if leaves_by_deletion { delete(&tenant, user).await } else { give_up(&tenant, user).await }
            }
        });
        until_somebody_waits(&tenant).await;
        first.commit().await.unwrap();
        second.await.unwrap();
        assert_eq!(newcomer(&tenant).await, 409);
        delete(&tenant, order[2]).await;
        assert_eq!(newcomer(&tenant).await, 201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_leave_at_once_the_first_passes_over_who_is_gone() {
    let (tenant, _) = with_shared_code(3).await;
    let tenant = Arc::new(tenant);
    let order = in_order_of_claims(&tenant).await;
    let second = begin_deletion(&tenant, order[1]).await;
    let first = tokio::spawn({
        let (tenant, user) = (Arc::clone(&tenant), order[0]);
        async move { delete(&tenant, user).await }
    });
    until_somebody_waits(&tenant).await;
    second.commit().await.unwrap();
    first.await.unwrap();
    assert_eq!(claims(&tenant).await, (1, 1));
    assert_eq!(newcomer(&tenant).await, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_newcomer_beside_one_who_leaves_is_refused_while_another_has_the_value() {
    for others in [0, 1] {
        let (tenant, _) = with_shared_code(1 + others).await;
        let tenant = Arc::new(tenant);
        let leaving = begin_deletion(&tenant, in_order_of_claims(&tenant).await[0]).await;
        let arrival = tokio::spawn({
            let tenant = Arc::clone(&tenant);
            async move { newcomer(&tenant).await }
        });
        until_somebody_waits(&tenant).await;
        assert!(!arrival.is_finished(), "it waits for who leaves");
        leaving.commit().await.unwrap();
        assert_eq!(arrival.await.unwrap(), if others == 0 { 201 } else { 409 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_claim_beside_one_who_leaves_is_not_left_behind() {
    let (tenant, users) = not_derived(2).await;
    let tenant = Arc::new(tenant);
    set(&tenant, users[0], "title", json!("Countess")).await;
    let leaving = begin_deletion(&tenant, users[0]).await;
    let claim = tokio::spawn({
        let (tenant, user) = (Arc::clone(&tenant), users[1]);
        async move { set(&tenant, user, "title", json!("Countess")).await }
    });
    until_somebody_waits(&tenant).await;
    assert!(!claim.is_finished(), "it waits for who leaves");
    leaving.commit().await.unwrap();
    claim.await.unwrap();
    assert_eq!(claims(&tenant).await, (1, 1));

    // The other way round: who leaves waits for the claim, and gives it the place.
    let (tenant, users) = not_derived(2).await;
    let tenant = Arc::new(tenant);
    set(&tenant, users[0], "title", json!("Countess")).await;
    let mut claiming = tenant.database.begin().await.unwrap();
    let mut claim = tenant.database.statement("SELECT {schema}.claim_beside_others(attribute, digest, ");
    claim.bind(users[1]).text(") FROM {unique_values}");
    claiming.execute(claim).await.unwrap();
    let leaving = tokio::spawn({
        let (tenant, user) = (Arc::clone(&tenant), users[0]);
        async move { delete(&tenant, user).await }
    });
    until_somebody_waits(&tenant).await;
    assert!(!leaving.is_finished(), "it waits for the claim");
    claiming.commit().await.unwrap();
    leaving.await.unwrap();
    assert_eq!(claims(&tenant).await, (1, 1));
    assert_eq!(newcomer(&tenant).await, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_everybody_leaves_at_once_nobody_new_gets_what_one_keeps() {
    let (tenant, users) = with_shared_code(16).await;
    let tenant = Arc::new(tenant);
    let keeper = users[7];
    let mut work = JoinSet::new();
    for (number, &user) in users.iter().enumerate().filter(|(_, user)| **user != keeper) {
        let tenant = Arc::clone(&tenant);
        work.spawn(async move {
            if number % 2 == 0 { delete(&tenant, user).await } else { give_up(&tenant, user).await }
        });
    }
    for number in 0..users.len() {
        let tenant = Arc::clone(&tenant);
        work.spawn(async move {
            let body = json!({"userName": format!("newcomer-{number}"), URN: {"code": "same"}});
            assert_eq!(refusal(tenant.create(body).await).status, 409);
        });
    }
    work.join_all().await;
    assert_eq!(newcomer(&tenant).await, 409);
    delete(&tenant, keeper).await;
    assert_eq!(newcomer(&tenant).await, 201);
}

#[tokio::test]
async fn many_thousands_may_share_a_value() {
    const USERS: usize = 4_000;
    let mut tenant = Tenant::with_profile(code(&json!({}))).await;
    let users: Vec<_> = (0..USERS)
        .map(|number| NewResource {
            id: Uuid::now_v7(),
            kind: scim::Kind::User,
            resource: tenant.user(json!({"userName": format!("user-{number}"), URN: {"code": "same"}})),
            members: Vec::new(),
        })
        .collect();
    create_together(&tenant.database, &tenant.catalog, &users).await.unwrap();
    reconfigure(&mut tenant, code(&json!({"uniqueness": "server"})));
    assert_eq!(derive(&tenant).await.doubled, USERS as u64 - 1);
    assert_eq!(claims(&tenant).await, (USERS as u64, 1));
    tenant.database.execute(tenant.database.statement("DELETE FROM {users}")).await.unwrap();
    assert_eq!(claims(&tenant).await, (0, 0));
}
