//! Tenants under load, side by side: nothing of one is ever seen by the other.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use identity_provider::{Connection, Request};
use serde_json::{Value, json};

use crate::world::World;

const WORKERS_PER_TENANT: usize = 4;
const ROUNDS: usize = 160;
const REQUESTS_PER_ROUND: usize = 8;

/// Both tenants hold users of the same names. Each document carries the name of its tenant, so that one that strays
/// is recognised; each id of the one is also asked of the other.
pub(crate) async fn two_tenants_under_load_never_see_each_other(world: &World) {
    let left = world.tenant("left", json!({"deletionPolicy": "Delete"})).await.connection().unwrap();
    let right = world.tenant("right", json!({"deletionPolicy": "Delete"})).await.connection().unwrap();
    let requests = AtomicUsize::new(0);
    let workers = (0..WORKERS_PER_TENANT).flat_map(|worker| {
        [work("left", &left, &right, worker, &requests), work("right", &right, &left, worker, &requests)]
    });
    futures::future::join_all(workers).await;
    let count = requests.load(Ordering::Relaxed);
    println!("isolation: {count} requests of two tenants, each answer its own tenant's");
    assert!(count >= 10_000, "{count} requests");
}

async fn work(own: &str, connection: &Connection, other: &Connection, worker: usize, requests: &AtomicUsize) {
    let send = async |connection: &Connection, request: Request, expected: u16| {
        requests.fetch_add(1, Ordering::Relaxed);
        connection.send(request).await.unwrap().expect(&[expected]).unwrap()
    };
    for round in 0..ROUNDS {
        let user_name = format!("user-{worker}-{round}@same.example");
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": user_name, "externalId": user_name, "title": own,
        });
        let created = send(connection, Request::new(Method::POST, "/Users").json(&body), 201).await;
        let id = created.id().unwrap();
        let path = format!("/Users/{id}");
        belongs_to(
            own,
            send(connection, Request::new(Method::GET, path.clone()), 200).await.document().unwrap(),
        );
        let found = send(connection, by_user_name(&user_name), 200).await;
        let (total, users) = found.list().unwrap();
        assert_eq!(total, 1, "{user_name}");
        belongs_to(own, &users[0]);
        let listed = send(connection, Request::new(Method::GET, "/Users").query("count=20"), 200).await;
        listed.list().unwrap().1.iter().for_each(|user| belongs_to(own, user));
        send(other, Request::new(Method::GET, path.clone()), 404).await;
        let change = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "active", "value": false}],
        });
        send(other, Request::new(Method::PATCH, path.clone()).json(&change), 404).await;
        send(other, Request::new(Method::DELETE, path.clone()), 404).await;
        let patched = send(connection, Request::new(Method::PATCH, path).json(&change), 200).await;
        belongs_to(own, patched.document().unwrap());
    }
    const { assert!(WORKERS_PER_TENANT * 2 * ROUNDS * REQUESTS_PER_ROUND >= 10_000) };
}

fn by_user_name(user_name: &str) -> Request {
    let query = format!("filter=userName+eq+%22{}%22", user_name.replace('@', "%40"));
    Request::new(Method::GET, "/Users").query(query)
}

fn belongs_to(own: &str, user: &Value) {
    assert_eq!(user["title"], own, "{user} is of another tenant");
}
