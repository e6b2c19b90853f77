//! Members of large groups, read page by page.

use scim::{Kind, MemberChange, Projection};
use store::{ListQuery, MEMBERS_AT_ONCE, Part, Related, RelatedPage};
use uuid::Uuid;

use crate::support::{BASE_URL, Tenant, always, everything, first, unchanged, with_names};

/// A group whose members are so many users and so many groups.
async fn large_group(tenant: &Tenant, users: i32, groups: i32) -> Uuid {
    let mut statement = tenant.database.statement(
        "INSERT INTO {users} (id, user_name_key, active, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), n::text, TRUE, jsonb_build_object('userName', n::text), '{}', 0, now(), now() \
         FROM generate_series(1, ",
    );
    statement.bind(users).text(") AS n");
    tenant.database.execute(statement).await.unwrap();
    let mut statement = tenant.database.statement(
        "INSERT INTO {groups} (id, display_name_key, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), n::text, jsonb_build_object('displayName', n::text), '{}', 0, now(), now() \
         FROM generate_series(1, ",
    );
    statement.bind(groups).text(") AS n");
    tenant.database.execute(statement).await.unwrap();
    let group = tenant.create_group("Large", &[]).await.id;
    let mut statement = tenant
        .database
        .statement("INSERT INTO {group_members} (group_id, member_user, member_group) SELECT ");
    statement.bind(group).text(", u.id, NULL FROM {users} AS u UNION ALL SELECT ").bind(group);
    statement.text(", NULL, g.id FROM {groups} AS g WHERE g.id <> ").bind(group);
    tenant.database.execute(statement).await.unwrap();
    group
}

#[tokio::test]
async fn the_first_members_come_with_the_group_and_the_rest_page_by_page() {
    let tenant = Tenant::start().await;
    for (users, groups) in [(2_100, 1_150), (900, 150), (999, 1), (1_000, 0), (0, 1_001), (0, 0)] {
        let tenant = if users == 2_100 { &tenant } else { &Tenant::start().await };
        let group = large_group(tenant, users, groups).await;
        let named = with_names(&tenant.catalog);
        let stored = tenant.groups.get(group, &named).await.unwrap().unwrap();
        let query =
            ListQuery { filter: Some(tenant.filter(Kind::Group, "displayName eq \"Large\"")), ..first(1) };
        assert_eq!(tenant.groups.list(&query, &named).await.unwrap().items, std::slice::from_ref(&stored));
        let mut page = stored.related.unwrap();
        let mut all: Vec<Related> = Vec::new();
        loop {
            let is_full = page.items.len() == usize::try_from(MEMBERS_AT_ONCE).unwrap();
            assert!(is_full || page.rest.is_none());
            all.append(&mut page.items);
            let Some(edge) = page.rest else { break };
            page = tenant.groups.members_after(group, edge, MEMBERS_AT_ONCE, &named).await.unwrap().unwrap();
        }
        assert_eq!(all.len(), usize::try_from(users + groups).unwrap());
        assert!(all.is_sorted_by_key(|member| (member.kind == Kind::Group, member.id)));
        assert!(all.iter().all(|member| member.display.is_some()));
        let of_users = all.iter().filter(|member| member.kind == Kind::User).count();
        assert_eq!(of_users, usize::try_from(users).unwrap());
    }
}

#[tokio::test]
async fn members_go_on_behind_one_who_is_gone() {
    let tenant = Tenant::start().await;
    let group = large_group(&tenant, 30, 0).await;
    let all = tenant.members(group).await;
    let edge = store::RelatedEdge { kind: Kind::User, id: all[10] };
    let mut statement = tenant.database.statement("DELETE FROM {users} WHERE id = ");
    statement.bind(all[10]);
    tenant.database.execute(statement).await.unwrap();
    let page = tenant.groups.members_after(group, edge, 5, &everything()).await.unwrap().unwrap();
    assert_eq!(page.items.iter().map(|member| member.id).collect::<Vec<_>>(), all[11..16]);
    assert_eq!(page.rest.map(|edge| edge.id), Some(all[15]));
}

#[tokio::test]
async fn a_group_that_is_gone_has_no_page_of_members_and_one_that_lost_them_an_empty_one() {
    let tenant = Tenant::start().await;
    let group = large_group(&tenant, 3, 0).await;
    let edge = store::RelatedEdge { kind: Kind::User, id: Uuid::nil() };
    let page = async || tenant.groups.members_after(group, edge, 5, &everything()).await.unwrap();
    assert_eq!(page().await.unwrap().items.len(), 3);
    let none = [MemberChange::Replace(Vec::new())];
    tenant.groups.update(group, &always(), unchanged, &none, &everything()).await.unwrap();
    assert_eq!(page().await, Some(RelatedPage::default()));
    tenant.groups.delete(group, &always()).await.unwrap();
    assert_eq!(page().await, None);
}

#[tokio::test]
async fn names_of_members_are_read_for_those_who_ask_for_them() {
    let tenant = Tenant::start().await;
    let group = large_group(&tenant, 2, 2).await;
    let edge = store::RelatedEdge { kind: Kind::User, id: Uuid::nil() };
    let named = with_names(&tenant.catalog);
    let nobody = tenant.filter(Kind::User, "userName eq \"nobody\"");
    for (projection, are_named) in [(&everything(), false), (&named, true)] {
        let filter = Some(tenant.filter(Kind::Group, "displayName eq \"Large\""));
        let query = ListQuery { filter, ..first(1) };
        let listed = tenant.groups.list(&query, projection).await.unwrap().items.remove(0);
        let part = Part { kind: Kind::Group, filter: query.filter.as_ref(), sort: None, projection };
        let users = Part { kind: Kind::User, filter: Some(&nobody), sort: None, projection: &everything() };
        let together =
            store::list_all(&tenant.database, &[users, part], &query.window, BASE_URL).await.unwrap();
        let changed =
            tenant.groups.update(group, &always(), unchanged, &[], projection).await.unwrap().unwrap();
        let pages = [
            tenant.groups.get(group, projection).await.unwrap().unwrap().related.unwrap(),
            listed.related.unwrap(),
            together.items.into_iter().next().unwrap().related.unwrap(),
            changed.related.unwrap(),
            tenant.groups.members_after(group, edge, 5, projection).await.unwrap().unwrap(),
        ];
        for page in pages {
            assert_eq!(page.items.len(), 4);
            assert!(page.items.iter().all(|member| member.display.is_some() == are_named), "{page:?}");
        }
    }
    // The groups of a user are named without being asked for.
    let user = tenant.members(group).await[0];
    let user = tenant.users.get(user, &everything()).await.unwrap().unwrap();
    assert!(user.related.unwrap().items.iter().all(|group| group.display.is_some()));
}

#[tokio::test]
async fn members_that_are_excluded_are_not_read() {
    let tenant = Tenant::start().await;
    let group = large_group(&tenant, 3, 0).await;
    let resource_type = tenant.catalog.resource_type(Kind::Group).unwrap();
    let without = Projection::parse(None, Some("members"), resource_type).unwrap();
    assert_eq!(tenant.groups.get(group, &without).await.unwrap().unwrap().related, None);
    let listing = tenant.groups.list(&first(10), &without).await.unwrap();
    assert!(listing.items.iter().all(|group| group.related.is_none()));
}
