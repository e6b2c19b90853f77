//! What Prometheus sees.

use serde_json::json;

use crate::server::Scene;

#[tokio::test]
async fn requests_are_counted_by_endpoint_and_never_by_tenant_or_id() {
    let scene = Scene::start().await;
    let id = scene.scim.create("/Users", json!({"userName": "ada"})).await;
    scene.scim.get(&format!("/Users/{id}")).await;
    scene.scim.get(&format!("/Users/{id}/")).await;
    scene.scim.get("").await;
    scene.scim.get("/Nothing").await;
    let text = scene.server.exposition();
    for line in [
        "scim_requests_total{method=\"POST\",route=\"/Users\",status=\"201\"} 1",
        "scim_requests_total{method=\"GET\",route=\"/Users/{id}\",status=\"200\"} 2",
        "scim_requests_total{method=\"GET\",route=\"/\",status=\"200\"} 1",
        "scim_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "scim_request_duration_seconds_count{method=\"GET\",route=\"/Users/{id}\"} 2",
        "scim_registry_age_seconds ",
        "scim_database_connections{state=\"used\"} ",
        "scim_database_connections{state=\"idle\"} ",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    for secret in [id.as_str(), "customer-test", scene.tenant.token.expose()] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}
