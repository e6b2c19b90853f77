//! The stack routes requests, survives the loss of its parts, and leaves nothing behind. Two run at the same time here.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use control_plane::{CertificateAuthority, INGRESS_CLASS, Stack, StackOptions};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

const HOST: &str = "app.lab.test";

#[tokio::test]
async fn requests_reach_servers_through_the_ingress_controller_with_and_without_tls() {
    let begin = Instant::now();
    let stack = Stack::start(&StackOptions::default()).await.unwrap();
    let first = serve(stack.machine_address(), "first").await;
    let second = serve(stack.machine_address(), "second").await;
    stack.route_to("default", "app", &[first]).await.unwrap();
    let authority = CertificateAuthority::new("test").unwrap();
    apply_ingress(&stack, &authority).await;
    let client = client_of(&stack, &authority);
    let local = format!("http://localhost:{}/app/x", stack.ingress().http_port());
    let http = format!("http://{HOST}:{}/app/x", stack.ingress().http_port());
    let https = format!("https://{HOST}:{}/app/x", stack.ingress().https_port());

    until("HTTP is routed", async || text(&client, &http).await.as_deref() == Some("first")).await;
    eprintln!("first routed request after {:?}", begin.elapsed());
    until("HTTPS is routed", async || text(&client, &https).await.as_deref() == Some("first")).await;

    assert_eq!(
        text(&client, &local).await.as_deref(),
        Some("first"),
        "a port in the Host header does not matter"
    );

    stack.route_to("default", "app", &[second, first]).await.unwrap();
    until("both servers answer", async || {
        let mut answers = [text(&client, &http).await, text(&client, &http).await];
        answers.sort();
        answers == [Some("first".to_owned()), Some("second".to_owned())]
    })
    .await;

    let begin = Instant::now();
    stack.api_server().stop().await;
    eprintln!("the API server ended after {:?}", begin.elapsed());
    stack.postgresql().stop().await;
    assert_eq!(text(&client, &http).await.map(|answer| answer.len() > 4), Some(true), "Envoy goes on alone");
    assert!(!accepts(stack.postgresql().port()));
    stack.postgresql().start().await.unwrap();
    stack.api_server().start().await.unwrap();
    assert!(accepts(stack.postgresql().port()));

    stack.route_to("default", "app", &[second]).await.unwrap();
    until("Contour follows the restarted API server", async || {
        let answers = [text(&client, &http).await, text(&client, &http).await];
        answers.iter().all(|answer| answer.as_deref() == Some("second"))
    })
    .await;

    stack.api_server().kill().await;
    assert!(!stack.api_server().is_running().await);
    stack.api_server().start().await.unwrap();
    stack.stop().await;
}

#[tokio::test]
async fn the_controllers_that_our_objects_meet_are_at_work_and_nothing_stays_behind() {
    let stack = Stack::start(&StackOptions::default()).await.unwrap();
    let client = stack.admin().client().unwrap();
    let created = PostParams::default();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    namespaces.create(&created, &object(&json!({"metadata": {"name": "tenants"}}))).await.unwrap();

    // ServiceAccounts get tokens, and RBAC holds them.
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "tenants");
    accounts.create(&created, &object(&json!({"metadata": {"name": "operator"}}))).await.unwrap();
    let operator = stack.access_as("tenants", "operator").await.unwrap().client().unwrap();
    let review = Api::<SelfSubjectReview>::all(operator.clone());
    let review = review.create(&created, &SelfSubjectReview::default()).await.unwrap();
    let user = review.status.unwrap().user_info.unwrap().username.unwrap();
    assert_eq!(user, "system:serviceaccount:tenants:operator");
    assert!(
        Api::<Secret>::namespaced(operator, "tenants")
            .get("x")
            .await
            .unwrap_err()
            .to_string()
            .contains("forbidden")
    );

    // What is owned goes with its owner.
    let maps: Api<ConfigMap> = Api::namespaced(client, "tenants");
    let owner = maps.create(&created, &object(&json!({"metadata": {"name": "owner"}}))).await.unwrap();
    let reference =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.metadata.uid});
    let dependent = json!({"metadata": {"name": "owned", "ownerReferences": [reference]}});
    maps.create(&created, &object(&dependent)).await.unwrap();
    maps.delete("owner", &DeleteParams::default()).await.unwrap();
    until("the owned object is collected", async || maps.get_opt("owned").await.unwrap().is_none()).await;
    namespaces.delete("tenants", &DeleteParams::default()).await.unwrap();
    until("the namespace is gone", async || namespaces.get_opt("tenants").await.unwrap().is_none()).await;

    let kubeconfig = stack.admin().kubeconfig();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(kubeconfig).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(processes_in(stack.state_directory()) >= 5);
    stack.stop().await;
    assert_eq!(processes_in(stack.state_directory()), 0);
    assert!(!accepts(stack.postgresql().port()));
    let state = stack.state_directory().to_path_buf();
    drop(stack);
    assert!(!state.exists());
}

/// A server on a free port of `machine` that answers `name` to `GET /app/x`.
async fn serve(machine: Ipv4Addr, name: &'static str) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((machine, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/app/x", get(async move || name));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn apply_ingress(stack: &Stack, authority: &CertificateAuthority) {
    let client = stack.admin().client().unwrap();
    let certificate = authority.issue(&[HOST]).unwrap();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "app-tls"}, "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": certificate.certificate_pem, "tls.key": certificate.key_pem},
    });
    let backend = json!({"service": {"name": "app", "port": {"name": "http"}}});
    let paths = json!({"paths": [{"path": "/app", "pathType": "Prefix", "backend": backend}]});
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "app", "annotations": {"ingress.kubernetes.io/force-ssl-redirect": "false"}},
        "spec": {
            "tls": [{"hosts": [HOST], "secretName": "app-tls"}],
            "rules": [{"host": HOST, "http": paths}, {"host": "localhost", "http": paths}],
        },
    });
    let apply = PatchParams::apply("test");
    let secrets: Api<Secret> = Api::default_namespaced(client.clone());
    secrets.patch("app-tls", &apply, &Patch::Apply(secret)).await.unwrap();
    let ingresses: Api<Ingress> = Api::default_namespaced(client);
    let ingress = ingresses.patch("app", &apply, &Patch::Apply(ingress)).await.unwrap();
    assert_eq!(ingress.spec.unwrap().ingress_class_name.as_deref(), Some(INGRESS_CLASS), "it is the default");
}

/// An HTTP client that finds the host of the Ingress at the ingress controller, and trusts `authority` alone.
fn client_of(stack: &Stack, authority: &CertificateAuthority) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default(); // the other test may have been first
    let root = reqwest::Certificate::from_pem(authority.certificate_pem().as_bytes()).unwrap();
    let localhost = SocketAddr::from((Ipv4Addr::LOCALHOST, stack.ingress().http_port()));
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([root])
        .resolve(HOST, SocketAddr::from((localhost.ip(), 0)))
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}

async fn text(client: &reqwest::Client, url: &str) -> Option<String> {
    client.get(url).send().await.ok()?.error_for_status().ok()?.text().await.ok()
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !condition().await {
        assert!(begin.elapsed() < Duration::from_secs(30), "in half a minute it is not so that {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eprintln!("{what} after {:?}", begin.elapsed());
}

fn object<K: serde::de::DeserializeOwned>(value: &Value) -> K {
    serde_json::from_value(value.clone()).unwrap()
}

fn accepts(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// How many processes have `directory` as their working directory.
fn processes_in(directory: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .filter(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == directory))
        .count()
}
