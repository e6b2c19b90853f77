//! Migrations run at once, twice and with too few rights.

use database::registry::{Registry, RegistryError};
use database::testing::TestDatabase;

#[tokio::test]
async fn two_operators_may_migrate_at_once_and_again() {
    let database = TestDatabase::start_without_registry().await;
    let (one, two) = tokio::join!(database.registry.migrate(), database.registry.migrate());
    one.unwrap();
    two.unwrap();
    database.registry.migrate().await.unwrap();
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM scim_control.migrations")
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap();
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn a_missing_server_role_is_told_with_the_command_that_makes_it() {
    let database = TestDatabase::start_without_registry().await;
    let registry = Registry::new(database.operator.clone(), "nobody_made_me".parse().unwrap());
    insta::assert_snapshot!(
        registry.migrate().await.unwrap_err(),
        @r#"the database role nobody_made_me for the servers does not exist; as an administrator of PostgreSQL run: CREATE ROLE "nobody_made_me" LOGIN PASSWORD '…'"#
    );
}

#[tokio::test]
async fn a_missing_right_to_create_schemas_is_told_with_the_command_that_grants_it() {
    let database = TestDatabase::start_without_registry().await;
    let as_server = Registry::new(database.server.clone(), database.server_role().parse().unwrap());
    let error = as_server.migrate().await.unwrap_err();
    assert!(matches!(error, RegistryError::MayNotCreateSchemas { .. }));
    assert!(error.to_string().contains("GRANT CREATE ON DATABASE"), "{error}");
}
