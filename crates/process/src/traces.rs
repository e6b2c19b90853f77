//! Spans for OpenTelemetry: sent by OTLP over HTTP where the environment names a collector, and free of cost elsewhere.
//!
//! The environment is OpenTelemetry's own, and read by its SDK: `OTEL_EXPORTER_OTLP_ENDPOINT` or
//! `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` turns traces on; `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`,
//! `OTEL_EXPORTER_OTLP_HEADERS` and their like say more; `OTEL_SDK_DISABLED=true` and `OTEL_TRACES_EXPORTER=none` turn them off.

use std::{env, thread, time::Duration};

use http::HeaderMap;
use opentelemetry::{
    Context, Key,
    propagation::TextMapPropagator as _,
    trace::{TraceContextExt as _, TraceId, TracerProvider as _},
};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

/// The target of spans that are for traces alone: no log line shows them or their fields.
pub const TARGET: &str = "trace";

/// How long a collector may take to answer: the specification's own default.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What of `kube`'s spans is shown below this level: its requests to the API server.
const REQUESTS_TO_KUBERNETES: &str = "kube_client";

/// Makes a span a part of the trace that the request's `traceparent` names (W3C Trace Context), if there is one. Call it before the
/// span is entered.
pub fn continue_from(span: &Span, headers: &HeaderMap) {
    if !span.is_disabled() {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // It fails where traces are off, and then there is nothing to continue.
        let _ = span.set_parent(parent);
    }
}

/// The trace that this code runs in.
pub(crate) fn current() -> Option<TraceId> {
    let context = Context::current();
    let trace = context.span().span_context().trace_id();
    (trace != TraceId::INVALID).then_some(trace)
}

/// What sends spans to the collector that the environment names; `None` where it names none. `service` is the name of the
/// program where the environment gives it no other.
pub(crate) fn provider(service: &'static str) -> Result<Option<SdkTracerProvider>, TracesError> {
    if !is_wanted(|name| env::var(name).ok()) {
        return Ok(None);
    }
    // Its client blocks, and must not be made by a thread that drives tasks.
    let exporter = thread::spawn(exporter).join().map_err(|_| TracesError::Thread)??;
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource(service)).build();
    Ok(Some(provider))
}

/// The layer that makes spans of the provider out of those of the program.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("process"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(FilterFn::new(is_traced))
}

/// Spans that are meant for traces, those of the reconcilers' runtime, and what is logged in them.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    let (level, target) = (*metadata.level(), metadata.target());
    if metadata.is_span() {
        (level <= Level::INFO && (target == TARGET || target.starts_with("kube_runtime")))
            || (level <= Level::DEBUG && target.starts_with(REQUESTS_TO_KUBERNETES))
    } else {
        level <= Level::INFO
    }
}

fn is_wanted(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is = |name: &str, value: &str| variable(name).is_some_and(|given| given.eq_ignore_ascii_case(value));
    let is_given = |name: &str| variable(name).is_some_and(|value| !value.trim().is_empty());
    let has_collector =
        is_given("OTEL_EXPORTER_OTLP_ENDPOINT") || is_given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    has_collector && !is("OTEL_SDK_DISABLED", "true") && !is("OTEL_TRACES_EXPORTER", "none")
}

fn exporter() -> Result<SpanExporter, TracesError> {
    let client = reqwest::blocking::Client::builder()
        .tls_backend_preconfigured(crate::tls::client()?)
        .timeout(ANSWER_WITHIN)
        .build()?;
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    Ok(exporter.with_http_client(client).build()?)
}

/// What all spans have in common: the name of the program, unless the environment gives it another, its version, and what the
/// environment adds.
fn resource(service: &'static str) -> Resource {
    let name = Key::from_static_str("service.name");
    let given = Resource::builder().build();
    let is_named = given.get(&name).is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    if is_named { resource.build() } else { resource.with_service_name(service).build() }
}

/// Why no spans can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The environment names a collector that no request can be sent to.
    #[error("traces cannot be sent to what OTEL_EXPORTER_OTLP_ENDPOINT names")]
    Exporter(#[from] ExporterBuildError),
    /// No client can be made.
    #[error("no client can be made that sends traces")]
    Client(#[from] reqwest::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up for sending traces")]
    Tls(#[from] rustls::Error),
    /// A defect: what makes the client panicked.
    #[error("the client that sends traces could not be made")]
    Thread,
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SpanData, SpanExporter},
    };
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps spans instead of sending them.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(spans);
            Ok(())
        }
    }

    fn spans(run: impl FnOnce()) -> Vec<SpanData> {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        with_default(tracing_subscriber::registry().with(layer(&provider)), run);
        kept.0.lock().unwrap().clone()
    }

    #[test]
    fn spans_that_are_meant_for_traces_and_those_of_kubernetes_clients_are_sent() {
        let spans = spans(|| {
            let _request = tracing::info_span!(target: TARGET, "request").entered();
            let _log = tracing::info_span!("for log lines").entered();
            let _object =
                tracing::info_span!(target: "kube_runtime::controller", "reconciling object").entered();
            let _asked = tracing::debug_span!(target: "kube_client::client::builder", "HTTP").entered();
            let _detail = tracing::debug_span!(target: TARGET, "detail").entered();
            tracing::info!("something happened");
            tracing::debug!("nobody wants to know");
        });
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["HTTP", "reconciling object", "request"]);
        assert_eq!(spans[0].events.len(), 1);
        assert_eq!(spans[0].parent_span_id, spans[1].span_context.span_id());
        assert_eq!(spans[1].parent_span_id, spans[2].span_context.span_id());
    }

    #[test]
    fn a_trace_goes_on_that_the_headers_name_and_code_in_it_knows_its_id() {
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let named = HeaderMap::from_iter([("traceparent".parse().unwrap(), traceparent.parse().unwrap())]);
        let spans = spans(|| {
            for headers in [&named, &HeaderMap::new()] {
                let span = tracing::info_span!(target: TARGET, "request");
                continue_from(&span, headers);
                let of_headers = span.in_scope(current).unwrap().to_string() == traceparent[3..35];
                assert_eq!(of_headers, !headers.is_empty());
            }
        });
        assert_eq!(spans[0].parent_span_id.to_string(), traceparent[36..52]);
        assert_ne!(spans[1].span_context.trace_id(), spans[0].span_context.trace_id());
    }

    fn wanted(environment: &[(&str, &str)]) -> bool {
        is_wanted(|name| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn traces_are_sent_where_a_collector_is_named_and_nobody_turned_them_off() {
        let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        assert!(!wanted(&[]));
        assert!(!wanted(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]));
        assert!(wanted(&[collector]));
        assert!(wanted(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")]));
        assert!(!wanted(&[collector, ("OTEL_SDK_DISABLED", "TRUE")]));
        assert!(!wanted(&[collector, ("OTEL_TRACES_EXPORTER", "none")]));
        assert!(wanted(&[collector, ("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_SDK_DISABLED", "false")]));
    }

    #[test]
    fn no_code_runs_in_a_trace_where_there_is_none() {
        assert_eq!(current(), None);
    }
}
