//! Okta. [okta] its SCIM 2.0 reference (developer.okta.com), [beta] okta-scim-beta, [spec] its published SPEC test,
//! which `tests/identity-provider` runs whole.

mod groups;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Connection, GROUP, JSON, SCIM_UTF8, USER};
use crate::server::Scene;

/// The headers of oktadeveloper/okta-blog-archive#1956. A compressed answer would be one that the test cannot read.
fn okta(scene: &Scene) -> Connection {
    let headers = &[
        ("Accept", "application/scim+json"),
        ("Accept-Charset", "utf-8"),
        ("Accept-Encoding", "gzip,deflate"),
        ("User-Agent", "Okta SCIM Client 1.0.0"),
    ];
    Connection::new(scene, SCIM_UTF8, headers)
}

/// [okta] "Create users".
fn barbara() -> Value {
    json!({
        "schemas": [USER],
        "userName": "barbara@example.com",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [{"primary": true, "value": "barbara@example.com", "type": "work"}],
        "displayName": "Barbara Jensen",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true
    })
}

const MATCH: &str = "/Users?filter=userName%20eq%20%22barbara@example.com%22&startIndex=1&count=100";

#[tokio::test]
async fn okta_tests_the_credentials_by_a_page_of_two() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    for number in 0..3 {
        okta.create("/Users", json!({"schemas": [USER], "userName": format!("user-{number}")})).await;
    }
    let page = okta.get("/Users?startIndex=1&count=2").await;
    assert_eq!((&page.body["totalResults"], &page.body["itemsPerPage"]), (&json!(3), &json!(2)));
    assert_eq!((&page.body["startIndex"], page.resources().len()), (&json!(1), 2));
    assert_eq!(okta.get("/Groups?startIndex=1&count=100").await.body["totalResults"], 0);
}

#[tokio::test]
async fn okta_matches_creates_once_and_never_sees_the_password() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    okta.create_bystanders().await;
    let none = okta.get(MATCH).await;
    assert_eq!((none.status.as_u16(), none.resources().len()), (200, 0));
    let created = okta.post("/Users", barbara()).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.body["userName"], "barbara@example.com");
    assert!(!created.body.to_string().contains("1mz050nq"));
    let again = okta.post("/Users", barbara()).await;
    assert_eq!((again.status.as_u16(), &again.body["scimType"]), (409, &json!("uniqueness")));
    assert_eq!(okta.get(MATCH).await.ids(), [created.id()]);
}

/// [okta] "Filters": `id`, `externalId` and `emails` beside `userName`, whose case does not count.
#[tokio::test]
async fn okta_filters_by_id_external_id_email_and_user_name() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    okta.create_bystanders().await;
    let id = okta.create("/Users", barbara()).await;
    let filters = [
        format!("id%20eq%20%22{id}%22"),
        "externalId%20eq%20%2200ujl29u0le5T6Aj10h7%22".to_owned(),
        "emails%20eq%20%22Barbara@example.com%22".to_owned(),
        "emails.value%20eq%20%22barbara@example.com%22".to_owned(),
        "userName%20eq%20%22BARBARA@example.com%22".to_owned(),
    ];
    for filter in filters {
        let found = okta.get(&format!("/Users?filter={filter}&startIndex=1&count=100")).await;
        assert_eq!(found.ids(), [&id], "{filter}");
    }
}

/// [okta] "Update a specific user (PUT)": all of what was read, with `id`, `meta` and `groups`, which are readOnly, and
/// with empty values for what was cleared.
#[tokio::test]
async fn okta_deactivates_by_a_put_of_what_was_read_and_reactivates_so() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    okta.create_bystanders().await;
    let mut body = barbara();
    body["title"] = json!("Countess");
    body["nickName"] = json!("Babs");
    let id = okta.create("/Users", body).await;
    let group = json!({"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": id}]});
    let group = okta.create("/Groups", group).await;
    let path = format!("/Users/{id}");
    for active in [false, true] {
        let mut user = okta.read(&path).await;
        user["active"] = json!(active);
        user["groups"] = json!([]);
        user["meta"]["created"] = json!("2011-08-01T18:29:49.793Z");
        user["title"] = json!("");
        user["nickName"] = Value::Null;
        let replaced = okta.put(&path, user).await;
        assert_eq!(replaced.status, 200, "{replaced:?}");
        let read = okta.read(&path).await;
        assert_eq!((&read["active"], &read["id"]), (&json!(active), &json!(id)));
        assert_eq!((&read["title"], &read["nickName"]), (&Value::Null, &Value::Null));
        assert_eq!(read["displayName"], "Barbara Jensen");
        assert_eq!(read["groups"][0]["value"], group);
        assert!(!read["meta"]["created"].as_str().unwrap().starts_with("2011"), "{read}");
        let found = okta.get(MATCH).await;
        assert_eq!((found.ids(), &found.resources()[0]["active"]), (vec![&*id], &json!(active)));
    }
}

/// [okta] "Update a specific user (PATCH)": status and password, without a path.
#[tokio::test]
async fn okta_changes_status_and_password_by_a_patch_without_path() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    let path = format!("/Users/{}", okta.create("/Users", barbara()).await);
    for active in [false, true] {
        okta.change(&path, json!([{"op": "replace", "value": {"active": active}}])).await;
        assert_eq!(okta.read(&path).await["active"], active);
    }
    let operations = json!([{"op": "replace", "value": {"password": "GeheimGeheim"}}]);
    let changed = okta.patch(&path, operations).await;
    assert!([200, 204].contains(&changed.status.as_u16()), "{changed:?}");
    let read = okta.read(&path).await;
    assert!(!format!("{}{read}", changed.body).contains("Geheim"));
    assert_eq!((&read["displayName"], &read["active"]), (&json!("Barbara Jensen"), &json!(true)));
}

/// [okta] "Import": pages of 100 until `totalResults`, in the same order each time.
#[tokio::test]
async fn okta_imports_in_pages_of_a_hundred() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    for number in 0..101 {
        okta.create("/Users", json!({"schemas": [USER], "userName": format!("user-{number}")})).await;
    }
    let mut walks = Vec::new();
    for _ in 0..2 {
        let (mut walked, mut sizes) = (Vec::new(), Vec::new());
        for start in [1, 101] {
            let page = okta.get(&format!("/Users?startIndex={start}&count=100")).await;
            assert_eq!(page.body["totalResults"], 101);
            sizes.push(page.resources().len());
            walked.extend(page.ids().into_iter().map(str::to_owned));
        }
        assert_eq!(sizes, [100, 1]);
        assert_eq!(walked.iter().collect::<BTreeSet<_>>().len(), 101, "each once");
        walks.push(walked);
    }
    assert_eq!(walks[0], walks[1]);
}

#[tokio::test]
async fn okta_finds_errors_in_the_form_that_its_spec_test_wants() {
    let scene = Scene::start().await;
    let mut okta = okta(&scene);
    let unknown = okta.get("/Users/010101001010101011001010101011").await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["status"]), (404, &json!("404")));
    // [spec] posts application/json.
    okta.content_type = JSON;
    assert_eq!(okta.post("/Users", json!({"schemas": [USER]})).await.status, 400);
    okta.scim.token = None;
    let refused = okta.get("/Users").await;
    assert_eq!((refused.status.as_u16(), &refused.body["status"]), (401, &json!("401")));
}
