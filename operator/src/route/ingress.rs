//! How an Ingress looks (<https://kubernetes.io/docs/concepts/services-networking/ingress/>).

use crds::class::IngressRoute;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::route::digest::with_digest;
use crate::route::traffic::Traffic;
use crate::settings::Settings;

/// The Ingress that leads these requests to the servers.
pub(crate) fn ingress(
    metadata: ObjectMeta,
    route: &IngressRoute,
    traffic: &Traffic,
    settings: &Settings,
) -> Ingress {
    let Traffic { host, paths, ranges, database } = traffic;
    let mut annotations = route.annotations.clone();
    if let Some(annotation) = route.source_ranges_annotation.clone().filter(|_| !ranges.is_empty()) {
        let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
        annotations.insert(annotation, ranges.join(","));
    }
    let tls = route.tls_secret_name.clone().map(|secret_name| {
        vec![IngressTLS { hosts: Some(vec![host.clone()]), secret_name: Some(secret_name) }]
    });
    let path = |path: &String| HTTPIngressPath {
        path: Some(path.clone()),
        path_type: "Prefix".to_owned(),
        backend: backend(database, settings),
    };
    let http = HTTPIngressRuleValue { paths: paths.iter().map(path).collect() };
    let spec = IngressSpec {
        ingress_class_name: route.class_name.clone(),
        rules: Some(vec![IngressRule { host: Some(host.clone()), http: Some(http) }]),
        tls,
        default_backend: None,
    };
    let metadata = ObjectMeta { annotations: Some(annotations), ..metadata };
    with_digest(Ingress { metadata, spec: Some(spec), status: None })
}

fn backend(database: &str, settings: &Settings) -> IngressBackend {
    let port = ServiceBackendPort { number: Some(i32::from(settings.server.port)), name: None };
    let service = IngressServiceBackend { name: settings.server.of(database).to_owned(), port: Some(port) };
    IngressBackend { service: Some(service), resource: None }
}
