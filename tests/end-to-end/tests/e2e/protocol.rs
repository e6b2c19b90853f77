//! What the whole of the protocol looks like through the ingress controller and two servers: Bulk, cursors, large groups,
//! and a profile that changes while people use it.

use std::collections::BTreeSet;

use http::Method;
use identity_provider::{Connection, Exchange, Request};
use serde_json::{Value, json};

use crate::world::{World, eventually};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const BADGE: &str = "urn:example:params:scim:schemas:extension:2.0:Badge";

pub(crate) async fn resources_that_refer_to_each_other_are_created_by_one_bulk_request(world: &World) {
    let connection = world.tenant("bulk", json!({})).await.connection().unwrap();
    let group = |bulk_id: &str, name: &str, member: &str| {
        let members = json!([{"type": "Group", "value": format!("bulkId:{member}")}]);
        json!({
            "method": "POST", "path": "/Groups", "bulkId": bulk_id,
            "data": {"schemas": [GROUP], "displayName": name, "members": members},
        })
    };
    let operations = json!([group("left", "Left", "right"), group("right", "Right", "left")]);
    let answer = bulk(&connection, &operations).await;
    let operations = answer.document().unwrap()["Operations"].as_array().unwrap().clone();
    assert!(operations.iter().all(|operation| operation["status"] == "201"), "{operations:?}");
    let id_of = |operation: &Value| {
        operation["location"].as_str().and_then(|location| location.rsplit('/').next()).unwrap().to_owned()
    };
    let (left, right) = (id_of(&operations[0]), id_of(&operations[1]));
    for (group, member) in [(&left, &right), (&right, &left)] {
        let group = send(&connection, Request::new(Method::GET, format!("/Groups/{group}")), 200).await;
        assert_eq!(group.document().unwrap()["members"][0]["value"], json!(member));
    }
}

pub(crate) async fn a_group_of_ten_thousand_members_is_read_whole(world: &World) {
    let connection =
        world.tenant("large-group", json!({"deletionPolicy": "Delete"})).await.connection().unwrap();
    let mut expected = BTreeSet::new();
    let group = json!({"schemas": [GROUP], "displayName": "Everybody"});
    let group =
        send(&connection, Request::new(Method::POST, "/Groups").json(&group), 201).await.id().unwrap();
    for part in 0..20 {
        let operations: Vec<Value> = (0..500)
            .map(|one| {
                let data =
                    json!({"schemas": [USER], "userName": format!("{}@large.example", part * 500 + one)});
                json!({"method": "POST", "path": "/Users", "bulkId": one.to_string(), "data": data})
            })
            .collect();
        let answer = bulk(&connection, &json!(operations)).await;
        let created: Vec<String> = answer.document().unwrap()["Operations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|operation| {
                assert_eq!(operation["status"], "201", "{operation}");
                operation["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
            })
            .collect();
        let members: Vec<Value> = created.iter().map(|id| json!({"value": id})).collect();
        let patch =
            json!({"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": members}]});
        send(&connection, Request::new(Method::PATCH, format!("/Groups/{group}")).json(&patch), 204).await;
        expected.extend(created);
    }
    let read = send(&connection, Request::new(Method::GET, format!("/Groups/{group}")), 200).await;
    let members: Vec<String> = read.document().unwrap()["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["value"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(members.len(), 10_000);
    assert_eq!(members.into_iter().collect::<BTreeSet<_>>(), expected);
}

pub(crate) async fn a_walk_by_cursor_over_both_servers_loses_nobody(world: &World) {
    let connection = world.tenant("cursor", json!({})).await.connection().unwrap();
    let mut ids = Vec::new();
    for number in 0..60 {
        ids.push(create(&connection, &format!("{number:03}@cursor.example"), json!({})).await);
    }
    let staying: BTreeSet<String> = ids.iter().skip(1).step_by(2).cloned().collect();
    let mut going = ids.iter().step_by(2);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!("cursor={cursor}&count=7");
        let page = send(&connection, Request::new(Method::GET, "/Users").query(query), 200).await;
        let page = page.document().unwrap();
        let users = page["Resources"].as_array().unwrap();
        seen.extend(users.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
        // Between pages somebody goes, and somebody comes.
        for gone in going.by_ref().take(3) {
            send(&connection, Request::new(Method::DELETE, format!("/Users/{gone}")), 204).await;
        }
        create(&connection, &format!("new-{}@cursor.example", seen.len()), json!({})).await;
        match page["nextCursor"].as_str() {
            Some(next) if seen.len() < 200 => cursor = next.to_owned(),
            _ => break,
        }
    }
    let seen_once: BTreeSet<String> = seen.iter().cloned().collect();
    assert_eq!(seen.len(), seen_once.len(), "nobody is seen twice");
    assert!(staying.is_subset(&seen_once), "who was there throughout was seen");
}

pub(crate) async fn a_user_who_returns_has_the_same_id_where_the_tenant_says_so(world: &World) {
    let spec = json!({"profile": {"returningUsers": "Revive"}});
    let connection = world.tenant("returning", spec).await.connection().unwrap();
    let id = create(&connection, "ada@returning.example", json!({})).await;
    let leave =
        json!({"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]});
    send(&connection, Request::new(Method::PATCH, format!("/Users/{id}")).json(&leave), 200).await;
    assert_eq!(create(&connection, "ADA@returning.example", json!({})).await, id, "after she was disabled");
    send(&connection, Request::new(Method::DELETE, format!("/Users/{id}")), 204).await;
    send(&connection, Request::new(Method::GET, format!("/Users/{id}")), 404).await;
    assert_eq!(create(&connection, "ada@returning.example", json!({})).await, id, "after she was deleted");

    world.redeclare("returning", "returning", json!({"profile": {"returningUsers": "Conflict"}})).await;
    let user = json!({"schemas": [USER], "userName": "bob@returning.example", "active": false});
    send(&connection, Request::new(Method::POST, "/Users").json(&user), 201).await;
    eventually("a disabled user is in the way again, without a restart", async || {
        let body = json!({"schemas": [USER], "userName": "bob@returning.example", "active": true});
        let request = Request::new(Method::POST, "/Users").json(&body);
        connection.send(request).await.unwrap().response.status == 409
    })
    .await;
}

/// Stored values are derived anew, as the attribute compares them now.
pub(crate) async fn a_changed_schema_takes_effect_on_what_is_stored_without_a_restart(world: &World) {
    let profile = |code: Value| json!({"profile": {"extensions": [{"urn": BADGE, "resource": "User", "attributes": [code]}]}});
    world.declare("changing-schema", profile(json!({"name": "code", "type": "string"}))).await;
    let connection = world.customer("changing-schema", "changing-schema").await.connection().unwrap();
    let id = create(&connection, "ada@schema.example", json!({"code": "AbC"})).await;
    let found = async |code: &str| {
        let filter = format!("filter={BADGE}:code+eq+%22{code}%22");
        let exchange = connection.send(Request::new(Method::GET, "/Users").query(filter)).await.unwrap();
        exchange.response.json.and_then(|list| list["totalResults"].as_u64())
    };
    assert_eq!(found("abc").await, Some(1), "case does not matter at first");

    let exact = json!({"name": "code", "type": "string", "caseExact": true});
    world.redeclare("changing-schema", "changing-schema", profile(exact)).await;
    eventually("the attribute is case-exact", async || {
        (found("abc").await, found("AbC").await) == (Some(0), Some(1))
    })
    .await;

    let other = json!({"name": "level", "type": "integer"});
    world.redeclare("changing-schema", "changing-schema", profile(other)).await;
    eventually("the attribute is gone from the schemas", async || {
        let schemas = connection.send(Request::new(Method::GET, "/Schemas")).await.unwrap();
        schemas.response.text.contains("\"level\"") && !schemas.response.text.contains("\"code\"")
    })
    .await;
    // Each of the two servers learns of it by itself.
    eventually("what no schema has is not shown", async || {
        let user = send(&connection, Request::new(Method::GET, format!("/Users/{id}")), 200).await;
        user.document().unwrap().get(BADGE).is_none()
    })
    .await;

    world
        .redeclare("changing-schema", "changing-schema", profile(json!({"name": "code", "type": "string"})))
        .await;
    eventually("the value is back with its attribute", async || found("abc").await == Some(1)).await;
    eventually("the value is as it was", async || {
        let user = send(&connection, Request::new(Method::GET, format!("/Users/{id}")), 200).await;
        user.document().unwrap()[BADGE]["code"] == "AbC"
    })
    .await;
}

async fn create(connection: &Connection, user_name: &str, badge: Value) -> String {
    let mut user = json!({"schemas": [USER], "userName": user_name});
    if badge.as_object().is_some_and(|badge| !badge.is_empty()) {
        user[BADGE] = badge;
    }
    send(connection, Request::new(Method::POST, "/Users").json(&user), 201).await.id().unwrap()
}

async fn bulk(connection: &Connection, operations: &Value) -> Exchange {
    let body = json!({"schemas": [BULK], "Operations": operations});
    send(connection, Request::new(Method::POST, "/Bulk").json(&body), 200).await
}

async fn send(connection: &Connection, request: Request, expected: u16) -> Exchange {
    connection.send(request).await.unwrap().expect(&[expected]).unwrap()
}
