//! People who come back: disabled, or deleted.

use std::sync::Arc;

use database::tenant::TenantTransaction;
use scim::profile::ReturningUsers::{Conflict, Revive};
use scim::{Kind, ScimType, Version};
use serde_json::json;
use store::{NewResource, create_together};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Tenant, always, everything, refusal, until_somebody_waits};

#[tokio::test]
async fn a_disabled_user_comes_back_as_the_same_one() {
    let tenant = Tenant::start().await;
    let leaver = tenant.user(json!({"userName": "ada", "title": "Countess", "active": false}));
    let before = tenant.users.create(leaver, Revive).await.unwrap();
    let staff = tenant.create_group("Staff", &[before.id]).await;

    let body = json!({"userName": "ADA", "externalId": "E-2"});
    let revived = tenant.users.create(tenant.user(body.clone()), Revive).await.unwrap();
    assert_eq!((revived.id, revived.created, revived.version), (before.id, before.created, Version::new(2)));
    assert_eq!(revived.resource, tenant.user(body));
    assert!(revived.last_modified > before.last_modified);
    assert_eq!(revived.related.as_ref().unwrap().items[0].id, staff.id);
    assert_eq!(tenant.users.get(before.id, &everything()).await.unwrap().unwrap(), revived);
    assert_eq!(tenant.users_where(r#"userName eq "ada" and active eq true"#).await.total, 1);

    // Who is enabled is in the way.
    let again = refusal(tenant.users.create(tenant.user(json!({"userName": "ada"})), Revive).await);
    assert_eq!((again.status, again.scim_type), (409, Some(ScimType::Uniqueness)));
    assert_eq!(tenant.users.get(before.id, &everything()).await.unwrap().unwrap(), revived);
}

#[tokio::test]
async fn a_disabled_user_is_in_the_way_of_a_disabled_one_and_where_nobody_may_come_back() {
    let tenant = Tenant::start().await;
    let disabled = || tenant.user(json!({"userName": "ada", "active": false}));
    let before = tenant.users.create(disabled(), Conflict).await.unwrap();
    assert_eq!(refusal(tenant.users.create(disabled(), Revive).await).status, 409);
    assert_eq!(refusal(tenant.create(json!({"userName": "ada"})).await).status, 409);
    assert_eq!(tenant.users.get(before.id, &everything()).await.unwrap().unwrap(), before);
}

#[tokio::test]
async fn what_was_immutable_in_the_earlier_life_does_not_stop_a_revival() {
    let badge = json!({"name": "badge", "mutability": "immutable"});
    let urn = "urn:example:Badges";
    let profile = json!({"extensions": [{"urn": urn, "resource": "User", "attributes": [badge]}]});
    let tenant = Tenant::with_profile(profile).await;
    let with_badge =
        |badge, active| tenant.user(json!({"userName": "ada", "active": active, urn: {"badge": badge}}));
    let before = tenant.users.create(with_badge("1", false), Revive).await.unwrap();
    let revived = tenant.users.create(with_badge("2", true), Revive).await.unwrap();
    assert_eq!((revived.id, &revived.resource), (before.id, &with_badge("2", true)));
}

#[tokio::test]
async fn a_revival_does_not_take_what_a_third_person_has() {
    let tenant =
        Tenant::with_profile(json!({"attributes": [{"path": "emails.value", "uniqueness": "server"}]})).await;
    let body = |name: &str, email: &str, active: bool| {
        tenant.user(json!({"userName": name, "active": active, "emails": [{"value": email, "type": "work"}]}))
    };
    let before = tenant.users.create(body("ada", "ada@x", false), Revive).await.unwrap();
    tenant.users.create(body("eve", "eve@x", true), Revive).await.unwrap();
    let refused = refusal(tenant.users.create(body("ada", "eve@x", true), Revive).await);
    assert_eq!(refused.status, 409);
    assert!(refused.detail.contains("emails.value"), "{}", refused.detail);
    assert_eq!(tenant.users.get(before.id, &everything()).await.unwrap().unwrap(), before);
    // Its own is no obstacle, and neither is a new one.
    tenant.users.create(body("ada", "ADA@x", true), Revive).await.unwrap();
}

#[tokio::test]
async fn a_deleted_user_comes_back_under_its_id_and_its_versions_go_on() {
    let tenant = Tenant::start().await;
    let before = tenant
        .users
        .create(tenant.user(json!({"userName": "Ada", "title": "Countess"})), Revive)
        .await
        .unwrap();
    let staff = tenant.create_group("Staff", &[before.id]).await;
    assert!(tenant.users.delete(before.id, &always(), Revive).await.unwrap());
    assert_eq!(tenant.users.get(before.id, &everything()).await.unwrap(), None);

    let revived =
        tenant.users.create(tenant.user(json!({"userName": "ADA", "active": false})), Revive).await.unwrap();
    assert_eq!((revived.id, revived.version), (before.id, Version::new(2)));
    assert!(revived.created > before.created);
    assert_eq!(tenant.users.get(before.id, &everything()).await.unwrap().unwrap(), revived);
    assert!(tenant.members(staff.id).await.is_empty());

    // Once only: the next life under this name is another one's, unless it was deleted again.
    let renamed = tenant.user(json!({"userName": "lovelace"}));
    tenant.users.replace(revived.id, &always(), &renamed, &everything()).await.unwrap().unwrap();
    let other = tenant.users.create(tenant.user(json!({"userName": "ada"})), Revive).await.unwrap();
    assert_ne!(other.id, before.id);
    for id in [before.id, other.id] {
        assert!(tenant.users.delete(id, &always(), Revive).await.unwrap());
    }
    let again = tenant.users.create(tenant.user(json!({"userName": "lovelace"})), Revive).await.unwrap();
    assert_eq!(again.id, before.id);
}

#[tokio::test]
async fn a_creation_that_fails_leaves_the_deleted_user_to_come_back() {
    let tenant =
        Tenant::with_profile(json!({"attributes": [{"path": "emails.value", "uniqueness": "server"}]})).await;
    let body = |name: &str, email: &str| {
        tenant.user(json!({"userName": name, "emails": [{"value": email, "type": "work"}]}))
    };
    let before = tenant.users.create(body("ada", "ada@x"), Revive).await.unwrap();
    tenant.users.delete(before.id, &always(), Revive).await.unwrap();
    tenant.users.create(body("eve", "eve@x"), Revive).await.unwrap();
    assert_eq!(refusal(tenant.users.create(body("ada", "eve@x"), Revive).await).status, 409);
    assert_eq!(tenant.users.create(body("ada", "ada@x"), Revive).await.unwrap().id, before.id);
}

#[tokio::test]
async fn nothing_is_kept_of_a_deleted_user_where_nobody_may_come_back() {
    let tenant = Tenant::start().await;
    let before = tenant.create_user("ada").await;
    tenant.users.delete(before.id, &always(), Conflict).await.unwrap();
    let kept = tenant.database.statement("SELECT count(*) FROM {removed_users}");
    assert_eq!(tenant.database.fetch_optional::<(i64,)>(kept).await.unwrap(), Some((0,)));
    let next = tenant.users.create(tenant.user(json!({"userName": "ada"})), Revive).await.unwrap();
    assert_ne!(next.id, before.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_creations_of_somebody_who_comes_back_one_succeeds() {
    let tenant = Arc::new(Tenant::start().await);
    for leave in ["is disabled", "is deleted"] {
        let before = tenant
            .users
            .create(tenant.user(json!({"userName": leave, "active": false})), Revive)
            .await
            .unwrap();
        if leave == "is deleted" {
            tenant.users.delete(before.id, &always(), Revive).await.unwrap();
        }
        let mut creations = JoinSet::new();
        for title in 0..8 {
            let tenant = Arc::clone(&tenant);
            creations.spawn(async move {
                let body = json!({"userName": leave, "title": title.to_string()});
                match tenant.users.create(tenant.user(body), Revive).await {
                    Ok(revived) => Some(revived),
                    refused => {
                        assert_eq!(refusal(refused).status, 409);
                        None
                    }
                }
            });
        }
        let created: Vec<_> = creations.join_all().await.into_iter().flatten().collect();
        assert_eq!(created.len(), 1, "{leave}");
        assert_eq!((created[0].id, created[0].version), (before.id, Version::new(2)), "{leave}");
        assert_eq!(tenant.users.get(before.id, &everything()).await.unwrap().unwrap(), created[0]);
    }
}

#[tokio::test]
async fn nobody_returns_under_a_name_that_somebody_else_has_had_since() {
    let tenant = Tenant::start().await;
    let body = |name: &str| tenant.user(json!({"userName": name}));
    let bob = tenant.users.create(body("bob"), Revive).await.unwrap();
    let robert = tenant.users.create(body("robert"), Revive).await.unwrap();
    tenant.users.delete(bob.id, &always(), Revive).await.unwrap();
    for name in ["Bob", "bob.smith"] {
        tenant.users.replace(robert.id, &always(), &body(name), &everything()).await.unwrap().unwrap();
    }
    let next = tenant.users.create(body("bob"), Revive).await.unwrap();
    assert_ne!(next.id, bob.id);

    // The same by those who are created while nobody may return, and by those who are created together.
    let under_conflict = async {
        let user = tenant.users.create(body("bob"), Conflict).await.unwrap();
        tenant.users.delete(user.id, &always(), Conflict).await.unwrap();
    };
    tenant.users.delete(next.id, &always(), Revive).await.unwrap();
    under_conflict.await;
    let after = tenant.users.create(body("bob"), Revive).await.unwrap();
    assert_ne!(after.id, next.id);

    tenant.users.delete(after.id, &always(), Revive).await.unwrap();
    let new =
        NewResource { id: Uuid::now_v7(), kind: Kind::User, resource: body("bob"), members: Vec::new() };
    let together = create_together(&tenant.database, &tenant.catalog, &[new]).await.unwrap().remove(0);
    tenant.users.delete(together.id, &always(), Conflict).await.unwrap();
    let last = tenant.users.create(body("bob"), Revive).await.unwrap();
    assert!(![bob.id, next.id, after.id, together.id].contains(&last.id));
}

/// A deletion of a user, as far as it goes before it ends.
async fn half_deleted(tenant: &Tenant, id: Uuid, name: &str) -> TenantTransaction {
    let mut deletion = tenant.database.begin().await.unwrap();
    let mut note = tenant
        .database
        .statement("INSERT INTO {removed_users} (user_name_digest, id, version) VALUES (sha256(");
    note.bind(name.as_bytes()).text("), ").bind(id).text(", 1)");
    deletion.execute(note).await.unwrap();
    let mut delete = tenant.database.statement("DELETE FROM {users} WHERE id = ");
    delete.bind(id);
    deletion.execute(delete).await.unwrap();
    deletion
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_creation_that_waited_for_the_deletion_of_its_name_brings_the_deleted_user_back() {
    let tenant = Arc::new(Tenant::start().await);
    let bob = tenant.create_user("bob").await;
    let deletion = half_deleted(&tenant, bob.id, "bob").await;
    let creation = tokio::spawn({
        let tenant = Arc::clone(&tenant);
        async move { tenant.users.create(tenant.user(json!({"userName": "bob"})), Revive).await }
    });
    until_somebody_waits(&tenant).await;
    assert!(!creation.is_finished(), "it waits");
    deletion.commit().await.unwrap();
    let created = creation.await.unwrap().unwrap();
    assert_eq!((created.id, created.version), (bob.id, Version::new(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_takes_a_name_in_the_middle_of_its_deletion_ends_the_return_under_it() {
    let tenant = Arc::new(Tenant::start().await);
    let [bob, robert] = [tenant.create_user("bob").await, tenant.create_user("robert").await];
    let deletion = half_deleted(&tenant, bob.id, "bob").await;
    let rename = tokio::spawn({
        let (tenant, id) = (Arc::clone(&tenant), robert.id);
        async move {
            let bob = tenant.user(json!({"userName": "bob"}));
            tenant.users.replace(id, &always(), &bob, &everything()).await
        }
    });
    until_somebody_waits(&tenant).await;
    assert!(!rename.is_finished(), "it waits");
    deletion.commit().await.unwrap();
    rename.await.unwrap().unwrap().unwrap();
    let kept = tenant.database.statement("SELECT count(*) FROM {removed_users}");
    assert_eq!(tenant.database.fetch_optional::<(i64,)>(kept).await.unwrap(), Some((0,)));
}

#[tokio::test]
async fn many_who_create_and_delete_one_name_at_once_are_not_in_each_others_way_for_good() {
    let tenant = Arc::new(Tenant::start().await);
    let first = tenant.users.create(tenant.user(json!({"userName": "ada"})), Revive).await.unwrap();
    let mut work = JoinSet::new();
    for _ in 0..6 {
        let tenant = Arc::clone(&tenant);
        work.spawn(async move {
            for _ in 0..15 {
                if let Err(error) = tenant.users.create(tenant.user(json!({"userName": "ada"})), Revive).await
                {
                    assert_eq!(refusal::<()>(Err(error)).status, 409);
                }
                tenant.users.delete(first.id, &always(), Revive).await.unwrap();
            }
        });
    }
    work.join_all().await;
    assert_eq!(
        tenant.users.create(tenant.user(json!({"userName": "ada"})), Revive).await.unwrap().id,
        first.id
    );
}
