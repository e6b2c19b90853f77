//! `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`: what clients configure themselves by.

use scim::{Profile, profile::Groups};
use serde_json::json;

use crate::server::Scene;

#[tokio::test]
async fn the_configuration_tells_what_the_server_can() {
    let scene = Scene::start().await;
    let config = scene.scim.get("/ServiceProviderConfig").await;
    assert_eq!(config.status, 200);
    assert_eq!(config.body["patch"]["supported"], true);
    assert_eq!(config.body["filter"], json!({"supported": true, "maxResults": 1000}));
    for missing in ["bulk", "sort", "etag", "changePassword"] {
        assert_eq!(config.body[missing]["supported"], false, "{missing}");
    }
    assert_eq!(config.body["authenticationSchemes"][0]["type"], "oauthbearertoken");
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
    for answer in [
        scene.scim.get("/Groups").await,
        scene.scim.post("/Groups", json!({"not": "looked at"})).await,
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
    let mut configuration = scene.tenant.registered.configuration.clone();
    configuration.profile.groups = Groups::Disabled;
    configuration.limits.max_page_size = 7;
    let (key, owner) = (&scene.tenant.key, scene.tenant.owner);
    scene.database.registry.register(key, owner, &configuration).await.unwrap();
    let changed = async {
        while scene.scim.get("/ResourceTypes").await.resources().len() != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(1), changed).await.unwrap();
    let config = scene.scim.get("/ServiceProviderConfig").await;
    assert_eq!(config.body["filter"]["maxResults"], 7);
}
