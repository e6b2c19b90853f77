//! Large groups: read whole, at whatever size, and never in part.

use std::{collections::BTreeSet, time::Duration};

use database::testing::{TestDatabase, TestTenant, execute};
use futures::StreamExt as _;
use reqwest::Method;
use scim_server::connections::End;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::server::{Client, Scene, Settings, TestServer};

const MEMBERS: usize = 5_000;
/// Names are shown to those who ask for them.
const WITH_NAMES: &str = "?attributes=members.value,members.display";

/// Users as they are in the database, with a name of that many characters; faster than by HTTP.
pub async fn with_users(
    database: &TestDatabase,
    tenant: &TestTenant,
    count: usize,
    length: usize,
) -> BTreeSet<String> {
    let mut connection = database.administrator().await;
    let schema = tenant.registered.schema_name().as_str().to_owned();
    let insert = format!(
        "INSERT INTO {schema}.users (id, user_name_key, active, resource, comparable, form, created_at, last_modified_at) \
         SELECT ('019a0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user-' || n, true, \
         jsonb_build_object('userName', 'user-' || n, 'displayName', repeat('x', {length})), \
         jsonb_build_object('userName', 'user-' || n), 0, now(), now() FROM generate_series(1, {count}) AS n"
    );
    execute(&mut connection, &insert).await.unwrap();
    (1..=count).map(|number| format!("019a0000-0000-7000-8000-{number:012x}")).collect()
}

/// A group with all of these members and another group; its path.
async fn large_group(scim: &Client, users: &BTreeSet<String>) -> String {
    let nested = scim.create("/Groups", json!({"displayName": "Nested"})).await;
    let path = format!("/Groups/{}", scim.create("/Groups", json!({"displayName": "Everybody"})).await);
    let users: Vec<_> = users.iter().collect();
    for part in users.chunks(5_000) {
        let members: Vec<_> = part.iter().map(|id| json!({"value": id})).collect();
        let added = scim.patch(&path, json!([{"op": "add", "path": "members", "value": members}])).await;
        assert_eq!(added.status, 204, "{added:?}");
    }
    let add = json!([{"op": "add", "path": "members", "value": [{"value": nested}]}]);
    assert_eq!(scim.patch(&path, add).await.status, 204);
    path
}

/// The ids of the users among the members, of whom none is there twice.
fn users_of(group: &Value) -> BTreeSet<String> {
    let members = group["members"].as_array().unwrap();
    let values: Vec<_> = members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect();
    let mut unique: BTreeSet<_> = values.iter().cloned().collect();
    assert_eq!(unique.len(), values.len());
    let nested = values.last().unwrap();
    unique.remove(nested);
    unique
}

#[tokio::test]
async fn a_large_group_is_read_whole_however_it_is_asked_for() {
    let scene = Scene::start().await;
    let users = with_users(&scene.database, &scene.tenant, MEMBERS, 10).await;
    let path = large_group(&scene.scim, &users).await;

    let whole = scene.scim.get(&path).await;
    assert_eq!(users_of(&whole.body), users);
    assert_eq!(whole.header("content-length"), None);
    assert_eq!(whole.header("etag"), whole.body["meta"]["version"].as_str());
    let members = whole.body["members"].as_array().unwrap();
    assert_eq!(members[MEMBERS]["type"], "Group");
    assert!(members[..MEMBERS].iter().all(|member| member["type"] == "User" && member["display"].is_null()));

    let named = scene.scim.get(&format!("{path}{WITH_NAMES}")).await;
    assert_eq!(users_of(&named.body), users);
    let members = named.body["members"].as_array().unwrap();
    assert!(members[..MEMBERS].iter().all(|member| member["display"] == "xxxxxxxxxx"));

    let values = scene.scim.get(&format!("{path}?attributes=members.value")).await;
    assert_eq!(users_of(&values.body), users);
    let shown = values.body["members"].as_array().unwrap();
    assert!(shown.iter().all(|member| member.as_object().unwrap().len() == 1), "{:?}", shown[MEMBERS]);

    let add = json!([{"op": "add", "path": "externalId", "value": "1"}]);
    let patched = scene.scim.patch(&format!("{path}?attributes=members"), add).await;
    assert_eq!(patched.status, 200);
    assert_eq!(users_of(&patched.body), users);

    for list in [
        "/Groups",
        "/Groups?sortBy=displayName&sortOrder=descending",
        "?filter=meta.resourceType+eq+%22Group%22",
        "?cursor&filter=members+pr",
    ] {
        let listing = scene.scim.get(list).await;
        let group = listing.resources().iter().find(|group| group["displayName"] == "Everybody").unwrap();
        assert_eq!(users_of(group), users, "{list}");
    }
    let without = scene.scim.get(&format!("{path}?excludedAttributes=members")).await;
    assert_eq!(without.body["members"], Value::Null);
    assert!(without.header("content-length").is_some());
}

#[tokio::test]
async fn a_replaced_group_answers_with_all_its_members() {
    let scene = Scene::start().await;
    let users = with_users(&scene.database, &scene.tenant, 1_500, 10).await;
    let nested = scene.scim.create("/Groups", json!({"displayName": "Nested"})).await;
    let members: Vec<_> = users.iter().chain([&nested]).map(|id| json!({"value": id})).collect();
    let body = json!({"displayName": "Everybody", "members": members});
    let created = scene.scim.post("/Groups", body.clone()).await;
    assert_eq!(users_of(&created.body), users);
    let replaced = scene.scim.put(&format!("/Groups/{}", created.id()), body).await;
    assert_eq!(users_of(&replaced.body), users);
}

#[tokio::test]
async fn an_answer_that_cannot_be_finished_breaks_off() {
    broken_by(async |scene, _| {
        let schema = scene.tenant.registered.schema_name().as_str().to_owned();
        let rename = format!("ALTER TABLE {schema}.group_members RENAME TO gone");
        execute(&mut scene.database.administrator().await, &rename).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_group_that_is_deleted_while_it_is_read_breaks_the_answer_off() {
    broken_by(async |scene, path| assert_eq!(scene.scim.delete(path).await.status, 204)).await;
}

/// Whatever happens while a group is being read, the answer does not end as if that were all.
async fn broken_by(happening: impl AsyncFnOnce(&Scene, &str)) {
    let scene = Scene::start().await;
    // More than the sockets on the way hold, so that the last members are read when the client wants them.
    let users = with_users(&scene.database, &scene.tenant, 12_000, 2_000).await;
    let path = large_group(&scene.scim, &users).await;
    let response = scene.scim.request(Method::GET, &format!("{path}{WITH_NAMES}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut chunks = response.bytes_stream();
    assert!(chunks.next().await.unwrap().is_ok());
    happening(&scene, &path).await;
    let mut last = None;
    while let Some(chunk) = chunks.next().await {
        last = Some(chunk.is_ok());
    }
    assert_eq!(last, Some(false), "half of a group was taken for the whole");
}

#[tokio::test]
async fn a_client_that_reads_slowly_does_not_hold_up_the_end_of_the_server() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let users = with_users(&database, &tenant, 12_000, 2_000).await;
    let mut settings = Settings::default();
    settings.times.grace = Duration::from_millis(200);
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&tenant);
    let path = large_group(&scim, &users).await;
    let response = scim.request(Method::GET, &format!("{path}{WITH_NAMES}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let ended = timeout(Duration::from_secs(5), server.stop()).await.unwrap().unwrap();
    assert_eq!(ended, End::Cut);
    drop(response);
}

#[tokio::test]
async fn a_client_that_stops_reading_loses_its_connection() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let users = with_users(&database, &tenant, 12_000, 2_000).await;
    let mut settings = Settings::default();
    settings.times.write = Duration::from_millis(500);
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&tenant);
    let path = large_group(&scim, &users).await;
    let response = scim.request(Method::GET, &format!("{path}{WITH_NAMES}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut chunks = response.bytes_stream();
    // As long as something is read now and then, the answer goes on.
    for _ in 0..4 {
        sleep(Duration::from_millis(200)).await;
        assert!(chunks.next().await.unwrap().is_ok());
    }
    sleep(Duration::from_secs(2)).await;
    let mut last = None;
    while let Some(chunk) = chunks.next().await {
        last = Some(chunk.is_ok());
    }
    assert_eq!(last, Some(false), "the connection was kept");
}
