//! Versions: every change counts, what changes nothing does not, and a client may say which version it expects.

use scim::profile::ReturningUsers;
use scim::{IfMatch, IfNoneMatch, MemberChange, ScimType, Version};
use serde_json::json;
use store::{Precondition, Stored};
use uuid::Uuid;

use crate::support::{Tenant, always, everything, references, refusal, unchanged};

fn if_match(tag: &str) -> Precondition {
    Precondition { if_match: Some(IfMatch::parse(tag).unwrap()), ..always() }
}

fn if_none_match(tag: &str) -> Precondition {
    Precondition { if_none_match: Some(IfNoneMatch::parse(tag).unwrap()), ..always() }
}

async fn user(tenant: &Tenant, id: Uuid) -> Stored {
    tenant.users.get(id, &everything()).await.unwrap().unwrap()
}

async fn group(tenant: &Tenant, id: Uuid) -> Stored {
    tenant.groups.get(id, &everything()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_change_of_a_user_counts_and_a_repetition_does_not() {
    let tenant = Tenant::start().await;
    let ada = tenant.create_user("ada").await;
    assert_eq!(ada.version, Version::new(1));
    let titled = tenant.user(json!({"userName": "ada", "title": "Countess"}));
    for _ in 0..2 {
        let changed = tenant.users.replace(ada.id, &always(), &titled, &everything()).await.unwrap().unwrap();
        assert_eq!(changed.version, Version::new(2));
        assert_eq!(user(&tenant, ada.id).await, changed);
    }
}

#[tokio::test]
async fn a_change_of_a_group_or_of_its_members_counts_once() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(2).await;
    let staff = tenant.create_group("Staff", &users[..1]).await;
    assert_eq!(staff.version, Version::new(1));
    let renamed = tenant.group(json!({"displayName": "Crew"})).resource;
    let rename = |_| Ok(renamed.clone());
    let add = [MemberChange::Add(references(&users))];
    let changed =
        tenant.groups.update(staff.id, &always(), rename, &add, &everything()).await.unwrap().unwrap();
    assert_eq!(changed.version, Version::new(2));
    let again =
        tenant.groups.update(staff.id, &always(), rename, &add, &everything()).await.unwrap().unwrap();
    assert_eq!(again, changed);
    let remove = [MemberChange::RemoveAll];
    let emptied =
        tenant.groups.update(staff.id, &always(), rename, &remove, &everything()).await.unwrap().unwrap();
    assert_eq!(emptied.version, Version::new(3));
    // Who its groups are is not written of a user.
    assert_eq!(user(&tenant, users[0]).await.version, Version::new(1));
}

#[tokio::test]
async fn a_deletion_changes_the_groups_that_the_user_or_group_was_in() {
    let tenant = Tenant::start().await;
    let ada = tenant.create_user("ada").await;
    let inner = tenant.create_group("Inner", &[ada.id]).await;
    let outer = tenant.create_group("Outer", &[inner.id, ada.id]).await;
    let other = tenant.create_group("Other", &[]).await;

    assert!(tenant.users.delete(ada.id, &always(), ReturningUsers::Conflict).await.unwrap());
    for before in [&inner, &outer] {
        let after = group(&tenant, before.id).await;
        assert_eq!(after.version, Version::new(2));
        assert!(after.last_modified > before.last_modified);
    }
    assert!(tenant.groups.delete(inner.id, &always()).await.unwrap());
    assert_eq!(group(&tenant, outer.id).await.version, Version::new(3));
    assert_eq!(group(&tenant, other.id).await, other);
}

#[tokio::test]
async fn groups_that_contain_each_other_or_themselves_can_be_deleted() {
    let tenant = Tenant::start().await;
    let one = tenant.create_group("One", &[]).await;
    let two = tenant.create_group("Two", &[one.id]).await;
    let add = [MemberChange::Add(references(&[one.id, two.id]))];
    tenant.groups.update(one.id, &always(), unchanged, &add, &everything()).await.unwrap();
    assert!(tenant.groups.delete(one.id, &always()).await.unwrap());
    assert_eq!(group(&tenant, two.id).await.version, Version::new(2));
}

#[tokio::test]
async fn a_change_of_another_version_than_the_expected_one_is_a_412_and_changes_nothing() {
    let tenant = Tenant::start().await;
    let ada = tenant.create_user("ada").await;
    let staff = tenant.create_group("Staff", &[ada.id]).await;
    let stale = if_match(r#"W/"2""#);
    let titled = tenant.user(json!({"userName": "ada", "title": "Countess"}));
    let renamed = tenant.group(json!({"displayName": "Crew"}));
    let refusals = [
        refusal(tenant.users.replace(ada.id, &stale, &titled, &everything()).await),
        refusal(tenant.users.update(ada.id, &stale, unchanged, &everything()).await),
        refusal(tenant.users.delete(ada.id, &stale, ReturningUsers::Revive).await),
        refusal(tenant.users.delete(ada.id, &if_none_match("*"), ReturningUsers::Revive).await),
        refusal(tenant.users.replace(ada.id, &if_none_match(r#"W/"1""#), &titled, &everything()).await),
        refusal(tenant.groups.replace(staff.id, &stale, &renamed, &everything()).await),
        refusal(tenant.groups.delete(staff.id, &stale).await),
        refusal(tenant.groups.delete(staff.id, &if_none_match(r#"W/"1""#)).await),
    ];
    for refused in refusals {
        assert_eq!((refused.status, refused.scim_type), (412, None::<ScimType>));
    }
    assert_eq!(user(&tenant, ada.id).await.version, ada.version);
    assert_eq!(group(&tenant, staff.id).await, staff);

    let expected = if_match(r#"W/"1""#);
    let changed = tenant.users.replace(ada.id, &expected, &titled, &everything()).await.unwrap().unwrap();
    assert_eq!(changed.version, Version::new(2));
    assert!(tenant.groups.delete(staff.id, &if_match("*")).await.unwrap());
}

#[tokio::test]
async fn a_tag_of_a_user_with_its_groups_is_excluded_too() {
    let tenant = Tenant::start().await;
    let ada = tenant.create_user("ada").await;
    let staff = tenant.create_group("Staff", &[ada.id]).await;
    let digest = scim::groups_digest([(staff.id, Some("Staff"))].into_iter());
    let shown = scim::EntityTag::new(ada.version, digest).to_string();
    let excluded = if_none_match(&shown);
    let without = scim::Projection::parse(None, Some("groups"), tenant.catalog.user()).unwrap();
    assert_eq!(refusal(tenant.users.update(ada.id, &excluded, unchanged, &without).await).status, 412);
    assert_eq!(refusal(tenant.users.delete(ada.id, &excluded, ReturningUsers::Conflict).await).status, 412);
    let other = if_none_match(r#"W/"1-0000000000000001""#);
    let updated = tenant.users.update(ada.id, &other, unchanged, &without).await.unwrap().unwrap();
    assert_eq!(updated.related, None);
}

#[tokio::test]
async fn what_is_not_there_is_not_there_whatever_is_expected() {
    let tenant = Tenant::start().await;
    let nobody = Uuid::now_v7();
    for expected in [if_match("*"), if_match(r#"W/"1""#), if_none_match("*")] {
        assert_eq!(tenant.users.update(nobody, &expected, unchanged, &everything()).await.unwrap(), None);
        assert!(!tenant.users.delete(nobody, &expected, ReturningUsers::Revive).await.unwrap());
        assert!(!tenant.groups.delete(nobody, &expected).await.unwrap());
    }
}

#[tokio::test]
async fn a_group_that_is_renamed_changes_the_tag_of_a_user_who_shows_it() {
    let tenant = Tenant::start().await;
    let ada = tenant.create_user("ada").await;
    let staff = tenant.create_group("Staff", &[ada.id]).await;
    let before = user(&tenant, ada.id).await.entity_tag();
    let renamed = tenant.group(json!({"displayName": "Crew", "members": [ada.id]}));
    tenant.groups.replace(staff.id, &always(), &renamed, &everything()).await.unwrap();
    let after = user(&tenant, ada.id).await.entity_tag();
    assert_eq!(after.version, before.version);
    assert_ne!(after, before);
    let (old, new) = (if_none_match(&before.to_string()), if_none_match(&after.to_string()));
    let refused = refusal(tenant.users.update(ada.id, &new, unchanged, &everything()).await);
    assert_eq!(refused.status, 412);
    let refused = refusal(tenant.users.delete(ada.id, &new, ReturningUsers::Conflict).await);
    assert_eq!(refused.status, 412);
    assert!(tenant.users.delete(ada.id, &old, ReturningUsers::Conflict).await.unwrap());
}
