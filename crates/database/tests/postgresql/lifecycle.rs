//! Tenants come, change, go and come back.

use database::registry::{
    Change, Foreign, HandledAnnotations, Origin, OwnedRow, RegistryError, SchemaState, State,
};
use database::testing::{TestDatabase, bearer_token, configuration, key, owner, token};
use tenancy::TenantKey;

use crate::support::{REPLACEMENT, add_user, register, row_version, same_namespace, timeless};

#[tokio::test]
async fn a_registered_tenant_has_a_schema_and_its_configuration() {
    let database = TestDatabase::start().await;
    let (key, owner) = (key("acme"), owner());
    assert_eq!(database.registry.tenant(&key).await.unwrap(), None);
    let (tenant, origin) = register(&database, &key, owner, &configuration(&key)).await.unwrap();
    assert_eq!(origin, Origin::New);
    let read = database.registry.tenant(&key).await.unwrap().unwrap();
    assert!(read.now > tenant.now);
    assert_eq!(timeless(read), timeless(tenant.clone()));
    assert_eq!(tenant.owner, owner);
    assert_eq!(tenant.state, State::Active);
    assert_eq!(tenant.configuration, configuration(&key));
    assert_eq!(tenant.schema_version, 1);
    assert_eq!(tenant.schema, SchemaState::Whole);
    assert_eq!(tenant.handled, HandledAnnotations::default());
    assert_eq!(tenant.credentials, []);
}

#[tokio::test]
async fn what_is_settled_is_not_written_again() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let before = row_version(&database, &tenant.key).await;
    let again = register(&database, &tenant.key, tenant.owner, &tenant.registered.configuration).await;
    assert_eq!(again.unwrap().1, Origin::Registered);
    assert_eq!(row_version(&database, &tenant.key).await, before);
}

#[tokio::test]
async fn two_operators_that_register_at_once_register_one_tenant() {
    let database = TestDatabase::start().await;
    let (key, owner) = (key("acme"), owner());
    let configuration = configuration(&key);
    let register = || register(&database, &key, owner, &configuration);
    let (one, two, three) = tokio::join!(register(), register(), register());
    let registered = [one, two, three].map(|result| result.unwrap());
    assert!(registered.iter().all(|(tenant, _)| tenant.id == registered[0].0.id));
    assert_eq!(registered.iter().filter(|(_, origin)| *origin == Origin::New).count(), 1);
}

#[tokio::test]
async fn a_registration_that_fails_leaves_nothing_behind() {
    let database = TestDatabase::start().await;
    let mut administrator = database.administrator().await;
    // The schema of the next tenant is somebody else's: it is neither adopted nor written to.
    sqlx::raw_sql("CREATE SCHEMA tenant_1").execute(&mut administrator).await.unwrap();
    let key = key("acme");
    let refused = register(&database, &key, owner(), &configuration(&key)).await;
    assert!(matches!(refused, Err(RegistryError::SchemaTaken(_))), "{refused:?}");
    assert_eq!(database.registry.tenant(&key).await.unwrap(), None);
    // The next attempt gets another number.
    register(&database, &key, owner(), &configuration(&key)).await.unwrap();
}

#[tokio::test]
async fn a_configuration_changes_for_its_owner_only() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut changed = tenant.registered.configuration.clone();
    changed.display_name = "Changed".to_owned();
    let refused = register(&database, &tenant.key, owner(), &changed).await;
    assert!(matches!(refused, Err(RegistryError::OwnedByAnother(_))), "{refused:?}");
    let before = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(before.configuration, tenant.registered.configuration);
    register(&database, &tenant.key, tenant.owner, &changed).await.unwrap();
    let after = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!(after.configuration.display_name, "Changed");
}

#[tokio::test]
async fn retained_data_is_taken_up_by_the_same_namespace_with_its_tokens() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    add_user(&database, &tenant).await;
    let id = tenant.registered.id;
    assert_eq!(database.registry.retain(id, tenant.owner).await.unwrap(), Change::Written);
    assert_eq!(database.registry.retain(id, tenant.owner).await.unwrap(), Change::Unchanged);
    let retained = database.registry.tenant(&tenant.key).await.unwrap().unwrap();
    assert_eq!((retained.state, retained.schema), (State::Retained, SchemaState::Whole));

    let successor = same_namespace(tenant.owner);
    let (taken_up, origin) =
        register(&database, &tenant.key, successor, &configuration(&tenant.key)).await.unwrap();
    assert_eq!(origin, Origin::TakenUp);
    assert_eq!((taken_up.id, taken_up.state, taken_up.owner), (id, State::Active, successor));
    assert_eq!(taken_up.credentials, tenant.registered.credentials);
    assert_eq!(database.registry.statistics(id).await.unwrap().users, 1);
}

#[tokio::test]
async fn retained_data_is_refused_to_another_namespace_of_the_same_name() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    let before = row_version(&database, &tenant.key).await;
    let refused = register(&database, &tenant.key, owner(), &configuration(&tenant.key)).await;
    assert!(matches!(refused, Err(RegistryError::OwnedByAnother(_))), "{refused:?}");
    assert_eq!(row_version(&database, &tenant.key).await, before);
}

#[tokio::test]
async fn a_tenant_whose_finalizer_was_bypassed_is_taken_up_by_the_same_namespace_only() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let refused = register(&database, &tenant.key, owner(), &configuration(&tenant.key)).await;
    assert!(matches!(refused, Err(RegistryError::OwnedByAnother(_))), "{refused:?}");
    let successor = same_namespace(tenant.owner);
    let (taken_up, origin) =
        register(&database, &tenant.key, successor, &configuration(&tenant.key)).await.unwrap();
    assert_eq!(origin, Origin::TakenUp);
    assert_eq!((taken_up.id, taken_up.owner), (tenant.registered.id, successor));
    // The predecessor's late finalizer changes nothing any more.
    assert_eq!(database.registry.delete(taken_up.id, tenant.owner).await.unwrap(), Change::Unchanged);
    assert_eq!(database.registry.retain(taken_up.id, tenant.owner).await.unwrap(), Change::Unchanged);
    assert_eq!(database.read(&tenant).await.schema, SchemaState::Whole);
}

#[tokio::test]
async fn installations_do_not_see_each_others_tenants() {
    let database = TestDatabase::start().await;
    let here = database.tenant().await;
    let there = TenantKey { installation: "other".parse().unwrap(), ..here.key.clone() };
    let (other, _) = register(&database, &there, owner(), &configuration(&there)).await.unwrap();
    assert_ne!(other.id, here.registered.id);
    let active = database.registry.active(&here.key.installation).await.unwrap();
    assert_eq!(active, [OwnedRow { id: here.registered.id, owner: here.owner }]);
}

#[tokio::test]
async fn statistics_count_what_is_there() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let none = database.registry.statistics(tenant.registered.id).await.unwrap();
    assert_eq!((none.users, none.groups, none.last_provisioned_at), (0, 0, None));
    add_user(&database, &tenant).await;
    add_user(&database, &tenant).await;
    let some = database.registry.statistics(tenant.registered.id).await.unwrap();
    assert_eq!((some.users, some.groups), (2, 0));
    assert!(some.last_provisioned_at.is_some());
}

#[tokio::test]
async fn a_tenant_that_is_not_active_gets_no_token() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    let (id, handled) = (tenant.registered.id, HandledAnnotations::default());
    let credential = bearer_token(&token());
    let refused = database.registry.issue(id, tenant.owner, &credential, REPLACEMENT, &handled).await;
    assert!(matches!(refused, Err(RegistryError::NotOwned(_))), "{refused:?}");
}

#[tokio::test]
async fn data_of_another_namespace_is_adopted_with_its_credentials_where_that_is_allowed() {
    let database = TestDatabase::start().await;
    for retained in [true, false] {
        let tenant = database.tenant().await;
        add_user(&database, &tenant).await;
        if retained {
            database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
        }
        let rebuilt = owner();
        let adopting = async || {
            let configuration = configuration(&tenant.key);
            database.registry.register(&tenant.key, rebuilt, &configuration, Foreign::Adopt).await.unwrap()
        };
        let (adopted, origin) = adopting().await;
        assert_eq!(origin, Origin::Adopted);
        assert_eq!(
            (adopted.id, adopted.owner, adopted.state),
            (tenant.registered.id, rebuilt, State::Active)
        );
        assert_eq!(adopted.credentials, tenant.registered.credentials);
        assert_eq!(database.registry.statistics(adopted.id).await.unwrap().users, 1);
        assert_eq!(adopting().await.1, Origin::Registered, "once");
        let former = register(&database, &tenant.key, tenant.owner, &configuration(&tenant.key)).await;
        assert!(matches!(former, Err(RegistryError::OwnedByAnother(_))), "{former:?}");
    }
}

#[tokio::test]
async fn what_may_be_adopted_is_not_said_to_be_where_it_is_ones_own_or_new() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    database.registry.retain(tenant.registered.id, tenant.owner).await.unwrap();
    let configuration = configuration(&tenant.key);
    let register = async |owner| {
        database.registry.register(&tenant.key, owner, &configuration, Foreign::Adopt).await.unwrap().1
    };
    assert_eq!(register(tenant.owner).await, Origin::TakenUp);
    assert_eq!(register(same_namespace(tenant.owner)).await, Origin::TakenUp);
    database.registry.delete(tenant.registered.id, database.read(&tenant).await.owner).await.unwrap();
    assert_eq!(register(owner()).await, Origin::New);
}
