//! Tokens are issued, replaced and revoked.

use std::time::Duration;

use database::registry::{
    Change, Credential, HandledAnnotations, Issue, NewCredential, Overlap, RegistryError,
};
use database::testing::{TestDatabase, TestTenant, bearer_token, owner, token, trusted};
use jiff::SignedDuration;
use sqlx::{Connection, PgConnection};
use tenancy::{CredentialKind, Generation, Token};

use crate::support::{REPLACEMENT, admits, loaded, run, timeless, trust, within, working};

async fn issue(
    database: &TestDatabase,
    tenant: &TestTenant,
    token: &Token,
    issue: Issue,
) -> Result<Generation, RegistryError> {
    let handled = HandledAnnotations::default();
    let credential = bearer_token(token);
    database.registry.issue(tenant.registered.id, tenant.owner, &credential, issue, &handled).await
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
    let generation = issue(&database, &tenant, &replacement, REPLACEMENT).await.unwrap();
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
    issue(&database, &tenant, &token(), REPLACEMENT).await.unwrap();
    let handled = HandledAnnotations { rotate_token: None, revoke_tokens: Some("leak".to_owned()) };
    let revoke =
        async || database.registry.revoke(tenant.registered.id, tenant.owner, &handled).await.unwrap();
    assert_eq!(revoke().await, Change::Written);
    let read = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(read.handled, handled);
    assert!(read.credentials.iter().all(|credential| credential.revoked_at.is_some()));
    assert_eq!(revoke().await, Change::Unchanged);
    assert_eq!(timeless(database.read(&tenant).await), timeless(read));
    let generation = issue(&database, &tenant, &token(), Issue::First).await.unwrap();
    assert_eq!(generation, Generation::new(3));
}

#[tokio::test]
async fn the_annotation_is_handled_in_the_same_transaction() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let handled = HandledAnnotations { rotate_token: Some("2026-11-22".to_owned()), revoke_tokens: None };
    let (id, credential) = (tenant.registered.id, bearer_token(&token()));
    database.registry.issue(id, tenant.owner, &credential, REPLACEMENT, &handled).await.unwrap();
    assert_eq!(database.registry.tenant(&tenant.key).await.unwrap().unwrap().handled, handled);

    // What is refused handles no annotation either.
    let next = HandledAnnotations { rotate_token: Some("2026-11-23".to_owned()), ..handled.clone() };
    let refused = database.registry.issue(id, tenant.owner, &credential, Issue::First, &next).await;
    assert!(matches!(refused, Err(RegistryError::AlreadyIssued(_))), "{refused:?}");
    let read = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(read.handled, handled);
}

#[tokio::test]
async fn only_the_owner_issues_and_revokes_tokens() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let stranger = TestTenant { owner: owner(), ..tenant.clone() };
    let issued = issue(&database, &stranger, &token(), REPLACEMENT).await;
    assert!(matches!(issued, Err(RegistryError::NotOwned(_))), "{issued:?}");
    let handled = HandledAnnotations { rotate_token: Some("x".to_owned()), revoke_tokens: None };
    let revoked = database.registry.revoke(tenant.registered.id, stranger.owner, &handled).await;
    assert!(matches!(revoked, Err(RegistryError::NotOwned(_))), "{revoked:?}");
    assert_eq!(timeless(database.read(&tenant).await), timeless(tenant.registered));
}

#[tokio::test]
async fn tokens_that_are_issued_at_once_get_generations_of_their_own() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let (a, b, c) = (token(), token(), token());
    let (a, b, c) = tokio::join!(
        issue(&database, &tenant, &a, REPLACEMENT),
        issue(&database, &tenant, &b, REPLACEMENT),
        issue(&database, &tenant, &c, REPLACEMENT),
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

#[tokio::test]
async fn an_overlap_of_a_duration_ends_the_old_ones_by_the_databases_clock_and_not_before() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let second = token();
    let hour = Issue::Replacement(Overlap::For(Duration::from_hours(1)));
    issue(&database, &tenant, &second, hour).await.unwrap();
    let read = database.read(&tenant).await;
    let [old, new] = &read.credentials[..] else { panic!("{read:?}") };
    let valid_for = old.valid_until.unwrap().duration_since(new.issued_at);
    assert_eq!((valid_for, new.valid_until), (SignedDuration::from_hours(1), None));
    assert_eq!(read.newest(), Some(new));

    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &second).await);
    assert!(admits(&view, &tenant, &tenant.token).await, "whether or not the new one was used");
    run(
        &database,
        &tenant,
        "UPDATE scim_control.credentials SET first_used_at = now(), last_used_at = now()",
    )
    .await;
    assert_eq!(working(&database, &tenant).await, [1, 2]);
    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &tenant.token).await, "as the registry has it, too");

    run(&database, &tenant, "UPDATE scim_control.credentials SET valid_until = now() WHERE generation = 1")
        .await;
    view.refresh().await.unwrap();
    assert!(!admits(&view, &tenant, &tenant.token).await && admits(&view, &tenant, &second).await);
    assert_eq!(working(&database, &tenant).await, [2]);
}

#[tokio::test]
async fn a_view_ends_a_credential_on_time_without_hearing_of_it() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let soon = Issue::Replacement(Overlap::For(Duration::from_secs(3)));
    issue(&database, &tenant, &token(), soon).await.unwrap();
    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &tenant.token).await);
    within(Duration::from_secs(6), async || !admits(&view, &tenant, &tenant.token).await).await;
    let now = view.now().unwrap();
    let read = database.read(&tenant).await;
    assert!(now >= read.credentials[0].valid_until.unwrap());
    assert!(now.duration_since(read.now).abs() < SignedDuration::from_secs(2), "{now} {}", read.now);
}

#[tokio::test]
async fn an_end_is_never_put_off_and_what_has_ended_is_not_let_in_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    issue(&database, &tenant, &token(), REPLACEMENT).await.unwrap();
    run(&database, &tenant, "UPDATE scim_control.credentials SET first_used_at = now() WHERE generation = 2")
        .await;
    let replace_within = async |hours| {
        let overlap = Overlap::For(Duration::from_hours(hours));
        issue(&database, &tenant, &token(), Issue::Replacement(overlap)).await.unwrap();
        database.read(&tenant).await.credentials
    };
    let first = replace_within(1).await;
    assert_eq!(first[0].valid_until, None, "it had ended by the use of 2");
    assert_eq!(working(&database, &tenant).await, [2, 3]);
    let later = replace_within(10).await;
    assert_eq!(later[1].valid_until, first[1].valid_until);
    assert!(later[2].valid_until > first[1].valid_until);
    let sooner = replace_within(0).await;
    assert_eq!(sooner[3].valid_until, Some(sooner[4].issued_at));
    assert_eq!(working(&database, &tenant).await, [5]);
    issue(&database, &tenant, &token(), Issue::Replacement(Overlap::For(Duration::MAX))).await.unwrap();
    assert_eq!(working(&database, &tenant).await, [5, 6]);
}

#[tokio::test]
async fn a_credential_that_the_registry_lost_comes_back_under_its_generation() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let pasted = token();
    let known = Generation::new(7);
    assert_eq!(issue(&database, &tenant, &pasted, Issue::Known(known)).await.unwrap(), known);
    assert_eq!(working(&database, &tenant).await, [1, 7]);
    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &tenant.token).await, "until the other one is used");
    assert!(admits(&view, &tenant, &pasted).await && !admits(&view, &tenant, &tenant.token).await);
    for older in [1, 6, 7] {
        let refused = issue(&database, &tenant, &token(), Issue::Known(Generation::new(older))).await;
        assert!(matches!(refused, Err(RegistryError::AlreadyIssued(_))), "{refused:?}");
    }
    assert_eq!(issue(&database, &tenant, &token(), REPLACEMENT).await.unwrap(), Generation::new(8));
}

#[tokio::test]
async fn two_tenants_may_bring_the_same_token() {
    let database = TestDatabase::start().await;
    let (one, two) = (database.tenant().await, database.tenant().await);
    let same = token();
    for tenant in [&one, &two] {
        issue(&database, tenant, &same, REPLACEMENT).await.unwrap();
    }
    let view = loaded(&database).await;
    assert!(admits(&view, &one, &same).await && admits(&view, &two, &same).await);
    issue(&database, &one, &same, REPLACEMENT).await.unwrap();
}

#[tokio::test]
async fn a_credential_of_each_kind_is_read_as_it_was_issued() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let secret = token();
    let issued = [
        database::testing::basic("scim", &secret),
        database::testing::client_secret(&tenant.path(), &secret),
        trusted(CredentialKind::Federation, trust("https://login.example.com")),
        trusted(CredentialKind::Jwt, trust("https://sts.example.com")),
    ];
    for credential in &issued {
        database.issue(&tenant, credential, REPLACEMENT).await;
    }
    let read = database.read(&tenant).await.credentials;
    for (credential, read) in issued.iter().zip(&read[1..]) {
        let Credential { kind, digest, principal, trust, .. } = read.clone();
        assert_eq!(&NewCredential { kind, digest, principal, trust }, credential);
    }
    assert_eq!(read[2].principal.as_deref(), Some(tenant.path().to_string().replace('/', ".").as_str()));
}
