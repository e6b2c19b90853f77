//! The fault matrix: an operator behind a proxy that loses, refuses and cuts what it asks of the API server.

use std::time::{Duration, Instant};

use http::Method;
use identity_provider::Request;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::DeleteParams;
use product::{ApiProxy, Fault, Moment, OperatorOptions, Program, Verb, Which};
use serde_json::json;

use crate::people::{list_users, users};
use crate::world::{SOON, World, eventually};

/// How long a write may take to come that is still to come.
const PATIENCE: Duration = Duration::from_secs(5);
/// More writes than any tenant needs: a test that does not end is wrong.
const MANY: usize = 20;

/// An operator behind a proxy, the only one that works.
struct Proxied {
    proxy: ApiProxy,
    operator: Program,
}

impl Proxied {
    /// `name` is that of a tenant that shows that this operator works: nobody else makes it Ready.
    async fn start(world: &World, name: &str) -> Self {
        for operator in world.installation.operators() {
            operator.stop().await;
        }
        let proxy = ApiProxy::start(world.installation.stack()).await.unwrap();
        proxy.pass_by(&["leases", "events"]);
        let options = OperatorOptions { api_server: Some(proxy.url()), ..OperatorOptions::default() };
        let operator = world.installation.add_operator(&options).await.unwrap();
        let proxied = Self { proxy, operator };
        world.tenant(name, json!({})).await;
        proxied.is_quiet().await;
        proxied
    }

    /// Waits until the operator has looked at every tenant after its start.
    async fn is_quiet(&self) {
        let asked = || self.proxy.requests().values().sum::<u64>();
        let begin = Instant::now();
        loop {
            let before = asked();
            tokio::time::sleep(Duration::from_secs(2)).await;
            if asked() <= before + 1 {
                return;
            }
            assert!(begin.elapsed() < Duration::from_mins(2), "the operator never comes to rest");
        }
    }

    async fn end(self, world: &World) {
        self.operator.stop().await;
        for operator in world.installation.operators() {
            operator.start().await.unwrap();
        }
    }
}

async fn is_whole(world: &World, name: &str) {
    let customer = world.customer(name, name).await;
    list_users(&customer.connection().unwrap()).await.expect(&[200]).unwrap();
    let tenant = world.tenants(name).get(name).await.unwrap();
    assert_eq!(tenant.metadata.finalizers, Some(vec!["scim-operator.io/tenant".to_owned()]), "{name}");
    let statement = "SELECT digest FROM scim_control.credentials JOIN scim_control.tenants ON id = tenant_id \
                     WHERE namespace = $1 AND state = 'active' AND revoked_at IS NULL ORDER BY generation DESC LIMIT 1";
    let digest: Vec<u8> = sqlx::query_scalar(statement)
        .bind(name.to_owned())
        .fetch_one(&mut world.database().await)
        .await
        .unwrap();
    let held = tenancy::TokenDigest::of(&customer.token);
    assert_eq!(digest, held.as_bytes().to_vec(), "{name}: the Secret holds the newest token");
}

async fn nothing_is_left(world: &World, name: &str) {
    world.tenant_is_gone(name, name).await;
    let rows = "SELECT count(*) FROM scim_control.tenants WHERE namespace = $1 AND state <> 'deleted'";
    let rows: i64 =
        sqlx::query_scalar(rows).bind(name.to_owned()).fetch_one(&mut world.database().await).await.unwrap();
    assert_eq!(rows, 0, "{name}: its row");
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), name);
    assert!(secrets.get_opt(&format!("{name}-scim")).await.unwrap().is_none(), "{name}: its Secret");
}

/// Before the API server gets it, and after it was carried out: what was written to PostgreSQL in between is covered by
/// the moment before the next write.
pub(crate) async fn an_operator_killed_at_each_write_ends_in_the_same_state(world: &World) {
    let proxied = Proxied::start(world, "proxied-killed").await;
    let mut killed = Vec::new();
    for moment in [Moment::Before, Moment::After] {
        for number in 1..MANY {
            let name = format!("write-{moment:?}-{number}").to_lowercase();
            proxied.proxy.reset();
            let hold = proxied.proxy.hold_at(number, moment);
            world.declare(&name, json!({"deletionPolicy": "Delete"})).await;
            let Some(stopped) = hold.reached(PATIENCE).await else {
                is_whole(world, &name).await;
                break;
            };
            proxied.operator.kill().await;
            killed.push(format!("{moment:?} {}", last_of(&stopped.write.path)));
            drop(stopped);
            proxied.proxy.reset();
            proxied.operator.start().await.unwrap();
            is_whole(world, &name).await;
        }
        for number in 1..MANY {
            let name = format!("delete-{moment:?}-{number}").to_lowercase();
            proxied.proxy.reset();
            world.tenant(&name, json!({"deletionPolicy": "Delete"})).await;
            proxied.proxy.reset();
            let hold = proxied.proxy.hold_at(number, moment);
            world.tenants(&name).delete(&name, &DeleteParams::default()).await.unwrap();
            let Some(stopped) = hold.reached(PATIENCE).await else {
                nothing_is_left(world, &name).await;
                break;
            };
            proxied.operator.kill().await;
            killed.push(format!("{moment:?} {} of a deletion", last_of(&stopped.write.path)));
            drop(stopped);
            proxied.proxy.reset();
            proxied.operator.start().await.unwrap();
            nothing_is_left(world, &name).await;
        }
    }
    println!("killed at {} writes: {}", killed.len(), killed.join(", "));
    assert!(killed.len() >= 14, "too few writes were met to show anything: {killed:?}");
    proxied.end(world).await;
}

/// `secrets`, `scimtenants/status`: what a write is about.
fn last_of(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').collect();
    let kind = segments.iter().position(|segment| *segment == "namespaces").map_or(0, |at| at + 2);
    let kind = segments.get(kind).copied().unwrap_or(path);
    if path.ends_with("/status") { format!("{kind}/status") } else { kind.to_owned() }
}

pub(crate) async fn what_the_api_server_refuses_for_a_while_is_done_afterwards(world: &World) {
    let proxied = Proxied::start(world, "proxied-refused").await;
    let faults = [
        ("conflict", Fault::Conflict),
        ("busy", Fault::TooManyRequests { retry_after: Duration::from_secs(1) }),
        ("broken", Fault::InternalError),
    ];
    for (label, fault) in faults {
        for resource in ["secrets", "ingresses", "scimtenants", "scimtenants/status"] {
            let name = format!("refused-{label}-{}", resource.replace('/', "-"));
            proxied.proxy.reset();
            proxied.proxy.refuse(Which::writes().resource(resource), fault, 3);
            let begin = Instant::now();
            world.tenant(&name, json!({})).await;
            is_whole(world, &name).await;
            let asked: u64 = proxied.proxy.requests().values().sum();
            println!("refused: {label} on {resource}: Ready after {:?}, {asked} requests", begin.elapsed());
            assert!(proxied.proxy.refused() > 0, "{name}: nothing was refused");
            assert!(asked < 150, "{name}: {asked} requests are a hot loop");
        }
    }
    for (label, fault) in faults {
        let name = format!("unread-{label}");
        proxied.proxy.reset();
        proxied.proxy.refuse(Which::verbs(&[Verb::Get, Verb::List]), fault, 5);
        world.tenant(&name, json!({})).await;
        is_whole(world, &name).await;
    }
    proxied.end(world).await;
}

pub(crate) async fn dropped_and_expired_watches_are_opened_again(world: &World) {
    let proxied = Proxied::start(world, "proxied-watches").await;
    let dropped = proxied.proxy.drop_watches();
    world.tenant("after-dropped-watches", json!({})).await;
    let expired = proxied.proxy.expire_watches();
    println!("watches: {dropped} dropped, {expired} told that they are too old");
    assert!(dropped >= 5 && expired >= 1);
    world.tenant("after-expired-watches", json!({})).await;
    world.redeclare("after-dropped-watches", "after-dropped-watches", json!({"suspend": true})).await;
    world.condition("after-dropped-watches", "after-dropped-watches", "Ready", "True", "Suspended").await;

    // What happens while nobody watches is found by the lists that come after.
    proxied.proxy.go_away(Duration::from_secs(3)).await;
    world
        .tenants("after-expired-watches")
        .delete("after-expired-watches", &DeleteParams::default())
        .await
        .unwrap();
    world.declare("made-meanwhile", json!({})).await;
    world.customer("made-meanwhile", "made-meanwhile").await;
    world.tenant_is_gone("after-expired-watches", "after-expired-watches").await;
    proxied.end(world).await;
}

/// By two Leases, so that both really work at once, on the same tenants.
pub(crate) async fn two_leaders_at_once_do_no_harm(world: &World) {
    let options =
        OperatorOptions { lease_name: Some("a-second-leader".to_owned()), ..OperatorOptions::default() };
    let second = world.installation.add_operator(&options).await.unwrap();
    let names: Vec<String> = (0..10).map(|number| format!("two-leaders-{number}")).collect();
    for name in &names {
        world.declare(name, json!({"deletionPolicy": "Delete"})).await;
    }
    for name in &names {
        is_whole(world, name).await;
        let credentials: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM scim_control.credentials JOIN scim_control.tenants ON id = tenant_id WHERE namespace = $1",
        )
        .bind(name.clone())
        .fetch_one(&mut world.database().await)
        .await
        .unwrap();
        assert!(credentials <= 2, "{name} has {credentials} tokens: the leaders fight");
        world.annotate(name, name, "scim-operator.io/rotate-token", "now").await;
    }
    for name in &names {
        eventually("it is rotated", async || world.generation(name, name).await >= 2).await;
        is_whole(world, name).await;
        world.tenants(name).delete(name, &DeleteParams::default()).await.unwrap();
    }
    for name in &names {
        nothing_is_left(world, name).await;
    }
    second.stop().await;
}

pub(crate) async fn a_restart_of_postgresql_under_traffic_costs_retries_and_nothing_else(world: &World) {
    let customer = world.tenant("pg-restart", json!({})).await;
    let connection = customer.connection().unwrap();
    let postgresql = world.installation.stack().postgresql();
    let begin = Instant::now();
    let (mut created, mut told_to_wait) = (0_u32, 0_u32);
    let traffic = async {
        while begin.elapsed() < Duration::from_secs(8) {
            let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("user-{created}")});
            let answer =
                connection.send(Request::new(Method::POST, "/Users").json(&body)).await.unwrap().response;
            match answer.status {
                // 409: the answer to a write that was committed was lost with the connection.
                201 | 409 => created += 1,
                503 => {
                    assert!(answer.retry_after.is_some());
                    told_to_wait += 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => panic!("{other}: {}", answer.text),
            }
        }
    };
    let restart = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        postgresql.stop().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        postgresql.start().await.unwrap();
    };
    tokio::join!(traffic, restart);
    println!(
        "postgresql: {created} users created, {told_to_wait} requests told to come back, around a restart"
    );
    assert_eq!(users(&connection).await, u64::from(created), "no acknowledged user is lost");
    assert!(created > 0 && told_to_wait > 0);
    let begin = Instant::now();
    world.tenant("after-pg-restart", json!({})).await;
    assert!(begin.elapsed() < SOON);
}
