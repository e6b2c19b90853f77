//! The requests of Microsoft Entra ID: [dev] "Develop a SCIM endpoint", [compat] "SCIM compatibility".

use serde_json::{Value, json};

use crate::server::{Client, Scene};

async fn create(scim: &Client) -> String {
    let body = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        ],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
        "active": true,
        "emails": [{"primary": true, "type": "work", "value": "Test_User_fd0ea19b@testuser.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
        "roles": []
    });
    scim.create("/Users", body).await
}

#[tokio::test]
async fn test_connection_asks_for_a_user_who_does_not_exist() {
    let scene = Scene::start().await;
    let filter = "?filter=userName+eq+%22018f8e51-0b6b-4b50-9b3c-111111111111%22";
    let answer = scene.scim.get(&format!("/Users{filter}")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["totalResults"]), (200, &json!(0)));
    assert_eq!(answer.body["Resources"], json!([]));
}

#[tokio::test]
async fn a_user_is_created_found_updated_disabled_and_removed() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let id = create(scim).await;
    let path = format!("/Users/{id}");
    let found = scim.filter("/Users", "userName eq \"test_user_AB6490ee-1e48-479e-a20b-2d77186b5dd1\"").await;
    assert_eq!(found.ids(), [&id]);
    // [dev] "Update User": several operations, one of them on a value path.
    let operations = json!([
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updatedEmail@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 5550100"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "R&D"},
    ]);
    assert_eq!(scim.patch(&path, operations).await.status, 200);
    let user = scim.get(&path).await.body;
    assert_eq!(user["emails"][0]["value"], "updatedEmail@example.com");
    assert_eq!(user["name"]["familyName"], "updatedFamilyName");
    assert_eq!(user["phoneNumbers"], json!([{"type": "mobile", "value": "+1 5550100"}]));
    assert_eq!(user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["department"], "R&D");
    // [compat] the default dialect says "False".
    let disable = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    assert_eq!(scim.patch(&path, disable).await.body["active"], false);
    assert_eq!(scim.get(&path).await.status, 200, "disabled users can be read");
    let found = scim.filter("/Users", "externalId eq \"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef\"").await;
    assert_eq!(found.ids(), [&id], "disabled users can be found");
    assert_eq!(scim.delete(&path).await.status, 204);
    assert_eq!(scim.delete(&path).await.status, 404);
}

#[tokio::test]
async fn the_compliant_dialect_reaches_the_same_server() {
    let scene = Scene::start().await;
    let id = create(&scene.scim).await;
    let operations = json!([{"op": "replace", "value": {
        "displayName": "Ada",
        "name.givenName": "Ada",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Engines",
        "active": false,
    }}]);
    let changed = scene.scim.patch(&format!("/Users/{id}?aadOptscim062020"), operations).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["name"]["givenName"], "Ada");
    assert_eq!(
        changed.body["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["department"],
        "Engines"
    );
    assert_eq!(changed.body["active"], false);
}

#[tokio::test]
async fn a_group_is_created_found_filled_and_emptied_without_ever_listing_it() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let user = create(scim).await;
    let body = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
        ],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "meta": {"resourceType": "Group"}
    });
    let id = scim.create("/Groups", body).await;
    let path = format!("/Groups/{id}");
    let query = "?excludedAttributes=members&filter=displayName+eq+%22displayName%22";
    assert_eq!(scim.get(&format!("/Groups{query}")).await.ids(), [&id]);
    let add = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": user}]}]);
    assert_eq!(scim.patch(&path, add).await.status, 204);
    assert_eq!(scim.get(&path).await.body["members"][0]["value"], user);
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": user}]}]);
    assert_eq!(scim.patch(&path, remove).await.status, 204);
    assert_eq!(scim.get(&path).await.body["members"], Value::Null);
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "renamed"}]);
    assert_eq!(scim.patch(&path, rename).await.status, 204);
    assert_eq!(scim.get(&path).await.body["displayName"], "renamed");
    assert_eq!(scim.delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_reference_is_checked_by_one_filter_on_id_and_manager() {
    let scene = Scene::start().await;
    let scim = &scene.scim;
    let manager = scim.create("/Users", json!({"userName": "boss"})).await;
    let id = create(scim).await;
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    let set = json!([{"op": "Add", "path": path, "value": manager}]);
    let changed = scim.patch(&format!("/Users/{id}"), set).await;
    let enterprise = &changed.body["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    assert_eq!(enterprise["manager"]["value"], manager, "{changed:?}");
    let filter = format!("id eq \"{id}\" and {path} eq \"{manager}\"");
    let query =
        reqwest::Url::parse_with_params("http://x/", [("attributes", "id"), ("filter", &filter)]).unwrap();
    let found = scim.get(&format!("/Users?{}", query.query().unwrap())).await;
    assert_eq!(found.ids(), [&id], "{found:?}");
}
