//! A tenant's tables: their constraints by name, their indexes, and statements and transactions on them.

use database::Error;
use database::tenant::TenantDatabase;
use database::testing::{TestDatabase, TestTenant, execute};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::types::Json;
use uuid::Uuid;

async fn add_user(data: &TenantDatabase, key: &str) -> Result<Uuid, Error> {
    let (id, now) = (Uuid::now_v7(), Timestamp::now());
    let document = Json(serde_json::json!({ "userName": key }));
    let mut statement = data.statement("INSERT INTO {users} VALUES (");
    statement.bind(id).text(", ").bind(key).text(", NULL, true, ").bind(&document).text(", ").bind(&document);
    statement.text(", 0, 1, ").bind(now.to_sqlx()).text(", ").bind(now.to_sqlx()).text(")");
    data.execute(statement).await?;
    Ok(id)
}

async fn count_users(data: &TenantDatabase) -> i64 {
    let row: Option<(i64,)> =
        data.fetch_optional(data.statement("SELECT count(*) FROM {users}")).await.unwrap();
    row.unwrap().0
}

async fn start() -> (TestDatabase, TestTenant, TenantDatabase) {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let data = database.tenant_database(&tenant);
    (database, tenant, data)
}

#[tokio::test]
async fn a_constraint_is_told_by_its_name() {
    let (_database, _tenant, data) = start().await;
    add_user(&data, "a").await.unwrap();
    let error = add_user(&data, "a").await.unwrap_err();
    assert_eq!(error.constraint(), Some("users_user_name_key_unique"));

    let mut statement = data.statement("INSERT INTO {group_members} VALUES (");
    statement.bind(Uuid::now_v7()).text(", ").bind(Uuid::now_v7()).text(")");
    let error = data.execute(statement).await.unwrap_err();
    assert!(error.constraint().is_some_and(|name| name.starts_with("group_members_")), "{error:?}");
}

#[tokio::test]
async fn what_one_tenant_writes_another_does_not_see() {
    let (database, _tenant, data) = start().await;
    let other = database.tenant_database(&database.tenant().await);
    add_user(&data, "a").await.unwrap();
    add_user(&other, "a").await.unwrap();
    assert_eq!((count_users(&data).await, count_users(&other).await), (1, 1));
}

#[tokio::test]
async fn a_transaction_without_commit_leaves_nothing() {
    let (_database, _tenant, data) = start().await;
    add_user(&data, "a").await.unwrap();
    for end in ["commit", "drop", "rollback"] {
        let mut transaction = data.begin().await.unwrap();
        transaction.execute(data.statement("DELETE FROM {users}")).await.unwrap();
        match end {
            "commit" => transaction.commit().await.unwrap(),
            "drop" => drop(transaction),
            _ => transaction.rollback().await.unwrap(),
        }
        if end == "commit" {
            assert_eq!(count_users(&data).await, 0);
            add_user(&data, "a").await.unwrap();
        }
    }
    assert_eq!(count_users(&data).await, 1);
}

#[tokio::test]
async fn a_moment_is_kept_to_the_microsecond() {
    let (_database, _tenant, data) = start().await;
    let moment: Timestamp = "2026-11-22T07:48:24.123456Z".parse().unwrap();
    let mut statement = data.statement("SELECT ");
    statement.bind(moment.to_sqlx()).text("::timestamptz");
    let read: Option<(database::SqlTimestamp,)> = data.fetch_optional(statement).await.unwrap();
    assert_eq!(read.unwrap().0.to_jiff(), moment);
}

#[tokio::test]
async fn a_statement_after_the_tenant_was_deleted_finds_it_missing() {
    let (database, tenant, data) = start().await;
    database.registry.delete(tenant.registered.id, tenant.owner).await.unwrap();
    let error = add_user(&data, "a").await.unwrap_err();
    assert!(matches!(error, Error::Missing(_)), "{error:?}");
}

#[tokio::test]
async fn a_lookup_by_key_external_id_or_any_value_uses_an_index() {
    let (database, _tenant, data) = start().await;
    for fill in [
        "INSERT INTO {users}
         SELECT gen_random_uuid(), 'user' || n, 'external' || n, true, '{}',
                jsonb_build_object('emails', jsonb_build_array(jsonb_build_object('value', n || '@a.example'))),
                0, 1, now(), now()
           FROM generate_series(1, 5000) n",
        "INSERT INTO {groups} SELECT gen_random_uuid(), n::text, NULL, '{}', '{}', 0, 1, now(), now() FROM generate_series(1, 5) n",
        "INSERT INTO {group_members} SELECT g.id, u.id FROM {groups} g, {users} u",
    ] {
        data.execute(data.statement(fill)).await.unwrap();
    }
    execute(&mut database.administrator().await, "ANALYZE").await.unwrap();
    for (index, statement) in [
        ("users_user_name_key_unique", "EXPLAIN SELECT FROM {users} WHERE user_name_key = 'user7'"),
        ("users_external_id", "EXPLAIN SELECT FROM {users} WHERE external_id = 'external7'"),
        (
            "users_comparable",
            r#"EXPLAIN SELECT FROM {users} WHERE comparable @> '{"emails": [{"value": "7@a.example"}]}'"#,
        ),
        (
            "group_members_user_unique",
            "EXPLAIN SELECT FROM {group_members} WHERE group_id = '00000000-0000-0000-0000-000000000000' LIMIT 1",
        ),
        (
            "group_members_by_user",
            "EXPLAIN SELECT FROM {group_members} WHERE member_user = '00000000-0000-0000-0000-000000000000'",
        ),
    ] {
        let plan: Vec<(String,)> = data.fetch_all(data.statement(statement)).await.unwrap();
        let plan: Vec<_> = plan.into_iter().map(|(line,)| line).collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{index}: {plan:#?}");
    }
}
