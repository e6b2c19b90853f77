//! How much one page holds: a listing takes bounded memory, whatever is in the tables.

use crate::support::{Tenant, everything, first, from};
use scim::Projection;

/// Users whose documents are so many bytes long, and a little more.
async fn fill_users(tenant: &Tenant, users: i32, bytes: i32) {
    let mut statement = tenant.database.statement(
        "INSERT INTO {users} (id, user_name_key, active, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), n::text, TRUE, jsonb_build_object('title', repeat('x', ",
    );
    statement
        .bind(bytes)
        .text(")), '{}', 0, now(), now() FROM generate_series(1, ")
        .bind(users)
        .text(") AS n");
    tenant.database.execute(statement).await.unwrap();
}

/// Groups that all have the same members.
async fn fill_groups(tenant: &Tenant, groups: i32, members: i32) {
    fill_users(tenant, members, 1).await;
    let mut statement = tenant.database.statement(
        "INSERT INTO {groups} (id, display_name_key, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), n::text, '{}', '{}', 0, now(), now() FROM generate_series(1, ",
    );
    statement.bind(groups).text(") AS n");
    tenant.database.execute(statement).await.unwrap();
    let members = "INSERT INTO {group_members} (group_id, member_user) SELECT g.id, u.id FROM {groups} AS g, {users} AS u";
    tenant.database.execute(tenant.database.statement(members)).await.unwrap();
}

/// How many resources each page has when a client goes on where the last page ended.
async fn pages_of_users(tenant: &Tenant) -> Vec<usize> {
    let (mut sizes, mut start_index) = (Vec::new(), 1);
    loop {
        let listing = tenant.users.list(&from(start_index, 1000), &everything()).await.unwrap();
        if listing.items.is_empty() {
            assert_eq!(listing.total, start_index - 1);
            return sizes;
        }
        sizes.push(listing.items.len());
        start_index += listing.items.len() as u64;
    }
}

#[tokio::test]
async fn a_page_ends_before_its_documents_are_too_long_together_and_the_next_goes_on_there() {
    let tenant = Tenant::start().await;
    fill_users(&tenant, 20, 1024 * 1024).await;
    assert_eq!(pages_of_users(&tenant).await, [7, 7, 6]);
}

#[tokio::test]
async fn a_document_that_is_too_long_for_any_page_has_one_for_itself() {
    let tenant = Tenant::start().await;
    fill_users(&tenant, 2, 9 * 1024 * 1024).await;
    assert_eq!(pages_of_users(&tenant).await, [1, 1]);
}

#[tokio::test]
async fn a_page_of_small_resources_is_as_long_as_it_was_asked_for() {
    let tenant = Tenant::start().await;
    fill_users(&tenant, 2_500, 100).await;
    assert_eq!(pages_of_users(&tenant).await, [1000, 1000, 500]);
}

#[tokio::test]
async fn a_page_of_large_groups_is_short_unless_their_members_are_not_wanted() {
    let tenant = Tenant::start().await;
    fill_groups(&tenant, 5, 20_000).await;
    let query = first(100);
    let listing = tenant.groups.list(&query, &everything()).await.unwrap();
    assert_eq!((listing.total, listing.items.len()), (5, 2));
    let resource_type = tenant.catalog.resource_type(scim::Kind::Group).unwrap();
    let without = Projection::parse(None, Some("members"), resource_type).unwrap();
    assert_eq!(tenant.groups.list(&query, &without).await.unwrap().items.len(), 5);
}

#[tokio::test]
async fn a_group_that_is_too_large_for_any_page_has_one_for_itself() {
    let tenant = Tenant::start().await;
    fill_groups(&tenant, 2, 50_001).await;
    let listing = tenant.groups.list(&first(100), &everything()).await.unwrap();
    let groups: Vec<_> = listing.items.iter().map(|group| group.related.as_ref().unwrap()).collect();
    assert_eq!(groups.iter().map(|members| members.items.len()).collect::<Vec<_>>(), [1_000]);
    assert!(groups[0].rest.is_some());
}
