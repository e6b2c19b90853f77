//! What a first cycle puts on the wire, against a service that writes everything down.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, response::IntoResponse};
use http::{HeaderMap, Method, StatusCode, Uri};
use identity_provider::{
    Connection, Directory, Error, Mapping,
    entra::{Dialect, Job, Outcome},
    okta::{Application, Integration},
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_first_cycle_with_the_full_mapping_provisions_users_then_groups_then_references() {
    let service = Service::start().await;
    let cycle =
        Job::new(&service.connection(), Dialect::Classic).cycle(&two_people_in_a_group()).await.unwrap();
    insta::assert_snapshot!(service.request_lines(), @"
    GET /scim/v2/Users?filter=userName+eq+%22anna.0%40acme.example%22
    POST /scim/v2/Users
    GET /scim/v2/Users?filter=userName+eq+%22bjrn.1%40acme.example%22
    POST /scim/v2/Users
    GET /scim/v2/Groups?excludedAttributes=members&filter=displayName+eq+%22Everyone%22
    POST /scim/v2/Groups
    GET /scim/v2/Users?filter=id+eq+%22U-2%22+and+manager+eq+%22U-1%22&attributes=id
    PATCH /scim/v2/Users/U-2
    PATCH /scim/v2/Groups/G-1
    ");
    insta::assert_snapshot!(cycle, @"2 users and 1 groups: 3 created, 0 updated, 0 unchanged; 9 requests");
}

#[tokio::test]
async fn a_first_cycle_with_the_reduced_mapping_has_no_managers_and_no_members() {
    let service = Service::start().await;
    let job = Job::new(&service.connection(), Dialect::OptScim062020).mapping(Mapping::Reduced);
    job.cycle(&two_people_in_a_group()).await.unwrap();
    insta::assert_snapshot!(service.request_lines(), @"
    GET /scim/v2/Users?aadOptscim062020&filter=userName+eq+%22anna.0%40acme.example%22
    POST /scim/v2/Users?aadOptscim062020
    GET /scim/v2/Users?aadOptscim062020&filter=userName+eq+%22bjrn.1%40acme.example%22
    POST /scim/v2/Users?aadOptscim062020
    GET /scim/v2/Groups?aadOptscim062020&excludedAttributes=members&filter=displayName+eq+%22Everyone%22
    POST /scim/v2/Groups?aadOptscim062020
    ");
}

#[tokio::test]
async fn a_job_whose_group_mapping_is_disabled_never_asks_for_groups() {
    let service = Service::start().await;
    let job = Job::new(&service.connection(), Dialect::Classic).mapping(Mapping::People);
    job.cycle(&two_people_in_a_group()).await.unwrap();
    assert!(!service.request_lines().contains("/Groups"));
}

#[tokio::test]
async fn a_second_cycle_reads_each_object_and_changes_what_differs() {
    let service = Service::start().await;
    let mut directory = two_people_in_a_group();
    let job = Job::new(&service.connection(), Dialect::OptScim062020).mapping(Mapping::Reduced);
    job.cycle(&directory).await.unwrap();
    service.forget_requests();
    directory.people[0].title = Some("Director".to_owned());
    directory.people[1].active = false;
    let cycle = job.cycle(&directory).await.unwrap();
    assert_eq!((cycle.count(Outcome::Updated), cycle.count(Outcome::Unchanged)), (2, 1));
    insta::assert_snapshot!(service.requests(), @r#"
    GET /scim/v2/Users?aadOptscim062020&filter=userName+eq+%22anna.0%40acme.example%22
    GET /scim/v2/Users/U-1?aadOptscim062020
    PATCH /scim/v2/Users/U-1?aadOptscim062020
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"title":"Director"}}]}
    GET /scim/v2/Users?aadOptscim062020&filter=userName+eq+%22bjrn.1%40acme.example%22
    GET /scim/v2/Users/U-2?aadOptscim062020
    PATCH /scim/v2/Users/U-2?aadOptscim062020
    {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}
    GET /scim/v2/Groups?aadOptscim062020&excludedAttributes=members&filter=displayName+eq+%22Everyone%22
    GET /scim/v2/Groups/G-1?aadOptscim062020&excludedAttributes=members
    "#);
}

#[tokio::test]
async fn entra_sends_its_headers_and_the_token() {
    let service = Service::start().await;
    Job::new(&service.connection(), Dialect::Classic).test_connection().await.unwrap();
    insta::assert_snapshot!(service.headers(), @"
    accept: application/scim+json
    adscimversion: 2.0
    authorization: Bearer secret
    content-type: application/scim+json; charset=utf-8
    ");
}

#[tokio::test]
async fn okta_sends_its_headers_and_the_token() {
    let service = Service::start().await;
    Application::new(&service.connection(), Integration::Network).credentials_test().await.unwrap();
    insta::assert_snapshot!(service.headers(), @"
    accept-charset: utf-8
    accept: application/scim+json
    authorization: Bearer secret
    content-type: application/scim+json; charset=utf-8
    user-agent: Okta SCIM Client 1.0.0
    ");
    insta::assert_snapshot!(service.request_lines(), @"
    GET /scim/v2/Users?startIndex=1&count=2
    GET /scim/v2/Groups?startIndex=1&count=100
    ");
}

#[tokio::test]
async fn an_answer_that_is_not_scim_is_shown_with_its_request() {
    let service = Service::start().await;
    let connection = Connection::new(&service.url("/elsewhere"), "secret").unwrap();
    let error = Application::new(&connection, Integration::Network).credentials_test().await.unwrap_err();
    insta::assert_snapshot!(error, @"
    expected content type application/scim+json, but
    GET /Users?startIndex=1&count=2
    → 200 text/html
    <h1>Welcome</h1>
    ");
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_told_with_the_request() {
    let connection = Connection::new("http://127.0.0.1:1/a/b/scim/v2", "secret").unwrap();
    let error = Application::new(&connection, Integration::Network).credentials_test().await.unwrap_err();
    assert!(matches!(error, Error::NoAnswer { .. }));
    insta::assert_snapshot!(error, @"
    no answer to
    GET /Users?startIndex=1&count=2
    ");
}

fn two_people_in_a_group() -> Directory {
    let mut directory = Directory::generate("acme.example", 2);
    directory.groups.truncate(1);
    directory
}

/// A service that keeps what is posted, answers every PATCH with 204, and writes down what comes.
struct Service {
    address: SocketAddr,
    state: Arc<Mutex<Recorded>>,
}

#[derive(Default)]
struct Recorded {
    requests: Vec<(Method, Uri, String)>,
    headers: HeaderMap,
    users: Vec<Value>,
    groups: Vec<Value>,
}

impl Service {
    async fn start() -> Self {
        let state = Arc::<Mutex<Recorded>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn connection(&self) -> Connection {
        Connection::new(&self.url("/scim/v2"), "secret").unwrap()
    }

    fn forget_requests(&self) {
        self.state.lock().unwrap().requests.clear();
    }

    fn request_lines(&self) -> String {
        let recorded = self.state.lock().unwrap();
        recorded
            .requests
            .iter()
            .map(|(method, uri, _)| format!("{method} {uri}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn requests(&self) -> String {
        let recorded = self.state.lock().unwrap();
        let lines = recorded.requests.iter().map(|(method, uri, body)| format!("{method} {uri}\n{body}"));
        lines.collect::<Vec<_>>().join("\n").replace("\n\n", "\n")
    }

    fn headers(&self) -> String {
        let recorded = self.state.lock().unwrap();
        let headers = recorded.headers.iter().filter(|(name, _)| *name != "host");
        let mut lines =
            headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect::<Vec<_>>();
        lines.sort();
        lines.join("\n")
    }
}

async fn answer(
    State(state): State<Arc<Mutex<Recorded>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let mut recorded = state.lock().unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    recorded.requests.push((method.clone(), uri.clone(), body.clone()));
    recorded.headers = headers;
    let Some(path) = uri.path().strip_prefix("/scim/v2/") else {
        return (StatusCode::OK, [("Content-Type", "text/html")], "<h1>Welcome</h1>".to_owned());
    };
    let resources = if path.starts_with("Users") { &mut recorded.users } else { &mut recorded.groups };
    let (status, json) = match (method, path.split_once('/')) {
        (Method::POST, _) => {
            let mut resource = serde_json::from_str::<Value>(&body).unwrap();
            resource["id"] = json!(format!("{}-{}", &path[..1], resources.len() + 1));
            resources.push(resource.clone());
            (StatusCode::CREATED, resource)
        }
        (Method::GET, Some((_, id))) => {
            (StatusCode::OK, resources.iter().find(|resource| resource["id"] == id).unwrap().clone())
        }
        (Method::GET, None) => {
            let query = uri.query().unwrap().replace("%40", "@");
            let names = |resource: &&Value| {
                ["userName", "displayName"]
                    .iter()
                    .filter_map(|name| resource[*name].as_str())
                    .any(|name| query.contains(&format!("%22{name}%22")))
            };
            let found = resources.iter().filter(names).cloned().collect::<Vec<_>>();
            (StatusCode::OK, json!({ "totalResults": found.len(), "Resources": found }))
        }
        _ => (StatusCode::NO_CONTENT, Value::Null),
    };
    let text = if json.is_null() { String::new() } else { json.to_string() };
    (status, [("Content-Type", "application/scim+json")], text)
}
