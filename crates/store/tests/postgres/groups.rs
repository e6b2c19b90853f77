//! Groups and their members.

use scim::{Kind, MemberChange, MemberReference, PatchRequest, Projection, ScimType};
use serde_json::json;
use store::StoreError;
use uuid::Uuid;

use crate::support::{Tenant, always, everything, references, refusal, sorted, unchanged, with_names};

async fn change(
    tenant: &Tenant,
    group: Uuid,
    changes: &[MemberChange],
) -> Result<Option<store::Stored>, StoreError> {
    tenant.groups.update(group, &always(), unchanged, changes, &everything()).await
}

#[tokio::test]
async fn a_group_is_read_with_its_members_and_what_they_are_called() {
    let tenant = Tenant::start().await;
    let ada = tenant.create(json!({"userName": "ada", "displayName": "Ada L."})).await.unwrap();
    let eve = tenant.create_user("eve").await;
    let inner = tenant.create_group("Inner", &[]).await;
    let created = tenant.create_group("Outer", &[inner.id, eve.id, ada.id]).await;
    assert_eq!(tenant.groups.get(created.id, &everything()).await.unwrap().unwrap(), created);
    let named = tenant.groups.get(created.id, &with_names(&tenant.catalog)).await.unwrap().unwrap();
    let members = named.related.unwrap().items;
    let shown: Vec<_> =
        members.iter().map(|member| (member.id, member.kind, member.display.as_deref())).collect();
    assert_eq!(
        shown,
        [
            (ada.id, Kind::User, Some("Ada L.")),
            (eve.id, Kind::User, Some("eve")),
            (inner.id, Kind::Group, Some("Inner")),
        ]
    );
}

#[tokio::test]
async fn members_are_added_and_removed_and_repeating_it_changes_nothing() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(3).await;
    let group = tenant.create_group("Staff", &[]).await;

    let add = [MemberChange::Add(references(&users))];
    let added = change(&tenant, group.id, &add).await.unwrap().unwrap();
    assert!(added.last_modified > group.last_modified);
    assert_eq!(tenant.members(group.id).await, sorted(users.clone()));
    let again = change(&tenant, group.id, &add).await.unwrap().unwrap();
    assert_eq!(again, added);

    let remove = [MemberChange::Remove(references(&users[..2]))];
    let removed = change(&tenant, group.id, &remove).await.unwrap().unwrap();
    assert!(removed.last_modified > added.last_modified);
    assert_eq!(tenant.members(group.id).await, [users[2]]);
    assert_eq!(change(&tenant, group.id, &remove).await.unwrap().unwrap(), removed);
}

#[tokio::test]
async fn a_request_with_several_changes_makes_them_in_order() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(3).await;
    let group = tenant.create_group("Staff", &users[..1]).await;
    let changes = [
        MemberChange::RemoveAll,
        MemberChange::Add(references(&users[1..])),
        MemberChange::Add(references(&users[..1])),
        MemberChange::Remove(references(&users[1..2])),
    ];
    change(&tenant, group.id, &changes).await.unwrap();
    assert_eq!(tenant.members(group.id).await, sorted(vec![users[0], users[2]]));
}

#[tokio::test]
async fn replacing_the_members_leaves_exactly_the_new_ones() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(4).await;
    let inner = tenant.create_group("Inner", &[]).await;
    let group = tenant.create_group("Staff", &[users[0], users[1], inner.id]).await;
    let replace = [MemberChange::Replace(references(&[users[1], users[2], users[3]]))];
    let replaced = change(&tenant, group.id, &replace).await.unwrap().unwrap();
    assert_eq!(tenant.members(group.id).await, sorted(users[1..].to_vec()));
    assert_eq!(change(&tenant, group.id, &replace).await.unwrap().unwrap(), replaced);
    change(&tenant, group.id, &[MemberChange::Replace(Vec::new())]).await.unwrap();
    assert!(tenant.members(group.id).await.is_empty());
}

#[tokio::test]
async fn members_of_one_kind_are_removed_by_their_kind() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let inner = tenant.create_group("Inner", &[]).await;
    let group = tenant.create_group("Staff", &[user.id, inner.id]).await;
    let of_another_kind = |id, kind| MemberReference { id, kind: Some(kind) };
    let mistaken = vec![of_another_kind(user.id, Kind::Group), of_another_kind(inner.id, Kind::User)];
    change(&tenant, group.id, &[MemberChange::Remove(mistaken)]).await.unwrap();
    assert_eq!(tenant.members(group.id).await, sorted(vec![user.id, inner.id]));
    change(&tenant, group.id, &[MemberChange::RemoveOfKind(Kind::User)]).await.unwrap();
    assert_eq!(tenant.members(group.id).await, [inner.id]);
    change(&tenant, group.id, &[MemberChange::RemoveOfKind(Kind::Group)]).await.unwrap();
    assert!(tenant.members(group.id).await.is_empty());
}

#[tokio::test]
async fn a_member_that_does_not_exist_is_a_400_that_names_it_and_nothing_is_changed() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let group = tenant.create_group("Staff", &[]).await;
    let nobody = Uuid::from_u128(7);
    let add = [MemberChange::Add(references(&[user.id, nobody]))];
    let refused = refusal(change(&tenant, group.id, &add).await);
    assert_eq!((refused.status, refused.scim_type), (400, Some(ScimType::InvalidValue)));
    insta::assert_snapshot!(refused.detail, @"members.value: there is no User or Group with the id '00000000-0000-0000-0000-000000000007'");

    let user_as_group = MemberReference { id: user.id, kind: Some(Kind::Group) };
    let refused = refusal(change(&tenant, group.id, &[MemberChange::Add(vec![user_as_group])]).await);
    assert!(refused.detail.contains("no Group"), "{}", refused.detail);

    assert_eq!(tenant.groups.get(group.id, &everything()).await.unwrap().unwrap(), group);
    let body = tenant.group(json!({"displayName": "Others"}));
    let refused = refusal(tenant.groups.create(body.resource, references(&[nobody]), &everything()).await);
    assert_eq!(refused.status, 400);
    assert_eq!(tenant.groups_where(r#"displayName eq "others""#).await.total, 0);
}

#[tokio::test]
async fn a_change_of_attributes_and_members_happens_as_a_whole_or_not_at_all() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let group = tenant.create_group("Staff", &[]).await;
    let renamed = tenant.group(json!({"displayName": "Renamed"})).resource;
    let rename = |_| Ok(renamed.clone());
    let nobody = [MemberChange::Add(references(&[Uuid::from_u128(7)]))];
    refusal(tenant.groups.update(group.id, &always(), rename, &nobody, &everything()).await);
    assert_eq!(tenant.groups.get(group.id, &everything()).await.unwrap().unwrap(), group);

    let somebody = [MemberChange::Add(references(&[user.id]))];
    let changed =
        tenant.groups.update(group.id, &always(), rename, &somebody, &everything()).await.unwrap().unwrap();
    assert_eq!(changed.resource.display_name(), Some("Renamed"));
    assert_eq!(tenant.members(group.id).await, [user.id]);
    assert_eq!(
        tenant.groups.update(Uuid::now_v7(), &always(), rename, &somebody, &everything()).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_put_replaces_the_members_and_one_without_members_leaves_none() {
    let tenant = Tenant::start().await;
    let users = tenant.create_users(2).await;
    let group = tenant.create_group("Staff", &users[..1]).await;
    let body = tenant.group(json!({"displayName": "Staff", "members": [{"value": users[1].to_string()}]}));
    tenant.groups.replace(group.id, &always(), &body, &everything()).await.unwrap().unwrap();
    assert_eq!(tenant.members(group.id).await, [users[1]]);
    let body = tenant.group(json!({"displayName": "Staff"}));
    tenant.groups.replace(group.id, &always(), &body, &everything()).await.unwrap().unwrap();
    assert!(tenant.members(group.id).await.is_empty());
}

#[tokio::test]
async fn members_that_nobody_wants_to_see_are_not_read() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let group = tenant.create_group("Staff", &[user.id]).await;
    let resource_type = tenant.catalog.resource_type(Kind::Group).unwrap();
    let without = Projection::parse(None, Some("members"), resource_type).unwrap();
    assert_eq!(tenant.groups.get(group.id, &without).await.unwrap().unwrap().related, None);
    let updated =
        tenant.groups.update(group.id, &always(), unchanged, &[MemberChange::RemoveAll], &without).await;
    assert_eq!(updated.unwrap().unwrap().related, None);
}

#[tokio::test]
async fn a_deleted_group_is_gone_and_its_members_stay() {
    let tenant = Tenant::start().await;
    let user = tenant.create_user("ada").await;
    let inner = tenant.create_group("Inner", &[user.id]).await;
    let outer = tenant.create_group("Outer", &[inner.id]).await;
    assert!(tenant.groups.delete(inner.id, &always()).await.unwrap());
    assert!(!tenant.groups.delete(inner.id, &always()).await.unwrap());
    assert!(tenant.members(outer.id).await.is_empty());
    assert!(
        tenant.users.get(user.id, &everything()).await.unwrap().unwrap().related.unwrap().items.is_empty()
    );
}

#[tokio::test]
async fn members_are_removed_by_whatever_a_filter_says_of_them() {
    let tenant = Tenant::start().await;
    let ada = tenant.create(json!({"userName": "ada", "displayName": "Äda L."})).await.unwrap().id;
    let bob = tenant.create_user("bob").await.id;
    let inner = tenant.create_group("Inner", &[]).await.id;
    let other = tenant.create_group("Other", &[ada, bob, inner]).await.id;
    let resource_type = tenant.catalog.resource_type(Kind::Group).unwrap();
    for (filter, left) in [
        ("display eq \"äDA l.\"".to_owned(), vec![bob, inner]),
        ("display sw \"i\"".to_owned(), vec![ada, bob]),
        (format!("value ne \"{ada}\""), vec![ada]),
        (format!("value sw \"{}\"", &bob.to_string()[..30]), vec![ada, inner]),
        ("not (type eq \"User\")".to_owned(), vec![ada, bob]),
        ("type eq \"User\" and display co \"o\"".to_owned(), vec![ada, inner]),
        (format!("display eq \"bob\" or $ref eq \"https://x/Groups/{inner}\""), vec![ada]),
        (format!("$ref ne \"https://x/Groups/{ada}\""), vec![]),
        ("value pr".to_owned(), vec![]),
        ("display eq null".to_owned(), vec![ada, bob, inner]),
    ] {
        let group = tenant.create_group(&filter, &[ada, bob, inner]).await;
        let operation = json!({"op": "remove", "path": format!("members[{filter}]")});
        let patch = PatchRequest::parse(resource_type, json!({"Operations": [operation]})).unwrap();
        let after = change(&tenant, group.id, patch.member_changes()).await.unwrap().unwrap();
        assert_eq!(tenant.members(group.id).await, left, "{filter}");
        assert_eq!(after.version != group.version, left.len() < 3, "{filter}");
    }
    assert_eq!(tenant.members(other).await.len(), 3);
}
