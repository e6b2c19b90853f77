//! "Group Push": a group is created empty, renamed before each change of its members, and pushed whole on demand.

use serde_json::{Value, json};

use super::okta;
use crate::{
    providers::{Connection, GROUP, USER, members},
    server::Scene,
};

/// A group as Okta creates it, its path, and two users' ids.
async fn push(okta: &Connection) -> (String, [String; 2]) {
    let group = json!({"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []});
    let id = okta.create("/Groups", group).await;
    let ada = okta.create("/Users", json!({"schemas": [USER], "userName": "ada"})).await;
    let bob = okta.create("/Users", json!({"schemas": [USER], "userName": "bob"})).await;
    (format!("/Groups/{id}"), [ada, bob])
}

/// [okta] "Update a specific group name" and "… group membership".
#[tokio::test]
async fn okta_renames_a_group_and_changes_its_members() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    let (path, [ada, bob]) = push(&okta).await;
    let id = path.trim_start_matches("/Groups/");
    let rename = json!([{"op": "replace", "value": {"id": id, "displayName": "Renamed"}}]);
    let renamed = okta.patch(&path, rename.clone()).await;
    assert!([200, 204].contains(&renamed.status.as_u16()), "{renamed:?}");
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ada, "display": "ada"}]}]);
    okta.change(&path, add).await;
    assert_eq!(members(&okta.read(&path).await), [&ada]);
    okta.change(&path, rename).await;
    let change = json!([
        {"op": "remove", "path": format!("members[value eq \"{ada}\"]")},
        {"op": "add", "path": "members", "value": [{"value": bob, "display": "bob"}]}
    ]);
    okta.change(&path, change).await;
    let group = okta.read(&path).await;
    assert_eq!((&group["displayName"], members(&group)), (&json!("Renamed"), vec![&*bob]));
    assert_eq!(okta.delete(&path).await, 204);
    assert_eq!(okta.get(&path).await.status, 404);
}

/// Captain-P-Goldfish/SCIM-SDK#757 (also `[]`), jelhub/scimgateway#113 (without a path).
#[tokio::test]
async fn okta_pushes_all_members_of_a_group_at_once() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    let (path, [ada, bob]) = push(&okta).await;
    let all = |ids: &[&String]| ids.iter().map(|id| json!({"value": id, "display": "x"})).collect::<Value>();
    for expected in [vec![&ada, &bob], vec![&bob], vec![], vec![&ada]] {
        let with_path = json!([{"op": "replace", "path": "members", "value": all(&expected)}]);
        okta.change(&path, with_path).await;
        assert_eq!(members(&okta.read(&path).await), expected);
    }
    for expected in [vec![&ada, &bob], vec![]] {
        okta.change(&path, json!([{"op": "replace", "value": {"members": all(&expected)}}])).await;
        assert_eq!(members(&okta.read(&path).await), expected);
    }
}

/// [okta], apps made by the wizard: PUT of the whole group.
#[tokio::test]
async fn okta_puts_a_whole_group() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    let (path, [ada, bob]) = push(&okta).await;
    for ids in [vec![&ada, &bob], vec![&bob], vec![]] {
        let mut group = okta.read(&path).await;
        group["displayName"] = json!("Pushed");
        group["members"] = ids.iter().map(|id| json!({"value": id, "display": "x"})).collect();
        assert_eq!(okta.put(&path, group).await.status, 200);
        let read = okta.read(&path).await;
        assert_eq!(
            (&read["displayName"], members(&read)),
            (&json!("Pushed"), ids.iter().map(|id| &***id).collect())
        );
    }
}

/// The description rides along under a schema of Okta's own, which no tenant knows.
#[tokio::test]
async fn okta_sends_a_description_under_its_own_schema() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    let custom = "urn:okta:custom:group:1.0";
    let body = json!({
        "schemas": [GROUP, custom], "displayName": "Described", "members": [], custom: {"description": "words"},
    });
    let path = format!("/Groups/{}", okta.create("/Groups", body).await);
    let rename =
        json!([{"op": "replace", "value": {"displayName": "Renamed", custom: {"description": "more"}}}]);
    okta.change(&path, rename).await;
    let group = okta.read(&path).await;
    assert_eq!((&group["displayName"], &group["schemas"]), (&json!("Renamed"), &json!([GROUP])));
    assert!(!group.to_string().contains("okta"), "neither the URN nor what stood under it: {group}");
}

/// [okta] "Import": groups come with their members.
#[tokio::test]
async fn okta_imports_groups_with_their_members() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    let (path, [ada, _]) = push(&okta).await;
    okta.change(&path, json!([{"op": "add", "path": "members", "value": [{"value": ada}]}])).await;
    let page = okta.get("/Groups?startIndex=1&count=100").await;
    assert_eq!(members(&page.resources()[0]), [&ada]);
}

/// fleetdm/fleet#50724: pushes of one group at the same time; nobody is lost.
#[tokio::test]
async fn okta_pushes_changes_of_one_group_at_the_same_time() {
    let scene = Scene::start().await;
    let okta = okta(&scene);
    let (path, _) = push(&okta).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(
            okta.create("/Users", json!({"schemas": [USER], "userName": format!("user-{number}")})).await,
        );
    }
    let pushes = ids.iter().map(|id| {
        okta.change(
            &path,
            json!([{"op": "add", "path": "members", "value": [{"value": id, "display": "x"}]}]),
        )
    });
    futures::future::join_all(pushes).await;
    assert_eq!(members(&okta.read(&path).await), ids);
}
