//! The stack routes requests, survives the loss of its parts, and leaves nothing behind. Three run at the same time here.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use control_plane::{
    CertificateAuthority, GATEWAY, GATEWAY_LISTENER, GATEWAY_NAMESPACE, INGRESS_CLASS, Stack, StackOptions,
};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
};
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
    let client = client_of(&authority);
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

    // The same account through a proxy, which gets its token, and whom the API server's certificate tells apart.
    let proxy = serve_version(Ipv4Addr::LOCALHOST).await;
    let through =
        stack.access_through("tenants", "operator", &format!("http://{proxy}"), None).await.unwrap();
    let version = through.client().unwrap().apiserver_version().await.unwrap();
    assert_eq!(version.git_version.split(' ').next(), Some("Bearer"), "a token arrives");
    let root = reqwest::Certificate::from_der(stack.api_server().authority().certificate_der()).unwrap();
    let direct = trusting(root).build().unwrap();
    let readiness = format!("{}/readyz", stack.api_server().url());
    assert_eq!(text(&direct, &readiness).await.as_deref(), Some("ok"), "the authority is the API server's");

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

#[tokio::test]
async fn the_gateway_api_comes_and_goes_and_its_routes_work_beside_ingresses() {
    let stack = Stack::start(&StackOptions::default()).await.unwrap();
    let app = serve(stack.machine_address(), "app").await;
    stack.route_to("default", "app", &[app]).await.unwrap();
    let authority = CertificateAuthority::new("test").unwrap();
    apply_ingress(&stack, &authority).await;
    let client = client_of(&authority);
    let by_ingress = format!("http://{HOST}:{}/app/x", stack.ingress().http_port());
    let routes = http_routes(&stack);
    assert!(routes.list(&ListParams::default()).await.is_err(), "a stack begins without the Gateway API");
    stack.remove_gateway_api().await.unwrap(); // nothing to do

    let begin = Instant::now();
    let gateway = stack.install_gateway_api().await.unwrap();
    eprintln!("the Gateway is programmed after {:?}", begin.elapsed());
    let by_gateway = format!("http://{HOST}:{}/app/x", gateway.http_port());
    apply_http_route(&routes).await;
    until("the HTTPRoute is accepted", async || is_accepted(&routes).await).await;
    until("it routes", async || text(&client, &by_gateway).await.as_deref() == Some("app")).await;
    until("so does the Ingress", async || text(&client, &by_ingress).await.as_deref() == Some("app")).await;

    let again = stack.install_gateway_api().await.unwrap().http_port();
    assert_eq!(again, gateway.http_port(), "it is there already");
    assert_eq!(text(&client, &by_gateway).await.as_deref(), Some("app"));

    stack.remove_gateway_api().await.unwrap();
    assert!(routes.list(&ListParams::default()).await.is_err());
    assert!(!accepts(gateway.http_port()));
    assert_eq!(text(&client, &by_ingress).await.as_deref(), Some("app"), "Ingresses stay");

    stack.install_gateway_api().await.unwrap();
    assert!(routes.list(&ListParams::default()).await.unwrap().items.is_empty());
    apply_http_route(&routes).await;
    until("it routes again", async || text(&client, &by_gateway).await.as_deref() == Some("app")).await;
    assert!(processes_in(stack.state_directory()) >= 7);
    stack.stop().await;
    assert_eq!(processes_in(stack.state_directory()), 0);
}

fn http_routes(stack: &Stack) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "HTTPRoute");
    Api::default_namespaced_with(stack.admin().client().unwrap(), &ApiResource::from_gvk(&kind))
}

async fn apply_http_route(routes: &Api<DynamicObject>) {
    let parent = json!({"namespace": GATEWAY_NAMESPACE, "name": GATEWAY, "sectionName": GATEWAY_LISTENER});
    let rule = json!({
        "matches": [{"path": {"type": "PathPrefix", "value": "/app"}}],
        "backendRefs": [{"name": "app", "port": 80}],
    });
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "app"},
        "spec": {"parentRefs": [parent], "hostnames": [HOST], "rules": [rule]},
    });
    routes.patch("app", &PatchParams::apply("test"), &Patch::Apply(route)).await.unwrap();
}

/// Whether its one parent says Accepted and ResolvedRefs.
async fn is_accepted(routes: &Api<DynamicObject>) -> bool {
    let route = routes.get("app").await.unwrap();
    let conditions = route.data.pointer("/status/parents/0/conditions").and_then(Value::as_array);
    let is_true = |kind: &str| {
        let mut conditions = conditions.into_iter().flatten();
        conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
    };
    is_true("Accepted") && is_true("ResolvedRefs")
}

/// A server that calls itself a Kubernetes of the version that the Authorization header says.
async fn serve_version(machine: Ipv4Addr) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((machine, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let version = async |headers: HeaderMap| {
        let authorization = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("");
        let fields = ["buildDate", "compiler", "gitCommit", "gitTreeState", "gitVersion"];
        let fields = fields.into_iter().chain(["goVersion", "major", "minor", "platform"]);
        axum::Json(fields.map(|name| (name.to_owned(), json!(authorization))).collect::<Value>())
    };
    let router = Router::new().route("/version", get(version));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
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

/// An HTTP client that finds the host of the routes on this machine, and trusts `authority` alone.
fn client_of(authority: &CertificateAuthority) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(authority.certificate_pem().as_bytes()).unwrap();
    trusting(root).resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).build().unwrap()
}

fn trusting(root: reqwest::Certificate) -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default(); // another test may have been first
    reqwest::Client::builder().no_proxy().tls_certs_only([root]).timeout(Duration::from_secs(5))
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
