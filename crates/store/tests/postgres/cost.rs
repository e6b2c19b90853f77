//! What it costs to change and to read a group's members: rows and index entries that PostgreSQL touched, by its own statistics.

use database::tenant::TenantDatabase;
use scim::profile::ReturningUsers;
use scim::{MemberChange, Projection};
use serde_json::json;
use store::{Groups, Users};
use uuid::Uuid;

use crate::support::{Tenant, always, references, unchanged, with_names};

/// The rows read and written in all tables of the tenant up to now.
async fn touched(database: &TenantDatabase) -> i64 {
    // What a session counted is told to the others at the end of a transaction, after this has been asked for.
    database.execute(database.statement("SELECT pg_stat_force_next_flush()")).await.unwrap();
    let statement = database.statement(
        "SELECT (SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del)::bigint \
                 FROM pg_stat_user_tables WHERE relname IN ('users', 'groups', 'group_members')) \
              + (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes \
                 WHERE relname IN ('users', 'groups', 'group_members'))",
    );
    let (rows,): (i64,) = database.fetch_optional(statement).await.unwrap().unwrap();
    rows
}

/// The groups by one connection, so that its statistics are those of all that happens.
fn measured(tenant: &Tenant) -> (TenantDatabase, Groups) {
    let database = tenant.on_one_connection();
    (database.clone(), Groups::new(database, tenant.catalog.clone()))
}

/// A tenant with 20,000 users, and groups of some of them.
async fn with_groups<const GROUPS: usize>(sizes: [i32; GROUPS]) -> (Tenant, [Uuid; GROUPS]) {
    let tenant = Tenant::start().await;
    let mut statement = tenant.database.statement(
        "INSERT INTO {users} (id, user_name_key, active, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), 'user-' || n, TRUE, '{}', '{}', 0, now(), now() FROM generate_series(1, ",
    );
    statement.bind(20_000_i32).text(") AS n");
    tenant.database.execute(statement).await.unwrap();
    let mut groups = [Uuid::nil(); GROUPS];
    for (group, size) in groups.iter_mut().zip(sizes) {
        *group = tenant.create_group(&format!("{size} people"), &[]).await.id;
        let mut statement =
            tenant.database.statement("INSERT INTO {group_members} (group_id, member_user) SELECT ");
        statement
            .bind(*group)
            .text(", id FROM (SELECT id FROM {users} ORDER BY user_name_key LIMIT ")
            .bind(size);
        statement.text(") AS members");
        tenant.database.execute(statement).await.unwrap();
    }
    sqlx::query("VACUUM ANALYZE").execute(&mut tenant.server.administrator().await).await.unwrap();
    (tenant, groups)
}

#[tokio::test]
async fn a_change_touches_no_more_rows_in_a_group_of_20_000_than_in_a_group_of_10() {
    let (tenant, [small, large]) = with_groups([10, 20_000]).await;
    let ada = tenant.create(json!({"userName": "ada"})).await.unwrap().id;
    let eve = tenant.create(json!({"userName": "eve"})).await.unwrap().id;

    let (database, groups) = measured(&tenant);
    let resource_type = tenant.catalog.resource_type(scim::Kind::Group).unwrap();
    let id_only = Projection::parse(Some("id"), None, resource_type).unwrap();

    for (what, change) in [
        ("adding", MemberChange::Add(references(&[ada, eve]))),
        ("adding again", MemberChange::Add(references(&[ada, eve]))),
        ("removing", MemberChange::Remove(references(&[ada, eve]))),
    ] {
        let mut costs = Vec::new();
        for group in [small, large] {
            let before = touched(&database).await;
            let changes = [change.clone()];
            groups.update(group, &always(), unchanged, &changes, &id_only).await.unwrap().unwrap();
            costs.push(touched(&database).await - before);
        }
        assert!(costs[0] > 0, "{what} is counted");
        assert!(
            costs[1] <= costs[0] + 2,
            "{what} touches {} rows in a small group, {} in a large one",
            costs[0],
            costs[1]
        );
    }
}

#[tokio::test]
async fn reading_touches_no_more_rows_of_a_group_of_20_000_than_are_shown_at_once() {
    let (tenant, [small, large]) = with_groups([1_001, 20_000]).await;
    let (database, groups) = measured(&tenant);
    let resource_type = tenant.catalog.resource_type(scim::Kind::Group).unwrap();
    let without = Projection::parse(None, Some("members"), resource_type).unwrap();

    let mut costs = Vec::new();
    for group in [small, large] {
        let before = touched(&database).await;
        let edge = groups
            .get(group, &with_names(&tenant.catalog))
            .await
            .unwrap()
            .unwrap()
            .related
            .unwrap()
            .rest
            .unwrap();
        let whole = touched(&database).await;
        groups.get(group, &without).await.unwrap().unwrap();
        let bare = touched(&database).await;
        groups.members_after(group, edge, 500, &with_names(&tenant.catalog)).await.unwrap();
        costs.push((whole - before, bare - whole, touched(&database).await - bare));
    }
    let (small, large) = (costs[0], costs[1]);
    assert!(large.0 <= small.0 + 100, "with members: {} rows, and {} of 20,000", small.0, large.0);
    assert!(small.1 <= 10 && large.1 <= 10, "without members: {} rows, and {} of 20,000", small.1, large.1);
    // One is left of the small group; of the large one 500 and one more are read, each with its user.
    assert!(large.2 <= 501 * 4 + 100, "the next 500: {} rows of 20,000", large.2);
}

#[tokio::test]
async fn a_deletion_touches_no_more_rows_among_5_000_groups_than_it_changes() {
    let tenant = Tenant::start().await;
    let statement = tenant.database.statement(
        "INSERT INTO {groups} (id, display_name_key, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), 'group-' || n, '{}', '{}', 0, now(), now() FROM generate_series(1, 5000) AS n",
    );
    tenant.database.execute(statement).await.unwrap();
    let user = tenant.create_user("ada").await.id;
    let nested = tenant.create_group("Nested", &[user]).await.id;
    tenant.create_group("Outer", &[nested, user]).await;
    sqlx::query("VACUUM ANALYZE").execute(&mut tenant.server.administrator().await).await.unwrap();

    let (database, groups) = measured(&tenant);
    let users = Users::new(database.clone(), tenant.catalog.clone());
    let before = touched(&database).await;
    assert!(users.delete(user, &always(), ReturningUsers::Conflict).await.unwrap());
    let without_user = touched(&database).await;
    assert!(groups.delete(nested, &always()).await.unwrap());
    let costs = [without_user - before, touched(&database).await - without_user];
    assert!(costs.iter().all(|cost| (1..100).contains(cost)), "{costs:?} rows");
}
