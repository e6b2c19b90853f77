//! The main job: one apply, one connection.

use std::time::Duration;

use http::Method;
use identity_provider::entra::{Dialect, Job};
use identity_provider::{Connection, Directory, Request};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::networking::v1::Ingress;
use kube::{Api, ResourceExt as _};
use product::SYSTEM_NAMESPACE;
use serde_json::json;

use crate::direct::to_server;
use crate::people::create_user;
use crate::world::{SOON, World};

/// The ten lines of the README, beside the examples' default class.
pub(crate) async fn one_apply_makes_a_working_connection(world: &World) {
    world.apply_file("examples/first-tenant.yaml").await;
    let customer = world.customer("customer-acme", "acme").await;

    assert_eq!(customer.tenant_url, format!("{}/customer-acme/acme/scim/v2", world.installation.local_url()));
    assert!(customer.token.starts_with("scim_"), "the token has the prefix that secret scanners look for");
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), "customer-acme");
    let secret = secrets.get("acme-scim").await.unwrap();
    assert_eq!(secret.type_.as_deref(), Some("scim-operator.io/connection"));
    assert_eq!(secret.owner_references()[0].kind, "ScimTenant");
    let ingresses: Api<Ingress> = Api::namespaced(world.client.clone(), SYSTEM_NAMESPACE);
    ingresses.get("tenant.customer-acme.acme").await.unwrap();
    let tenant = world.tenants("customer-acme").get("acme").await.unwrap();
    let status = tenant.status.unwrap();
    for kind in ["Accepted", "DatabaseReady", "CredentialsReady", "RouteReady", "Ready"] {
        let condition = status.conditions.iter().find(|condition| condition.type_ == kind).unwrap();
        assert_eq!(
            (condition.status.as_str(), condition.observed_generation),
            ("True", tenant.metadata.generation),
            "{kind}"
        );
    }
    assert_eq!(status.tenant_url.as_deref(), Some(customer.tenant_url.as_str()));

    let connection = customer.connection().unwrap();
    let job = Job::new(&connection, Dialect::OptScim062020);
    job.test_connection().await.unwrap();
    let directory = Directory::generate("acme.example", 5);
    let cycle = job.cycle(&directory).await.unwrap();
    assert_eq!(cycle.users.len(), 5);
    let users = connection.send(Request::new(Method::GET, "/Users")).await.unwrap().expect(&[200]).unwrap();
    assert_eq!(users.list().unwrap().0, 5);
}

pub(crate) async fn what_is_written_through_one_server_is_read_through_the_other_at_once(world: &World) {
    let customer = world.tenant("two-servers", json!({})).await;
    let [first, second] = world.installation.servers() else { panic!("two servers") };
    let (first, second) = (to_server(first, &customer), to_server(second, &customer));
    for number in 0..50 {
        let user_name = format!("user-{number}");
        let (writer, reader) = if number % 2 == 0 { (&first, &second) } else { (&second, &first) };
        let id = create_user(writer, &user_name).await.id().unwrap();
        let read = reader
            .send(Request::new(Method::GET, format!("/Users/{id}")))
            .await
            .unwrap()
            .expect(&[200])
            .unwrap();
        assert_eq!(read.document().unwrap()["userName"], user_name);
        reader
            .send(Request::new(Method::DELETE, format!("/Users/{id}")))
            .await
            .unwrap()
            .expect(&[204])
            .unwrap();
        writer.send(Request::new(Method::GET, format!("/Users/{id}"))).await.unwrap().expect(&[404]).unwrap();
    }
}

pub(crate) async fn a_tenant_is_reached_over_tls_from_a_secret(world: &World) {
    let authority = control_plane::CertificateAuthority::new("e2e").unwrap();
    let certificate = authority.issue(&["scim.lab.test"]).unwrap();
    let port = world.installation.stack().ingress().https_port();
    world
        .apply(
            &json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                "metadata": {"name": "lab-tls", "namespace": SYSTEM_NAMESPACE},
                "stringData": {"tls.crt": certificate.certificate_pem, "tls.key": certificate.key_pem},
            })
            .to_string(),
        )
        .await;
    let class = json!({
        "apiVersion": "scim-operator.io/v1alpha1", "kind": "ScimTenantClass", "metadata": {"name": "tls"},
        "spec": {
            "url": format!("https://scim.lab.test:{port}"),
            "route": {"kind": "Ingress", "ingress": {"className": control_plane::INGRESS_CLASS, "tlsSecretName": "lab-tls"}},
            "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"class": "tls"}}},
        },
    });
    product::Manifest::parse("class", &class.to_string()).unwrap().apply(&world.client).await.unwrap();
    world.namespace("over-tls", json!({"class": "tls"})).await;
    world.redeclare("over-tls", "secure", json!({"className": "tls"})).await;
    let customer = product::Customer::when_ready(&world.client, "over-tls", "secure", SOON).await.unwrap();
    assert!(customer.tenant_url.starts_with("https://scim.lab.test:"));
    let connection = Connection::builder(&customer.tenant_url, &customer.token)
        .root_certificate(authority.certificate_pem())
        .resolve_to(([127, 0, 0, 1], port).into())
        .build()
        .unwrap();
    let job = Job::new(&connection, Dialect::Classic);
    let begin = std::time::Instant::now();
    while let Err(error) = job.test_connection().await {
        assert!(begin.elapsed() < SOON, "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub(crate) async fn an_unknown_tenant_and_a_wrong_token_get_the_same_answer(world: &World) {
    let customer = world.tenant("nothing-learned", json!({})).await;
    let other = world.tenant("nothing-learned-other", json!({})).await;
    let at = |url: &str, token: &str| Connection::new(url, token).unwrap();
    let unknown = customer.tenant_url.replace("nothing-learned/nothing-learned", "nothing-learned/nobody");
    let wrong = customer.token.replace("scim_", "scim_x");
    let answers = [
        at(&unknown, &customer.token),
        at(&customer.tenant_url, &wrong),
        at(&customer.tenant_url, &other.token),
        at(&customer.tenant_url, ""),
    ];
    let mut bodies = Vec::new();
    for connection in answers {
        for path in ["/Users", "/Groups", "/Nothing", "/Users/00000000-0000-0000-0000-000000000000"] {
            let exchange = connection.send(Request::new(Method::GET, path)).await.unwrap();
            bodies.push((exchange.response.status, exchange.response.text));
        }
    }
    assert_eq!(bodies[0].0, 401);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}
