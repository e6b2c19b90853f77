//! The Ingresses: one for each tenant, one catch-all for each host.

use std::collections::BTreeMap;

use crds::class::IngressRoute;
use crds::metadata::annotation;
use crds::{ScimTenant, ScimTenantClass};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource as _;
use sha2::{Digest as _, Sha256};
use tenancy::{ClassUrl, TenantPath, TenantUrl};

use crate::class::AcceptedClass;
use crate::object::{class_labels, tenant_labels};
use crate::settings::Settings;

/// Begins the names of catch-all Ingresses.
const CLASS_ROUTE: &str = "host.";

/// The name of a tenant's Ingress. Namespace and name are DNS labels, so no two tenants have the same.
pub(crate) fn tenant_route_name(path: &TenantPath) -> String {
    format!("tenant.{}.{}", path.namespace, path.name)
}

/// The name of the catch-all Ingress of a class's host. It is a DNS name, as names of Ingresses are.
pub(crate) fn class_route_name(url: &ClassUrl) -> String {
    format!("{CLASS_ROUTE}{}", url.host())
}

/// Whether a host is short enough for [`class_route_name`]: names of objects have 253 characters at most.
pub(crate) fn is_routable(url: &ClassUrl) -> bool {
    class_route_name(url).len() <= 253
}

/// The Ingress that leads a tenant's path to the servers.
pub(crate) fn tenant_route(
    tenant: &ScimTenant,
    path: &TenantPath,
    class: &AcceptedClass,
    settings: &Settings,
) -> Ingress {
    let metadata = ObjectMeta {
        name: Some(tenant_route_name(path)),
        labels: Some(tenant_labels(tenant, settings)),
        ..ObjectMeta::default()
    };
    ingress(metadata, class, &TenantUrl::path(&path.namespace, &path.name), settings)
}

/// The Ingress that leads every other path of a class's host to the servers, so that a tenant that does not exist
/// and a wrong token get the same answer.
pub(crate) fn class_route(class: &ScimTenantClass, accepted: &AcceptedClass, settings: &Settings) -> Ingress {
    let metadata = ObjectMeta {
        name: Some(class_route_name(&accepted.url)),
        labels: Some(class_labels(class, settings)),
        owner_references: class.controller_owner_ref(&()).map(|owner| vec![owner]),
        ..ObjectMeta::default()
    };
    ingress(metadata, accepted, "/", settings)
}

fn ingress(metadata: ObjectMeta, class: &AcceptedClass, path: &str, settings: &Settings) -> Ingress {
    let IngressRoute { class_name, tls_secret_name, annotations } = &class.route;
    let host = class.url.host().to_owned();
    let tls = tls_secret_name.as_ref().map(|secret_name| {
        vec![IngressTLS { hosts: Some(vec![host.clone()]), secret_name: Some(secret_name.clone()) }]
    });
    let path = HTTPIngressPath {
        path: Some(path.to_owned()),
        path_type: "Prefix".to_owned(),
        backend: backend(settings),
    };
    let rule = IngressRule { host: Some(host), http: Some(HTTPIngressRuleValue { paths: vec![path] }) };
    let spec = IngressSpec {
        ingress_class_name: class_name.clone(),
        rules: Some(vec![rule]),
        tls,
        default_backend: None,
    };
    with_digest(Ingress {
        metadata: ObjectMeta {
            namespace: Some(settings.server.namespace.to_string()),
            annotations: Some(annotations.clone()),
            ..metadata
        },
        spec: Some(spec),
        status: None,
    })
}

fn backend(settings: &Settings) -> IngressBackend {
    let port = ServiceBackendPort { number: Some(i32::from(settings.server.port)), name: None };
    let service = IngressServiceBackend { name: settings.server.name.clone(), port: Some(port) };
    IngressBackend { service: Some(service), resource: None }
}

/// Notes a digest of the whole object on it. What a class asks for no more (an annotation, TLS) is still part of the
/// live object, which so would seem to hold all that we want; the digest differs.
fn with_digest(mut ingress: Ingress) -> Ingress {
    let text = serde_json::to_vec(&ingress).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(&text).into();
    let digest = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    let annotations = ingress.metadata.annotations.get_or_insert_with(BTreeMap::new);
    annotations.insert(annotation::DESIRED.to_owned(), format!("{digest:016x}"));
    ingress
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::class::accept;
    use crate::fixtures::{class, settings, tenant};

    fn route(ingress: &serde_json::Value) -> Ingress {
        let class = class("default", json!({"route": {"kind": "Ingress", "ingress": ingress}}));
        let accepted = accept(&class, &settings()).unwrap();
        let path = TenantPath::parse("customer-acme", "acme").unwrap();
        tenant_route(&tenant(json!({})), &path, &accepted, &settings())
    }

    fn digest(ingress: &Ingress) -> String {
        ingress.metadata.annotations.as_ref().unwrap()[annotation::DESIRED].clone()
    }

    #[test]
    fn a_tenant_is_routed_by_its_path() {
        let ingress = json!({
            "className": "contour", "tlsSecretName": "scim-tls", "annotations": {"example.com/size": "1m"},
        });
        insta::assert_yaml_snapshot!(route(&ingress), @r#"
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          annotations:
            example.com/size: 1m
            scim-operator.io/desired: f97d9c4de3e84190
          labels:
            app.kubernetes.io/managed-by: scim-operator
            scim-operator.io/installation: test
            scim-operator.io/tenant-name: acme
            scim-operator.io/tenant-namespace: customer-acme
            scim-operator.io/tenant-uid: 7e4a4700-0000-4000-8000-000000000000
          name: tenant.customer-acme.acme
          namespace: scim-system
        spec:
          ingressClassName: contour
          rules:
            - host: scim.example.com
              http:
                paths:
                  - backend:
                      service:
                        name: scim-server
                        port:
                          number: 80
                    path: /customer-acme/acme/scim/v2
                    pathType: Prefix
          tls:
            - hosts:
                - scim.example.com
              secretName: scim-tls
        "#);
    }

    #[test]
    fn a_class_catches_what_is_left_of_its_host() {
        let class = class("default", json!({}));
        let accepted = accept(&class, &settings()).unwrap();
        insta::assert_yaml_snapshot!(class_route(&class, &accepted, &settings()), @r#"
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          annotations:
            scim-operator.io/desired: 52c438aa1e10bc4d
          labels:
            app.kubernetes.io/managed-by: scim-operator
            scim-operator.io/class-name: default
            scim-operator.io/installation: test
          name: host.scim.example.com
          namespace: scim-system
          ownerReferences:
            - apiVersion: scim-operator.io/v1alpha1
              controller: true
              kind: ScimTenantClass
              name: default
              uid: c1a55000-0000-4000-8000-000000000000
        spec:
          ingressClassName: contour
          rules:
            - host: scim.example.com
              http:
                paths:
                  - backend:
                      service:
                        name: scim-server
                        port:
                          number: 80
                    path: /
                    pathType: Prefix
        "#);
    }

    #[test]
    fn what_is_asked_for_no_more_changes_the_digest() {
        let with = route(&json!({"annotations": {"example.com/size": "1m"}}));
        let without = route(&json!({}));
        assert_ne!(digest(&with), digest(&without));
        assert_eq!(digest(&without), digest(&route(&json!({}))));
    }
}
