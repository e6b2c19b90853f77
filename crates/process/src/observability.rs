//! What Kubernetes and Prometheus ask of a process: `/livez`, `/readyz`, `/metrics`, on a port of their own.

use std::{io, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::net::TcpListener;

use crate::Readiness;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the three paths until the task is dropped: to the very end of the process, so that the probes see
/// the shutdown too.
///
/// - `/livez`: 200 as long as the runtime turns;
/// - `/readyz`: 200, or 503 with the reason;
/// - `/metrics`: the registry as `OpenMetrics` text.
pub async fn serve(listener: TcpListener, metrics: Registry, readiness: Readiness) -> io::Result<()> {
    axum::serve(listener, router(metrics, readiness)).await
}

fn router(metrics: Registry, readiness: Readiness) -> Router {
    Router::new()
        .route("/livez", get(async || "alive"))
        .route("/readyz", get(is_ready))
        .with_state(readiness)
        .merge(Router::new().route("/metrics", get(exposition)).with_state(Arc::new(metrics)))
}

async fn is_ready(State(readiness): State<Readiness>) -> Response {
    match readiness.check() {
        Ok(()) => "ready".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}

async fn exposition(State(metrics): State<Arc<Registry>>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &metrics) {
        Ok(()) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, body::to_bytes, http::Request};
    use prometheus_client::metrics::counter::Counter;
    use tower::ServiceExt as _;

    use super::*;

    async fn get(router: Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_is_told_with_its_reason() {
        let readiness = Readiness::unready("the registry is not loaded");
        let router = router(Registry::default(), readiness.clone());
        let reason = "the registry is not loaded".to_owned();
        assert_eq!(get(router.clone(), "/readyz").await, (StatusCode::SERVICE_UNAVAILABLE, reason));
        assert_eq!(get(router.clone(), "/livez").await.0, StatusCode::OK);
        readiness.set_ready();
        assert_eq!(get(router, "/readyz").await, (StatusCode::OK, "ready".to_owned()));
    }

    #[tokio::test]
    async fn metrics_are_openmetrics_text() {
        let mut metrics = Registry::default();
        let counter = Counter::<u64>::default();
        metrics.register("tenants", "Tenants seen", counter.clone());
        counter.inc();
        let (status, text) = get(router(metrics, Readiness::unready("starting")), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains("tenants_total 1"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
