//! The spans of a request: one whose fields are on every log line, and one for traces, with the names that OpenTelemetry gives to what
//! a server does.

use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use process::traces;
use tenancy::TenantPath;
use tracing::{Instrument as _, Span, field::Empty};

use crate::metrics::known;

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Both spans. The second one costs nothing where traces are off.
#[derive(Debug)]
pub struct RequestSpans {
    log: Span,
    trace: Span,
}

/// What is known of a request before it is served.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// Its id.
    pub id: &'a str,
    /// The tenant that its path names. Nobody has said yet that it may.
    pub tenant: Option<&'a TenantPath>,
    /// Its method.
    pub method: &'a Method,
    /// The template of its endpoint.
    pub route: &'a str,
    /// Its headers: a trace goes on that they name.
    pub headers: &'a HeaderMap,
}

impl RequestSpans {
    /// The spans of a request that begins.
    pub fn new(request: Beginning<'_>) -> Self {
        let Beginning { id, tenant, method, route, headers } = request;
        let log = tracing::info_span!("request", id, tenant = tenant.map(tracing::field::display));
        let method = known(method);
        let trace = tracing::info_span!(
            target: traces::TARGET,
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            url.scheme = scheme(headers),
            scim.request.id = id,
            scim.tenant = Empty,
        );
        traces::continue_from(&trace, headers);
        Self { log, trace }
    }

    /// Runs what serves the request within both.
    pub async fn around<T>(&self, serving: impl Future<Output = T>) -> T {
        serving.instrument(self.trace.clone()).instrument(self.log.clone()).await
    }

    /// Notes how the request was answered, and writes of it within both.
    pub fn end(&self, status: StatusCode, write: impl FnOnce()) {
        self.trace.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.trace.record("otel.status_code", "ERROR");
        }
        self.log.in_scope(|| self.trace.in_scope(write));
    }
}

/// Notes in the trace whose request this is; only what is authenticated may say so.
pub fn authenticated(tenant: &TenantPath) {
    Span::current().record("scim.tenant", tracing::field::display(tenant));
}

/// How the client asked, as the proxy says: this server itself has no TLS. Nothing but a trace believes it.
fn scheme(headers: &HeaderMap) -> &'static str {
    let is_https = headers.get(FORWARDED_PROTO).is_some_and(|proto| proto == "https");
    if is_https { "https" } else { "http" }
}
