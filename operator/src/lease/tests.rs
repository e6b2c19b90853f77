//! A lease against an API server that keeps versions as the real one does.

use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode};
use kube::client::Body;
use serde_json::{Value, json};
use tower::service_fn;

use super::*;

/// The one Lease of a cluster.
type Stored = Arc<Mutex<Value>>;

fn lease(holder: &str, version: u64) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "operator", "resourceVersion": version.to_string()},
        "spec": {"holderIdentity": holder},
    })
}

async fn answer(stored: Stored, request: Request<Body>) -> Result<Response<Body>, kube::Error> {
    let method = request.method().clone();
    let sent = request.into_body().collect_bytes().await.unwrap();
    let mut stored = stored.lock().unwrap();
    if method == Method::PUT {
        let mut sent: Value = serde_json::from_slice(&sent).unwrap();
        let version = stored["metadata"]["resourceVersion"].clone();
        if sent["metadata"]["resourceVersion"] != version {
            let conflict = json!({"kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict"});
            let response = Response::builder().status(StatusCode::CONFLICT);
            return Ok(response.body(conflict.to_string().into_bytes().into()).unwrap());
        }
        let next = version.as_str().unwrap().parse::<u64>().unwrap() + 1;
        sent["metadata"]["resourceVersion"] = json!(next.to_string());
        *stored = sent;
    }
    Ok(Response::new(stored.to_string().into_bytes().into()))
}

/// A process that read version 1 of the lease, in a cluster that holds what is given.
fn leadership(stored: &Stored) -> Leadership {
    let cluster = stored.clone();
    let client = Client::new(service_fn(move |request| answer(cluster.clone(), request)), "default");
    Leadership {
        candidate: Candidate::new(client, "default", "operator", "us"),
        lease: serde_json::from_value(lease("us", 1)).unwrap(),
        renewed: Instant::now(),
    }
}

fn holder_of(stored: &Stored) -> Value {
    stored.lock().unwrap()["spec"]["holderIdentity"].clone()
}

#[tokio::test]
async fn a_lease_whose_renewal_was_answered_too_late_is_renewed_again() {
    let stored = Arc::new(Mutex::new(lease("us", 2)));
    let Leadership { candidate, lease, .. } = leadership(&stored);
    let renewed = candidate.write_again(&lease).await.unwrap().unwrap();
    assert_eq!(renewed.metadata.resource_version.as_deref(), Some("3"));
}

#[tokio::test]
async fn a_lease_that_another_process_took_is_lost() {
    let stored = Arc::new(Mutex::new(lease("another", 2)));
    let Leadership { candidate, lease, .. } = leadership(&stored);
    assert!(candidate.write_again(&lease).await.unwrap().is_none());
    assert_eq!(holder_of(&stored), "another");
}

#[tokio::test]
async fn a_lease_is_released_on_whatever_version_is_ours() {
    for version in [1, 2] {
        let stored = Arc::new(Mutex::new(lease("us", version)));
        leadership(&stored).release().await;
        assert_eq!(holder_of(&stored), Value::Null);
    }
    let stored = Arc::new(Mutex::new(lease("another", 2)));
    leadership(&stored).release().await;
    assert_eq!(holder_of(&stored), "another");
}
