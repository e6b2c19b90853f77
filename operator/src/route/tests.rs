use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};

use super::*;
use crate::class::accept;
use crate::fixtures::{class, found, identity, settings, tenant};
use crate::obstacle::Remedy;
use crate::route::plan::plan;
use crate::tenant::{ValidatedTenant, validate};

const NOTHING: FoundRoutes =
    FoundRoutes { ingress: Found::Absent, http_route: FoundHttpRoute::Known(Found::Absent) };

fn validated(class_spec: Value, tenant_spec: Value) -> ValidatedTenant {
    let tenant = tenant(tenant_spec);
    validate(&tenant, &identity(&tenant), &found(vec![class("default", class_spec)]), &settings()).unwrap()
}

fn planned(class_spec: Value, tenant_spec: Value) -> RoutePlan {
    let validated = validated(class_spec, tenant_spec);
    let tenant = tenant(json!({}));
    plan(&tenant, &identity(&tenant), &validated, &NOTHING, &settings()).unwrap()
}

fn tenant_ingress(class_spec: Value, tenant_spec: Value) -> Ingress {
    let RoutePlan::Ingress { change, .. } = planned(class_spec, tenant_spec) else { panic!("an Ingress") };
    *change.desired
}

fn tenant_http_route(class_spec: Value, tenant_spec: Value) -> HttpRoute {
    let RoutePlan::HttpRoute { change, .. } = planned(class_spec, tenant_spec) else {
        panic!("an HTTPRoute")
    };
    *change.desired
}

fn by_ingress(ingress: &Value) -> Value {
    json!({"route": {"kind": "Ingress", "ingress": ingress}})
}

fn by_gateway(gateway: &Value) -> Value {
    json!({"route": {"kind": "HTTPRoute", "gateway": gateway}})
}

fn digest(route: &Ingress) -> String {
    route.metadata.annotations.as_ref().unwrap()["scim-operator.io/desired"].clone()
}

#[test]
fn a_tenant_is_routed_by_its_path() {
    let ingress = json!({
        "className": "contour", "tlsSecretName": "scim-tls", "annotations": {"example.com/size": "1m"},
    });
    insta::assert_yaml_snapshot!(tenant_ingress(by_ingress(&ingress), json!({})), @r#"
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
fn a_token_endpoint_source_ranges_and_a_host_of_its_own_are_part_of_a_tenants_ingress() {
    let class = json!({
        "url": "https://{name}-{namespace}.scim.example.com:8443",
        "sourceRanges": ["203.0.113.0/24"],
        "route": {"kind": "Ingress", "ingress": {
            "sourceRangesAnnotation": "nginx.ingress.kubernetes.io/whitelist-source-range",
        }},
    });
    let tenant = json!({
        "authentication": {"oauth2": {"clientSecret": {}}},
        "sourceRanges": ["203.0.113.16/28", "203.0.113.7/32", "198.51.100.0/24"],
    });
    insta::assert_yaml_snapshot!(tenant_ingress(class, tenant), @r#"
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      annotations:
        nginx.ingress.kubernetes.io/whitelist-source-range: "203.0.113.7/32,203.0.113.16/28"
        scim-operator.io/desired: d434b799e3f1cc5e
      labels:
        app.kubernetes.io/managed-by: scim-operator
        scim-operator.io/installation: test
        scim-operator.io/tenant-name: acme
        scim-operator.io/tenant-namespace: customer-acme
        scim-operator.io/tenant-uid: 7e4a4700-0000-4000-8000-000000000000
      name: tenant.customer-acme.acme
      namespace: scim-system
    spec:
      rules:
        - host: acme-customer-acme.scim.example.com
          http:
            paths:
              - backend:
                  service:
                    name: scim-server
                    port:
                      number: 80
                path: /customer-acme/acme/scim/v2
                pathType: Prefix
              - backend:
                  service:
                    name: scim-server
                    port:
                      number: 80
                path: /customer-acme/acme/oauth2/token
                pathType: Prefix
    "#);
}

#[test]
fn each_database_has_servers_of_its_own() {
    let mut validated = validated(json!({}), json!({}));
    let tenant = tenant(json!({}));
    let mut service = |database: &str| {
        validated.database = database.to_owned();
        let plan = plan(&tenant, &identity(&tenant), &validated, &NOTHING, &settings()).unwrap();
        let RoutePlan::Ingress { change, .. } = plan else { panic!("an Ingress") };
        let rules = change.desired.spec.unwrap().rules.unwrap();
        rules[0].http.as_ref().unwrap().paths[0].backend.service.as_ref().unwrap().name.clone()
    };
    assert_eq!((service("eu"), service("primary")), ("scim-server-eu".into(), "scim-server".into()));
}

#[test]
fn a_tenants_http_route_names_gateway_host_paths_and_servers() {
    let gateway = json!({"name": "public", "namespace": "gateways", "sectionName": "https"});
    let trust = json!({"entra": {
        "directoryID": "0b5c7a1e-0000-4000-8000-000000000000", "audience": "api://workload", "subject": "principal",
    }});
    let tenant = json!({"authentication": {"oauth2": {"federation": trust}}});
    insta::assert_yaml_snapshot!(tenant_http_route(by_gateway(&gateway), tenant), @r#"
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata:
      annotations:
        scim-operator.io/desired: b19bb13894fa1af4
      labels:
        app.kubernetes.io/managed-by: scim-operator
        scim-operator.io/installation: test
        scim-operator.io/tenant-name: acme
        scim-operator.io/tenant-namespace: customer-acme
        scim-operator.io/tenant-uid: 7e4a4700-0000-4000-8000-000000000000
      name: tenant.customer-acme.acme
      namespace: scim-system
    spec:
      hostnames:
        - scim.example.com
      parentRefs:
        - name: public
          namespace: gateways
          sectionName: https
      rules:
        - backendRefs:
            - name: scim-server
              port: 80
          matches:
            - path:
                type: PathPrefix
                value: /customer-acme/acme/scim/v2
            - path:
                type: PathPrefix
                value: /customer-acme/acme/oauth2/token
    "#);
}

#[test]
fn a_gateway_is_beside_the_servers_unless_the_class_says_where() {
    let route = tenant_http_route(by_gateway(&json!({"name": "public"})), json!({}));
    insta::assert_yaml_snapshot!(route.spec, @r#"
    hostnames:
      - scim.example.com
    parentRefs:
      - name: public
        namespace: scim-system
    rules:
      - backendRefs:
          - name: scim-server
            port: 80
        matches:
          - path:
              type: PathPrefix
              value: /customer-acme/acme/scim/v2
    "#);
}

#[test]
fn a_class_catches_what_is_left_of_its_host() {
    let of_class = class("default", json!({"sourceRanges": ["203.0.113.0/24"]}));
    let accepted = accept(&of_class, &settings()).unwrap();
    let route = IngressRoute {
        class_name: Some("contour".to_owned()),
        source_ranges_annotation: Some("example.com/ranges".to_owned()),
        ..IngressRoute::default()
    };
    let metadata = || catch_all_metadata(&of_class, "scim.example.com", &settings());
    let traffic = Traffic::of_host("scim.example.com", &accepted);
    insta::assert_yaml_snapshot!(ingress(metadata(), &route, &traffic, &settings()), @r#"
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      annotations:
        example.com/ranges: 203.0.113.0/24
        scim-operator.io/desired: 067f03e94f70d5b2
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
    let gateway = GatewayRoute { name: "public".to_owned(), ..GatewayRoute::default() };
    insta::assert_yaml_snapshot!(http_route(metadata(), &gateway, &traffic, &settings()), @r#"
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata:
      annotations:
        scim-operator.io/desired: bf75ae9f4093ccb8
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
      hostnames:
        - scim.example.com
      parentRefs:
        - name: public
          namespace: scim-system
      rules:
        - backendRefs:
            - name: scim-server
              port: 80
          matches:
            - path:
                type: PathPrefix
                value: /
    "#);
}

#[test]
fn what_is_asked_for_no_more_changes_the_digest() {
    let with = tenant_ingress(by_ingress(&json!({"annotations": {"example.com/size": "1m"}})), json!({}));
    let without = tenant_ingress(by_ingress(&json!({})), json!({}));
    assert_ne!(digest(&with), digest(&without));
    assert_eq!(digest(&without), digest(&tenant_ingress(by_ingress(&json!({})), json!({}))));
}

#[test]
fn ranges_that_have_nothing_in_common_let_nobody_in() {
    let class = json!({
        "sourceRanges": ["203.0.113.0/24"],
        "route": {"kind": "Ingress", "ingress": {"sourceRangesAnnotation": "example.com/ranges"}},
    });
    let route = tenant_ingress(class, json!({"sourceRanges": ["198.51.100.0/24"]}));
    assert_eq!(route.metadata.annotations.unwrap()["example.com/ranges"], "0.0.0.0/32");
}

#[test]
fn without_ranges_there_is_no_annotation_for_them() {
    let route =
        tenant_ingress(by_ingress(&json!({"sourceRangesAnnotation": "example.com/ranges"})), json!({}));
    assert_eq!(route.metadata.annotations.unwrap().get("example.com/ranges"), None);
}

#[test]
fn requests_take_an_ingress_at_once_and_an_http_route_when_its_gateway_took_it() {
    assert_eq!(tenant_ingress(by_ingress(&json!({})), json!({})).hindrance(), None);
    let mut route =
        tenant_http_route(by_gateway(&json!({"name": "public", "sectionName": "https"})), json!({}));
    let pending = route.hindrance().unwrap();
    insta::assert_snapshot!(format!("{}: {}", pending.reason, pending.message), @"RoutePending: Gateway scim-system/public (https) has not taken the HTTPRoute yet");
    assert_eq!(pending.remedy, Remedy::Others, "the watch tells");
    let status = |accepted: &str| {
        let condition = |type_, status| {
            json!({
                "type": type_, "status": status, "reason": "NotAllowedByListeners",
                "message": "no listener lets routes of this namespace in",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            })
        };
        json!({"parents": [{
            "controllerName": "example.com/gateway",
            "parentRef": {"name": "public", "sectionName": "https"},
            "conditions": [condition("Accepted", accepted), condition("ResolvedRefs", "True")],
        }]})
    };
    route.status = serde_json::from_value(status("False")).unwrap();
    let rejected = route.hindrance().unwrap();
    insta::assert_snapshot!(format!("{}: {}", rejected.reason, rejected.message), @"RouteRejected: Gateway scim-system/public (https) refuses the HTTPRoute: NotAllowedByListeners: no listener lets routes of this namespace in");
    assert!(rejected.look_again().is_some());
    route.status = serde_json::from_value(status("True")).unwrap();
    assert_eq!(route.hindrance(), None);
}

#[test]
fn the_old_kind_goes_when_the_new_one_had_time_to_spread() {
    let created = |seconds: i64| {
        let mut route = tenant_ingress(by_ingress(&json!({})), json!({}));
        let metadata = json!({"creationTimestamp": Timestamp::from_second(seconds).unwrap().to_string()});
        route.metadata = serde_json::from_value(metadata).unwrap();
        time_to_spread(&route, Timestamp::from_second(1_000).unwrap()).map(|left| left.as_secs())
    };
    for (seconds, left) in [(1_000, Some(10)), (993, Some(3)), (990, None), (0, None)] {
        assert_eq!(created(seconds), left, "{seconds}");
    }
    assert_eq!(created(5_000), Some(10), "a clock that is behind");
}

#[test]
fn an_http_route_spreads_from_when_its_gateway_took_it() {
    let condition = |type_, at| json!({"type": type_, "status": "True", "reason": "R", "message": "", "lastTransitionTime": at});
    let status = json!({"parents": [{
        "controllerName": "example.com/gateway",
        "parentRef": {"name": "public", "namespace": "scim-system"},
        "conditions": [
            condition("Accepted", "2026-01-01T00:00:40Z"),
            condition("ResolvedRefs", "2026-01-01T00:00:30Z"),
            condition("Programmed", "2026-01-01T00:00:50Z"),
        ],
    }]});
    let mut route = tenant_http_route(by_gateway(&json!({"name": "public"})), json!({}));
    route.metadata.creation_timestamp = serde_json::from_value(json!("2026-01-01T00:00:20Z")).unwrap();
    assert_eq!(route.taken_at().unwrap().to_string(), "2026-01-01T00:00:20Z");
    route.status = serde_json::from_value(status).unwrap();
    assert_eq!(route.taken_at().unwrap().to_string(), "2026-01-01T00:00:40Z");
}
