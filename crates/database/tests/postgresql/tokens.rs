//! Tokens are issued, replaced and revoked.

use database::registry::{Change, HandledAnnotations, Issue, RegistryError};
use database::testing::{TestDatabase, TestTenant, owner, token};
use sqlx::{Connection, PgConnection};
use tenancy::{Generation, Token};

async fn issue(
    database: &TestDatabase,
    tenant: &TestTenant,
    token: &Token,
    issue: Issue,
) -> Result<Generation, RegistryError> {
    let handled = HandledAnnotations::default();
    database.registry.issue_token(tenant.registered.id, tenant.owner, &token.digest(), issue, &handled).await
}

#[tokio::test]
async fn a_first_token_is_issued_once() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    assert_eq!(tenant.registered.credentials.len(), 1);
    let again = issue(&database, &tenant, &token(), Issue::First).await;
    assert!(matches!(again, Err(RegistryError::AlreadyIssued(_))), "{again:?}");
}

#[tokio::test]
async fn a_replacement_leaves_the_older_token_alone() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let replacement = token();
    let generation = issue(&database, &tenant, &replacement, Issue::Replacement).await.unwrap();
    assert_eq!(generation, Generation::new(2));
    let credentials = database.registry.tenant(&tenant.key).await.unwrap().unwrap().credentials;
    let digests: Vec<_> = credentials.iter().map(|credential| credential.digest).collect();
    assert_eq!(digests, [tenant.token.digest(), replacement.digest()]);
    assert!(credentials.iter().all(|credential| credential.revoked_at.is_none()));
}

#[tokio::test]
async fn a_revocation_ends_every_token_once_and_the_next_is_a_first_one() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
    let handled = HandledAnnotations { rotate_token: None, revoke_tokens: Some("leak".to_owned()) };
    let revoke =
        async || database.registry.revoke(tenant.registered.id, tenant.owner, &handled).await.unwrap();
    assert_eq!(revoke().await, Change::Written);
    let read = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(read.handled, handled);
    assert!(read.credentials.iter().all(|credential| credential.revoked_at.is_some()));
    assert_eq!(revoke().await, Change::Unchanged);
    assert_eq!(database.registry.tenant(&tenant.key).await.unwrap().unwrap(), read);
    let generation = issue(&database, &tenant, &token(), Issue::First).await.unwrap();
    assert_eq!(generation, Generation::new(3));
}

async fn generations(database: &TestDatabase, tenant: &TestTenant) -> Vec<u32> {
    let credentials = database.registry.tenant(&tenant.key).await.unwrap().unwrap().credentials;
    credentials.iter().map(|credential| credential.generation.get()).collect()
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
        let issued = issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
        assert_eq!(issued, Generation::new(generation), "generations only grow");
    }
    assert_eq!(generations(&database, &tenant).await, [1, 5, 6], "1 was used and still works");
    issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
    issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
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
    issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
    issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
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
    issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
    let before = generations(&database, &tenant).await;
    assert!(before.ends_with(&[2, 3, 4]), "{before:?}");
    set(
        &mut administrator,
        "UPDATE scim_control.credentials SET first_used_at = first_used_at - interval '2 days',
                revoked_at = revoked_at - interval '2 days'",
    )
    .await;
    issue(&database, &tenant, &token(), Issue::Replacement).await.unwrap();
    assert_eq!(generations(&database, &tenant).await, [3, 4, 5], "3 works until a later one is used");
}

#[tokio::test]
async fn the_annotation_is_handled_in_the_same_transaction() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let handled = HandledAnnotations { rotate_token: Some("2026-11-22".to_owned()), revoke_tokens: None };
    let (id, digest) = (tenant.registered.id, token().digest());
    database.registry.issue_token(id, tenant.owner, &digest, Issue::Replacement, &handled).await.unwrap();
    assert_eq!(database.registry.tenant(&tenant.key).await.unwrap().unwrap().handled, handled);

    // A digest that is there already is refused, and then the annotation is not handled either.
    let next = HandledAnnotations { rotate_token: Some("2026-11-23".to_owned()), ..handled.clone() };
    let refused = database.registry.issue_token(id, tenant.owner, &digest, Issue::Replacement, &next).await;
    assert!(matches!(refused, Err(RegistryError::Database(_))), "{refused:?}");
    let read = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(read.handled, handled);
}

#[tokio::test]
async fn only_the_owner_issues_and_revokes_tokens() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let stranger = TestTenant { owner: owner(), ..tenant.clone() };
    let issued = issue(&database, &stranger, &token(), Issue::Replacement).await;
    assert!(matches!(issued, Err(RegistryError::NotOwned(_))), "{issued:?}");
    let handled = HandledAnnotations { rotate_token: Some("x".to_owned()), revoke_tokens: None };
    let revoked = database.registry.revoke(tenant.registered.id, stranger.owner, &handled).await;
    assert!(matches!(revoked, Err(RegistryError::NotOwned(_))), "{revoked:?}");
    assert_eq!(database.registry.tenant(&tenant.key).await.unwrap().unwrap(), tenant.registered);
}

#[tokio::test]
async fn tokens_that_are_issued_at_once_get_generations_of_their_own() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let (a, b, c) = (token(), token(), token());
    let (a, b, c) = tokio::join!(
        issue(&database, &tenant, &a, Issue::Replacement),
        issue(&database, &tenant, &b, Issue::Replacement),
        issue(&database, &tenant, &c, Issue::Replacement),
    );
    let mut generations = [a.unwrap().get(), b.unwrap().get(), c.unwrap().get()];
    generations.sort_unstable();
    assert_eq!(generations, [2, 3, 4]);
}

#[tokio::test]
async fn a_first_use_and_a_revocation_at_once_do_not_block_each_other() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut server = PgConnection::connect(&database.server_url()).await.unwrap();
    for generation in 1..=40 {
        let first_use = sqlx::query(
            "UPDATE scim_control.credentials SET first_used_at = now() WHERE tenant_id = $1 AND generation = $2",
        )
        .bind(tenant.registered.id.get())
        .bind(generation)
        .execute(&mut server);
        let handled = HandledAnnotations::default();
        let revocation = database.registry.revoke(tenant.registered.id, tenant.owner, &handled);
        let (used, revoked) = tokio::join!(first_use, revocation);
        used.unwrap();
        revoked.unwrap();
        issue(&database, &tenant, &token(), Issue::First).await.unwrap();
    }
}
