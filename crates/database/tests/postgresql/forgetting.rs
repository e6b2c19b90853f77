//! What the registry forgets of credentials, and what it keeps.

use std::time::Duration;

use database::registry::{Issue, NewCredential, Overlap};
use database::testing::{TestDatabase, TestTenant, bearer_token, token, trusted};
use sqlx::PgConnection;
use tenancy::{CredentialKind, Generation};

use crate::support::{REPLACEMENT, issue, run, trust, working};

/// Issues a token in place of the one before.
async fn replace(database: &TestDatabase, tenant: &TestTenant) -> Generation {
    database.issue(tenant, &bearer_token(&token()), REPLACEMENT).await
}

fn federation(issuer: &str) -> NewCredential {
    trusted(CredentialKind::Federation, trust(issuer))
}

async fn generations(database: &TestDatabase, tenant: &TestTenant) -> Vec<u32> {
    let credentials = database.registry.tenant(&tenant.key).await.unwrap().unwrap().credentials;
    credentials.iter().map(|credential| credential.generation.get()).collect()
}

async fn age(database: &TestDatabase, tenant: &TestTenant) {
    run(database, tenant, "UPDATE scim_control.credentials SET issued_at = issued_at - interval '2 hours'")
        .await;
}

#[tokio::test]
async fn of_the_tokens_that_nobody_used_for_an_hour_the_newest_and_the_one_before_stay() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    sqlx::raw_sql("UPDATE scim_control.credentials SET first_used_at = now()")
        .execute(&mut database.administrator().await)
        .await
        .unwrap();
    for generation in 2..=6 {
        sqlx::raw_sql("UPDATE scim_control.credentials SET issued_at = now() - interval '2 hours'")
            .execute(&mut database.administrator().await)
            .await
            .unwrap();
        let issued = replace(&database, &tenant).await;
        assert_eq!(issued, Generation::new(generation), "generations only grow");
    }
    assert_eq!(generations(&database, &tenant).await, [1, 5, 6], "1 was used and still works");
    replace(&database, &tenant).await;
    replace(&database, &tenant).await;
    assert_eq!(
        generations(&database, &tenant).await,
        [1, 6, 7, 8],
        "6 is young and may be in somebody's hands"
    );
}

#[tokio::test]
async fn what_ended_a_month_ago_is_forgotten() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    replace(&database, &tenant).await;
    replace(&database, &tenant).await;
    let mut administrator = database.administrator().await;
    let set = async |administrator: &mut PgConnection, sql: &'static str| {
        sqlx::raw_sql(sql).execute(administrator).await.unwrap();
    };
    set(
        &mut administrator,
        "UPDATE scim_control.credentials SET first_used_at = now() - interval '29 days';
         UPDATE scim_control.credentials SET revoked_at = now() - interval '29 days' WHERE generation = 2",
    )
    .await;
    replace(&database, &tenant).await;
    let before = generations(&database, &tenant).await;
    assert!(before.ends_with(&[2, 3, 4]), "{before:?}");
    set(
        &mut administrator,
        "UPDATE scim_control.credentials SET first_used_at = first_used_at - interval '2 days',
                revoked_at = revoked_at - interval '2 days'",
    )
    .await;
    replace(&database, &tenant).await;
    assert_eq!(generations(&database, &tenant).await, [3, 4, 5], "3 works until a later one is used");
}

#[tokio::test]
async fn a_trust_that_nobody_used_yet_is_not_forgotten_for_that() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    for number in 2..=6 {
        age(&database, &tenant).await;
        database
            .issue(&tenant, &federation(&format!("https://login{number}.example.com")), REPLACEMENT)
            .await;
    }
    assert_eq!(generations(&database, &tenant).await, [2, 3, 4, 5, 6], "1 was a token");
}

#[tokio::test]
async fn what_is_to_work_until_a_certain_time_is_not_forgotten_before() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    for _ in 2..=5 {
        age(&database, &tenant).await;
        let day = Issue::Replacement(Overlap::For(Duration::from_hours(24)));
        issue(&database, &tenant, day).await;
    }
    assert_eq!(working(&database, &tenant).await, [1, 2, 3, 4, 5]);
    run(&database, &tenant, "UPDATE scim_control.credentials SET valid_until = now() WHERE generation < 4")
        .await;
    replace(&database, &tenant).await;
    assert_eq!(generations(&database, &tenant).await, [4, 5, 6]);
    run(
        &database,
        &tenant,
        "UPDATE scim_control.credentials SET first_used_at = now(), valid_until = now() - interval '31 days' WHERE generation = 4",
    )
    .await;
    run(&database, &tenant, "UPDATE scim_control.credentials SET first_used_at = now() WHERE generation = 5")
        .await;
    replace(&database, &tenant).await;
    assert_eq!(generations(&database, &tenant).await, [5, 6, 7], "4 ended a month ago");
}

#[tokio::test]
async fn the_newest_that_was_used_stays_since_those_before_would_work_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.issue(&tenant, &federation("https://login.example.com"), REPLACEMENT).await;
    replace(&database, &tenant).await;
    // The note of the use came after the revocation.
    run(
        &database,
        &tenant,
        "UPDATE scim_control.credentials SET first_used_at = now() - interval '29 days', revoked_at = now() - interval '31 days'
          WHERE generation = 3",
    )
    .await;
    replace(&database, &tenant).await;
    replace(&database, &tenant).await;
    assert_eq!(generations(&database, &tenant).await, [1, 2, 3, 4, 5]);
    assert_eq!(working(&database, &tenant).await, [4, 5]);
}

#[tokio::test]
async fn who_changes_to_and_fro_keeps_64_and_what_is_in_use() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    run(&database, &tenant, "UPDATE scim_control.credentials SET first_used_at = now()").await;
    for number in 0..70 {
        database
            .issue(&tenant, &federation(&format!("https://login{number}.example.com")), REPLACEMENT)
            .await;
    }
    let mut expected = vec![1];
    expected.extend(7..=71);
    assert_eq!(generations(&database, &tenant).await, expected);
    assert_eq!(working(&database, &tenant).await, expected);
}
