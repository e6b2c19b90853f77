//! `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`: what clients configure themselves by.

use database::testing::TestDatabase;
use reqwest::Method;
use scim::{Profile, profile::Groups};
use serde_json::json;

use crate::server::{Scene, Settings, TestServer, reconfigure};

#[tokio::test]
async fn the_configuration_is_that_of_this_server_and_tenant() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut settings = Settings::default();
    settings.limits.body = 70_000;
    let server = TestServer::start_with(&database.server, settings).await;
    let config = server.client(&tenant).get("/ServiceProviderConfig").await;
    assert_eq!(config.status, 200);
    assert_eq!(config.header("content-type"), Some("application/scim+json; charset=utf-8"));
    let url = format!("{}/ServiceProviderConfig", tenant.registered.configuration.tenant_url);
    assert_eq!(config.body["meta"]["location"], url);
    assert_eq!(config.body["bulk"]["maxPayloadSize"], 70_000);
    let page_size = tenant.registered.configuration.limits.max_page_size;
    assert_eq!(config.body["filter"]["maxResults"], page_size);
    assert_eq!(config.body["pagination"]["maxPageSize"], page_size);
}

#[tokio::test]
async fn a_document_that_the_client_has_is_not_sent_again() {
    let scene = Scene::start().await;
    let user = "urn:ietf:params:scim:schemas:core:2.0:User";
    for path in
        ["/ServiceProviderConfig".to_owned(), "/ResourceTypes/User".to_owned(), format!("/Schemas/{user}")]
    {
        let answer = scene.scim.get(&path).await;
        let tag = answer.header("etag").unwrap();
        assert_eq!(answer.body["meta"]["version"], tag, "{path}");
        assert_eq!(answer.header("content-location"), answer.body["meta"]["location"].as_str(), "{path}");
        let ask = async |tag: &str| {
            let request = scene.scim.request(Method::GET, &path).header("If-None-Match", tag);
            request.send().await.unwrap()
        };
        let known = ask(tag).await;
        assert_eq!(known.status(), 304, "{path}");
        assert_eq!(known.headers()["etag"].to_str().unwrap(), tag, "{path}");
        assert_eq!(ask("W/\"1\"").await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn resource_types_and_schemas_are_lists_whose_elements_can_be_fetched() {
    let scene = Scene::start().await;
    for endpoint in ["/ResourceTypes", "/Schemas"] {
        let list = scene.scim.get(endpoint).await;
        assert_eq!(list.body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
        assert_eq!(list.body["totalResults"], list.resources().len());
        assert_eq!(list.body["startIndex"], 1);
        for element in list.resources() {
            let path = format!("{endpoint}/{}", element["id"].as_str().unwrap());
            let fetched = scene.scim.get(&path).await;
            assert_eq!(fetched.status, 200, "{path}");
            assert_eq!(fetched.body, *element, "{path}");
            let location = element["meta"]["location"].as_str().unwrap();
            assert_eq!(location, format!("{}{path}", scene.tenant.registered.configuration.tenant_url));
        }
    }
}

#[tokio::test]
async fn a_filter_on_them_is_forbidden_and_anything_else_ignored() {
    let scene = Scene::start().await;
    assert_eq!(scene.scim.filter("/Schemas", "name eq \"User\"").await.status, 403);
    assert_eq!(scene.scim.get("/Schemas?count=1&attributes=name&filter=").await.resources().len(), 3);
}

#[tokio::test]
async fn where_groups_are_disabled_there_is_no_such_endpoint_and_nobody_speaks_of_them() {
    let scene = Scene::with_profile(Profile { groups: Groups::Disabled, ..Profile::default() }).await;
    let types = scene.scim.get("/ResourceTypes").await;
    assert_eq!(types.resources().len(), 1);
    assert_eq!(types.resources()[0]["id"], "User");
    let schemas = scene.scim.get("/Schemas").await;
    assert!(!schemas.body.to_string().to_lowercase().contains("group"), "{schemas:?}");
    for answer in [
        scene.scim.get("/Groups").await,
        scene.scim.post("/Groups", json!({"not": "looked at"})).await,
        scene.scim.post("/Groups/.search", json!({"not": "looked at"})).await,
        scene.scim.get("/Groups/018f0000-0000-7000-8000-000000000000").await,
        scene.scim.delete("/Groups/018f0000-0000-7000-8000-000000000000").await,
    ] {
        assert_eq!(answer.status, 404);
        assert_eq!(answer.detail(), "there is no such endpoint");
    }
}

#[tokio::test]
async fn a_change_of_the_configuration_is_served_without_a_restart() {
    let scene = Scene::start().await;
    assert_eq!(scene.scim.get("/ResourceTypes").await.resources().len(), 2);
    let before = scene.scim.get("/ServiceProviderConfig").await;
    reconfigure(&scene.database, &scene.tenant, |configuration| {
        configuration.profile.groups = Groups::Disabled;
        configuration.limits.max_page_size = 7;
    })
    .await;
    let changed = async {
        while scene.scim.get("/ResourceTypes").await.resources().len() != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(1), changed).await.unwrap();
    let config = scene.scim.get("/ServiceProviderConfig").await;
    assert_eq!(config.body["filter"]["maxResults"], 7);
    assert_eq!(config.body["pagination"]["maxPageSize"], 7);
    assert_ne!(config.header("etag"), before.header("etag"));
}
