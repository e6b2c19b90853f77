//! What a change of a group's members costs: rows and index entries that PostgreSQL touched, by its own statistics.

use database::tenant::TenantDatabase;
use scim::{MemberChange, Projection};
use serde_json::json;
use store::Groups;
use uuid::Uuid;

use crate::support::{Tenant, references, unchanged};

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

async fn fill(tenant: &Tenant, group: Uuid, size: i32) {
    let mut statement =
        tenant.database.statement("INSERT INTO {group_members} (group_id, member_user) SELECT ");
    statement.bind(group).text(", id FROM (SELECT id FROM {users} ORDER BY user_name_key LIMIT ").bind(size);
    statement.text(") AS members");
    tenant.database.execute(statement).await.unwrap();
}

#[tokio::test]
async fn a_change_touches_no_more_rows_in_a_group_of_20_000_than_in_a_group_of_10() {
    let tenant = Tenant::start().await;
    let mut statement = tenant.database.statement(
        "INSERT INTO {users} (id, user_name_key, active, resource, comparable, created_at, last_modified_at) \
         SELECT gen_random_uuid(), 'user-' || n, TRUE, '{}', '{}', now(), now() FROM generate_series(1, ",
    );
    statement.bind(20_000_i32).text(") AS n");
    tenant.database.execute(statement).await.unwrap();
    let small = tenant.create_group("Small", &[]).await.id;
    let large = tenant.create_group("Large", &[]).await.id;
    fill(&tenant, small, 10).await;
    fill(&tenant, large, 20_000).await;
    let ada = tenant.users.create(tenant.user(json!({"userName": "ada"}))).await.unwrap().id;
    let eve = tenant.users.create(tenant.user(json!({"userName": "eve"}))).await.unwrap().id;
    sqlx::query("VACUUM ANALYZE").execute(&mut tenant.server.administrator().await).await.unwrap();

    // One connection, so that its statistics are those of all that happens.
    let database = tenant.on_one_connection();
    let groups = Groups::new(database.clone(), tenant.catalog.clone());
    let resource_type = tenant.catalog.resource_type(scim::Kind::Group).unwrap();
    let id_only = Projection::parse(Some("id"), None, resource_type).unwrap();

    for (what, change) in [
        ("adding", MemberChange::Add(references(&[ada, eve]))),
        ("adding again", MemberChange::Add(references(&[ada, eve]))),
        ("removing", MemberChange::Remove(vec![ada, eve])),
    ] {
        let mut costs = Vec::new();
        for group in [small, large] {
            let before = touched(&database).await;
            let changes = [change.clone()];
            groups.update(group, unchanged, &changes, &id_only).await.unwrap().unwrap();
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
