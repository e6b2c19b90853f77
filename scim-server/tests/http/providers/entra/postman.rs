//! What Microsoft's Postman collection asks (AzureAD/SCIMReferenceCode, PostmanCollection.json) and the other files
//! do not show yet.

use reqwest::Method;
use scim::{Profile, profile::PatchResponse};
use serde_json::{Value, json};

use super::entra;
use crate::{
    providers::{ENTERPRISE, GROUP, USER, members},
    server::Scene,
};

/// "Post User", "Post EnterpriseUser" and "User 2 replace test": several elements, of which one is primary.
fn bob() -> Value {
    json!({
        "schemas": [ENTERPRISE, USER], "userName": "UserName222", "active": true, "displayName": "BobIsAmazing",
        "name": {"formatted": "Andrew Ryan", "familyName": "Ryan", "givenName": "Andrew"},
        "emails": [
            {"Primary": true, "type": "work", "value": "testing@bob2.com"},
            {"Primary": false, "type": "home", "value": "testinghome@bob3.com"}
        ],
        ENTERPRISE: {"Department": "bob", "Manager": {"Value": "SuzzyQ"}},
    })
}

/// "Get User Filters": a slash before the query, and a name in another case.
#[tokio::test]
async fn postman_filters_behind_a_slash() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let id = entra.create("/Users", bob()).await;
    assert_eq!(entra.get("/Users/?filter=DisplayName+eq+%22BobIsAmazing%22").await.ids(), [&id]);
}

/// "Get user attributes": `attributes` with a value path.
#[tokio::test]
async fn postman_asks_for_attributes_by_value_path() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create("/Users", bob()).await;
    for attributes in
        ["emails%5Btype+eq+%22work%22%5D", "emails%5Bvalue+eq+%22testing@bob2.com%22%5D", "userName,emails"]
    {
        let found = entra.get(&format!("/Users?attributes={attributes}")).await;
        assert_eq!(found.status, 200, "{attributes}: {found:?}");
        assert_eq!(found.resources()[0]["emails"][0]["value"], "testing@bob2.com", "{attributes}");
        assert_eq!(found.resources()[0]["displayName"], Value::Null, "{attributes}");
    }
}

/// "Post emp1 with string True"; "Put a user no username". "Put a user misspelled attribute" wants 200 and silence;
/// here the answer names the attribute, since a mapping that leads nowhere should be seen.
#[tokio::test]
async fn postman_sends_a_text_as_boolean_a_misspelt_name_and_no_user_name() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let mut body = bob();
    body["active"] = json!("True");
    let created = entra.post("/Users", body.clone()).await;
    assert_eq!((created.status.as_u16(), &created.body["active"]), (201, &json!(true)));
    let path = format!("/Users/{}", created.id());
    body["active"] = json!("False");
    body["adreses"] = json!([{"country": "Germany"}]);
    let refused = entra.put(&path, body.clone()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["scimType"]), (400, &json!("invalidSyntax")));
    assert!(refused.detail().contains("'adreses'"), "{refused:?}");
    body["adreses"] = Value::Null;
    assert_eq!(entra.read(&path).await, created.body, "nothing of it was done");
    assert_eq!(entra.put(&path, body.clone()).await.status, 200, "null is not misspelt");
    assert_eq!(entra.read(&path).await["active"], false);
    body["userName"] = Value::Null;
    assert_eq!(entra.put(&path, body.clone()).await.status, 400);
    assert_eq!(entra.post("/Users", body).await.status, 400);
    let all = entra.get("/Users").await;
    assert_eq!((all.ids().len(), &all.resources()[0]["userName"]), (1, &json!("UserName222")));
}

/// "Post enterprise user": two elements of one type.
#[tokio::test]
async fn postman_sends_two_emails_of_one_type() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let mut body = bob();
    let emails = json!([
        {"type": "work", "primary": true, "value": "anna33@gmail.com"},
        {"type": "work", "primary": false, "value": "anna33@example.com"}
    ]);
    body["emails"] = emails.clone();
    assert_eq!(entra.read(&format!("/Users/{}", entra.create("/Users", body).await)).await["emails"], emails);
}

/// "User 2 replace test": a PUT with the id in the body, and without the extension that was there.
#[tokio::test]
async fn postman_replaces_a_user_by_put() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let id = entra.create("/Users", bob()).await;
    let mut body = bob();
    body["id"] = json!(id);
    body["name"]["formatted"] = json!("NewName");
    body.as_object_mut().unwrap().remove(ENTERPRISE);
    let path = format!("/Users/{id}");
    assert_eq!(entra.read(&path).await[ENTERPRISE]["department"], "bob");
    let replaced = entra.put(&path, body).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(entra.read(&path).await, replaced.body);
    assert_eq!((&replaced.body["id"], &replaced.body["name"]["formatted"]), (&json!(id), &json!("NewName")));
    assert_eq!(replaced.body[ENTERPRISE], Value::Null);
}

/// "filter eq and (val or val)", "filter starts with", "filter greater than", with the values in quotes.
#[tokio::test]
async fn postman_filters_by_and_or_sw_and_gt() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let id = entra.create("/Users", bob()).await;
    let other = entra.create("/Users", json!({"schemas": [USER], "userName": "bystander"})).await;
    let (one, both, nobody) = (vec![&*id], vec![&*id, &*other], Vec::new());
    let filters = [
        (
            "name.FamilyName eq \"Ryan\" and (emails.Value co \"bob2.com\" or emails.Value co \"example.org\")",
            &one,
        ),
        (
            "name.FamilyName eq \"Ryan\" and (emails.Value co \"bob4.com\" or emails.Value co \"example.org\")",
            &nobody,
        ),
        ("userName sw \"U\"", &one),
        ("meta.Created gt \"2015-10-10T14:38:21.8617979-07:00\"", &both),
        ("meta.Created gt \"2115-10-10T14:38:21.8617979-07:00\"", &nobody),
    ];
    for (filter, expected) in filters {
        assert_eq!(&entra.get(&format!("/Users?filter={filter}")).await.ids(), expected, "{filter}");
    }
}

/// "Patch add user4 to group1": a name for the operation and a name for the member, which mean nothing; "Group patch
/// add member": `id` beside the operations, and the member as plain text (AzureAD/SCIMReferenceCode#24).
#[tokio::test]
async fn postman_adds_members_with_names_and_as_plain_text() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let first = entra.create("/Users", json!({"schemas": [USER], "userName": "a"})).await;
    let second = entra.create("/Users", json!({"schemas": [USER], "userName": "b"})).await;
    let body = json!({"schemas": [GROUP], "displayName": "Group1DisplayName", "members": []});
    let id = entra.create("/Groups", body).await;
    let path = format!("/Groups/{id}");
    let member = json!([{"displayName": "new User", "value": first}]);
    entra
        .change(&path, json!([{"name": "addMember", "op": "add", "path": "members", "value": member}]))
        .await;
    let body = json!({
        "id": id, "Operations": [{"op": "add", "path": "members", "value": second}],
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    });
    let added = entra.send(Method::PATCH, &path, Some(body)).await;
    assert_eq!(added.status, 204, "{added:?}");
    assert_eq!(members(&entra.read(&path).await), [&first, &second]);
}

/// "Create filled group 2" and "Put replace group3": `display` is the client's word for the member.
#[tokio::test]
async fn postman_creates_a_filled_group_and_replaces_it() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let first = entra.create("/Users", json!({"schemas": [USER], "userName": "a"})).await;
    let second = entra.create("/Users", json!({"schemas": [USER], "userName": "b"})).await;
    let member = |id: &str| json!({"value": id, "display": "VP"});
    let body = json!({"schemas": [GROUP], "displayName": "GroupDisplayName3", "members": [member(&first)]});
    let id = entra.create("/Groups", body).await;
    let path = format!("/Groups/{id}");
    assert_eq!(members(&entra.read(&path).await), [&first]);
    let members_now = [member(&first), member(&second)];
    let body = json!({"schemas": [GROUP], "id": id, "displayName": "putName", "members": members_now});
    assert_eq!(entra.put(&path, body).await.status, 200);
    let group = entra.read(&path).await;
    assert_eq!((&group["displayName"], members(&group)), (&json!("putName"), vec![&*first, &*second]));
}

/// "group put": a whole group without `members`, which a PUT clears (docs/decisions/0005); a PATCH never does.
#[tokio::test]
async fn postman_puts_a_group_without_members_and_so_clears_them() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let user = entra.create("/Users", json!({"schemas": [USER], "userName": "a"})).await;
    let body = json!({"schemas": [GROUP], "displayName": "Group 1", "members": [{"value": user}]});
    let id = entra.create("/Groups", body).await;
    let path = format!("/Groups/{id}");
    let body = json!({"id": id, "displayName": "Tiffany Ortiz", "externalId": "6c6b", "schemas": [GROUP]});
    entra.change(&path, json!([{"op": "replace", "value": body}])).await;
    let group = entra.read(&path).await;
    assert_eq!((&group["displayName"], members(&group)), (&json!("Tiffany Ortiz"), vec![&*user]));
    let replaced = entra.put(&path, body).await;
    assert_eq!((replaced.status.as_u16(), &replaced.body["displayName"]), (200, &json!("Tiffany Ortiz")));
    assert!(members(&entra.read(&path).await).is_empty());
}

/// "Patch user omalley new username" wants 204, which `patchResponse: NoContent` gives.
#[tokio::test]
async fn postman_gets_204_to_a_patch_where_the_profile_says_so() {
    let profile = Profile { patch_response: PatchResponse::NoContent, ..Profile::default() };
    let scene = Scene::with_profile(profile).await;
    let entra = entra(&scene);
    let path = format!("/Users/{}", entra.create("/Users", bob()).await);
    let rename = json!([{"op": "Replace", "path": "userName", "value": "newusername"}]);
    assert_eq!(entra.patch(&path, rename).await.status, 204);
    assert_eq!(entra.read(&path).await["userName"], "newusername");
}
