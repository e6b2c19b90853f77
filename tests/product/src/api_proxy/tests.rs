use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use futures::StreamExt as _;
use http::{HeaderMap, Method, StatusCode, Uri};
use tokio::time::timeout;

use super::*;

const SOON: Duration = Duration::from_secs(10);
const BRIEFLY: Duration = Duration::from_millis(200);
const TENANT: &str = "/apis/scim-operator.io/v1alpha1/namespaces/a/scimtenants/b";
const WATCH: &str = "/api/v1/secrets?watch=true";

#[tokio::test]
async fn a_request_gets_through_with_token_and_body_and_so_does_its_answer() {
    let world = World::start().await;
    let answer = world.send(Method::PATCH, &format!("{TENANT}?force=true")).await.unwrap();
    assert_eq!((answer.status(), &answer.headers()["x-answer"]), (StatusCode::OK, &"yes".parse().unwrap()));
    assert_eq!(answer.text().await.unwrap(), "answered");
    assert_eq!(world.received(), [format!("PATCH {TENANT}?force=true Bearer secret {{}}")]);
}

#[tokio::test]
async fn writes_are_listed_and_requests_counted() {
    let world = World::start().await;
    world.send(Method::GET, TENANT).await.unwrap();
    world.send(Method::PATCH, TENANT).await.unwrap();
    world.send(Method::PATCH, &format!("{TENANT}/status?dryRun=All")).await.unwrap();
    world.send(Method::PUT, "/apis/coordination.k8s.io/v1/namespaces/a/leases/b").await.unwrap();
    let writes = world.proxy.writes();
    assert_eq!(
        writes.iter().map(|write| (&write.method, write.dry_run)).collect::<Vec<_>>(),
        [(&Method::PATCH, false), (&Method::PATCH, true)]
    );
    let requests = world.proxy.requests();
    let counted: Vec<_> = requests.iter().map(|((verb, of), times)| format!("{verb} {of} {times}")).collect();
    assert_eq!(counted, ["get scimtenants 1", "patch scimtenants 1", "patch scimtenants/status 1"]);
    world.proxy.reset();
    assert!(world.proxy.writes().is_empty() && world.proxy.requests().is_empty());
}

#[tokio::test]
async fn a_write_that_is_held_before_never_arrives_when_its_sender_is_killed() {
    let world = World::start().await;
    let hold = world.proxy.hold_at(2, Moment::Before);
    world.send(Method::PATCH, TENANT).await.unwrap();
    let sender = world.send_beside(Method::DELETE, TENANT);
    let stopped = hold.reached(SOON).await.unwrap();
    assert_eq!(stopped.write.to_string(), format!("DELETE {TENANT}"));
    sender.abort();
    drop(stopped);
    tokio::time::sleep(BRIEFLY).await;
    assert_eq!(world.received().len(), 1);
    world.send(Method::DELETE, TENANT).await.expect("only that one is held");
}

#[tokio::test]
async fn a_write_that_is_held_after_was_carried_out_and_nobody_knows() {
    let world = World::start().await;
    let hold = world.proxy.hold_at(1, Moment::After);
    let sender = world.send_beside(Method::DELETE, TENANT);
    let stopped = hold.reached(SOON).await.unwrap();
    assert_eq!(world.received().len(), 1);
    assert!(!sender.is_finished());
    drop(stopped);
    assert!(sender.await.unwrap().is_err(), "the connection ends without an answer");
}

#[tokio::test]
async fn a_write_that_is_released_goes_on() {
    let world = World::start().await;
    for moment in [Moment::Before, Moment::After] {
        world.proxy.reset();
        let hold = world.proxy.hold_at(1, moment);
        let sender = world.send_beside(Method::DELETE, TENANT);
        hold.reached(SOON).await.unwrap().release();
        assert_eq!(sender.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    let hold = world.proxy.hold_at(7, Moment::Before);
    assert!(hold.reached(BRIEFLY).await.is_none(), "there is no such write");
}

#[tokio::test]
async fn a_refusal_is_one_of_kubernetes() {
    let world = World::start().await;
    let busy = Fault::TooManyRequests { retry_after: Duration::from_secs(2) };
    world.proxy.refuse(Which::any().resource("scimtenants"), busy, 1);
    let answer = world.send(Method::GET, TENANT).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"2".parse().unwrap()));
    let status: serde_json::Value = answer.json().await.unwrap();
    assert_eq!((&status["kind"], &status["reason"]), (&"Status".into(), &"TooManyRequests".into()));
    assert_eq!(status["details"]["retryAfterSeconds"], 2);
    assert_eq!(world.send(Method::GET, TENANT).await.unwrap().status(), StatusCode::OK);
    assert_eq!((world.proxy.refused(), world.received().len()), (1, 1));
}

#[tokio::test]
async fn a_watch_streams_until_it_is_dropped() {
    let world = World::start().await;
    let mut events = world.send(Method::GET, WATCH).await.unwrap().bytes_stream();
    for _ in 0..2 {
        assert_eq!(timeout(SOON, events.next()).await.unwrap().unwrap().unwrap(), "{\"type\":\"ADDED\"}\n");
    }
    assert_eq!(world.proxy.drop_watches(), 1);
    let rest: Vec<_> = timeout(SOON, events.collect()).await.unwrap();
    assert!(rest.last().unwrap().is_err(), "it breaks off");
    assert_eq!(world.proxy.drop_watches(), 0);
}

#[tokio::test]
async fn a_watch_that_has_expired_is_told_so_once() {
    let world = World::start().await;
    let _open = world.send(Method::GET, WATCH).await.unwrap();
    assert_eq!(world.proxy.expire_watches(), 1);
    let event: serde_json::Value = world.send(Method::GET, WATCH).await.unwrap().json().await.unwrap();
    assert_eq!((&event["type"], &event["object"]["code"]), (&"ERROR".into(), &410.into()));
    let mut events = world.send(Method::GET, WATCH).await.unwrap().bytes_stream();
    assert!(timeout(SOON, events.next()).await.unwrap().unwrap().is_ok());
}

#[tokio::test]
async fn who_is_away_has_no_connection_and_takes_none() {
    let world = World::start().await;
    let mut events = world.send(Method::GET, WATCH).await.unwrap().bytes_stream();
    world.proxy.go_away(BRIEFLY).await;
    let refused = world.send(Method::GET, TENANT).await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    while let Some(Ok(_)) = timeout(SOON, events.next()).await.unwrap() {}
    timeout(SOON, async { while world.send(Method::GET, TENANT).await.is_err() {} }).await.unwrap();
}

#[tokio::test]
async fn without_an_api_server_the_connection_breaks_off() {
    let nowhere = Upstream::new("http://127.0.0.1:1", &[]).unwrap();
    let proxy = ApiProxy::listen((Ipv4Addr::LOCALHOST, 0).into(), nowhere).await.unwrap();
    let error = client().get(format!("{}/version", proxy.url())).send().await.unwrap_err();
    assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
}

/// A proxy before a server that writes down what it gets, and whose watches never end.
struct World {
    proxy: ApiProxy,
    client: reqwest::Client,
    received: Received,
}

type Received = Arc<Mutex<Vec<String>>>;

impl World {
    async fn start() -> Self {
        let received = Received::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(upstream_answer).with_state(Arc::clone(&received));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let upstream = Upstream::new(&url, &[]).unwrap();
        let proxy = ApiProxy::listen((Ipv4Addr::LOCALHOST, 0).into(), upstream).await.unwrap();
        Self { proxy, client: client(), received }
    }

    async fn send(&self, method: Method, target: &str) -> reqwest::Result<reqwest::Response> {
        self.request(method, target).send().await
    }

    fn send_beside(
        &self,
        method: Method,
        target: &str,
    ) -> tokio::task::JoinHandle<reqwest::Result<reqwest::Response>> {
        tokio::spawn(self.request(method, target).send())
    }

    fn request(&self, method: Method, target: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{target}", self.proxy.url()));
        request.bearer_auth("secret").body("{}")
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap()
}

async fn upstream_answer(
    State(received): State<Received>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let token = headers["authorization"].to_str().unwrap();
    received.lock().unwrap().push(format!("{method} {uri} {token} {body}"));
    let body = if uri.query() == Some("watch=true") {
        let events = futures::stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, std::convert::Infallible>("{\"type\":\"ADDED\"}\n"), ()))
        });
        Body::from_stream(events)
    } else {
        Body::from("answered")
    };
    ([("x-answer", "yes")], body)
}
