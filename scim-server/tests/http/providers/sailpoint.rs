//! SailPoint, "SCIM 2.0" source. jelhub/scimgateway#44 (what it reads), gravitational/teleport#61511 (how it writes
//! memberships).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Connection, GROUP, SCIM, USER, members};
use crate::server::Scene;

fn sailpoint(scene: &Scene) -> Connection {
    Connection::new(scene, SCIM, &[("Accept", "application/scim+json")])
}

/// scimgateway#44: "Discover schema" reads all three, and takes only elements that have `schemas`.
#[tokio::test]
async fn sailpoint_discovers_by_lists_whose_elements_have_schemas() {
    let scene = Scene::start().await;
    let sailpoint = sailpoint(&scene);
    assert!(sailpoint.read("/ServiceProviderConfig").await["schemas"].is_array());
    for (endpoint, schema) in [("/ResourceTypes", "ResourceType"), ("/Schemas", "Schema")] {
        let list = sailpoint.get(endpoint).await;
        assert!(!list.resources().is_empty());
        for element in list.resources() {
            let expected = json!([format!("urn:ietf:params:scim:schemas:core:2.0:{schema}")]);
            assert_eq!(element["schemas"], expected, "{endpoint}");
        }
    }
    for resource in sailpoint.get("/ResourceTypes").await.resources() {
        let schema = format!("/Schemas/{}", resource["schema"].as_str().unwrap());
        assert_eq!(sailpoint.read(&schema).await["id"], resource["schema"]);
    }
}

/// "Account aggregation" and "group aggregation": pages until `totalResults`, each element with its `schemas`.
#[tokio::test]
async fn sailpoint_aggregates_accounts_and_groups_in_pages() {
    let scene = Scene::start().await;
    let sailpoint = sailpoint(&scene);
    for number in 0..3 {
        sailpoint.create("/Users", json!({"schemas": [USER], "userName": format!("user-{number}")})).await;
        sailpoint
            .create("/Groups", json!({"schemas": [GROUP], "displayName": format!("group-{number}")}))
            .await;
    }
    for endpoint in ["/Users", "/Groups"] {
        let mut seen = BTreeSet::new();
        for (start, length) in [(1, 2), (3, 1)] {
            let page = sailpoint.get(&format!("{endpoint}?startIndex={start}&count=2")).await;
            assert_eq!((&page.body["totalResults"], page.resources().len()), (&json!(3), length));
            assert!(page.resources().iter().all(|resource| resource["schemas"].is_array()));
            seen.extend(page.ids().into_iter().map(str::to_owned));
        }
        assert_eq!(seen.len(), 3, "{endpoint}");
    }
}

/// teleport#61511: one request for each member, all at the same time, and none is sent again.
#[tokio::test]
async fn sailpoint_adds_members_in_parallel_one_by_one() {
    let scene = Scene::start().await;
    let sailpoint = sailpoint(&scene);
    let group = sailpoint.create("/Groups", json!({"schemas": [GROUP], "displayName": "Engineers"})).await;
    let path = format!("/Groups/{group}");
    let mut ids = Vec::new();
    for number in 0..16 {
        ids.push(
            sailpoint
                .create("/Users", json!({"schemas": [USER], "userName": format!("user-{number}")}))
                .await,
        );
    }
    let requests = ids.iter().map(|id| {
        let add = json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
        sailpoint.patch(&path, add)
    });
    for answer in futures::future::join_all(requests).await {
        assert!([200, 204].contains(&answer.status.as_u16()), "{answer:?}");
    }
    assert_eq!(members(&sailpoint.read(&path).await), ids);
    let removals = ids.iter().map(|id| {
        sailpoint.patch(&path, json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]))
    });
    for answer in futures::future::join_all(removals).await {
        assert!([200, 204].contains(&answer.status.as_u16()), "{answer:?}");
    }
    assert_eq!(sailpoint.read(&path).await["members"], Value::Null);
}
