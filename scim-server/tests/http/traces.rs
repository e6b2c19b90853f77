//! Traces: a collector gets a span for each request, with its tenant and as a part of the trace that the client began.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, routing::post};
use database::testing::TestDatabase;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value as Any},
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};
use prost::Message as _;
use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{program::Program, server::answer};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_of_the_clients_trace_with_its_tenant() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let collector = Collector::start().await;
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_RESOURCE_ATTRIBUTES", "k8s.namespace.name=scim-system"),
    ];
    let mut program = Program::start_with(&database, "0s", &environment);
    program.until("/readyz", 200).await;
    let scim = program.client(&tenant);
    let traced = scim
        .request(Method::GET, "/Users/1")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .header("x-forwarded-proto", "https")
        .header("x-request-id", "request-1");
    assert_eq!(answer(traced).await.status, 404);
    assert_eq!(scim.with_token("wrong").get("/Users").await.status, 401);
    program.terminate();
    let (code, log) = program.ended();
    assert_eq!(code, Some(0), "{log}");

    let path = format!("{}/{}", tenant.key.namespace, tenant.key.name);
    let (resource, spans) = collector.received();
    assert_eq!(text(&resource, "service.name").as_deref(), Some("scim-server"));
    assert_eq!(text(&resource, "k8s.namespace.name").as_deref(), Some("scim-system"));
    let [found, refused] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((hex(&found.trace_id), hex(&found.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    assert_eq!((found.name.as_str(), found.kind()), ("GET /Users/{id}", SpanKind::Server));
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/Users/{id}"),
        ("http.response.status_code", "404"),
        ("url.scheme", "https"),
        ("scim.request.id", "request-1"),
        ("scim.tenant", &path),
    ] {
        assert_eq!(text(&found.attributes, name).as_deref(), Some(value), "{found:?}");
    }
    assert_eq!(found.status.as_ref().map_or(StatusCode::Unset, Status::code), StatusCode::Unset);
    assert_ne!(hex(&refused.trace_id), TRACE);
    assert_eq!(text(&refused.attributes, "scim.tenant"), None, "nobody proved to be of the tenant");
    assert!(!format!("{spans:?}").contains(tenant.token.expose()));

    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!((&answered[0]["trace_id"], &answered[0]["status"]), (&TRACE.into(), &404.into()));
    assert_eq!(answered[0]["span"]["tenant"], path, "{log}");
    assert_eq!(answered[0]["span"]["id"], "request-1", "what is for traces alone is in no log line");
    assert!(!log.contains("http.route"), "{log}");
    assert_eq!(answered[1]["trace_id"], hex(&refused.trace_id));
}

#[tokio::test]
async fn a_collector_that_is_away_changes_nothing_for_clients() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let nobody = crate::program::free_address();
    let url = format!("http://{nobody}");
    let mut program = Program::start_with(&database, "0s", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]);
    program.until("/readyz", 200).await;
    assert_eq!(program.client(&tenant).get("/Users").await.status, 200);
    program.terminate();
    let (code, log) = program.ended();
    assert_eq!(code, Some(0), "{log}");
}

/// A collector that keeps what it gets.
struct Collector {
    url: String,
    spans: Received,
}

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

impl Collector {
    async fn start() -> Self {
        let spans = Received::default();
        let router = Router::new().route("/v1/traces", post(receive)).with_state(spans.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, spans }
    }

    /// What all spans have in common, and the spans as they began.
    fn received(&self) -> (Vec<KeyValue>, Vec<Span>) {
        let all: Vec<_> =
            self.spans.lock().unwrap().iter().flat_map(|sent| sent.resource_spans.clone()).collect();
        let resource = all[0].resource.clone().unwrap().attributes;
        let scopes = all.into_iter().flat_map(|sent| sent.scope_spans);
        let mut spans: Vec<_> = scopes.flat_map(|scope| scope.spans).collect();
        spans.sort_by_key(|span| span.start_time_unix_nano);
        (resource, spans)
    }
}

async fn receive(State(spans): State<Received>, body: Bytes) {
    spans.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let value = attributes.iter().find(|attribute| attribute.key == name)?.value.clone()?.value?;
    match value {
        Any::StringValue(text) => Some(text),
        Any::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
