//! Google Workspace, "Automated user provisioning". [help] support.google.com/a/answer/7681608, which tells what it does,
//! not what it sends; [12642] grokability/snipe-it#12642, which has requests in a log; [probe] docs of authn.sh, "SCIM
//! 2.0 with Google Workspace"; [active] getprobo/probo#711.

use serde_json::json;

use super::{Connection, SCIM, USER};
use crate::server::Scene;

fn google(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM, &[])
}

/// [probe]
#[tokio::test]
async fn google_probes_by_a_page_of_one() {
    let scene = Scene::start().await;
    let google = google(&scene);
    for (total, length) in [(0, 0), (1, 1), (2, 1)] {
        let page = google.get("/Users?count=1").await;
        assert_eq!((&page.body["totalResults"], page.resources().len()), (&json!(total), length));
        google.create("/Users", json!({"schemas": [USER], "userName": format!("user-{total}")})).await;
    }
}

/// [active]: a suspended user may be created suspended, and stays so by whatever is updated.
#[tokio::test]
async fn google_creates_a_suspended_user_who_stays_suspended() {
    let scene = Scene::start().await;
    let google = google(&scene);
    let body = json!({
        "schemas": [USER], "userName": "ada@example.com", "externalId": "1014", "active": false,
        "name": {"givenName": "Ada", "familyName": "King"},
    });
    let path = format!("/Users/{}", google.create("/Users", body.clone()).await);
    assert_eq!(google.read(&path).await["active"], false);
    google.change(&path, json!([{"op": "replace", "path": "name.familyName", "value": "Lovelace"}])).await;
    let user = google.read(&path).await;
    assert_eq!((&user["active"], &user["name"]["familyName"]), (&json!(false), &json!("Lovelace")));
    google.put(&path, body).await;
    let user = google.read(&path).await;
    assert_eq!((&user["active"], &user["name"]["familyName"]), (&json!(false), &json!("King")));
}

/// [12642]: found by `startIndex` without `count`, and written with the schema of SCIM 1.1. [help]: suspended, restored,
/// and deleted after the days that the administrator chose.
#[tokio::test]
async fn google_finds_suspends_restores_and_deletes_a_user() {
    let scene = Scene::start().await;
    let google = google(&scene);
    let body = json!({
        "schemas": ["urn:scim:schemas:core:1.0"], "userName": "ada@example.com", "active": true,
        "name": {"givenName": "Ada", "familyName": "King", "formatted": "Ada King"},
        "emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
    });
    google.create_bystanders().await;
    let id = google.create("/Users", body).await;
    let path = format!("/Users/{id}");
    let found = google.get("/Users?filter=userName%20eq%20%22ada@example.com%22&startIndex=1").await;
    assert_eq!(found.ids(), [&id]);
    for (operation, active) in [
        (json!({"op": "replace", "path": "active", "value": false}), false),
        (json!({"op": "replace", "value": {"active": true}}), true),
    ] {
        google.change(&path, json!([operation])).await;
        assert_eq!(google.read(&path).await["active"], active);
    }
    assert_eq!((google.delete(&path).await, google.get(&path).await.status.as_u16()), (204, 404));
}
