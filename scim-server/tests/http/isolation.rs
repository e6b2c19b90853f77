//! No path from one tenant to another: each endpoint of the router is tried with the token and the ids of another
//! tenant. An endpoint without a line in [`TABLE`] fails the test.

use database::testing::TestDatabase;
use reqwest::Method as Verb;
use scim_server::router::{Method, routes};
use serde_json::{Value, json};

use crate::{
    oauth::{TokenClient, with_secret},
    server::{Answer, Client, TestServer},
};

/// How an endpoint is tried.
#[derive(Clone, Copy, Debug)]
enum Attempt {
    /// The own listing must not show what the other tenant has.
    List,
    /// Nor must what is found by a search.
    Search,
    /// What is created must not be seen by the other tenant.
    Create,
    /// The other's ids must be as unknown as ids that never were.
    ForeignId,
    /// In operations too, the other's ids must be as unknown as ids that never were.
    Bulk,
    /// The answer must speak of the own tenant alone.
    Discover,
}

const TABLE: &[(Method, &str, Attempt)] = &[
    (Method::Get, "", Attempt::List),
    (Method::Post, "/.search", Attempt::Search),
    (Method::Get, "/Users", Attempt::List),
    (Method::Post, "/Users", Attempt::Create),
    (Method::Post, "/Users/.search", Attempt::Search),
    (Method::Get, "/Users/{id}", Attempt::ForeignId),
    (Method::Put, "/Users/{id}", Attempt::ForeignId),
    (Method::Patch, "/Users/{id}", Attempt::ForeignId),
    (Method::Delete, "/Users/{id}", Attempt::ForeignId),
    (Method::Get, "/Groups", Attempt::List),
    (Method::Post, "/Groups", Attempt::Create),
    (Method::Post, "/Groups/.search", Attempt::Search),
    (Method::Get, "/Groups/{id}", Attempt::ForeignId),
    (Method::Put, "/Groups/{id}", Attempt::ForeignId),
    (Method::Patch, "/Groups/{id}", Attempt::ForeignId),
    (Method::Delete, "/Groups/{id}", Attempt::ForeignId),
    (Method::Post, "/Bulk", Attempt::Bulk),
    (Method::Get, "/ServiceProviderConfig", Attempt::Discover),
    (Method::Get, "/ResourceTypes", Attempt::Discover),
    (Method::Get, "/ResourceTypes/{id}", Attempt::Discover),
    (Method::Get, "/Schemas", Attempt::Discover),
    (Method::Get, "/Schemas/{id}", Attempt::Discover),
];

/// In form alone.
const SIGNED: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJhIiwiYXVkIjoiYiIsImV4cCI6MX0.c2ln";

const NEVER: &str = "018f0000-0000-7000-8000-000000000000";

#[tokio::test]
async fn no_endpoint_leads_from_one_tenant_to_another() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let victim = Tenant::furnished(server.client(&database.tenant().await)).await;
    let intruder = server.client(&database.tenant().await);
    for route in routes() {
        let (_, _, attempt) = TABLE
            .iter()
            .find(|(method, path, _)| *method == route.method && *path == route.path)
            .unwrap_or_else(|| panic!("{:?} {} has no test of isolation", route.method, route.path));
        let verb = Verb::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let before = victim.everything().await;
        a_foreign_token_is_no_token(&victim, &intruder, &verb, route.path).await;
        a_foreign_token_is_no_token(&victim, &intruder, &verb, &format!("{}/", route.path)).await;
        attempt.make(&victim, &intruder, &verb, route.path).await;
        assert_eq!(victim.everything().await, before, "{verb} {} changed another tenant", route.path);
    }
    assert_eq!(TABLE.len(), routes().len(), "the table speaks of endpoints that are gone");
}

#[tokio::test]
async fn a_member_of_another_tenant_is_no_member() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let victim = Tenant::furnished(server.client(&database.tenant().await)).await;
    let intruder = server.client(&database.tenant().await);
    let body = group("Thieves", Some(&victim.user));
    let never = intruder.post("/Groups", group("Thieves", Some(NEVER))).await;
    let foreign = intruder.post("/Groups", body).await;
    assert_eq!(foreign.status, never.status);
    assert_eq!(hide(&foreign, &victim.user), hide(&never, NEVER));
    assert!(foreign.status.is_client_error(), "{foreign:?}");
}

#[tokio::test]
async fn every_refusal_to_authenticate_looks_the_same() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let tenant = database.tenant().await;
    let scim = server.client(&tenant);
    let other = server.client(&database.tenant().await);
    let root = format!("http://{}", server.address);
    let token = scim.token.clone().unwrap();
    let unknown_tenant = format!("{root}/customer-test/nobody/scim/v2/Users");
    let cases = [
        ("no token", scim.http.get(format!("{}/Users", scim.base))),
        ("a wrong token", scim.http.get(format!("{}/Users", scim.base)).bearer_auth("scim_wrong")),
        (
            "another tenant's token",
            scim.http.get(format!("{}/Users", scim.base)).bearer_auth(other.token.unwrap()),
        ),
        (
            "a signed token that nobody trusts",
            scim.http.get(format!("{}/Users", scim.base)).bearer_auth(SIGNED),
        ),
        (
            "a user and a wrong password",
            scim.http.get(format!("{}/Users", scim.base)).basic_auth("scim", Some("x")),
        ),
        (
            "a token in the wrong scheme",
            scim.http.get(format!("{}/Users", scim.base)).basic_auth("u", Some(&token)),
        ),
        ("an unknown tenant", scim.http.get(&unknown_tenant).bearer_auth(&token)),
        ("an unknown endpoint without a token", scim.http.get(format!("{}/Secrets", scim.base))),
        ("an unknown method without a token", scim.http.post(format!("{}/Schemas", scim.base)).body("x")),
        ("a path that is no tenant's", scim.http.get(format!("{root}/metrics")).bearer_auth(&token)),
        ("the root", scim.http.get(&root)),
        ("a path below the token endpoint", scim.http.post(format!("{root}/customer-test/x/oauth2/token/x"))),
    ];
    for (case, request) in cases {
        let answer = crate::server::answer(request).await;
        assert_eq!(answer.status, 401, "{case}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"scim\""), "{case}");
        assert_eq!(
            answer.body["detail"], "the request carries no valid credential for this address",
            "{case}"
        );
    }
}

/// The one endpoint that is not among [`routes`]: its clients authenticate in other ways.
#[tokio::test]
async fn no_token_endpoint_knows_the_clients_of_another_tenant() {
    let database = TestDatabase::start().await;
    let server = TestServer::start(&database).await;
    let [victim, intruder] = [database.tenant().await, database.tenant().await];
    with_secret(&database, &victim).await;
    let (secret, _) = with_secret(&database, &intruder).await;
    let [victims, intruders] = [&victim, &intruder].map(|tenant| TokenClient::new(&server, tenant));
    let at_the_victims = TokenClient { id: intruders.id.clone(), ..victims.clone() };
    for client in [&victims, &at_the_victims] {
        assert_eq!(client.by_secret(secret.expose()).await.status, 401);
    }
    let token = intruders.token(&secret).await;
    assert_eq!(server.client(&victim).with_token(&token).get("/Users").await.status, 401);
    assert_eq!(server.client(&intruder).with_token(&token).get("/Users").await.status, 200);
}

/// A tenant with a user, and a group of which the user is a member.
struct Tenant {
    scim: Client,
    user: String,
    group: String,
}

impl Tenant {
    async fn furnished(scim: Client) -> Self {
        let user = scim.create("/Users", user("ada")).await;
        let group = scim.create("/Groups", group("Admins", Some(&user))).await;
        Self { scim, user, group }
    }

    async fn everything(&self) -> [Value; 2] {
        [self.scim.get("/Users").await.body, self.scim.get("/Groups").await.body]
    }

    fn id_of(&self, path: &str) -> &str {
        if path.starts_with("/Users") { &self.user } else { &self.group }
    }
}

async fn a_foreign_token_is_no_token(victim: &Tenant, intruder: &Client, verb: &Verb, path: &str) {
    let path = path.replace("{id}", victim.id_of(path));
    let stranger = Client { token: intruder.token.clone(), ..victim.scim.clone() };
    let answer = stranger.send(verb.clone(), &path, body(verb, &path)).await;
    assert_eq!(answer.status, 401, "{verb} {path}: {answer:?}");
}

impl Attempt {
    async fn make(self, victim: &Tenant, intruder: &Client, verb: &Verb, path: &str) {
        match self {
            Self::List => {
                let answer = intruder.get(path).await;
                assert!(!answer.ids().contains(&victim.id_of(path)), "{answer:?}");
                let by_id = intruder.filter(path, &format!("id eq \"{}\"", victim.id_of(path))).await;
                assert_eq!(by_id.body["totalResults"], 0, "{by_id:?}");
            }
            Self::Search => {
                let schemas = ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"];
                let everybody = intruder.post(path, json!({"schemas": schemas})).await;
                assert!(!everybody.ids().contains(&victim.id_of(path)), "{everybody:?}");
                let filter = format!("id eq \"{}\"", victim.id_of(path));
                let by_id = intruder.post(path, json!({"schemas": schemas, "filter": filter})).await;
                assert_eq!(by_id.body["totalResults"], 0, "{by_id:?}");
            }
            Self::Create => {
                let created = intruder.create(path, body(verb, path).unwrap()).await;
                assert_eq!(victim.scim.get(&format!("{path}/{created}")).await.status, 404);
            }
            Self::ForeignId => {
                let foreign = path.replace("{id}", victim.id_of(path));
                let never = path.replace("{id}", NEVER);
                let foreign = intruder.send(verb.clone(), &foreign, body(verb, &foreign)).await;
                let never = intruder.send(verb.clone(), &never, body(verb, &never)).await;
                assert_eq!(foreign.status, 404, "{foreign:?}");
                assert_eq!(hide(&foreign, victim.id_of(path)), hide(&never, NEVER));
            }
            Self::Bulk => {
                let foreign = operations(&victim.user, &victim.group);
                let foreign = intruder.post(path, foreign).await;
                let never = intruder.post(path, operations(NEVER, NEVER)).await;
                assert_eq!(foreign.status, 200, "{foreign:?}");
                let statuses: Vec<_> = foreign.operations().iter().map(|one| one["status"].clone()).collect();
                assert_eq!(statuses, ["404", "404", "404", "404", "404", "404", "400"], "{foreign:?}");
                let foreign = hide(&foreign, &victim.user).replace(&victim.group, "…");
                assert_eq!(foreign, hide(&never, NEVER));
            }
            Self::Discover => {
                let id = if path.starts_with("/Schemas") {
                    "urn:ietf:params:scim:schemas:core:2.0:User"
                } else {
                    "User"
                };
                let answer = intruder.get(&path.replace("{id}", id)).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                let (_, victims_path) = victim.scim.base.split_once("/customer-test").unwrap();
                assert!(!answer.body.to_string().contains(victims_path), "{answer:?}");
            }
        }
    }
}

/// A bulk request with whatever may be done to that user and group.
fn operations(user_id: &str, group_id: &str) -> Value {
    let mut operations = Vec::new();
    for (path, id, data) in
        [("/Users", user_id, user("mallory")), ("/Groups", group_id, group("Thieves", None))]
    {
        let path = format!("{path}/{id}");
        operations.push(json!({"method": "PUT", "path": path, "data": data}));
        operations.push(json!({"method": "PATCH", "path": path, "data": body(&Verb::PATCH, &path)}));
        operations.push(json!({"method": "DELETE", "path": path}));
    }
    let data = group("Thieves", Some(user_id));
    operations.push(json!({"method": "POST", "path": "/Groups", "bulkId": "thieves", "data": data}));
    json!({"Operations": operations})
}

/// The body of an answer, without the id that was asked for.
fn hide(answer: &Answer, id: &str) -> String {
    answer.body.to_string().replace(id, "…")
}

fn body(verb: &Verb, path: &str) -> Option<Value> {
    match verb.as_str() {
        "PATCH" => Some(json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "displayName", "value": "Stolen"}],
        })),
        "POST" | "PUT" if path.starts_with("/Users") => Some(user("mallory")),
        "POST" | "PUT" => Some(group("Thieves", None)),
        _ => None,
    }
}

fn user(name: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name})
}

fn group(name: &str, member: Option<&str>) -> Value {
    let members: Vec<_> = member.iter().map(|id| json!({"value": id})).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": name,
        "members": members,
    })
}
