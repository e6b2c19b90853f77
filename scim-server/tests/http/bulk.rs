//! Many changes by one request, which may refer to what others of them create (RFC 7644, section 3.7).

use std::time::Duration;

use database::{
    tenant::TenantTransaction,
    testing::{TestDatabase, TestTenant},
};
use reqwest::Method;
use scim::{
    Profile,
    profile::{Groups, ReturningUsers},
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    outage::{Way, connect},
    server::{Answer, Client, Scene, Settings, TestServer},
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn bulk(scim: &Client, operations: Value) -> Answer {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"];
    let answer = scim.post("/Bulk", json!({"schemas": schemas, "Operations": operations})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    answer
}

#[expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)")]
fn post(path: &str, bulk_id: &str, data: Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": bulk_id, "data": data})
}

fn user(name: &str) -> Value {
    post("/Users", name, json!({"userName": name}))
}

fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|member| json!({"value": member})).collect();
    post("/Groups", name, json!({"displayName": name, "members": members}))
}

/// The statuses in the order of the answer.
fn statuses(answer: &Answer) -> String {
    let statuses: Vec<_> = answer.operations().iter().map(|one| one["status"].as_str().unwrap()).collect();
    statuses.join(" ")
}

/// The path of what an operation created or changed, below the Tenant URL.
fn path(scene: &Scene, operation: &Value) -> String {
    let base = scene.tenant.registered.configuration.tenant_url.as_str();
    let location = operation["location"].as_str().unwrap_or_else(|| panic!("no location: {operation}"));
    location.strip_prefix(base).unwrap().to_owned()
}

fn id(operation: &Value) -> &str {
    operation["location"].as_str().unwrap().rsplit('/').next().unwrap()
}

fn members(group: &Value) -> Vec<&str> {
    let members = group["members"].as_array().map(Vec::as_slice).unwrap_or_default();
    members.iter().map(|member| member["value"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_operation_is_done_as_a_single_request_would_be() {
    let scene = Scene::start().await;
    let ada = scene.scim.create("/Users", json!({"userName": "ada", "nickName": "a"})).await;
    let bob = scene.scim.create("/Users", json!({"userName": "bob"})).await;
    let eve = scene.scim.create("/Users", json!({"userName": "eve"})).await;
    let answer = bulk(
        &scene.scim,
        json!([
            user("new"),
            {"method": "put", "path": format!("/Users/{bob}"), "data": {"userName": "bobby"}},
            {"method": "PATCH", "path": format!("{}/Users/{ada}", scene.scim.base), "data": [
                {"op": "remove", "path": "nickName"}, {"op": "add", "path": "title", "value": "Countess"}]},
            {"method": "DELETE", "path": format!("Users/{eve}")},
            group("team", &[&ada]),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), "201 200 200 204 201", "{answer:?}");
    let [created, replaced, patched, deleted, team] = answer.operations() else { panic!("{answer:?}") };
    for (operation, method, version) in
        [(created, "POST", 1), (replaced, "PUT", 2), (patched, "PATCH", 2), (team, "POST", 1)]
    {
        assert_eq!(operation["method"], method);
        assert_eq!(operation["version"], format!("W/\"{version}\""), "{operation}");
        assert_eq!(operation["response"], Value::Null, "{operation}");
        let read = scene.scim.get(&path(&scene, operation)).await;
        assert_eq!(read.status, 200, "{read:?}");
    }
    assert_eq!(created["bulkId"], "new");
    assert_eq!(path(&scene, deleted), format!("/Users/{eve}"));
    assert_eq!(scene.scim.get(&format!("/Users/{eve}")).await.status, 404);
    let ada = scene.scim.get(&format!("/Users/{ada}")).await;
    assert_eq!((&ada.body["nickName"], &ada.body["title"]), (&Value::Null, &json!("Countess")));
    assert_eq!(scene.scim.get(&format!("/Users/{bob}")).await.body["userName"], "bobby");
}

#[tokio::test]
async fn what_fails_is_answered_alone_and_the_others_are_done() {
    let scene = Scene::start().await;
    let ada = scene.scim.create("/Users", json!({"userName": "ada"})).await;
    let never = "018f0000-0000-7000-8000-000000000000";
    let answer = bulk(
        &scene.scim,
        json!([
            user("ada"),
            post("/Users", "nameless", json!({})),
            {"method": "PUT", "path": format!("/Users/{ada}"), "version": "W/\"9\"", "data": {"userName": "x"}},
            {"method": "DELETE", "path": format!("/Users/{never}")},
            {"method": "DELETE", "path": "/Groups/7"},
            {"method": "GET", "path": format!("/Users/{ada}")},
            {"method": "POST", "path": "/Bulk", "bulkId": "b", "data": {"Operations": []}},
            {"method": "PATCH", "path": "/Me", "data": []},
            "DELETE",
            user("bob"),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), "409 400 412 404 404 400 400 501 400 201", "{answer:?}");
    let operations = answer.operations();
    for (operation, scim_type) in operations.iter().zip([Some("uniqueness"), Some("invalidValue"), None]) {
        let error = &operation["response"];
        assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(error["status"], operation["status"]);
        assert_eq!(error["scimType"].as_str(), scim_type);
        assert_eq!(operation["version"], Value::Null);
    }
    assert_eq!(operations[0]["location"], Value::Null, "nothing was created");
    assert_eq!(path(&scene, &operations[2]), format!("/Users/{ada}"));
    assert_eq!(path(&scene, &operations[3]), format!("/Users/{never}"));
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 2);
}

/// RFC 7644, section 3.7.3: a location is required of all but a POST that failed.
#[tokio::test]
async fn a_refused_operation_tells_the_place_of_the_resource_that_it_names() {
    let scene = Scene::start().await;
    let answer = bulk(
        &scene.scim,
        json!([
            {"method": "PUT", "path": "/Users/bulkId:ada%20l."},
            post("/Users", "ada l.", json!({"userName": "ada"})),
            {"method": "DELETE", "path": "/Users/bulkId:ada%20l.", "version": 5},
            {"method": "PATCH", "path": "/Groups/7"},
            {"method": "PATCH", "path": "/Groups/bulkId:nobody", "data": []},
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), "400 201 400 400 400", "{answer:?}");
    let [put, created, delete, patch, nobody] = answer.operations() else { panic!("{answer:?}") };
    assert_eq!(put["location"], created["location"]);
    assert_eq!(delete["location"], created["location"]);
    assert_eq!(path(&scene, patch), "/Groups/7");
    assert_eq!(nobody["location"], Value::Null);
}

#[tokio::test]
async fn a_text_that_looks_like_a_reference_is_stored_as_it_is() {
    let scene = Scene::start().await;
    let ada = post("/Users", "1", json!({"userName": "bulkId:1", "title": "bulkId:nobody"}));
    let answer = bulk(&scene.scim, json!([ada])).await;
    assert_eq!(statuses(&answer), "201", "{answer:?}");
    let read = scene.scim.get(&path(&scene, &answer.operations()[0])).await.body;
    assert_eq!((&read["userName"], &read["title"]), (&json!("bulkId:1"), &json!("bulkId:nobody")));
}

#[tokio::test]
async fn an_operation_with_the_version_of_the_resource_is_done() {
    let scene = Scene::start().await;
    let ada = scene.scim.post("/Users", json!({"userName": "ada"})).await;
    let path = format!("/Users/{}", ada.id());
    let version = ada.body["meta"]["version"].clone();
    let replace =
        json!({"method": "PUT", "path": path, "version": version, "data": {"userName": "ada", "title": "x"}});
    let answer =
        bulk(&scene.scim, json!([replace, {"method": "DELETE", "path": path, "version": version}])).await;
    assert_eq!(statuses(&answer), "200 412", "{answer:?}");
    let delete = json!({"method": "DELETE", "path": path, "version": answer.operations()[0]["version"]});
    assert_eq!(statuses(&bulk(&scene.scim, json!([delete])).await), "204");
}

/// As RFC 7644, section 3.7.2 has it: a user, a group with that user, and a user whose manager is another new one.
#[tokio::test]
async fn a_new_resource_is_referred_to_by_its_bulk_id() {
    let scene = Scene::start().await;
    let tess =
        post("/Users", "tess", json!({"userName": "tess", ENTERPRISE: {"manager": {"value": "bulkId:max"}}}));
    let answer =
        bulk(&scene.scim, json!([user("max"), group("guides", &["bulkId:max", "bulkId:tess"]), tess])).await;
    assert_eq!(statuses(&answer), "201 201 201", "{answer:?}");
    let [max, guides, tess] = answer.operations() else { panic!("{answer:?}") };
    assert_eq!(guides["bulkId"], "guides", "the answer is in the order of the request");
    let group = scene.scim.get(&path(&scene, guides)).await;
    let mut expected = [id(max), id(tess)];
    expected.sort_unstable();
    assert_eq!(members(&group.body), expected);
    let tess = scene.scim.get(&path(&scene, tess)).await;
    assert_eq!(tess.body[ENTERPRISE]["manager"]["value"], id(max));
}

#[tokio::test]
async fn a_new_group_is_changed_and_joined_by_its_bulk_id() {
    let scene = Scene::start().await;
    let ada = scene.scim.create("/Users", json!({"userName": "ada"})).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": "bulkId:bob"}, {"value": ada}]}]);
    let remove = json!({"Operations": [{"op": "remove", "path": "members[value eq \"bulkId:bob\"]"}]});
    let answer = bulk(
        &scene.scim,
        json!([
            {"method": "PATCH", "path": "/Groups/bulkId:team", "data": {"Operations": add}},
            group("team", &[]),
            user("bob"),
            {"method": "PATCH", "path": "/Groups/bulkId:team", "data": remove},
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), "200 201 201 200", "{answer:?}");
    let [added, team, ..] = answer.operations() else { panic!("{answer:?}") };
    assert_eq!(added["location"], team["location"]);
    assert_eq!(members(&scene.scim.get(&path(&scene, team)).await.body), [ada]);
}

/// As RFC 7644, section 3.7.1 has it for groups; users do the same with their managers.
#[tokio::test]
async fn resources_that_refer_to_each_other_in_a_circle_are_created_together() {
    let scene = Scene::start().await;
    let manager = |name: &str, of: &str| {
        post("/Users", name, json!({"userName": name, ENTERPRISE: {"manager": format!("bulkId:{of}")}}))
    };
    let answer = bulk(
        &scene.scim,
        json!([
            group("g", &["bulkId:h", "bulkId:ada"]),
            manager("ada", "bob"),
            group("h", &["bulkId:g"]),
            manager("bob", "ada"),
            manager("eve", "eve"),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), "201 201 201 201 201", "{answer:?}");
    let [g, ada, h, bob, eve] = answer.operations() else { panic!("{answer:?}") };
    let read = async |operation| scene.scim.get(&path(&scene, operation)).await.body;
    assert_eq!(members(&read(g).await), [id(ada), id(h)]);
    assert_eq!(members(&read(h).await), [id(g)]);
    for (user, manager) in [(ada, bob), (bob, ada), (eve, eve)] {
        assert_eq!(read(user).await[ENTERPRISE]["manager"]["value"], id(manager));
        assert_eq!(user["version"], "W/\"1\"");
    }
}

#[tokio::test]
async fn of_a_circle_all_are_created_or_none() {
    let scene = Scene::start().await;
    scene.scim.create("/Groups", json!({"displayName": "taken"})).await;
    let taken = post("/Groups", "h", json!({"displayName": "taken", "members": [{"value": "bulkId:g"}]}));
    let answer =
        bulk(&scene.scim, json!([group("g", &["bulkId:h"]), taken, group("after", &["bulkId:g"])])).await;
    assert_eq!(statuses(&answer), "409 409 409", "{answer:?}");
    let details: Vec<_> =
        answer.operations().iter().map(|one| one["response"]["detail"].as_str().unwrap()).collect();
    insta::assert_snapshot!(details.join("\n"), @"
    not created, because an operation failed with which this one is in a circle of references: mend that one and send all of them again
    another resource has the displayName 'taken': choose another value
    'bulkId:g' was not created: mend its operation and send both again
    ");
    let malformed = post("/Groups", "h", json!({"members": [{"value": "bulkId:g"}]}));
    let answer = bulk(&scene.scim, json!([group("g", &["bulkId:h"]), malformed])).await;
    assert_eq!(statuses(&answer), "409 400", "{answer:?}");
    assert_eq!(scene.scim.get("/Groups").await.body["totalResults"], 1);
}

#[tokio::test]
async fn a_reference_to_what_failed_is_a_conflict_and_to_nothing_a_mistake() {
    let scene = Scene::start().await;
    let nameless = post("/Users", "nameless", json!({}));
    let operations = json!([nameless, group("g", &["bulkId:nameless"]), group("h", &["bulkId:nobody"])]);
    let answer = bulk(&scene.scim, operations).await;
    assert_eq!(statuses(&answer), "400 409 400", "{answer:?}");
    assert_eq!(answer.operations()[2]["response"]["scimType"], "invalidValue");
    assert_eq!(scene.scim.get("/Groups").await.body["totalResults"], 0);
}

#[tokio::test]
async fn after_as_many_errors_as_the_client_accepts_nothing_more_is_done() {
    let scene = Scene::start().await;
    let again = |bulk_id: &str, name: &str| post("/Users", bulk_id, json!({"userName": name}));
    let operations = json!([user("ada"), user("bob"), again("x", "ada"), again("y", "bob"), user("eve")]);
    let with = |limit: Value| json!({"failOnErrors": limit, "Operations": operations});
    let answer = scene.scim.post("/Bulk", with(json!(2))).await;
    assert_eq!(statuses(&answer), "201 201 409 409", "{answer:?}");
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 2);
    let answer = scene.scim.post("/Bulk", with(json!(1))).await;
    assert_eq!(statuses(&answer), "409");
    let answer = scene.scim.post("/Bulk", with(Value::Null)).await;
    assert_eq!(statuses(&answer), "409 409 409 409 201");
}

#[tokio::test]
async fn a_malformed_request_changes_nothing() {
    let scene = Scene::start().await;
    let too_many: Vec<_> = (0..1_001).map(|number| user(&format!("u{number}"))).collect();
    for (body, status) in [
        (json!([]), 400),
        (json!({"Operations": []}), 400),
        (json!({"Operations": [user("a"), user("a")]}), 400),
        (json!({"Operations": [user("a")], "failOnErrors": "no"}), 400),
        (json!({"Operations": [user("a")], "schemas": {}}), 400),
        (json!({"Operations": too_many}), 413),
        (
            json!({"Operations": [post("/Users", "a", json!({"userName": "a", "title": "x".repeat(1024 * 1024)}))]}),
            413,
        ),
    ] {
        let answer = scene.scim.post("/Bulk", body).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(scene.scim.send(Method::GET, "/Bulk", None).await.status, 405);
    assert_eq!(scene.scim.get("/Users").await.body["totalResults"], 0);
}

#[tokio::test]
async fn a_tenant_without_groups_has_none_in_bulk_either() {
    let scene = Scene::with_profile(Profile { groups: Groups::Disabled, ..Profile::default() }).await;
    let never = "/Groups/018f0000-0000-7000-8000-000000000000";
    let answer = bulk(
        &scene.scim,
        json!([
            group("g", &[]),
            group("circle", &["bulkId:circle"]),
            {"method": "PUT", "path": never, "data": {"displayName": "g"}},
            {"method": "PATCH", "path": never, "data": []},
            {"method": "DELETE", "path": never},
            user("ada"),
        ]),
    )
    .await;
    assert_eq!(statuses(&answer), "404 404 404 404 404 201", "{answer:?}");
}

#[tokio::test]
async fn whoever_comes_back_is_referred_to_by_the_id_from_before() {
    let scene =
        Scene::with_profile(Profile { returning_users: ReturningUsers::Revive, ..Profile::default() }).await;
    let ada = scene.scim.create("/Users", json!({"userName": "ada", "active": false})).await;
    let answer = bulk(&scene.scim, json!([group("g", &["bulkId:ada"]), user("ada")])).await;
    assert_eq!(statuses(&answer), "201 201", "{answer:?}");
    let [group, revived] = answer.operations() else { panic!("{answer:?}") };
    assert_eq!(id(revived), ada);
    assert_eq!(members(&scene.scim.get(&path(&scene, group)).await.body), [ada]);
}

#[tokio::test]
async fn as_many_operations_as_there_may_be_are_done_by_one_request() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut settings = Settings::default();
    settings.limits.request_timeout = Duration::from_mins(1);
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&tenant);
    let mut operations: Vec<_> = (0..999).map(|number| user(&format!("user-{number}"))).collect();
    let references: Vec<_> = (0..999).map(|number| format!("bulkId:user-{number}")).collect();
    operations.insert(0, group("all", &references.iter().map(String::as_str).collect::<Vec<_>>()));
    let answer = bulk(&scim, json!(operations)).await;
    assert!(answer.operations().iter().all(|one| one["status"] == "201"), "{answer:?}");
    let group = scim.get(&format!("/Groups/{}", id(&answer.operations()[0]))).await;
    assert_eq!(members(&group.body).len(), 999);
}

#[tokio::test]
async fn what_is_not_begun_in_half_of_the_time_is_left_for_another_request() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut settings = Settings::default();
    // Nothing is begun after 4 seconds, and what was begun has until the sixth.
    settings.limits.request_timeout = Duration::from_secs(8);
    let server = TestServer::start_with(&database.server, settings).await;
    let scim = server.client(&tenant);
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let lock = lock_users(&database, &tenant).await;
    let slow = json!({"method": "PUT", "path": format!("/Users/{ada}"), "data": {"userName": "lady"}});
    let operations = json!([slow, user("bob"), {"method": "PUT"}]);
    let (answer, ()) = tokio::join!(bulk(&scim, operations), async {
        sleep(Duration::from_millis(4_500)).await;
        lock.rollback().await.unwrap();
    });
    assert_eq!(statuses(&answer), "200 503 400", "{answer:?}");
    insta::assert_snapshot!(answer.operations()[1]["response"]["detail"].as_str().unwrap(), @"the operation was not begun, because half of the request's time was over: send it again");
    assert_eq!(scim.get("/Users").await.body["totalResults"], 1);
}

#[tokio::test]
async fn when_the_database_goes_away_in_the_middle_the_client_learns_what_was_done() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut way = Way::to(&database.server_url()).await;
    let server = TestServer::start_with(&connect(&way.url), Settings::default()).await;
    let scim = server.client(&tenant);
    let ada = scim.create("/Users", json!({"userName": "ada"})).await;
    let lock = lock_users(&database, &tenant).await;
    let waits = json!({"method": "PUT", "path": format!("/Users/{ada}"), "data": {"userName": "lady"}});
    let operations = json!([user("bob"), waits, user("eve"), group("g", &["bulkId:bob"]), {"method": "PUT"}]);
    let (answer, ()) = tokio::join!(bulk(&scim, operations), async {
        sleep(Duration::from_millis(500)).await;
        way.block();
    });
    assert_eq!(statuses(&answer), "201 503 503 503 400", "{answer:?}");
    let detail = answer.operations()[2]["response"]["detail"].as_str().unwrap();
    assert!(detail.contains("was not begun"), "{detail}");
    lock.rollback().await.unwrap();
    way.open().await;
    let bob = format!("/Users/{}", id(&answer.operations()[0]));
    let recovers = async {
        while scim.get(&bob).await.status != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), recovers).await.unwrap();
}

/// Keeps others from writing the users that there are, until it is rolled back.
async fn lock_users(database: &TestDatabase, tenant: &TestTenant) -> TenantTransaction {
    let tenant = database.tenant_database(tenant);
    let mut transaction = tenant.begin().await.unwrap();
    transaction.execute(tenant.statement("SELECT FROM {users} FOR UPDATE")).await.unwrap();
    transaction
}
