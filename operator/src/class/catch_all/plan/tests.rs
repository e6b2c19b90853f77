use crds::ScimTenantClass;
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};

use super::*;
use crate::class::accept;
use crate::fixtures::{class, settings};
use crate::route::{ClassRoute, HttpRoute, Traffic, catch_all_metadata, http_route, ingress};

const HOST: &str = "scim.example.com";

fn named(name: &str, route: &Value) -> ScimTenantClass {
    let mut class = class(name, json!({"route": route}));
    class.metadata.uid = Some(name.to_owned());
    class
}

fn by_ingress(name: &str, route: &Value, host: &str) -> Ingress {
    let class = named(name, &json!({"kind": "Ingress", "ingress": route}));
    let accepted = accept(&class, &settings()).unwrap();
    let ClassRoute::Ingress(route) = &accepted.route else { panic!("an Ingress") };
    let metadata = catch_all_metadata(&class, host, &settings());
    ingress(metadata, route, &Traffic::of_host(host, &accepted), &settings())
}

fn by_gateway(name: &str, gateway: &Value) -> HttpRoute {
    let class = named(name, &json!({"kind": "HTTPRoute", "gateway": gateway}));
    let accepted = accept(&class, &settings()).unwrap();
    let ClassRoute::HttpRoute(gateway) = &accepted.route else { panic!("an HTTPRoute") };
    let metadata = catch_all_metadata(&class, HOST, &settings());
    http_route(metadata, gateway, &Traffic::of_host(HOST, &accepted), &settings())
}

fn made(name: &str, route: &Value) -> Ingress {
    by_ingress(name, route, HOST)
}

fn first() -> ScimTenantClass {
    named("first", &json!({"kind": "None"}))
}

fn names(routes: &[Ingress]) -> Vec<String> {
    routes.iter().map(Ingress::name_any).collect()
}

#[test]
fn hosts_that_are_wanted_are_made_and_those_that_are_not_are_unwanted() {
    let of = |host| by_ingress("first", &json!({}), host);
    let wanted = vec![of("new.example.com"), of("old.example.com")];
    let plan = plan(&first(), wanted, vec![of("gone.example.com"), of("old.example.com")], vec![]);
    let changes: Vec<_> =
        plan.changes.iter().map(|(desired, live)| (desired.name_any(), live.is_some())).collect();
    assert_eq!(
        changes,
        [("host.new.example.com".to_owned(), false), ("host.old.example.com".to_owned(), true)]
    );
    assert_eq!(names(&plan.unwanted), ["host.gone.example.com"]);
    assert!(plan.obstacles.is_empty() && plan.waiting.is_empty());
}

#[test]
fn a_catch_all_that_lost_its_labels_is_still_its_owners() {
    let mut unlabelled = made("first", &json!({}));
    unlabelled.metadata.labels = None;
    let plan = plan(&first(), vec![made("first", &json!({}))], vec![], vec![unlabelled.clone()]);
    assert_eq!(plan.changes[0].1, Some(unlabelled));
}

#[test]
fn a_catch_all_with_the_labels_of_a_class_is_its_own_unless_another_is_the_owner() {
    let mut route = made("first", &json!({}));
    assert!(is_made_by(&first(), &route));
    assert!(!is_made_by(&named("second", &json!({"kind": "None"})), &route));
    route.metadata.owner_references = None;
    assert!(is_made_by(&first(), &route));
}

#[test]
fn a_class_is_content_with_the_route_of_another_class_of_its_host() {
    let theirs = made("first", &json!({"className": "nginx", "annotations": {"example.com/size": "1m"}}));
    let ours = made("second", &json!({"className": "nginx"}));
    assert_eq!(shared(&theirs, &ours), Ok(()));
    let gateway = json!({"name": "public"});
    assert_eq!(shared(&by_gateway("first", &gateway), &by_gateway("second", &gateway)), Ok(()));
}

#[test]
fn classes_that_disagree_about_their_host_are_told_in_what() {
    let theirs = made("first", &json!({"className": "nginx"}));
    let ours = made("second", &json!({"className": "contour", "tlsSecretName": "scim-tls"}));
    insta::assert_snapshot!(shared(&theirs, &ours).unwrap_err().message, @"ScimTenantClass first has the same host and made the Ingress host.scim.example.com for it; spec.route.ingress.className is nginx there and contour here, spec.route.ingress.tlsSecretName is not set there and scim-tls here");
    let theirs = by_gateway("first", &json!({"name": "public", "sectionName": "https"}));
    let ours = by_gateway("second", &json!({"name": "public", "namespace": "gateways"}));
    insta::assert_snapshot!(shared(&theirs, &ours).unwrap_err().message, @"ScimTenantClass first has the same host and made the HTTPRoute host.scim.example.com for it; spec.route.gateway is scim-system/public (https) there and gateways/public here");
}

#[test]
fn a_class_that_names_no_ingress_class_is_content_with_any() {
    let second = named("second", &json!({"kind": "None"}));
    let (theirs, ours) = (made("first", &json!({"className": "nginx"})), made("second", &json!({})));
    let plan = plan(&second, vec![ours], vec![], vec![theirs]);
    assert!(plan.obstacles.is_empty() && plan.changes.is_empty() && plan.waiting.is_empty());
}

#[test]
fn a_route_of_somebody_else_is_in_the_way() {
    let second = named("second", &json!({"kind": "None"}));
    let ours = made("second", &json!({}));
    let mut of_nobody = made("first", &json!({}));
    of_nobody.metadata.owner_references = None;
    let in_the_way = plan(&second, vec![ours.clone()], vec![], vec![of_nobody.clone()]);
    insta::assert_snapshot!(in_the_way.obstacles[0].message, @"the Ingress host.scim.example.com in namespace scim-system is there and does not belong to this class");
    assert!(in_the_way.changes.is_empty() && in_the_way.waiting.contains(&ours.name_any()));
    let mut of_another_installation = made("first", &json!({}));
    let labels = of_another_installation.metadata.labels.as_mut().unwrap();
    labels.insert(label::INSTALLATION.to_owned(), "other".to_owned());
    assert_eq!(shared(&of_another_installation, &ours), shared(&of_nobody, &ours));
}

#[test]
fn the_old_kind_waits_for_an_http_route_of_another_class_too() {
    let gateway = json!({"name": "public"});
    let second = named("second", &json!({"kind": "None"}));
    let plan =
        plan(&second, vec![by_gateway("second", &gateway)], vec![], vec![by_gateway("first", &gateway)]);
    assert!(plan.obstacles.is_empty() && plan.waiting.contains("host.scim.example.com"));
}
