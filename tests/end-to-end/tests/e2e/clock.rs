//! Clocks that are wrong: the operator's is an hour ahead, that of one server an hour behind. PostgreSQL's decides, and
//! everything is as with right ones.

use std::time::{Duration, Instant};

use control_plane::clock::{Shift, shifted};
use identity_provider::{ClientProof, Connection, Credential, OAuthClient};
use k8s_openapi::jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use product::{Customer, Handed, OperatorOptions, Program, Server, ServerOptions};
use serde_json::{Value, json};
use tenancy::Token;

use crate::direct::to_server;
use crate::people::status;
use crate::secrets::renewed_token;
use crate::world::{World, eventually};

const HOUR: Duration = Duration::from_hours(1);
/// What is wrong by an hour is wrong by more than this.
const MUCH: SignedDuration = SignedDuration::from_mins(10);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The operator and a server of the world with wrong clocks. Beside them work the world's servers, whose clocks are right.
struct WrongClocks {
    operator: Program,
    behind: Server,
}

impl WrongClocks {
    async fn start(world: &World) -> Self {
        for operator in world.installation.operators() {
            operator.stop().await;
        }
        let stack = world.installation.stack();
        let environment = |shift| shifted(stack.installation(), shift).unwrap();
        let ahead = environment(Shift::Ahead(HOUR));
        let operator = OperatorOptions { environment: ahead, ..OperatorOptions::default() };
        let operator = world.installation.add_operator(&operator).await.unwrap();
        let behind = environment(Shift::Behind(HOUR));
        let behind = ServerOptions { environment: behind, ..ServerOptions::default() };
        let behind = world.installation.add_server(&behind).await.unwrap();
        assert!(now().duration_since(clock_of(&behind).await) > MUCH, "the server's clock is right");
        Self { operator, behind }
    }

    /// The tenant, after it was seen that the operator's clock is wrong.
    async fn tenant(&self, world: &World, name: &str, spec: Value) -> Customer {
        let customer = world.tenant(name, spec).await;
        let status = world.tenants(name).get(name).await.unwrap().status.unwrap();
        let told = status.conditions.iter().map(|condition| condition.last_transition_time.0).max().unwrap();
        assert!(told.duration_since(now()) > MUCH, "the operator's clock is right");
        customer
    }

    /// The ways to a server whose clock is right, and to the other one.
    fn both(&self, world: &World, customer: &Customer) -> [Connection; 2] {
        [to_server(&world.installation.servers()[0], customer), to_server(&self.behind, customer)]
    }

    async fn end(self, world: &World) {
        self.operator.stop().await;
        self.behind.program().stop().await;
        for operator in world.installation.operators() {
            operator.start().await.unwrap();
        }
    }
}

/// On a server whose clock is right and on one whose clock is wrong.
pub(crate) async fn validity_goes_by_the_clock_of_postgresql(world: &World) {
    let clocks = WrongClocks::start(world).await;
    an_overlap_of_a_day_is_a_day(world, &clocks).await;
    an_overlap_until_the_first_use_ends_by_it(world, &clocks).await;
    a_revocation_is_followed_within_a_second(world, &clocks).await;
    access_tokens_work_as_long_as_they_were_issued_for(world, &clocks).await;
    clocks.end(world).await;
}

async fn an_overlap_of_a_day_is_a_day(world: &World, clocks: &WrongClocks) {
    let rotation = json!({"authentication": {"bearerToken": {"rotation": {"overlap": "24h"}}}});
    let customer = clocks.tenant(world, "clock-day", rotation).await;
    let [old, old_behind] = clocks.both(world, &customer);
    assert_eq!([status(&old).await, status(&old_behind).await], [200, 200]);
    let new = rotate(world, &customer).await;
    for connection in [&old, &old_behind] {
        assert_eq!(status(&connection.with_token(&new)).await, 200);
        assert_eq!(status(connection).await, 200, "the old one works beside the new one, used or not");
    }
    let previous = async || {
        let status = world.tenants("clock-day").get("clock-day").await.unwrap().status;
        status.and_then(|status| status.token).and_then(|token| token.previous)?.valid_until
    };
    eventually("status says when it ends", async || previous().await.is_some()).await;
    let off = previous().await.unwrap().0.duration_since(now()) - DAY;
    assert!(off.abs() < MUCH, "the old token ends in a day, and not {off} beside it");

    // A day later, for PostgreSQL.
    let ends = "UPDATE scim_control.credentials SET valid_until = clock_timestamp() + interval '2 seconds' \
                WHERE valid_until IS NOT NULL AND tenant_id = (SELECT id FROM scim_control.tenants \
                WHERE namespace = 'clock-day' AND state = 'active')";
    sqlx::query(ends).execute(&mut world.database().await).await.unwrap();
    let begin = Instant::now();
    for connection in [&old, &old_behind] {
        assert_eq!(status(connection).await, 200, "its time has not come");
    }
    let ended = until_refused(&[old, old_behind], begin).await;
    println!("clock: the old token ended {ended:?} after the 2s that were left");
    assert!(
        ended.iter().all(|ended| *ended > Duration::from_secs(1) && *ended < Duration::from_secs(4)),
        "{ended:?}"
    );
}

async fn an_overlap_until_the_first_use_ends_by_it(world: &World, clocks: &WrongClocks) {
    let customer = clocks.tenant(world, "clock-used", json!({})).await;
    let connections = clocks.both(world, &customer);
    let new = rotate(world, &customer).await;
    for connection in &connections {
        assert_eq!(status(connection).await, 200, "nobody has used the new one");
    }
    assert_eq!(status(&connections[1].with_token(&new)).await, 200);
    let ended = until_refused(&connections, Instant::now()).await;
    println!("clock: the old token ended {ended:?} after the new one was used");
}

async fn a_revocation_is_followed_within_a_second(world: &World, clocks: &WrongClocks) {
    let customer = clocks.tenant(world, "clock-revoked", json!({})).await;
    let connections = clocks.both(world, &customer);
    for connection in &connections {
        assert_eq!(status(connection).await, 200);
    }
    let annotated = Instant::now();
    world.annotate("clock-revoked", "clock-revoked", "scim-operator.io/revoke-tokens", "1").await;
    let ended = until_refused(&connections, annotated).await;
    let statement = "SELECT extract(epoch FROM clock_timestamp() - max(revoked_at))::float8 FROM scim_control.credentials \
                     JOIN scim_control.tenants ON id = tenant_id WHERE namespace = 'clock-revoked'";
    let ago: f64 = sqlx::query_scalar(statement).fetch_one(&mut world.database().await).await.unwrap();
    let revoked = annotated.elapsed().saturating_sub(Duration::from_secs_f64(ago));
    let after: Vec<Duration> = ended.iter().map(|ended| ended.saturating_sub(revoked)).collect();
    println!("clock: refused {after:?} after the revocation");
    assert!(after.iter().all(|after| *after < Duration::from_secs(1)), "{after:?}");
    let new = renewed_token(world, &customer).await;
    for connection in &connections {
        assert_eq!(status(&connection.with_token(&new)).await, 200);
    }
}

/// Whichever server has issued it.
async fn access_tokens_work_as_long_as_they_were_issued_for(world: &World, clocks: &WrongClocks) {
    let client = json!({"authentication": {"oauth2": {"clientSecret": {}}}});
    let customer = clocks.tenant(world, "clock-oauth", client).await;
    let connections = clocks.both(world, &customer);
    for (issuer, server) in [&world.installation.servers()[0], &clocks.behind].into_iter().enumerate() {
        let token = access_token(&connections[issuer], server, &customer).await;
        for connection in &connections {
            assert_eq!(status(&connection.with_token(&token)).await, 200);
        }
    }
    let left = "SELECT min(extract(epoch FROM expires_at - clock_timestamp()))::float8 FROM scim_control.access_tokens \
                JOIN scim_control.tenants ON id = tenant_id WHERE namespace = 'clock-oauth'";
    let left: f64 = sqlx::query_scalar(left).fetch_one(&mut world.database().await).await.unwrap();
    assert!((3500.0..=3600.0).contains(&left), "an access token lives for an hour: {left}s are left");

    // One that lives for three seconds.
    let token = Token::from_random([3; 32]);
    sqlx::query(
        "SELECT scim_control.issue_access_token(tenant_id, generation, $1, interval '3 seconds') \
           FROM scim_control.credentials JOIN scim_control.tenants ON id = tenant_id \
          WHERE namespace = 'clock-oauth' AND state = 'active'",
    )
    .bind(token.digest().as_bytes().to_vec())
    .execute(&mut world.database().await)
    .await
    .unwrap();
    let begin = Instant::now();
    let connections = connections.map(|connection| connection.with_token(token.expose()));
    for connection in &connections {
        assert_eq!(status(connection).await, 200);
    }
    let ended = until_refused(&connections, begin).await;
    println!("clock: an access token of 3s ended after {ended:?}");
    assert!(
        ended.iter().all(|ended| *ended > Duration::from_secs(2) && *ended < Duration::from_secs(5)),
        "{ended:?}"
    );
}

/// What the token endpoint of this server issues.
async fn access_token(connection: &Connection, server: &Server, customer: &Customer) -> String {
    let Handed::Client { token_url, id, secret } = &customer.handed else { panic!("it has a client secret") };
    let path = reqwest::Url::parse(token_url).unwrap().path().to_owned();
    let proof = ClientProof::SecretInBody { id: id.clone(), secret: secret.clone() };
    let client = OAuthClient::new(&format!("http://{}{path}", server.address()), proof);
    let answer = connection.with_credential(Credential::Nothing).ask_for_access_token(&client).await.unwrap();
    let answer = answer.response.json.unwrap();
    assert_eq!(answer["expires_in"], 3600, "{answer}");
    answer["access_token"].as_str().unwrap().to_owned()
}

/// How long after `begin` each of them is refused.
async fn until_refused(connections: &[Connection], begin: Instant) -> Vec<Duration> {
    let ends = connections.iter().map(|connection| async move {
        while status(connection).await != 401 {
            assert!(begin.elapsed() < Duration::from_secs(20), "a token works on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        begin.elapsed()
    });
    futures::future::join_all(ends).await
}

async fn rotate(world: &World, customer: &Customer) -> String {
    world.annotate(&customer.namespace, &customer.name, "scim-operator.io/rotate-token", "1").await;
    renewed_token(world, customer).await
}

/// What the clock of this machine says, which is PostgreSQL's too.
fn now() -> Timestamp {
    Timestamp::now()
}

/// What a server says in `Date`.
async fn clock_of(server: &Server) -> Timestamp {
    let answer = reqwest::get(format!("http://{}/", server.address())).await.unwrap();
    let date = answer.headers()[http::header::DATE].to_str().unwrap().to_owned();
    rfc2822::parse(&date).unwrap().timestamp()
}
