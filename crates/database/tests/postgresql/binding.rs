//! An installation belongs to one cluster.

use std::time::Duration;

use database::migration::TenantMigrations;
use database::registry::{Change, Foreign, HandledAnnotations, Registry, RegistryError};
use database::testing::{TestDatabase, bearer_token, configuration, execute, key, owner, token};
use tenancy::InstallationId;
use uuid::Uuid;

use crate::support::{REPLACEMENT, run, timeless};

fn operator(database: &TestDatabase) -> Registry {
    database.registry_with(TenantMigrations::CURRENT)
}

fn taken_by(result: Result<(), RegistryError>) -> Option<Uuid> {
    match result {
        Err(RegistryError::InstallationTaken { cluster }) => Some(cluster),
        other => {
            other.unwrap();
            None
        }
    }
}

#[tokio::test]
async fn the_first_cluster_has_the_installation_and_others_have_theirs() {
    let database = TestDatabase::start().await;
    let [one, two] = [Uuid::now_v7(), Uuid::now_v7()];
    let (here, there): (InstallationId, InstallationId) = ("here".parse().unwrap(), "there".parse().unwrap());
    assert_eq!(taken_by(operator(&database).bind(&here, one, None).await), None);
    assert_eq!(taken_by(operator(&database).bind(&here, one, None).await), None, "again");
    assert_eq!(taken_by(operator(&database).bind(&here, two, None).await), Some(one));
    assert_eq!(taken_by(operator(&database).bind(&there, two, None).await), None);
}

#[tokio::test]
async fn an_operator_that_is_refused_has_not_migrated_or_granted_anything() {
    let database = TestDatabase::start().await;
    let [one, two] = [Uuid::now_v7(), Uuid::now_v7()];
    let here: InstallationId = "here".parse().unwrap();
    operator(&database).prepare(&here, one, None).await.unwrap();
    let role = database.server_role();
    let older = format!(
        "DELETE FROM scim_control.migrations WHERE version = 2;
         REVOKE SELECT ON scim_control.tenants FROM {role}"
    );
    execute(&mut database.administrator().await, &older).await.unwrap();
    let versions = async || -> (i64, bool) {
        sqlx::query_as(
            "SELECT count(*), has_table_privilege($1, 'scim_control.tenants', 'SELECT') FROM scim_control.migrations",
        )
        .bind(role)
        .fetch_one(&mut database.administrator().await)
        .await
        .unwrap()
    };
    for take_over in [None, Some(Uuid::now_v7())] {
        assert_eq!(taken_by(operator(&database).prepare(&here, two, take_over).await), Some(one));
        assert_eq!(versions().await, (1, false));
    }
}

#[tokio::test]
async fn an_operator_prepares_an_empty_database_again_and_in_the_place_of_a_lost_cluster() {
    let database = TestDatabase::start_without_registry().await;
    let [one, two] = [Uuid::now_v7(), Uuid::now_v7()];
    let here: InstallationId = "here".parse().unwrap();
    for (cluster, take_over) in [(one, None), (one, None), (two, Some(one)), (two, Some(one))] {
        assert_eq!(taken_by(operator(&database).prepare(&here, cluster, take_over).await), None);
    }
    assert_eq!(taken_by(operator(&database).prepare(&here, one, None).await), Some(two));
}

#[tokio::test]
async fn two_clusters_that_bind_at_once_are_not_both_taken_in() {
    let database = TestDatabase::start().await;
    let installation: InstallationId = "here".parse().unwrap();
    let (one, two) = (operator(&database), operator(&database));
    let (one, two) = tokio::join!(
        one.bind(&installation, Uuid::now_v7(), None),
        two.bind(&installation, Uuid::now_v7(), None),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

#[tokio::test]
async fn a_rebuilt_cluster_takes_over_from_the_one_that_it_names() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let installation = &tenant.key.installation;
    let [lost, rebuilt, other] = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let former = operator(&database);
    former.bind(installation, lost, None).await.unwrap();
    let rebuilt_operator = operator(&database);
    assert_eq!(taken_by(rebuilt_operator.bind(installation, rebuilt, Some(other)).await), Some(lost));
    assert_eq!(taken_by(rebuilt_operator.bind(installation, rebuilt, Some(lost)).await), None);
    assert_eq!(
        taken_by(rebuilt_operator.bind(installation, rebuilt, Some(lost)).await),
        None,
        "the argument stays"
    );
    assert_eq!(rebuilt_operator.retain(tenant.registered.id, tenant.owner).await.unwrap(), Change::Written);
    let refused = former.delete(tenant.registered.id, tenant.owner).await;
    assert!(
        matches!(refused, Err(RegistryError::InstallationTaken { cluster }) if cluster == rebuilt),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_operator_whose_installation_was_taken_over_reads_and_writes_nothing() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let registry = operator(&database);
    registry.bind(&tenant.key.installation, Uuid::now_v7(), None).await.unwrap();
    let (id, owned) = (tenant.registered.id, tenant.owner);
    run(&database, &tenant, "UPDATE scim_control.installations SET cluster = gen_random_uuid()").await;

    let (configuration, handled) = (configuration(&tenant.key), HandledAnnotations::default());
    let settled = registry.register(&tenant.key, owned, &configuration, Foreign::Refuse).await;
    assert_eq!(timeless(settled.unwrap().0), timeless(tenant.registered.clone()));
    let mut changed = configuration.clone();
    changed.display_name = "Changed".to_owned();
    let new = key("new");
    let outcomes = [
        registry.register(&tenant.key, owned, &changed, Foreign::Refuse).await.map(|_| ()),
        registry.register(&new, owner(), &configuration, Foreign::Adopt).await.map(|_| ()),
        registry.issue(id, owned, &bearer_token(&token()), REPLACEMENT, &handled).await.map(|_| ()),
        registry.revoke(id, owned, &handled).await.map(|_| ()),
        registry.retain(id, owned).await.map(|_| ()),
        registry.retain_until(id, owned, Duration::ZERO).await.map(|_| ()),
        registry.delete(id, owned).await.map(|_| ()),
        registry.migrate_tenant(id).await.map(|_| ()),
    ];
    for (call, outcome) in outcomes.into_iter().enumerate() {
        assert!(matches!(outcome, Err(RegistryError::InstallationTaken { .. })), "{call}: {outcome:?}");
    }
    assert_eq!(timeless(database.read(&tenant).await), timeless(tenant.registered.clone()));

    database.registry.retain_until(id, owned, Duration::ZERO).await.unwrap();
    let due = registry.drop_due(&tenant.key.installation).await;
    assert!(matches!(due, Err(RegistryError::InstallationTaken { .. })), "{due:?}");
    assert!(database.registry.tenant(&tenant.key).await.unwrap().is_some());
}
