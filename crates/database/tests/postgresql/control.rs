//! A control schema that was changed by hand, or that a restore took back, is noticed and made again.

use database::registry::{Origin, Registry, SchemaState};
use database::testing::{INSTALLATION, TestDatabase, configuration, execute, key, owner};
use tenancy::InstallationId;
use uuid::Uuid;

use crate::support::{admits, loaded, register};

/// An operator that has begun, and how it begins again.
struct Operator {
    registry: Registry,
    installation: InstallationId,
    cluster: Uuid,
}

impl Operator {
    async fn start(database: &TestDatabase) -> Self {
        let operator = Self {
            registry: database.registry.clone(),
            installation: INSTALLATION.parse().unwrap(),
            cluster: Uuid::now_v7(),
        };
        operator.prepare().await;
        operator
    }

    async fn prepare(&self) {
        self.registry.prepare(&self.installation, self.cluster, None).await.unwrap();
    }

    async fn is_intact(&self) -> bool {
        self.registry.control_is_intact().await.unwrap()
    }
}

async fn by_hand(database: &TestDatabase, sql: &str) {
    execute(&mut database.administrator().await, sql).await.unwrap();
}

#[tokio::test]
async fn each_right_to_the_control_schema_that_was_taken_away_is_noticed_and_given_back() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let operator = Operator::start(&database).await;
    assert!(operator.is_intact().await);
    let role = database.server_role();
    for right in [
        "USAGE ON SCHEMA scim_control",
        "SELECT ON scim_control.tenants",
        "SELECT ON scim_control.credentials",
        "SELECT ON scim_control.access_tokens",
        "UPDATE (first_used_at) ON scim_control.credentials",
        "UPDATE (last_used_at) ON scim_control.credentials",
        "UPDATE (derived_form) ON scim_control.tenants",
        "EXECUTE ON FUNCTION scim_control.issue_access_token(bigint, integer, bytea, interval)",
    ] {
        by_hand(&database, &format!("REVOKE {right} FROM {role}")).await;
        assert!(!operator.is_intact().await, "{right}");
        operator.prepare().await;
        assert!(operator.is_intact().await, "{right}");
    }
    assert!(admits(&loaded(&database).await, &tenant, &tenant.token).await);
}

#[tokio::test]
async fn a_servers_role_that_was_made_anew_gets_its_rights() {
    let database = TestDatabase::start().await;
    let operator = Operator::start(&database).await;
    let role = database.server_role();
    by_hand(&database, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    assert!(!operator.is_intact().await);
    by_hand(&database, &format!("CREATE ROLE {role} LOGIN PASSWORD 'test'")).await;
    assert!(!operator.is_intact().await);
    operator.prepare().await;
    assert!(operator.is_intact().await);
}

#[tokio::test]
async fn the_row_of_the_installation_is_missed() {
    let database = TestDatabase::start().await;
    assert!(database.registry.control_is_intact().await.unwrap(), "it was bound to none");
    let operator = Operator::start(&database).await;
    by_hand(&database, "DELETE FROM scim_control.installations").await;
    assert!(!operator.is_intact().await);
    operator.prepare().await;
    assert!(operator.is_intact().await);
}

#[tokio::test]
async fn a_registry_of_an_older_version_is_missed() {
    let database = TestDatabase::start().await;
    let operator = Operator::start(&database).await;
    let newer = "INSERT INTO scim_control.migrations (version) VALUES (99)";
    by_hand(&database, newer).await;
    assert!(operator.is_intact().await, "that of a newer operator is well");
    by_hand(&database, "DELETE FROM scim_control.migrations WHERE version > 1").await;
    assert!(!operator.is_intact().await);
    by_hand(&database, "DELETE FROM scim_control.migrations").await;
    assert!(!operator.is_intact().await);
}

#[tokio::test]
async fn a_control_schema_that_is_gone_is_made_again_and_tenants_register_anew() {
    let database = TestDatabase::start().await;
    let operator = Operator::start(&database).await;
    let (key, owner) = (key("acme"), owner());
    register(&database, &key, owner, &configuration(&key)).await.unwrap();
    by_hand(&database, "DROP SCHEMA tenant_1 CASCADE; DROP SCHEMA scim_control CASCADE").await;
    assert!(operator.registry.tenant(&key).await.unwrap_err().is_missing());
    assert!(!operator.is_intact().await);
    operator.prepare().await;
    assert!(operator.is_intact().await);
    let (again, origin) = register(&database, &key, owner, &configuration(&key)).await.unwrap();
    assert_eq!((origin, again.schema), (Origin::New, SchemaState::Whole));
}
