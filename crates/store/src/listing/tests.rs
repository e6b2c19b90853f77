//! Whether the planner uses an index for what identity providers look people up by, in a table of 20,000.

use std::fmt::Write as _;

use database::testing::TestDatabase;
use scim::{Catalog, Kind, Profile};
use sqlx::Connection;

use super::*;

const USERS: i32 = 20_000;

fn catalog() -> Catalog {
    let profile: Profile = serde_json::from_value(serde_json::json!({
        "extensions": [{"urn": "urn:example:Metadata", "resource": "User", "additionalAttributes": "String"}]
    }))
    .unwrap();
    Catalog::new(&profile).unwrap()
}

/// The plan of the listing that the server would run.
async fn plan(database: &TenantDatabase, kind: Kind, filter: &str) -> String {
    let catalog = catalog();
    let resource_type = catalog.resource_type(kind).unwrap();
    let filter = Some(Filter::parse(filter, resource_type).unwrap());
    let query = ListQuery { filter, page: Page { start_index: 1, count: 1 } };
    let mut statement = database.statement("EXPLAIN ");
    select(&mut statement, kind, &query, Related::Read);
    let lines: Vec<(String,)> = database.fetch_all(statement).await.unwrap();
    lines.into_iter().fold(String::new(), |mut plan, (line,)| {
        writeln!(plan, "{line}").unwrap();
        plan
    })
}

#[tokio::test]
async fn what_people_are_looked_up_by_is_found_by_an_index_among_20_000() {
    let server = TestDatabase::start().await;
    let tenant = server.tenant().await;
    let database = server.tenant_database(&tenant);
    let mut statement = database.statement(
        "INSERT INTO {users} (id, user_name_key, external_id, active, resource, comparable, created_at, last_modified_at) \
         SELECT gen_random_uuid(), 'user-' || n, 'e-' || n, TRUE, document, document, now(), now() \
         FROM (SELECT n, jsonb_build_object('userName', 'user-' || n, 'externalId', 'e-' || n, 'active', TRUE, \
             'title', 'title-' || n, 'name', jsonb_build_object('familyName', 'family-' || n), \
             'emails', jsonb_build_array(\
                 jsonb_build_object('type', 'work', 'value', n || '@work.example.com'), \
                 jsonb_build_object('type', 'home', 'value', n || '@home.example.com')), \
             'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User', \
                 jsonb_build_object('employeeNumber', n::text, 'department', 'd-' || n % 5), \
             'urn:example:Metadata', jsonb_build_object('costcentre', 'c-' || n)) AS document \
             FROM generate_series(1, ",
    );
    statement.bind(USERS).text(") AS n) AS one");
    database.execute(statement).await.unwrap();
    let statement = database.statement(
        "INSERT INTO {groups} (id, display_name_key, resource, comparable, created_at, last_modified_at) \
         SELECT gen_random_uuid(), 'group-' || n, '{\"displayName\": \"g\"}', '{\"displayName\": \"g\"}', now(), now() \
         FROM generate_series(1, 2000) AS n",
    );
    database.execute(statement).await.unwrap();
    let statement = database.statement(
        "INSERT INTO {group_members} (group_id, member_user) \
         SELECT g.id, u.id FROM (SELECT id, row_number() OVER () AS n FROM {groups}) AS g \
         JOIN (SELECT id, row_number() OVER () AS n FROM {users}) AS u ON u.n / 10 = g.n",
    );
    database.execute(statement).await.unwrap();
    let mut administrator = server.administrator().await;
    sqlx::query("VACUUM ANALYZE").execute(&mut administrator).await.unwrap();
    administrator.close().await.unwrap();

    let id = "0198a5a6-0000-7000-8000-000000000001";
    for (kind, filter, index) in [
        (Kind::User, r#"userName eq "user-77""#, "users_user_name_key_unique"),
        (Kind::User, r#"externalId eq "e-77""#, "users_external_id"),
        (Kind::User, &format!(r#"id eq "{id}""#), "users_pkey"),
        (Kind::User, r#"emails eq "77@work.example.com""#, "users_comparable"),
        (Kind::User, r#"emails.value eq "77@work.example.com""#, "users_comparable"),
        (Kind::User, r#"emails[type eq "work"].value eq "77@work.example.com""#, "users_comparable"),
        (Kind::User, r#"emails[type eq "work" and value eq "77@work.example.com"]"#, "users_comparable"),
        (Kind::User, r#"emails[value eq "77@work.example.com" and type sw "w"]"#, "users_comparable"),
        (Kind::User, r#"name.familyName eq "family-77""#, "users_comparable"),
        (Kind::User, r#"title eq "title-77" and active eq true"#, "users_comparable"),
        (Kind::User, r#"userName eq "user-77" or title eq "title-78""#, "users_comparable"),
        (
            Kind::User,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "77""#,
            "users_comparable",
        ),
        (Kind::User, r#"urn:example:Metadata:costCentre eq "c-77""#, "users_comparable"),
        (Kind::User, &format!(r#"groups.value eq "{id}""#), "group_members_user_unique"),
        (Kind::Group, r#"displayName eq "group-77""#, "groups_display_name_key_unique"),
        (Kind::Group, &format!(r#"members.value eq "{id}""#), "group_members_by_user"),
        (Kind::Group, &format!(r#"id eq "{id}" and members.value eq "{id}""#), "groups_pkey"),
    ] {
        let plan = plan(&database, kind, filter).await;
        assert!(plan.contains(index), "{filter} does not use {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{filter} reads a whole table:\n{plan}");
    }
}
