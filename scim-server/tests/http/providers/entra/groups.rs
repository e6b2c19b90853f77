//! Groups of Entra: created empty, filled by PATCH, found and read without their members. Sources as in `entra`.

use serde_json::{Value, json};

use super::entra;
use crate::{
    providers::{Connection, GROUP, USER, members},
    server::Scene,
};

/// A group without members, and three users: their ids.
struct Cast {
    group: String,
    users: Vec<String>,
}

async fn cast(entra: &Connection) -> Cast {
    let body = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Engineers",
        "meta": {"resourceType": "Group"}
    });
    let group = entra.create("/Groups", body).await;
    let mut users = Vec::new();
    for name in ["ada", "bob", "eve"] {
        users.push(entra.create("/Users", json!({"schemas": [USER], "userName": name})).await);
    }
    Cast { group, users }
}

/// [dev] "Group operations".
#[tokio::test]
async fn entra_creates_finds_fills_and_empties_a_group_without_ever_listing_it() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    entra.create_bystanders().await;
    let Cast { group, users } = cast(&entra).await;
    let path = format!("/Groups/{group}");
    for name in ["Engineers", "engineers", "ENGINEERS"] {
        let query = format!("?excludedAttributes=members&filter=displayName+eq+%22{name}%22");
        assert_eq!(entra.get(&format!("/Groups{query}")).await.ids(), [&group], "{name}");
    }
    let add = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": users[0]}]}]);
    let added = entra.patch(&path, add).await;
    assert_eq!((added.status.as_u16(), &added.body), (204, &Value::Null));
    assert_eq!(members(&entra.read(&path).await), [&users[0]]);
    let query = "?excludedAttributes=members&filter=displayName+eq+%22Engineers%22";
    for excluded in [format!("{path}?excludedAttributes=members"), format!("/Groups{query}")] {
        let read = entra.read(&excluded).await.to_string();
        assert!(read.contains(&group) && !read.contains(&users[0]), "{excluded}: {read}");
    }
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": users[0]}]}]);
    assert_eq!(entra.patch(&path, remove).await.status, 204);
    let rename = json!([{"op": "Replace", "path": "displayName", "value": "Builders"}]);
    assert_eq!(entra.patch(&path, rename).await.status, 204);
    let read = entra.read(&path).await;
    assert_eq!((&read["displayName"], members(&read).len()), (&json!("Builders"), 0));
    assert_eq!(entra.delete(&path).await, 204);
    assert_eq!(entra.delete(&path).await, 404);
}

/// MicrosoftDocs/azure-docs#30826: with a value these members go, without one all.
#[tokio::test]
async fn entra_removes_one_member_by_value_and_all_without() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let Cast { group, users } = cast(&entra).await;
    let path = format!("/Groups/{group}");
    let all = users.iter().map(|id| json!({"value": id})).collect::<Vec<_>>();
    entra.change(&path, json!([{"op": "Add", "path": "members", "value": all}])).await;
    let remove = json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": users[1]}]}]);
    entra.change(&path, remove).await;
    assert_eq!(members(&entra.read(&path).await), [&users[0], &users[2]]);
    entra.change(&path, json!([{"op": "Remove", "path": "members"}])).await;
    assert!(members(&entra.read(&path).await).is_empty());
}

/// [dev]: several memberships in one request; adding one who is there, or removing one who is not, is no error.
#[tokio::test]
async fn entra_adds_members_again_and_removes_strangers() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let Cast { group, users } = cast(&entra).await;
    let path = format!("/Groups/{group}");
    let add = json!([
        {"op": "Add", "path": "members", "value": [{"$ref": null, "value": users[0]}, {"$ref": null, "value": users[1]}]},
        {"op": "Add", "path": "members", "value": [{"$ref": null, "value": users[1]}]},
    ]);
    entra.change(&path, add.clone()).await;
    entra.change(&path, add).await;
    assert_eq!(members(&entra.read(&path).await), users[..2]);
    let strangers = json!([
        {"op": "Remove", "path": "members", "value": [{"$ref": null, "value": users[2]}]},
        {"op": "Remove", "path": "members", "value": [{"value": "018f0000-0000-7000-8000-000000000000"}]},
    ]);
    entra.change(&path, strangers).await;
    assert_eq!(members(&entra.read(&path).await), users[..2]);
}

/// [how]: memberships of a disabled user are not sent again when it is enabled.
#[tokio::test]
async fn entra_finds_the_memberships_of_a_disabled_user_kept() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let Cast { group, users } = cast(&entra).await;
    let path = format!("/Groups/{group}");
    entra.change(&path, json!([{"op": "Add", "path": "members", "value": [{"value": users[0]}]}])).await;
    let user = format!("/Users/{}", users[0]);
    for active in ["False", "True"] {
        entra.change(&user, json!([{"op": "Replace", "path": "active", "value": active}])).await;
        assert_eq!(members(&entra.read(&path).await), [&users[0]], "{active}");
    }
    assert_eq!(entra.delete(&user).await, 204);
    assert!(members(&entra.read(&path).await).is_empty(), "a deleted user is no member");
}

/// [dev] and the validator's collection: a second group of the same name is a conflict.
#[tokio::test]
async fn entra_learns_that_a_group_name_is_taken() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let Cast { group, .. } = cast(&entra).await;
    let refused = entra.post("/Groups", json!({"schemas": [GROUP], "displayName": "engineers"})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["scimType"]), (409, &json!("uniqueness")));
    let all = entra.get("/Groups").await;
    assert_eq!((all.ids(), &all.resources()[0]["displayName"]), (vec![&*group], &json!("Engineers")));
}

/// [dev] "Get a reference": is this user a member of this group?
#[tokio::test]
async fn entra_asks_for_one_member_of_a_group() {
    let scene = Scene::start().await;
    let entra = entra(&scene);
    let Cast { group, users } = cast(&entra).await;
    let path = format!("/Groups/{group}");
    entra.change(&path, json!([{"op": "Add", "path": "members", "value": [{"value": users[0]}]}])).await;
    let both = json!([{"value": users[0]}, {"value": users[1]}]);
    entra.create("/Groups", json!({"schemas": [GROUP], "displayName": "Others", "members": both})).await;
    for (user, expected) in [(&users[0], vec![&*group]), (&users[1], vec![])] {
        let query = format!("attributes=id&filter=id+eq+%22{group}%22+and+members+eq+%22{user}%22");
        let found = entra.get(&format!("/Groups?{query}")).await;
        assert_eq!((&found.body["totalResults"], found.ids()), (&json!(expected.len()), expected));
    }
}
