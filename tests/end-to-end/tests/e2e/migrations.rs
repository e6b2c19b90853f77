//! A new version of the tenants' schema: rolled out over tenants that are in use, interrupted, and the operator taken back.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crds::class::SchemaProgress;
use futures::future::join_all;
use identity_provider::Connection;
use product::{Customer, OperatorOptions, OperatorVersion};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::metrics;
use crate::neighbour::{Neighbour, TENANT, looked_at_everything, options, through_ingress};
use crate::people::{create_user, list_users, status, users};
use crate::world::{World, eventually, eventually_within};

const TENANTS: usize = 30;
/// Those whose table somebody reads for long, so that it cannot be altered.
const LOCKED: usize = 6;
/// A pass that meets locks waits two seconds for each, and the next one comes later.
const ROLLED_OUT: Duration = Duration::from_secs(90);

/// Under SCIM traffic through the server of the version before: no request fails. The next operator is killed when it has
/// done a part, and goes on from there. Then the operator of before comes back.
pub(crate) async fn a_new_schema_rolls_over_live_tenants_and_is_resumed(world: &World) {
    let neighbour = Neighbour::start(world, "migrated").await;
    let names: Vec<String> = (0..TENANTS).map(|number| format!("migrated-{number}")).collect();
    join_all(names.iter().map(|name| neighbour.declare(world, name, json!({})))).await;
    let customers = join_all(names.iter().map(|name| neighbour.customer(world, name))).await;
    assert_eq!(versions(world).await, [1].into());
    let stop = AtomicBool::new(false);
    let (served, ()) = futures::join!(traffic(world, &customers, &stop), async {
        roll_out(world, &neighbour, &names).await;
        stop.store(true, Ordering::Relaxed);
    });
    let Served { created, read, slowest } = served;
    println!(
        "migration: {created} users created and {read} lists read meanwhile, no request failed, slowest {slowest:?}"
    );
    let mut stored = 0;
    for customer in &customers {
        stored += users(&through_ingress(world, customer)).await;
    }
    assert_eq!(stored, created, "no acknowledged user is lost");

    // Taken back: schemas stay as they are, and are good for the version before.
    neighbour.operator.start().await.unwrap();
    looked_at_everything(world, &neighbour.operator).await;
    assert_eq!(versions(world).await, [2].into());
    for name in &names {
        world.condition(name, TENANT, "Ready", "True", "Connected").await;
    }
    let failed =
        metrics::sum(&neighbour.operator, "controller_runtime_reconcile_total", "result=\"error\"").await;
    assert!(failed < 1.0, "{failed} reconciles failed");
    let new = neighbour.tenant(world, "migrated-later", json!({})).await;
    assert_eq!(status(&through_ingress(world, &new)).await, 200);
    assert_eq!(versions(world).await, [1, 2].into());
    neighbour.end().await;
}

/// Until the next operator has done everything, and is stopped.
async fn roll_out(world: &World, neighbour: &Neighbour, names: &[String]) {
    let readers = join_all(names[..LOCKED].iter().map(|name| reader(world, name))).await;
    neighbour.operator.stop().await;
    let next = OperatorOptions { version: OperatorVersion::Next, ..options(&neighbour.site) };
    let begin = Instant::now();
    let next = world.installation.add_operator(&next).await.unwrap();
    let left = i64::try_from(LOCKED).unwrap();
    let told = async |outdated| progress(world).await == Some(SchemaProgress { version: 2, outdated });
    eventually_within(ROLLED_OUT, "the class says what is left", async || told(left).await).await;
    println!("migration: {} of {TENANTS} schemas after {:?}", TENANTS - LOCKED, begin.elapsed());
    assert_eq!(outdated(world).await, LOCKED);
    for name in names {
        world.condition(name, TENANT, "Ready", "True", "Connected").await;
    }
    let measured = async |name| metrics::sum(&next, name, "").await;
    let left = f64::from(u32::try_from(LOCKED).unwrap());
    assert!((measured("scim_operator_tenant_schemas_outdated").await - left).abs() < 0.5);
    assert!(metrics::sum(&next, "scim_operator_schema_migrations", "locked").await >= 1.0);

    next.kill().await;
    join_all(readers.into_iter().map(PgConnection::close)).await;
    assert_eq!(outdated(world).await, LOCKED, "nobody goes on while it is away");
    let begin = Instant::now();
    next.start().await.unwrap();
    eventually_within(ROLLED_OUT, "it goes on", async || outdated(world).await == 0).await;
    println!("migration: the rest {:?} after it came back", begin.elapsed());
    eventually("the class says that it is done", async || told(0).await).await;
    assert!(measured("scim_operator_tenant_schemas_outdated").await < 0.5);
    assert_eq!(columns(world).await, TENANTS, "every schema has what is new");
    looked_at_everything(world, &next).await;
    for name in names {
        world.condition(name, TENANT, "Ready", "True", "Connected").await;
    }
    next.stop().await;
}

/// What was served.
struct Served {
    created: u64,
    read: u64,
    slowest: Duration,
}

/// Writes and reads, by a few identity providers at once, each going from tenant to tenant.
async fn traffic(world: &World, customers: &[Customer], stop: &AtomicBool) -> Served {
    let connections: Vec<Connection> =
        customers.iter().map(|customer| through_ingress(world, customer)).collect();
    let providers = (0..4).map(|provider| {
        let connections = &connections;
        async move {
            let mut served = Served { created: 0, read: 0, slowest: Duration::ZERO };
            for (number, connection) in connections.iter().skip(provider).step_by(4).cycle().enumerate() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let user_name = format!("user-{provider}-{number}");
                let created = create_user(connection, &user_name).await;
                let read = list_users(connection).await.expect(&[200]).unwrap();
                served.created += 1;
                served.read += 1;
                served.slowest = served.slowest.max(created.response.elapsed).max(read.response.elapsed);
            }
            served
        }
    });
    let all = join_all(providers).await;
    Served {
        created: all.iter().map(|one| one.created).sum(),
        read: all.iter().map(|one| one.read).sum(),
        slowest: all.iter().map(|one| one.slowest).max().unwrap_or_default(),
    }
}

/// Reads the tenant's users for as long as the connection lives.
async fn reader(world: &World, namespace: &str) -> PgConnection {
    let schema = world.schema(namespace, TENANT).await;
    let mut connection = world.database().await;
    let read = format!("BEGIN; LOCK TABLE {schema}.users IN ACCESS SHARE MODE");
    sqlx::raw_sql(AssertSqlSafe(read)).execute(&mut connection).await.unwrap();
    connection
}

async fn progress(world: &World) -> Option<SchemaProgress> {
    world.classes().get("migrated").await.unwrap().status.and_then(|status| status.schema)
}

async fn versions(world: &World) -> BTreeSet<i32> {
    let statement = "SELECT schema_version FROM scim_control.tenants WHERE installation = 'migrated' AND state = 'active'";
    let versions: Vec<i32> =
        sqlx::query_scalar(statement).fetch_all(&mut world.database().await).await.unwrap();
    versions.into_iter().collect()
}

async fn outdated(world: &World) -> usize {
    let statement = "SELECT count(*) FROM scim_control.tenants \
                     WHERE installation = 'migrated' AND state = 'active' AND schema_version < 2";
    let count: i64 = sqlx::query_scalar(statement).fetch_one(&mut world.database().await).await.unwrap();
    usize::try_from(count).unwrap()
}

/// How many of the installation's schemas have the column of `next-operator`.
async fn columns(world: &World) -> usize {
    let statement = "SELECT count(*) FROM scim_control.tenants t \
                     JOIN information_schema.columns c ON c.table_schema = 'tenant_' || t.id \
                     WHERE t.installation = 'migrated' AND c.table_name = 'users' AND c.column_name = 'next'";
    let count: i64 = sqlx::query_scalar(statement).fetch_one(&mut world.database().await).await.unwrap();
    usize::try_from(count).unwrap()
}
