//! Listings: pages and filters (RFC 7644, section 3.4.2).

use database::testing::TestDatabase;
use serde_json::{Value, json};

use crate::server::{Scene, TestServer};

async fn with_users(names: &[&str]) -> Scene {
    let scene = Scene::start().await;
    for name in names {
        scene.scim.create("/Users", json!({"userName": name, "title": "Engineer"})).await;
    }
    scene
}

#[tokio::test]
async fn an_empty_listing_is_a_listing() {
    let scene = Scene::start().await;
    let listing = scene.scim.get("/Users").await;
    assert_eq!(listing.status, 200);
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    });
    assert_eq!(listing.body, expected);
}

#[tokio::test]
async fn pages_follow_each_other_in_one_order_and_tell_the_truth_about_themselves() {
    let scene = with_users(&["a", "b", "c", "d", "e"]).await;
    let all = scene.scim.get("/Users").await;
    let (mut walked, mut start) = (Vec::new(), 1);
    while walked.len() < 5 {
        let page = scene.scim.get(&format!("/Users?startIndex={start}&count=2")).await;
        assert_eq!(page.body["totalResults"], 5);
        assert_eq!(page.body["startIndex"], start);
        assert_eq!(page.body["itemsPerPage"], page.resources().len());
        walked.extend(page.ids().into_iter().map(str::to_owned));
        start += page.resources().len();
    }
    assert_eq!(walked, all.ids());
    let behind = scene.scim.get("/Users?startIndex=6").await;
    assert_eq!((&behind.body["totalResults"], &behind.body["itemsPerPage"]), (&json!(5), &json!(0)));
}

#[tokio::test]
async fn unusual_numbers_mean_what_the_rfc_says() {
    let scene = with_users(&["a", "b", "c"]).await;
    let cases = [
        ("startIndex=0", 1, 3),
        ("startIndex=-7&count=2", 1, 2),
        ("count=0", 1, 0),
        ("count=-1", 1, 0),
        ("startIndex=2&count=0", 2, 0),
        ("startIndex=&count=", 1, 3),
        ("count=99999999999999999999999", 1, 3),
        ("startIndex=3&count=1&sortBy=userName&sortOrder=descending", 3, 1),
    ];
    for (query, start_index, items) in cases {
        let page = scene.scim.get(&format!("/Users?{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        assert_eq!(page.body["totalResults"], 3, "{query}");
        assert_eq!(page.body["startIndex"], start_index, "{query}");
        assert_eq!(page.body["itemsPerPage"], items, "{query}");
        assert_eq!(page.resources().len(), items, "{query}");
    }
    let far = scene.scim.get("/Users?startIndex=99999999999999999999999").await;
    assert_eq!((far.status.as_u16(), far.resources().len()), (200, 0));
}

#[tokio::test]
async fn no_page_is_larger_than_the_tenants_limit() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant_with(|configuration| configuration.limits.max_page_size = 2).await;
    let server = TestServer::start(&database).await;
    let scim = server.client(&tenant);
    for name in ["a", "b", "c"] {
        scim.create("/Users", json!({"userName": name})).await;
    }
    for query in ["", "?count=100", "?count=3"] {
        let page = scim.get(&format!("/Users{query}")).await;
        assert_eq!(page.body["totalResults"], 3);
        assert_eq!(page.body["itemsPerPage"], 2);
    }
}

#[tokio::test]
async fn a_filter_selects_and_counts() {
    let scene = with_users(&["ada@example.com", "bob+test@example.com", "eve \"x\" ö"]).await;
    let cases = [
        ("userName eq \"ADA@example.com\"", 1),
        ("userName eq \"bob+test@example.com\"", 1),
        ("userName eq \"eve \\\"x\\\" ö\"", 1),
        ("userName co \"example\"", 2),
        ("userName sw \"ada\" or userName sw \"bob\"", 2),
        ("title eq \"Engineer\" and not (userName ew \"example.com\")", 1),
        ("userName eq \"nobody\"", 0),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName pr", 3),
    ];
    for (filter, total) in cases {
        let listing = scene.scim.filter("/Users", filter).await;
        assert_eq!(listing.status, 200, "{filter}: {listing:?}");
        assert_eq!(listing.body["totalResults"], total, "{filter}");
        assert_eq!(listing.resources().len(), total, "{filter}");
    }
}

#[tokio::test]
async fn a_query_is_form_encoded_and_its_unknown_parts_are_ignored() {
    let scene = with_users(&["bob+test@example.com"]).await;
    let cases = [
        ("?filter=userName+eq+%22bob%2Btest%40example.com%22&", 1),
        ("?filter=userName%20eq%20%22bob%2Btest%40example.com%22", 1),
        ("?filter=userName+eq+%22bob+test@example.com%22", 0),
        ("?aadOptscim062020&filter=userName+eq+%22nobody%22", 0),
        ("?&&filter=&unknown=%ff&attributes=", 1),
        ("?", 1),
    ];
    for (query, total) in cases {
        let listing = scene.scim.get(&format!("/Users{query}")).await;
        assert_eq!(listing.status, 200, "{query}: {listing:?}");
        assert_eq!(listing.body["totalResults"], json!(total), "{query}");
    }
}

#[tokio::test]
async fn groups_are_found_by_their_members_and_users_by_their_groups() {
    let scene = with_users(&["ada", "bob"]).await;
    let ada = scene.scim.filter("/Users", "userName eq \"ada\"").await.ids()[0].to_owned();
    let body = json!({"displayName": "Engineers", "members": [{"value": ada}]});
    let group = scene.scim.create("/Groups", body).await;
    let groups = scene.scim.filter("/Groups", &format!("members.value eq \"{ada}\"")).await;
    assert_eq!(groups.ids(), [&group]);
    let exact = format!("id eq \"{group}\" and members eq \"{ada}\"");
    assert_eq!(scene.scim.filter("/Groups", &exact).await.ids(), [&group]);
    let users = scene.scim.filter("/Users", &format!("groups.value eq \"{group}\"")).await;
    assert_eq!(users.ids(), [&ada]);
    assert_ne!(users.resources()[0]["userName"], Value::Null);
}
