//! Whether the planner uses an index for what identity providers look people up by, in a table of 20,000.

use std::fmt::Write as _;

use database::testing::TestDatabase;
use scim::cursor::Key;
use scim::{Catalog, Kind, Profile};
use sqlx::Connection;

use super::*;
use crate::page::{CursorPage, Page};

const USERS: i32 = 20_000;

fn catalog() -> Catalog {
    let profile: Profile = serde_json::from_value(serde_json::json!({
        "extensions": [{"urn": "urn:example:Metadata", "resource": "User", "additionalAttributes": "String"}]
    }))
    .unwrap();
    Catalog::new(&profile).unwrap()
}

/// The plan of the listing that the server would run.
async fn plan(database: &TenantDatabase, parts: &[Part<'_>], window: &Window) -> String {
    let mut statement = database.statement("EXPLAIN ");
    Search::new(parts, window, "https://scim.example.com").select(&mut statement).unwrap();
    let lines: Vec<(String,)> = database.fetch_all(statement).await.unwrap();
    lines.into_iter().fold(String::new(), |mut plan, (line,)| {
        writeln!(plan, "{line}").unwrap();
        plan
    })
}

/// The plan of a search by a filter.
async fn plan_of_filter(database: &TenantDatabase, kind: Kind, filter: &str) -> String {
    let catalog = catalog();
    let filter = Filter::parse(filter, catalog.resource_type(kind).unwrap()).unwrap();
    let everything = Projection::default();
    let part = Part { kind, filter: Some(&filter), sort: None, projection: &everything };
    plan(database, &[part], &Window::Index(Page { start_index: 1, count: 1 })).await
}

/// The plan of a page in the midst of all resources of these kinds.
async fn plan_of_walk(
    database: &TenantDatabase,
    kinds: &[Kind],
    sort_by: Option<&str>,
    key: Key,
    direction: Direction,
) -> String {
    let catalog = catalog();
    let everything = Projection::default();
    let sort = sort_by.map(|path| Sort::parse(path, None, catalog.user()).unwrap());
    let part = |&kind: &Kind| Part { kind, filter: None, sort: sort.as_ref(), projection: &everything };
    let parts: Vec<_> = kinds.iter().map(part).collect();
    let edge = Edge { kind: Kind::User, id: Uuid::from_u128(u128::MAX / 2), key };
    plan(database, &parts, &Window::Cursor(CursorPage { edge: Some(edge), direction, count: 100 })).await
}

/// A tenant's tables with 20,000 users and 2,000 groups.
async fn filled(server: &TestDatabase) -> TenantDatabase {
    let tenant = server.tenant().await;
    let database = server.tenant_database(&tenant);
    let mut statement = database.statement(
        "INSERT INTO {users} (id, user_name_key, external_id, active, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), 'user-' || n, 'e-' || n, TRUE, document, document, 0, now(), now() \
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
        "INSERT INTO {groups} (id, display_name_key, resource, comparable, form, created_at, last_modified_at) \
         SELECT gen_random_uuid(), 'group-' || n, '{\"displayName\": \"g\"}', '{\"displayName\": \"g\"}', 0, now(), now() \
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
    database
}

#[tokio::test]
async fn what_people_are_looked_up_by_is_found_by_an_index_among_20_000() {
    let server = TestDatabase::start().await;
    let database = filled(&server).await;

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
        (Kind::User, r#"groups.display eq "group-77""#, "groups_display_name_key_unique"),
        (
            Kind::User,
            &format!(r#"groups[value eq "{id}" and type eq "direct"]"#),
            "group_members_user_unique",
        ),
        (Kind::User, &format!(r#"meta.location eq "https://scim.example.com/Users/{id}""#), "users_pkey"),
        (Kind::Group, &format!(r#"members.value eq "{id}""#), "group_members_by_user"),
        (Kind::Group, &format!(r#"members[value eq "{id}" and type eq "User"]"#), "group_members_by_user"),
        (
            Kind::Group,
            &format!(r#"members.$ref eq "https://scim.example.com/Users/{id}""#),
            "group_members_by_user",
        ),
        (Kind::Group, &format!(r#"id eq "{id}" and members.value eq "{id}""#), "groups_pkey"),
    ] {
        let plan = plan_of_filter(&database, kind, filter).await;
        assert!(plan.contains(index), "{filter} does not use {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan"), "{filter} reads a whole table:\n{plan}");
    }
}

#[tokio::test]
async fn a_page_by_cursor_is_found_by_an_index_however_deep_it_is() {
    let server = TestDatabase::start().await;
    let database = filled(&server).await;
    let both = [Kind::User, Kind::Group];
    let name = || Key::Value("user-77".into());
    for (kinds, sort_by, key, direction, scans) in [
        (
            &both[..1],
            None,
            Key::Unsorted,
            Direction::Forward,
            &["users_pkey on users candidate", "(id > "][..],
        ),
        (&both[..1], None, Key::Unsorted, Direction::Backward, &["Backward using users_pkey", "(id < "]),
        (
            &both[..1],
            Some("userName"),
            name(),
            Direction::Forward,
            &["users_user_name_key_unique", "(user_name_key >= "],
        ),
        (
            &both[..1],
            Some("userName"),
            name(),
            Direction::Backward,
            &["users_user_name_key_unique", "(user_name_key <= "],
        ),
        (
            &both,
            None,
            Key::Unsorted,
            Direction::Forward,
            &["Merge Append", "users_pkey", "groups_pkey", "(id > "],
        ),
    ] {
        let plan = plan_of_walk(&database, kinds, sort_by, key, direction).await;
        for scan in scans {
            assert!(plan.contains(scan), "{sort_by:?} {direction:?} is without {scan}:\n{plan}");
        }
    }
}
