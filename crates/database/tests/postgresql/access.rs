//! Access tokens: issued by a server, known to all, and ended with the credential that they were issued for.

use std::time::Duration;

use database::Error;
use database::registry::view::{Client, Refused, RegistryView};
use database::testing::{SOURCE, TestDatabase, TestTenant, client_secret, execute, token};
use sqlx::{Connection, PgConnection};
use tenancy::Token;

use crate::support::{REPLACEMENT, admits, bearer, issue, loaded, revoke, run, within, within_a_second};

async fn client(view: &RegistryView, tenant: &TestTenant, secret: &Token) -> Client {
    let id = tenant.path().to_string().replace('/', ".");
    view.authenticate_client(&tenant.path(), &id, secret.expose(), SOURCE).await.unwrap()
}

/// A tenant whose client has a secret.
async fn start() -> (TestDatabase, TestTenant, Token) {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let secret = token();
    database.issue(&tenant, &client_secret(&tenant.path(), &secret), REPLACEMENT).await;
    (database, tenant, secret)
}

async fn access_token(view: &RegistryView, client: &Client) -> Token {
    let token = token();
    let lifetime = view.issue_access_token(client, &token.digest()).await.unwrap();
    assert_eq!(lifetime, Duration::from_hours(1));
    token
}

#[tokio::test]
async fn an_access_token_is_good_on_every_replica_at_once_and_until_it_expires() {
    let (database, tenant, secret) = start().await;
    let (one, two) = (loaded(&database).await, loaded(&database).await);
    let client = client(&one, &tenant, &secret).await;
    let access_token = access_token(&one, &client).await;
    assert!(admits(&two, &tenant, &access_token).await && admits(&one, &tenant, &access_token).await);
    let other = database.tenant().await;
    assert!(!admits(&two, &other, &access_token).await);
    let refused = two.authenticate_client(&tenant.path(), "x", access_token.expose(), SOURCE).await;
    assert_eq!(refused.err(), Some(Refused::Unknown));

    run(
        &database,
        &tenant,
        "UPDATE scim_control.access_tokens SET expires_at = now() + interval '3 seconds'",
    )
    .await;
    let late = loaded(&database).await;
    assert!(admits(&late, &tenant, &access_token).await);
    // Without anybody saying so.
    within(Duration::from_secs(6), async || !admits(&late, &tenant, &access_token).await).await;
}

#[tokio::test]
async fn a_revocation_ends_access_tokens_within_a_second() {
    let (database, tenant, secret) = start().await;
    let view = loaded(&database).await;
    let client = client(&view, &tenant, &secret).await;
    let access_token = access_token(&view, &client).await;
    assert!(admits(&view, &tenant, &access_token).await);
    let running = view.clone();
    let running = tokio::spawn(async move { running.run(std::future::pending()).await });
    revoke(&database, &tenant).await;
    within_a_second(async || !admits(&view, &tenant, &access_token).await).await;
    running.abort();
    let late = view.issue_access_token(&client, &token().digest()).await;
    assert!(matches!(late, Err(Error::Missing(_))), "{late:?}");
    // What a server issued that had not heard of it yet.
    run(
        &database,
        &tenant,
        "INSERT INTO scim_control.access_tokens (tenant_id, digest, generation, expires_at)
         VALUES ($id, sha256('late'), 2, now() + interval '1 hour')",
    )
    .await;
    assert_eq!(bearer(&view, &tenant.path(), "late").await.unwrap_err(), Refused::Unknown);
}

#[tokio::test]
async fn an_access_token_lives_its_time_out_when_a_newer_credential_is_used_and_its_use_is_noted() {
    let (database, tenant, secret) = start().await;
    let view = loaded(&database).await;
    let client = client(&view, &tenant, &secret).await;
    let access_token = access_token(&view, &client).await;
    let newer = issue(&database, &tenant, REPLACEMENT).await;
    assert!(admits(&view, &tenant, &newer).await);
    view.run(std::future::ready(())).await;
    let refused = view.authenticate_client(&tenant.path(), "any", secret.expose(), SOURCE).await;
    assert_eq!(refused.err(), Some(Refused::Unknown), "the secret has ended");
    run(&database, &tenant, "UPDATE scim_control.credentials SET last_used_at = now() - interval '1 day'")
        .await;
    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &access_token).await);
    assert!(admits(&view, &tenant, &newer).await, "its use ends nothing");
    view.run(std::future::ready(())).await;
    let credentials = database.read(&tenant).await.credentials;
    let day_ago = database.read(&tenant).await.now - jiff::SignedDuration::from_hours(1);
    assert!(credentials[1].last_used_at.is_some_and(|used| used > day_ago), "{credentials:?}");
}

#[tokio::test]
async fn the_first_use_of_an_access_token_is_the_first_use_of_its_credential() {
    let (database, tenant, _) = start().await;
    run(
        &database,
        &tenant,
        "INSERT INTO scim_control.access_tokens (tenant_id, digest, generation, expires_at)
         VALUES ($id, sha256('token'), 2, now() + interval '1 hour')",
    )
    .await;
    let view = loaded(&database).await;
    assert!(admits(&view, &tenant, &tenant.token).await);
    bearer(&view, &tenant.path(), "token").await.unwrap();
    assert!(!admits(&view, &tenant, &tenant.token).await);
}

#[tokio::test]
async fn a_tenant_has_256_access_tokens_and_none_that_expired() {
    let (database, tenant, secret) = start().await;
    let view = loaded(&database).await;
    let client = client(&view, &tenant, &secret).await;
    run(
        &database,
        &tenant,
        "INSERT INTO scim_control.access_tokens (tenant_id, digest, generation, issued_at, expires_at)
         SELECT $id, sha256(n::text::bytea), 2, now() - n * interval '1 second',
                now() + CASE WHEN n % 2 = 0 THEN interval '1 hour' ELSE - interval '1 second' END
           FROM generate_series(1, 600) n",
    )
    .await;
    let access_token = access_token(&view, &client).await;
    let (count, expired, oldest): (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE expires_at <= now()),
                count(*) FILTER (WHERE digest = sha256('600')) FROM scim_control.access_tokens",
    )
    .fetch_one(&mut database.administrator().await)
    .await
    .unwrap();
    assert_eq!((count, expired, oldest), (256, 0, 0));
    assert!(admits(&view, &tenant, &access_token).await);
    assert_eq!(bearer(&view, &tenant.path(), "600").await.unwrap_err(), Refused::Unknown);
    assert!(bearer(&view, &tenant.path(), "2").await.is_ok());
}

#[tokio::test]
async fn access_tokens_that_are_issued_at_once_are_all_good() {
    let (database, tenant, secret) = start().await;
    let view = loaded(&database).await;
    let client = client(&view, &tenant, &secret).await;
    run(
        &database,
        &tenant,
        "INSERT INTO scim_control.access_tokens (tenant_id, digest, generation, issued_at, expires_at)
         SELECT $id, sha256(n::text::bytea), 2, now() - interval '1 hour', now() + interval '1 hour'
           FROM generate_series(1, 256) n",
    )
    .await;
    let issuing = (0..40).map(|_| {
        let (view, client) = (view.clone(), client.clone());
        tokio::spawn(async move { access_token(&view, &client).await })
    });
    for task in issuing.collect::<Vec<_>>() {
        assert!(admits(&view, &tenant, &task.await.unwrap()).await);
    }
}

#[tokio::test]
async fn a_client_whose_tenant_is_gone_gets_no_access_token() {
    let (database, tenant, secret) = start().await;
    let view = loaded(&database).await;
    let client = client(&view, &tenant, &secret).await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    let retained = view.issue_access_token(&client, &token().digest()).await;
    assert!(matches!(retained, Err(Error::Missing(_))), "{retained:?}");
    database.registry.delete(tenant.registered.id, tenant.owner).await.unwrap();
    let deleted = view.issue_access_token(&client, &token().digest()).await;
    assert!(matches!(deleted, Err(Error::Missing(_))), "{deleted:?}");
}

#[tokio::test]
async fn the_function_issues_for_credentials_that_may_have_access_tokens_and_for_six_hours_at_most() {
    let (database, tenant, _) = start().await;
    let mut server = PgConnection::connect(&database.server_url()).await.unwrap();
    let mut issue = async |generation: i32, lifetime: &str| {
        sqlx::query_scalar::<_, bool>(
            "SELECT scim_control.issue_access_token($1, $2, sha256(gen_random_uuid()::text::bytea), $3::text::interval) IS NOT NULL",
        )
        .bind(tenant.registered.id.get())
        .bind(generation)
        .bind(lifetime)
        .fetch_one(&mut server)
        .await
    };
    assert!(issue(2, "1 hour").await.unwrap() && issue(2, "6 hours").await.unwrap());
    assert!(!issue(1, "1 hour").await.unwrap(), "a bearer token has none");
    assert!(!issue(9, "1 hour").await.unwrap(), "nor has one that is not there");
    for lifetime in ["7 hours", "0", "-1 hour", "1 year"] {
        assert!(issue(2, lifetime).await.is_err(), "{lifetime}");
    }
    execute(&mut server, "SELECT count(*) FROM scim_control.access_tokens").await.unwrap();
}

#[tokio::test]
async fn a_use_a_rotation_a_revocation_and_an_access_token_at_once_do_not_block_each_other() {
    let (database, tenant, secret) = start().await;
    let view = loaded(&database).await;
    for _ in 0..20 {
        let client = client(&view, &tenant, &secret).await;
        let digest = token().digest();
        let next = token();
        let (registry, id, owner) = (&database.registry, tenant.registered.id, tenant.owner);
        let handled = tenant.registered.handled.clone();
        let credential = client_secret(&tenant.path(), &secret);
        let (issued, revoked, replaced, used) = tokio::join!(
            view.issue_access_token(&client, &digest),
            registry.revoke(id, owner, &handled),
            registry.issue(id, owner, &credential, REPLACEMENT, &handled),
            view.run(async { tokio::task::yield_now().await }),
        );
        let () = used;
        assert!(matches!(issued, Ok(_) | Err(Error::Missing(_))), "{issued:?}");
        revoked.unwrap();
        replaced.unwrap();
        database.issue(&tenant, &client_secret(&tenant.path(), &secret), REPLACEMENT).await;
        drop(next);
    }
}

#[tokio::test]
async fn a_tenant_that_an_operator_works_on_for_long_keeps_no_other_from_its_access_tokens() {
    let (database, held, secret) = start().await;
    let free = database.tenant().await;
    database.issue(&free, &client_secret(&free.path(), &secret), REPLACEMENT).await;
    let view = loaded(&database).await;
    let (waiting, served) = (client(&view, &held, &secret).await, client(&view, &free, &secret).await);
    let mut operator = PgConnection::connect(&database.operator_url()).await.unwrap();
    let mut working = operator.begin().await.unwrap();
    sqlx::query("SELECT FROM scim_control.tenants WHERE id = $1 FOR UPDATE")
        .bind(held.registered.id.get())
        .execute(&mut *working)
        .await
        .unwrap();
    let asking = (0..4).map(|_| {
        let (view, client) = (view.clone(), waiting.clone());
        tokio::spawn(async move { view.issue_access_token(&client, &token().digest()).await })
    });
    let asking: Vec<_> = asking.collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = std::time::Instant::now();
    access_token(&view, &served).await;
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    for asked in asking {
        let refused = asked.await.unwrap();
        assert!(matches!(refused, Err(Error::Contention(_) | Error::Crowded)), "{refused:?}");
    }
    working.rollback().await.unwrap();
    access_token(&view, &waiting).await;
}
