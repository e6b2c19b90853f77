//! What several of these tests need.

use std::time::{Duration, Instant};

use database::registry::view::{Authenticated, Presented, Refused, RegistryView};
use database::registry::{Foreign, Issue, Origin, Overlap, RegisteredTenant, RegistryError};
use database::testing::{SOURCE, TestDatabase, TestTenant, bearer_token, execute, token};
use jiff::Timestamp;
use tenancy::{Owner, TenantConfiguration, TenantKey, TenantPath, Token, Trust};
use uuid::Uuid;

/// A new credential, and the old ones work until it is used.
pub(crate) const REPLACEMENT: Issue = Issue::Replacement(Overlap::UntilUsed);

/// Registers as a class does that adopts nothing.
pub(crate) async fn register(
    database: &TestDatabase,
    key: &TenantKey,
    owner: Owner,
    configuration: &TenantConfiguration,
) -> Result<(RegisteredTenant, Origin), RegistryError> {
    database.registry.register(key, owner, configuration, Foreign::Refuse).await
}

/// A `ScimTenant` of the same namespace.
pub(crate) fn same_namespace(owner: Owner) -> Owner {
    Owner { uid: Uuid::now_v7(), ..owner }
}

/// Runs SQL as the superuser; the marker `tenant_N` stands for the tenant's schema, `$id` for its number.
pub(crate) async fn run(database: &TestDatabase, tenant: &TestTenant, sql: &str) {
    let sql = sql
        .replace("tenant_N", tenant.registered.schema_name().as_str())
        .replace("$id", &tenant.registered.id.to_string());
    execute(&mut database.administrator().await, &sql).await.unwrap();
}

/// Adds a user as any server does.
pub(crate) async fn add_user(database: &TestDatabase, tenant: &TestTenant) {
    let sql = "INSERT INTO tenant_N.users VALUES
               (gen_random_uuid(), gen_random_uuid(), NULL, true, '{}', '{}', 0, 1, now(), now())";
    run(database, tenant, sql).await;
}

/// A row without the time when it was read, to be compared.
pub(crate) fn timeless(mut tenant: RegisteredTenant) -> RegisteredTenant {
    tenant.now = Timestamp::UNIX_EPOCH;
    tenant
}

/// The transaction that wrote the row last: it stays the same when nothing was written.
pub(crate) async fn row_version(database: &TestDatabase, key: &TenantKey) -> (String, i64) {
    sqlx::query_as("SELECT ctid::text, changed::text::bigint FROM scim_control.tenants WHERE name = $1 AND state <> 'deleted'")
        .bind(key.name.as_str())
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap()
}

/// The generations that work.
pub(crate) async fn working(database: &TestDatabase, tenant: &TestTenant) -> Vec<u32> {
    database.read(tenant).await.working().map(|credential| credential.generation.get()).collect()
}

/// Trust into this issuer.
pub(crate) fn trust(issuer: &str) -> Trust {
    Trust {
        issuer: issuer.to_owned(),
        jwks_uri: format!("{issuer}/keys"),
        audience: "scim".to_owned(),
        subject: None,
        directory_id: None,
    }
}

/// A view that has read the registry.
pub(crate) async fn loaded(database: &TestDatabase) -> RegistryView {
    let view = database.view();
    view.refresh().await.unwrap();
    view
}

/// Authenticates with a bearer token.
pub(crate) async fn bearer(
    view: &RegistryView,
    path: &TenantPath,
    token: &str,
) -> Result<Authenticated, Refused> {
    view.authenticate(path, Presented::Bearer(token), SOURCE).await
}

/// Whether the view lets in who has this bearer token, to this tenant and no other.
pub(crate) async fn admits(view: &RegistryView, tenant: &TestTenant, token: &Token) -> bool {
    match bearer(view, &tenant.path(), token.expose()).await {
        Ok(authenticated) => {
            assert_eq!(authenticated.scope, tenant.scope);
            true
        }
        Err(refused) => {
            assert_eq!(refused, Refused::Unknown);
            false
        }
    }
}

/// Issues a bearer token.
pub(crate) async fn issue(database: &TestDatabase, tenant: &TestTenant, issue: Issue) -> Token {
    let token = token();
    database.issue(tenant, &bearer_token(&token), issue).await;
    token
}

/// Ends everything that the tenant was given.
pub(crate) async fn revoke(database: &TestDatabase, tenant: &TestTenant) {
    let handled = tenant.registered.handled.clone();
    database.registry.revoke(tenant.registered.id, tenant.owner, &handled).await.unwrap();
}

/// Waits until it is so, for as long as "within a second" allows.
pub(crate) async fn within_a_second(holds: impl AsyncFnMut() -> bool) {
    within(Duration::from_secs(1), holds).await;
}

/// Waits until it is so.
pub(crate) async fn within(limit: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until as many sessions of the test's database wait for a lock.
pub(crate) async fn until_waiting(database: &TestDatabase, sessions: i64) {
    within(Duration::from_secs(5), async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap();
        waiting >= sessions
    })
    .await;
}
