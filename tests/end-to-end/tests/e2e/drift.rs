//! Drift: what somebody edits or takes away by hand comes back, and what cannot come back without loss is reported.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use product::SYSTEM_NAMESPACE;
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::events::warned;
use crate::people::{create_user, status};
use crate::world::{AUDITED, World, eventually, eventually_within};

/// SQL of an administrator of the database, who may do everything with what the operator owns.
async fn by_hand(world: &World, statement: &str) {
    sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut world.database().await).await.unwrap();
}

pub(crate) async fn an_edited_secret_and_an_edited_ingress_come_back(world: &World) {
    let customer = world.tenant("edited", json!({})).await;
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    let name = "tenant.edited.edited";
    let before = ingresses.get(name).await.unwrap().spec;
    let elsewhere =
        json!({"spec": {"rules": [{"host": "elsewhere.example.com"}], "ingressClassName": "another"}});
    ingresses.patch(name, &PatchParams::default(), &Patch::Merge(elsewhere)).await.unwrap();
    eventually("the Ingress is as it was", async || ingresses.get(name).await.unwrap().spec == before).await;

    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "edited");
    let forged = json!({"stringData": {"tenantURL": "https://evil.example.com"}});
    secrets.patch(&customer.secret_name, &PatchParams::default(), &Patch::Merge(forged)).await.unwrap();
    let url = async || {
        let data = secrets.get(&customer.secret_name).await.unwrap().data.unwrap();
        String::from_utf8(data["tenantURL"].0.clone()).unwrap()
    };
    eventually("the Secret's URL is as it was", async || url().await == customer.tenant_url).await;
    assert_eq!(
        world.customer("edited", "edited").await.token,
        customer.token,
        "its token is the same: nobody has to paste one"
    );
}

pub(crate) async fn rights_that_were_revoked_in_postgresql_come_back(world: &World) {
    let customer = world.tenant("revoked-grant", json!({})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("revoked-grant", "revoked-grant").await;
    by_hand(world, &format!("REVOKE ALL ON {schema}.users FROM scim_server")).await;
    let refused = status(&customer.connection().unwrap()).await;
    assert!(refused >= 500, "{refused}: it cannot be served, and not for a mistake of the client");
    eventually_within(AUDITED, "the right is there again", async || {
        status(&customer.connection().unwrap()).await == 200
    })
    .await;
}

pub(crate) async fn an_edited_row_of_the_registry_comes_back(world: &World) {
    let customer = world.tenant("edited-row", json!({})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let row = async || {
        let statement =
            "SELECT state || configuration::text FROM scim_control.tenants WHERE namespace = 'edited-row'";
        sqlx::query_scalar::<_, String>(statement).fetch_one(&mut world.database().await).await.unwrap()
    };
    let declared = row().await;
    for edit in
        ["configuration = jsonb_set(configuration, '{profile,groups}', '\"Disabled\"')", "state = 'retained'"]
    {
        let edit = format!("UPDATE scim_control.tenants SET {edit} WHERE namespace = 'edited-row'");
        let edited: String =
            sqlx::query_scalar(AssertSqlSafe(format!("{edit} RETURNING state || configuration::text")))
                .fetch_one(&mut world.database().await)
                .await
                .unwrap();
        assert_ne!(edited, declared);
        eventually_within(AUDITED, "the registry says again what is declared", async || {
            row().await == declared
        })
        .await;
        eventually("and servers serve it", async || status(&customer.connection().unwrap()).await == 200)
            .await;
    }
}

/// The data is lost with the schema; the tenant works again, and an Event says what happened.
pub(crate) async fn a_dropped_schema_is_made_anew_and_told(world: &World) {
    let customer = world.tenant("dropped", json!({})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("dropped", "dropped").await;
    by_hand(world, &format!("DROP SCHEMA {schema} CASCADE")).await;
    eventually_within(AUDITED, "it is served again", async || {
        status(&customer.connection().unwrap()).await == 200
    })
    .await;
    assert_eq!(world.schema("dropped", "dropped").await, schema, "under the same name");
    eventually("an Event tells it", async || warned(world, "dropped", "SchemaMadeAnew").await).await;
}

/// A single table that is gone cannot be made again without overwriting what a backup would bring back.
pub(crate) async fn a_dropped_table_is_reported_and_nothing_is_overwritten(world: &World) {
    let customer = world.tenant("damaged", json!({"deletionPolicy": "Delete"})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("damaged", "damaged").await;
    by_hand(world, &format!("DROP TABLE {schema}.group_members")).await;
    let message = world
        .condition_within(AUDITED, "damaged", "damaged", "DatabaseReady", "False", "SchemaDamaged")
        .await;
    assert!(message.contains("group_members"), "{message}");
    let users: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {schema}.users")))
        .fetch_one(&mut world.database().await)
        .await
        .unwrap();
    assert_eq!(users, 1, "the other tables are left as they are");
    world.delete_tenant("damaged", "damaged").await;
    assert!(!world.schema_exists(&schema).await, "a damaged tenant can be deleted");
}

/// A row that somebody deleted, with the schema still there: nothing new is made beside it.
pub(crate) async fn a_deleted_row_is_reported_as_long_as_its_schema_is_there(world: &World) {
    let customer = world.tenant("lost-row", json!({})).await;
    create_user(&customer.connection().unwrap(), "ada").await;
    let schema = world.schema("lost-row", "lost-row").await;
    by_hand(world, "DELETE FROM scim_control.tenants WHERE namespace = 'lost-row'").await;
    let message = world
        .condition_within(AUDITED, "lost-row", "lost-row", "DatabaseReady", "False", "RegistrationLost")
        .await;
    assert!(message.contains(&schema), "{message}");
    by_hand(world, &format!("DROP SCHEMA {schema} CASCADE")).await;
    world.annotate("lost-row", "lost-row", "example.com/look", "again").await;
    world.customer("lost-row", "lost-row").await;
}

/// Whoever takes our Secret's owner away makes it somebody else's.
pub(crate) async fn a_secret_that_was_made_anew_by_somebody_else_is_theirs(world: &World) {
    let customer = world.tenant("replaced-secret", json!({})).await;
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "replaced-secret");
    let theirs: Secret = serde_json::from_value(json!({
        "metadata": {"name": customer.secret_name}, "stringData": {"token": "theirs"},
    }))
    .unwrap();
    secrets.delete(&customer.secret_name, &DeleteParams::default()).await.unwrap();
    // Whichever of the two is first: nobody overwrites the other.
    let created = secrets.create(&kube::api::PostParams::default(), &theirs).await;
    if let Ok(theirs) = created {
        world
            .condition("replaced-secret", "replaced-secret", "CredentialsReady", "False", "SecretNameTaken")
            .await;
        assert_eq!(secrets.get(&customer.secret_name).await.unwrap(), theirs);
        assert_eq!(
            status(&customer.connection().unwrap()).await,
            200,
            "the token that was pasted goes on working"
        );
    }
}
