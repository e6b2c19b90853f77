//! PATCH with the flag `aadOptscim062020` in the Tenant URL, and both dialects at one server: [compat].

use serde_json::{Value, json};

use super::{entra, test_user};
use crate::{
    providers::{ENTERPRISE, GROUP, USER, members},
    server::Scene,
};

#[tokio::test]
async fn entra_with_the_flag_writes_dotted_names_and_urns_without_a_path() {
    for op in ["add", "replace"] {
        let scene = Scene::start().await;
        let entra = entra(&scene);
        let id = entra.create("/Users?aadOptscim062020", test_user()).await;
        let operations = json!([
            {"op": op, "path": "emails[type eq \"work\"].value", "value": "ada@example.com"},
            {"op": op, "path": "addresses[type eq \"work\"].country", "value": "DE"},
            {"op": op, "path": "addresses[type eq \"work\"].region", "value": "BE"},
            {"op": op, "value": {
                "displayName": "Ada",
                "name.givenName": "Augusta",
                "name.familyName": "King",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Engines",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber": "7",
                "active": false,
            }}
        ]);
        entra.change(&format!("/Users/{id}?aadOptscim062020"), operations).await;
        let user = entra.read(&format!("/Users/{id}")).await;
        assert_eq!(user["emails"], json!([{"primary": true, "type": "work", "value": "ada@example.com"}]));
        assert_eq!(user["addresses"], json!([{"type": "work", "country": "DE", "region": "BE"}]));
        assert_eq!((&user["displayName"], &user["active"]), (&json!("Ada"), &json!(false)));
        let name = json!({"formatted": "givenName familyName", "familyName": "King", "givenName": "Augusta"});
        assert_eq!(user["name"], name, "what was not named stays");
        assert_eq!(user[ENTERPRISE], json!({"department": "Engines", "employeeNumber": "7"}));
    }
}

#[tokio::test]
async fn entra_with_the_flag_removes_members_by_value_path() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let ada = entra.create("/Users", json!({"schemas": [USER], "userName": "ada"})).await;
    let bob = entra.create("/Users", json!({"schemas": [USER], "userName": "bob"})).await;
    let group = entra.create("/Groups", json!({"schemas": [GROUP], "displayName": "Engineers"})).await;
    let path = format!("/Groups/{group}?aadOptscim062020");
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ada}, {"value": bob}]}]);
    entra.change(&path, add).await;
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    entra.change(&path, remove).await;
    assert_eq!(members(&entra.read(&path).await), [&bob]);
}

/// [compat]: provisioning on demand does not know the flag, so that one object sees both dialects.
#[tokio::test]
async fn entra_mixes_both_dialects_on_one_user() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let path = format!("/Users/{}", entra.create("/Users?aadOptscim062020", test_user()).await);
    let compliant = json!([{"op": "replace", "value": {"title": "Engineer", "active": false}}]);
    entra.change(&format!("{path}?aadOptscim062020"), compliant).await;
    let user = entra.read(&format!("{path}?aadOptscim062020")).await;
    assert_eq!((&user["active"], &user["title"]), (&json!(false), &json!("Engineer")));
    let default = json!([
        {"op": "Replace", "path": "active", "value": "True"},
        {"op": "Remove", "path": "title"},
    ]);
    entra.change(&path, default).await;
    let user = entra.read(&path).await;
    assert_eq!((&user["active"], &user["title"]), (&json!(true), &Value::Null));
}

/// [compat]: the flag stands in the Tenant URL and so in every request.
#[tokio::test]
async fn entra_sends_the_flag_with_every_request() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let id = entra.create("/Users?aadOptscim062020", test_user()).await;
    let query = "?aadOptscim062020&filter=externalId+eq+%220a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef%22";
    assert_eq!(entra.get(&format!("/Users{query}")).await.ids(), [&id]);
    for path in ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", &format!("/Users/{id}")] {
        entra.read(&format!("{path}?aadOptscim062020")).await;
    }
    assert_eq!(entra.delete(&format!("/Users/{id}?aadOptscim062020")).await, 204);
    assert_eq!(entra.get(&format!("/Users/{id}?aadOptscim062020")).await.status, 404);
}
