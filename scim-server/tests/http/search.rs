//! Searches: by POST, and over all kinds together (RFC 7644, sections 3.4.2.1 and 3.4.3).

use scim::{Profile, profile::Groups};
use serde_json::{Value, json};

use crate::server::{Client, Scene};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

async fn furnish(scim: &Client) -> [String; 3] {
    let ada =
        scim.create("/Users", json!({"userName": "ada", "displayName": "Ada", "title": "Countess"})).await;
    let bob = scim.create("/Users", json!({"userName": "bob", "displayName": "Crew"})).await;
    let crew = json!({"displayName": "Crew", "members": [{"value": ada}]});
    [scim.create("/Groups", crew).await, ada, bob]
}

#[tokio::test]
async fn the_tenant_url_lists_all_kinds_together_each_at_its_place() {
    let scene = Scene::start().await;
    let ids = furnish(&scene.scim).await;
    let search = json!({"schemas": [SEARCH]});
    for listing in [
        scene.scim.get("").await,
        scene.scim.get("/").await,
        scene.scim.post("/.search", search.clone()).await,
        scene.scim.post("/.search/", search).await,
    ] {
        assert_eq!(listing.status, 200, "{listing:?}");
        assert_eq!(listing.body["totalResults"], 3);
        assert_eq!(listing.body["startIndex"], 1);
        let mut found = listing.ids();
        found.sort_unstable();
        let mut expected = ids.each_ref().map(String::as_str);
        expected.sort_unstable();
        assert_eq!(found, expected);
        for resource in listing.resources() {
            let location = resource["meta"]["location"].as_str().unwrap();
            let (_, path) = location.split_once("/scim/v2").unwrap();
            assert_eq!(scene.scim.get(path).await.body, *resource);
        }
    }
}

#[tokio::test]
async fn a_search_by_post_answers_as_a_get_does() {
    let scene = Scene::start().await;
    furnish(&scene.scim).await;
    let body = json!({
        "schemas": [SEARCH], "filter": "displayName pr", "attributes": ["displayName", "members.value"],
        "sortBy": "displayName", "sortOrder": "descending", "startIndex": 2, "count": 1,
    });
    let url = "?filter=displayName+pr&attributes=displayName,members.value&sortBy=displayName&sortOrder=descending\
               &startIndex=2&count=1";
    for endpoint in ["/Users", "/Groups", ""] {
        let searched = scene.scim.post(&format!("{endpoint}/.search"), body.clone()).await;
        assert_eq!(searched.status, 200, "{searched:?}");
        assert_eq!(searched.body, scene.scim.get(&format!("{endpoint}{url}")).await.body);
    }
}

#[tokio::test]
async fn what_a_kind_lacks_has_no_value_there() {
    let scene = Scene::start().await;
    let [crew, ada, bob] = furnish(&scene.scim).await;
    let cases: &[(&str, &[&str])] = &[
        ("userName eq \"ADA\"", &[&ada]),
        ("displayName eq \"crew\"", &[&crew, &bob]),
        ("displayName eq \"crew\" and not (userName pr)", &[&crew]),
        ("meta.resourceType eq \"Group\"", &[&crew]),
        ("meta.resourceType eq \"User\" and title pr", &[&ada]),
        (&format!("members.value eq \"{ada}\""), &[&crew]),
        (&format!("id eq \"{bob}\""), &[&bob]),
        ("schemas eq \"urn:ietf:params:scim:schemas:core:2.0:Group\"", &[&crew]),
    ];
    for (filter, expected) in cases {
        let listing = scene.scim.filter("", filter).await;
        assert_eq!(listing.status, 200, "{filter}: {listing:?}");
        let mut found = listing.ids();
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{filter}");
        assert_eq!(listing.body["totalResults"], expected.len(), "{filter}");
    }
    assert_eq!(scene.scim.filter("", "shoeSize pr").await.body["scimType"], "invalidFilter");
}

#[tokio::test]
async fn what_all_kinds_have_is_sorted_together() {
    let scene = Scene::start().await;
    let [crew, ada, bob] = furnish(&scene.scim).await;
    let listing = scene.scim.get("?sortBy=userName").await;
    assert_eq!(listing.ids(), [&ada, &bob, &crew]);
    let listing = scene.scim.get("/?sortBy=meta.created&sortOrder=descending&attributes=id").await;
    assert_eq!(listing.ids(), [&crew, &bob, &ada]);
    assert_eq!(listing.resources()[0].as_object().unwrap().len(), 2, "{listing:?}");
}

#[tokio::test]
async fn without_groups_the_tenant_has_users_and_nothing_else() {
    let scene = Scene::with_profile(Profile { groups: Groups::Disabled, ..Profile::default() }).await;
    let ada = scene.scim.create("/Users", json!({"userName": "ada"})).await;
    assert_eq!(scene.scim.get("").await.ids(), [&ada]);
    assert_eq!(
        scene.scim.post("/.search", json!({"schemas": [SEARCH], "filter": "id pr"})).await.ids(),
        [&ada]
    );
    let searched = scene.scim.post("/Groups/.search", json!({"schemas": [SEARCH]})).await;
    assert_eq!((searched.status.as_u16(), searched.detail()), (404, "there is no such endpoint"));
}

#[tokio::test]
async fn a_body_that_is_no_search_is_refused() {
    let scene = Scene::start().await;
    furnish(&scene.scim).await;
    let cases: &[(Value, Option<&str>, &str)] = &[
        (json!([]), Some("invalidSyntax"), "object"),
        (json!({"schemas": "urn:other"}), Some("invalidSyntax"), "schemas"),
        (json!({"schemas": [SEARCH], "count": "x"}), Some("invalidSyntax"), "count"),
        (json!({"schemas": [SEARCH], "filter": 1}), Some("invalidSyntax"), "filter"),
        (json!({"schemas": [SEARCH], "filter": "userName"}), Some("invalidFilter"), ""),
        (json!({"schemas": [SEARCH], "sortBy": "shoeSize"}), Some("invalidValue"), "sortBy"),
        (
            json!({"schemas": [SEARCH], "sortBy": "displayName", "sortOrder": "up"}),
            Some("invalidValue"),
            "sortOrder",
        ),
        (
            json!({"schemas": [SEARCH], "attributes": ["id"], "excludedAttributes": ["meta"]}),
            Some("invalidValue"),
            "",
        ),
        (json!({"schemas": [SEARCH], "cursor": "", "startIndex": 1}), Some("invalidValue"), "cursor"),
    ];
    for endpoint in ["", "/Users", "/Groups"] {
        for (body, scim_type, detail) in cases {
            let refused = scene.scim.post(&format!("{endpoint}/.search"), body.clone()).await;
            assert_eq!(refused.status, 400, "{endpoint} {body}: {refused:?}");
            assert_eq!(refused.body["scimType"].as_str(), *scim_type, "{endpoint} {body}: {refused:?}");
            assert!(refused.detail().contains(detail), "{endpoint} {body}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn a_search_whose_url_says_something_too_is_refused() {
    let scene = Scene::start().await;
    furnish(&scene.scim).await;
    for path in ["/.search?filter=userName+eq+%22ada%22", "/Users/.search?count=1", "/Groups/.search?cursor="]
    {
        let refused = scene.scim.post(path, json!({"schemas": [SEARCH]})).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["scimType"]),
            (400, &json!("invalidValue")),
            "{path}"
        );
    }
    // A flag of the Tenant URL says nothing.
    let searched =
        scene.scim.post("/Users/.search?aadOptscim062020", json!({"filter": "userName eq \"ada\""})).await;
    assert_eq!((searched.status.as_u16(), &searched.body["totalResults"]), (200, &json!(1)));
}
