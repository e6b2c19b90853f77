//! Users: written, read, changed, deleted.

use scim::profile::ReturningUsers;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Tenant, always, everything, refusal, unchanged};

#[tokio::test]
async fn a_user_is_read_as_it_was_written() {
    let tenant = Tenant::start().await;
    let body = json!({
        "userName": "Ada@Example.com",
        "externalId": "E-1",
        "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "Ada@Example.com", "type": "work", "primary": true}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D"},
    });
    let created = tenant.create(body).await.unwrap();
    let read = tenant.users.get(created.id, &everything()).await.unwrap().unwrap();
    assert_eq!(read, created);
    assert_eq!(read.created, read.last_modified);
    assert_eq!(tenant.users.get(Uuid::now_v7(), &everything()).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_shows_the_groups_it_is_in_when_they_are_wanted() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let group = tenant.create_group("Staff", &[user.id]).await;
    let read = tenant.users.get(user.id, &everything()).await.unwrap().unwrap();
    let groups = read.related.unwrap().items;
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].id, groups[0].display.as_deref()), (group.id, Some("Staff")));

    let without = scim::Projection::parse(None, Some("groups"), tenant.catalog.user()).unwrap();
    assert_eq!(tenant.users.get(user.id, &without).await.unwrap().unwrap().related, None);
}

#[tokio::test]
async fn a_change_is_written_and_one_that_changes_nothing_is_not() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let other = tenant.user(json!({"userName": "Ada", "title": "Countess"}));

    let changed = tenant.users.replace(user.id, &always(), &other, &everything()).await.unwrap().unwrap();
    assert_eq!(changed.resource, other);
    assert!(changed.last_modified > user.last_modified);
    assert_eq!(changed.created, user.created);
    assert_eq!(tenant.users.get(user.id, &everything()).await.unwrap().unwrap(), changed);
    assert_eq!(tenant.users_where(r#"title eq "countess""#).await.total, 1);

    let again = tenant.users.replace(user.id, &always(), &other, &everything()).await.unwrap().unwrap();
    assert_eq!(again, changed);
    assert_eq!(tenant.users.get(user.id, &everything()).await.unwrap().unwrap(), changed);
    assert_eq!(tenant.users.update(Uuid::now_v7(), &always(), unchanged, &everything()).await.unwrap(), None);
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_the_user_as_it_was() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let refuse = |_| Err(scim::Error::with_status(400, "no"));
    assert_eq!(refusal(tenant.users.update(user.id, &always(), refuse, &everything()).await).detail, "no");
    assert_eq!(tenant.users.get(user.id, &everything()).await.unwrap().unwrap(), user);
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_its_memberships_and_its_name_is_free() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let group = tenant.create_group("Staff", &[user.id]).await;
    assert!(tenant.users.delete(user.id, &always(), ReturningUsers::Conflict).await.unwrap());
    assert!(!tenant.users.delete(user.id, &always(), ReturningUsers::Conflict).await.unwrap());
    assert_eq!(tenant.users.get(user.id, &everything()).await.unwrap(), None);
    assert!(tenant.members(group.id).await.is_empty());
    assert_ne!(tenant.create_user("ada").await.id, user.id);
}

#[tokio::test]
async fn what_another_tenant_has_is_not_there() {
    let tenant = Tenant::start().await;
    let ada = tenant.create_user("ada").await;
    let other = tenant.server.tenant().await;
    let users = store::Users::new(tenant.server.tenant_database(&other), tenant.catalog.clone());
    assert_eq!(users.get(ada.id, &everything()).await.unwrap(), None);
    assert!(!users.delete(ada.id, &always(), ReturningUsers::Conflict).await.unwrap());
    users.create(tenant.user(json!({"userName": "ada"})), ReturningUsers::Conflict).await.unwrap();
}
