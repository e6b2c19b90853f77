//! What was changed by hand is healed or reported.

use database::registry::{Origin, RegistryError, SchemaState};
use database::testing::{TestDatabase, configuration};
use tenancy::{SchemaName, TenantId};

use crate::support::{REPLACEMENT, add_user, admits, issue, loaded, register, row_version, run, timeless};

#[tokio::test]
async fn a_schema_that_was_dropped_by_hand_is_made_anew_and_the_tokens_stay() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    add_user(&database, &tenant).await;
    run(&database, &tenant, "DROP SCHEMA tenant_N CASCADE").await;
    assert_eq!(database.read(&tenant).await.schema, SchemaState::Missing);
    let again = register(&database, &tenant.key, tenant.owner, &configuration(&tenant.key)).await;
    let (again, origin) = again.unwrap();
    assert_eq!((origin, &again.schema), (Origin::MadeAnew, &SchemaState::Whole));
    assert_eq!(database.registry.statistics(again.id).await.unwrap().users, 0);
    assert!(admits(&loaded(&database).await, &tenant, &tenant.token).await);
    let settled = register(&database, &tenant.key, tenant.owner, &configuration(&tenant.key)).await;
    assert_eq!(settled.unwrap().1, Origin::Registered);
}

#[tokio::test]
async fn a_schema_that_lacks_a_part_is_reported_and_not_touched() {
    for (damage, expected) in [
        ("DROP TABLE tenant_N.removed_users", vec!["removed_users"]),
        ("DROP TABLE tenant_N.users CASCADE", vec!["users"]),
        (
            "ALTER TABLE tenant_N.users RENAME TO people; DROP TABLE tenant_N.group_members",
            vec!["users", "group_members"],
        ),
        ("DROP FUNCTION tenant_N.claim_beside_others(text, bytea, uuid)", vec!["claim_beside_others"]),
    ] {
        let database = TestDatabase::start().await;
        let tenant = database.tenant().await;
        run(&database, &tenant, damage).await;
        let before = row_version(&database, &tenant.key).await;
        let mut changed = configuration(&tenant.key);
        changed.display_name = "Changed".to_owned();
        let refused = register(&database, &tenant.key, tenant.owner, &changed).await.unwrap_err();
        let RegistryError::SchemaDamaged { schema, missing } = &refused else { panic!("{refused:?}") };
        assert_eq!(
            (schema, missing),
            (&tenant.registered.schema_name(), &expected.iter().map(ToString::to_string).collect())
        );
        assert_eq!(row_version(&database, &tenant.key).await, before);
        assert_eq!(database.read(&tenant).await.schema, SchemaState::Damaged(missing.clone()));
    }
}

#[tokio::test]
async fn each_right_that_was_taken_from_the_servers_role_is_given_back() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    add_user(&database, &tenant).await;
    let role = database.server_role();
    let mut revokes = vec![
        format!("REVOKE USAGE ON SCHEMA tenant_N FROM {role}"),
        format!(
            "REVOKE EXECUTE ON FUNCTION tenant_N.claim_beside_others(text, bytea, uuid) FROM PUBLIC, {role}"
        ),
    ];
    for table in ["users", "groups", "group_members", "unique_values", "removed_users"] {
        for right in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
            revokes.push(format!("REVOKE {right} ON tenant_N.{table} FROM {role}"));
        }
    }
    for revoke in revokes {
        run(&database, &tenant, &revoke).await;
        assert_eq!(database.read(&tenant).await.schema, SchemaState::NotGranted, "{revoke}");
        let healed = register(&database, &tenant.key, tenant.owner, &configuration(&tenant.key)).await;
        let (healed, origin) = healed.unwrap();
        assert_eq!((origin, healed.schema), (Origin::Registered, SchemaState::Whole), "{revoke}");
    }
    assert_eq!(database.registry.statistics(tenant.registered.id).await.unwrap().users, 1);
}

#[tokio::test]
async fn an_edited_row_is_written_anew() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    for edit in [
        r#"UPDATE scim_control.tenants SET configuration = jsonb_set(configuration, '{displayName}', '"Edited"')"#,
        r#"UPDATE scim_control.tenants SET configuration = '{"from": "another age"}'"#,
        "UPDATE scim_control.tenants SET state = 'retained'",
        "UPDATE scim_control.tenants SET drop_after = now()",
        "UPDATE scim_control.tenants SET owner_uid = gen_random_uuid()",
    ] {
        run(&database, &tenant, edit).await;
        let again = register(&database, &tenant.key, tenant.owner, &configuration(&tenant.key)).await;
        let (again, _) = again.unwrap();
        assert_eq!(timeless(again), timeless(tenant.registered.clone()), "{edit}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_says_whose_it_is() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    run(&database, &tenant, r#"UPDATE scim_control.tenants SET configuration = '{"from": "another age"}'"#)
        .await;
    let unreadable = database.registry.tenant(&tenant.key).await;
    assert!(matches!(unreadable, Err(RegistryError::Unreadable { .. })), "{unreadable:?}");
    let row = database.registry.owner_of(&tenant.key).await.unwrap().unwrap();
    assert_eq!((row.id, row.owner), (tenant.registered.id, tenant.owner), "enough to let it go");
}

#[tokio::test]
async fn credentials_of_a_newer_version_are_unreadable_and_can_be_revoked_and_replaced() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    run(&database, &tenant, "UPDATE scim_control.credentials SET kind = 'fromTheFuture'").await;
    let unreadable = database.registry.tenant(&tenant.key).await;
    assert!(matches!(unreadable, Err(RegistryError::Unreadable { .. })), "{unreadable:?}");
    let token = issue(&database, &tenant, REPLACEMENT).await;
    assert!(admits(&loaded(&database).await, &tenant, &token).await);
    crate::support::revoke(&database, &tenant).await;
    assert!(!admits(&loaded(&database).await, &tenant, &token).await);
}

#[tokio::test]
async fn a_schema_whose_row_was_lost_is_told_from_those_that_have_one() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let schema = tenant.registered.schema_name();
    let without_row = async |schema| database.registry.schema_without_row(schema).await.unwrap();
    assert!(!without_row(&schema).await);
    let none = SchemaName::of(TenantId::new(4711));
    assert!(!without_row(&none).await);
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    assert!(!without_row(&schema).await);
    run(&database, &tenant, "DELETE FROM scim_control.tenants").await;
    assert!(without_row(&schema).await);
    assert_eq!(TenantId::of_schema(schema.as_str()), Some(tenant.registered.id));
}
