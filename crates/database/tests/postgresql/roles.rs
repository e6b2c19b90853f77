//! The role of the servers is made where the operator's may, and let into the database; otherwise it is said what to run.

use std::str::FromStr as _;

use database::migration::TenantMigrations;
use database::registry::{Registry, RegistryError, ServerRole};
use database::testing::{TestDatabase, execute};
use database::{Database, Options, RefusalKind};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

/// What PostgreSQL keeps of this would not fit between plain quotes if it were kept as it is.
const PASSWORD: &str = "it's \\ a \"secret\"";

fn registry(database: &TestDatabase, role: &str, password: Option<&str>) -> Registry {
    let role = role.parse::<ServerRole>().unwrap().with_password(password.map(str::to_owned));
    Registry::new(database.operator.clone(), role, TenantMigrations::CURRENT)
}

/// The message, with the names that are another in each run told by what they are.
fn told(error: &RegistryError, database: &TestDatabase, role: &str) -> String {
    let options = PgConnectOptions::from_str(&database.operator_url()).unwrap();
    error
        .to_string()
        .replace(role, "new_role")
        .replace(database.server_role(), "server")
        .replace(options.get_username(), "operator")
        .replace(options.get_database().unwrap(), "scim")
}

async fn run(database: &TestDatabase, sql: &str) {
    let options = PgConnectOptions::from_str(&database.operator_url()).unwrap();
    let sql =
        sql.replace("$operator", options.get_username()).replace("$scim", options.get_database().unwrap());
    execute(&mut database.administrator().await, &sql).await.unwrap();
}

async fn logs_in(database: &TestDatabase, role: &str, password: &str) -> bool {
    let options = PgConnectOptions::from_str(&database.operator_url()).unwrap();
    PgConnection::connect_with(&options.username(role).password(password)).await.is_ok()
}

fn unique() -> String {
    format!("made_{}", uuid::Uuid::now_v7().simple())
}

#[tokio::test]
async fn a_role_that_is_missing_is_made_with_its_password() {
    let database = TestDatabase::start_without_registry().await;
    run(&database, "ALTER ROLE $operator CREATEROLE; REVOKE CONNECT ON DATABASE \"$scim\" FROM PUBLIC").await;
    run(&database, "GRANT CONNECT ON DATABASE \"$scim\" TO $operator WITH GRANT OPTION").await;
    let role = unique();
    registry(&database, &role, Some(PASSWORD)).migrate().await.unwrap();
    assert!(logs_in(&database, &role, PASSWORD).await);
    let kept: String = sqlx::query_scalar("SELECT rolpassword FROM pg_authid WHERE rolname = $1")
        .bind(role.clone())
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap();
    assert!(kept.starts_with("SCRAM-SHA-256$4096:"), "{kept}");
    // Somebody else's password is not changed.
    registry(&database, &role, Some("another")).migrate().await.unwrap();
    assert!(logs_in(&database, &role, PASSWORD).await);
}

#[tokio::test]
async fn who_may_make_no_roles_says_what_to_run() {
    let database = TestDatabase::start_without_registry().await;
    let role = unique();
    let refusal = async |password| registry(&database, &role, password).migrate().await.unwrap_err();
    insta::assert_snapshot!(told(&refusal(Some(PASSWORD)).await, &database, &role), @r#"the database role new_role for the servers does not exist, and operator may not make it, since it lacks CREATEROLE; as an administrator of PostgreSQL run: CREATE ROLE "new_role" LOGIN PASSWORD '…'"#);
    run(
        &database,
        "REVOKE CONNECT ON DATABASE \"$scim\" FROM PUBLIC; GRANT CONNECT ON DATABASE \"$scim\" TO $operator",
    )
    .await;
    insta::assert_snapshot!(told(&refusal(None).await, &database, &role), @r#"the database role new_role for the servers does not exist, and no password was given to make it with; as an administrator of PostgreSQL run: CREATE ROLE "new_role" LOGIN PASSWORD '…'; GRANT CONNECT ON DATABASE "scim" TO "new_role""#);
}

#[tokio::test]
async fn a_role_that_is_not_let_into_the_database_is_or_it_is_said_what_to_run() {
    let database = TestDatabase::start_without_registry().await;
    run(
        &database,
        "REVOKE CONNECT ON DATABASE \"$scim\" FROM PUBLIC; GRANT CONNECT ON DATABASE \"$scim\" TO $operator",
    )
    .await;
    let error = database.registry.migrate().await.unwrap_err();
    insta::assert_snapshot!(told(&error, &database, "-"), @r#"the database role server of the servers may not connect to the database; as an administrator of PostgreSQL run: GRANT CONNECT ON DATABASE "scim" TO "server""#);
    run(&database, "GRANT CONNECT ON DATABASE \"$scim\" TO $operator WITH GRANT OPTION").await;
    database.registry.migrate().await.unwrap();
    assert!(database.server.refusal().await.is_none());
}

#[tokio::test]
async fn why_nobody_is_let_in_is_told_and_new_connections_go_where_is_said_last() {
    let database = TestDatabase::start_without_registry().await;
    let url = database.operator_url();
    let wrong = url.replacen(":test@", ":wrong@", 1);
    let connection = |url: &str| {
        let options = Options { max_connections: 1, application_name: "test".to_owned() };
        Database::connect(url, options).unwrap()
    };
    let options = PgConnectOptions::from_str(&url).unwrap();
    let missing = url.replacen(&format!("/{}", options.get_database().unwrap()), "/nothing_here", 1);
    for (url, part) in [(&wrong, "the password is wrong"), (&missing, "there is no such database")] {
        let refusal = connection(url).refusal().await.unwrap();
        let text = refusal.to_string();
        assert_eq!(refusal.kind, RefusalKind::NotLetIn, "{text}");
        assert!(
            text.contains(part) && text.contains(options.get_username()) && !text.contains(":wrong"),
            "{text}"
        );
    }
    let mended = connection(&wrong);
    let apart = mended.apart(1);
    assert!(mended.health().await.is_err() && apart.health().await.is_err());
    mended.renew(&url).unwrap();
    mended.health().await.unwrap();
    apart.health().await.unwrap();
}
