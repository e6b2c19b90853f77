//! authentik. Its client is open: goauthentik/authentik, `authentik/providers/scim/clients` (`base.py`, `users.py`,
//! `groups.py`, `schema.py`) and `tests`.

use database::testing::TestDatabase;
use serde_json::{Value, json};

use super::{Connection, GROUP, SCIM, USER, members};
use crate::{
    large::with_users,
    server::{Scene, TestServer},
};

fn authentik(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM, &[("Accept", "application/scim+json")])
}

/// The default mapping "goauthentik.io/providers/scim/user".
fn ada() -> Value {
    json!({
        "schemas": [USER],
        "externalId": "f1b88d1ce1e67e6ff701c42584655183",
        "userName": "ada",
        "name": {"formatted": "Ada King", "familyName": "King", "givenName": "Ada"},
        "displayName": "Ada King",
        "photos": null,
        "locale": null,
        "active": true,
        "emails": [{"value": "ada@example.com", "type": "other", "primary": true}],
    })
}

/// `schema.py`: the fields without which authentik goes on as if nothing were supported, no PATCH either. `base.py`: a
/// PATCH has as many operations as a bulk request may have.
#[tokio::test]
async fn authentik_reads_what_the_server_can_do_and_chunks_by_max_operations() {
    let scene = Scene::start().await;
    let authentik = authentik(&scene);
    let config = authentik.read("/ServiceProviderConfig").await;
    for name in ["patch", "bulk", "filter", "changePassword", "sort"] {
        assert!(config[name]["supported"].is_boolean(), "{name}: {config}");
    }
    assert_eq!((&config["patch"]["supported"], &config["filter"]["supported"]), (&json!(true), &json!(true)));
    let kinds = ["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"];
    for scheme in config["authenticationSchemes"].as_array().unwrap() {
        assert!(kinds.contains(&scheme["type"].as_str().unwrap()), "{scheme}");
        assert!(scheme["name"].is_string() && scheme["description"].is_string(), "{scheme}");
    }
    // Less than one means "no limit" to authentik; more than a PATCH may have would make each chunk fail.
    let chunk = config["bulk"]["maxOperations"].as_u64().unwrap();
    assert!(chunk > 0, "{config}");
    let users = with_users(&scene.database, &scene.tenant, chunk.try_into().unwrap(), 1).await;
    let path = format!("/Groups/{}", authentik.create("/Groups", json!({"displayName": "Everybody"})).await);
    let add = |id: &String| json!({"op": "add", "path": "members", "value": [{"value": id}]});
    authentik.change(&path, users.iter().map(add).collect()).await;
    assert_eq!(members(&authentik.read(&path).await), users.iter().collect::<Vec<_>>());
}

/// `discover`: lists without `count`, then from `startIndex` on until it has seen `totalResults`.
#[tokio::test]
async fn authentik_lists_with_start_index_alone() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant_with(|configuration| configuration.limits.max_page_size = 2).await;
    let server = TestServer::start(&database).await;
    let scim = server.client(&tenant);
    let authentik = Connection { scim, content_type: SCIM, headers: &[] };
    for number in 0..5 {
        authentik.create("/Users", json!({"schemas": [USER], "userName": format!("user-{number}")})).await;
        authentik
            .create("/Groups", json!({"schemas": [GROUP], "displayName": format!("group-{number}")}))
            .await;
    }
    for endpoint in ["/Users", "/Groups"] {
        let mut page = authentik.get(endpoint).await;
        let mut seen = page.resources().to_vec();
        while seen.len() < usize::try_from(page.body["totalResults"].as_u64().unwrap()).unwrap() {
            page = authentik.get(&format!("{endpoint}?startIndex={}", seen.len() + 1)).await;
            assert!(!page.resources().is_empty());
            seen.extend(page.resources().to_vec());
        }
        seen.sort_by_key(|resource| resource["id"].as_str().unwrap().to_owned());
        seen.dedup();
        assert_eq!(seen.len(), 5, "{endpoint}");
    }
}

/// `users.py`: POST; on 409 the one who is there is looked up; then PUT with the id; DELETE.
#[tokio::test]
async fn authentik_creates_adopts_replaces_and_deletes_a_user() {
    let scene = Scene::start().await;
    let authentik = authentik(&scene);
    authentik.create_bystanders().await;
    let id = authentik.create("/Users", ada()).await;
    assert_eq!(authentik.post("/Users", ada()).await.status, 409);
    let found = authentik.get("/Users?filter=userName+eq+%22ada%22").await;
    assert_eq!(found.ids(), [&id]);
    let path = format!("/Users/{id}");
    let mut body = ada();
    body["id"] = json!(id);
    body["active"] = json!(false);
    let replaced = authentik.put(&path, body).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(authentik.read(&path).await["active"], false);
    assert_eq!((authentik.delete(&path).await, authentik.delete(&path).await), (204, 404));
}

/// `groups.py`: created without members; one operation for each member; the rest by PATCH without a path, with the
/// whole group as value.
#[tokio::test]
async fn authentik_updates_a_group_by_a_patch_with_the_whole_group() {
    let scene = Scene::start().await;
    let authentik = authentik(&scene);
    let ada = authentik.create("/Users", ada()).await;
    let bob = authentik.create("/Users", json!({"schemas": [USER], "userName": "bob"})).await;
    let body = json!({"schemas": [GROUP], "externalId": "0b44d94a", "displayName": "Engineers"});
    let id = authentik.create("/Groups", body).await;
    let path = format!("/Groups/{id}");
    let add = |id: &str| json!({"op": "add", "path": "members", "value": [{"value": id}]});
    authentik.change(&path, json!([add(&ada), add(&bob)])).await;
    let whole = json!({"id": id, "schemas": [GROUP], "externalId": "0b44d94a", "displayName": "Builders"});
    authentik.change(&path, json!([{"op": "replace", "value": whole}])).await;
    let group = authentik.read(&path).await;
    assert_eq!((&group["displayName"], members(&group)), (&json!("Builders"), vec![&*ada, &*bob]));
    // For AWS, one operation for each attribute instead.
    let aws = json!([
        {"op": "replace", "path": "displayName", "value": "Makers"},
        {"op": "replace", "path": "externalId", "value": "0b44d94b"},
    ]);
    authentik.change(&path, aws).await;
    let group = authentik.read(&path).await;
    assert_eq!((&group["displayName"], &group["externalId"]), (&json!("Makers"), &json!("0b44d94b")));
    assert_eq!((authentik.delete(&path).await, authentik.get(&path).await.status.as_u16()), (204, 404));
}

/// Until 2025 by value, since then by value path with `value: null` beside it (`test_membership.py`).
#[tokio::test]
async fn authentik_removes_members_by_value_and_by_value_path() {
    let scene = Scene::start().await;
    let authentik = authentik(&scene);
    let mut ids = Vec::new();
    for name in ["ada", "bob", "eve"] {
        ids.push(authentik.create("/Users", json!({"schemas": [USER], "userName": name})).await);
    }
    let all = ids.iter().map(|id| json!({"value": id})).collect::<Value>();
    let body = json!({"schemas": [GROUP], "displayName": "Engineers", "members": all});
    let path = format!("/Groups/{}", authentik.create("/Groups", body).await);
    let by_value = json!([{"op": "remove", "path": "members", "value": [{"value": ids[0]}]}]);
    authentik.change(&path, by_value).await;
    assert_eq!(members(&authentik.read(&path).await), ids[1..]);
    let by_path =
        json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", ids[1]), "value": null}]);
    authentik.change(&path, by_path).await;
    assert_eq!(members(&authentik.read(&path).await), ids[2..]);
}
