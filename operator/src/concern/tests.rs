//! Whom a change concerns.

use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use serde_json::{Value, json};

use super::*;
use crate::fixtures::{class, settings, tenant};

fn tenants() -> Vec<Arc<ScimTenant>> {
    let named = |name: &str, namespace: &str, spec: Value| {
        let mut tenant = tenant(spec);
        tenant.metadata.name = Some(name.to_owned());
        tenant.metadata.namespace = Some(namespace.to_owned());
        Arc::new(tenant)
    };
    let brought = json!({"authentication": {"basic": {"existingSecret": {"name": "mine"}}}});
    vec![
        named("of-none", "one", json!({})),
        named("of-special", "one", json!({"className": "special"})),
        named("brings", "two", brought),
    ]
}

fn other_class(name: &str) -> ScimTenantClass {
    let mut class = class(name, json!({}));
    class.metadata.annotations = None;
    class
}

fn names<K: Resource<DynamicType = ()>>(references: &[ObjectRef<K>]) -> Vec<&str> {
    references.iter().map(|reference| reference.name.as_str()).collect()
}

#[test]
fn a_class_concerns_those_who_name_it_and_a_default_those_who_name_none() {
    let of = |change| names(&tenants_of_class(&change, &tenants())).join(" ");
    let (default, special) =
        (ClassView::of(&class("default", json!({}))), ClassView::of(&other_class("special")));
    assert_eq!(of(Change::New(special.clone())), "of-special");
    assert_eq!(of(Change::New(default.clone())), "of-none brings");
    let no_more = ClassView { is_default: false, ..default.clone() };
    assert_eq!(of(Change::Changed { before: default, now: no_more }), "of-none brings");
    assert_eq!(of(Change::Gone(special)), "of-special");
}

#[test]
fn what_the_operator_says_about_a_class_is_no_change_of_it() {
    let before = class("default", json!({}));
    let mut now = before.clone();
    now.status.get_or_insert_default().observed_generation = Some(1);
    now.metadata.finalizers = Some(vec!["scim-operator.io/in-use".to_owned()]);
    now.metadata.resource_version = Some("2".to_owned());
    assert_eq!(ClassView::of(&before), ClassView::of(&now));
}

#[test]
fn another_default_class_concerns_the_defaults() {
    let classes = [class("a", json!({})), class("b", json!({})), other_class("c")].map(Arc::new);
    let of = |class: &ScimTenantClass| {
        names(&rivals_of_class(&Change::New(ClassView::of(class)), &classes)).join(" ")
    };
    assert_eq!(of(&classes[1]), "a b");
    assert_eq!(of(&classes[2]), "");
}

#[test]
fn a_tenant_concerns_the_class_that_it_has_and_the_one_that_it_had() {
    let classes = [class("default", json!({})), other_class("special"), other_class("other")].map(Arc::new);
    let view = |spec| TenantView::of(&tenant(spec));
    let (none, special) = (view(json!({})), view(json!({"className": "special"})));
    let of = |change| names(&classes_of_tenant(&change, &classes)).join(" ");
    assert_eq!(of(Change::New(none.clone())), "default");
    assert_eq!(of(Change::Changed { before: none, now: special.clone() }), "default special");
    assert_eq!(of(Change::Gone(special)), "special");
}

#[test]
fn the_readiness_of_a_tenant_matters_to_its_class_and_its_users_do_not() {
    let before = tenant(json!({}));
    let mut now = before.clone();
    now.status.get_or_insert_default().users = Some(1);
    assert_eq!(TenantView::of(&before), TenantView::of(&now));
    let condition = json!([{
        "type": "Ready", "status": "True", "reason": "Connected", "message": "",
        "lastTransitionTime": "2027-01-15T08:00:00Z",
    }]);
    now.status.get_or_insert_default().conditions = serde_json::from_value(condition).unwrap();
    assert_ne!(TenantView::of(&before), TenantView::of(&now));
}

#[test]
fn that_a_tenant_was_accepted_matters_to_its_class_before_it_is_ready() {
    let before = tenant(json!({}));
    let mut now = before.clone();
    now.status.get_or_insert_default().tenant_url = Some("https://scim.example.com/a/b/scim/v2".to_owned());
    assert!(!is_ready(&now));
    assert_ne!(TenantView::of(&before), TenantView::of(&now));
}

#[test]
fn a_tenant_that_was_made_again_under_its_name_is_gone() {
    let before = TenantView::of(&tenant(json!({})));
    let now = TenantView { uid: Some("another".to_owned()), ..before.clone() };
    assert!(is_gone(&Change::Changed { before: before.clone(), now }));
    assert!(is_gone(&Change::Gone(before.clone())));
    assert!(!is_gone(&Change::Changed {
        before: before.clone(),
        now: TenantView { is_ready: true, ..before }
    }));
}

#[test]
fn a_namespace_concerns_its_tenants_when_its_labels_change() {
    let namespace =
        |metadata: Value| -> Namespace { serde_json::from_value(json!({"metadata": metadata})).unwrap() };
    let view = |metadata| NamespaceView::of(&namespace(metadata));
    let before = view(json!({"name": "one", "resourceVersion": "1"}));
    assert_eq!(before, view(json!({"name": "one", "resourceVersion": "2"})));
    let now = view(json!({"name": "one", "labels": {"plan": "special"}}));
    assert_ne!(before, now);
    let concerned = tenants_of_namespace(&Change::Changed { before, now }, &tenants());
    assert_eq!(names(&concerned), ["of-none", "of-special"]);
}

#[test]
fn a_secret_that_is_brought_concerns_the_tenants_of_its_namespace_that_name_it() {
    let of = |namespace: &str, name: &str| {
        let metadata = json!({"metadata": {"namespace": namespace, "name": name}});
        let secret: Secret = serde_json::from_value(metadata).unwrap();
        names(&tenants_of_brought(&Change::New(BroughtView::of(&secret)), &tenants())).join(" ")
    };
    assert_eq!(of("two", "mine"), "brings");
    assert_eq!(of("one", "mine"), "");
    assert_eq!(of("two", "other"), "");
}

#[test]
fn a_secret_concerns_the_tenant_of_its_labels_and_the_one_before() {
    let secret = |labels: Value| {
        SecretView::of(&serde_json::from_value::<Secret>(json!({"metadata": {"labels": labels}})).unwrap())
    };
    let labels =
        |name| json!({"scim-operator.io/tenant-name": name, "scim-operator.io/tenant-namespace": "one"});
    let change = Change::Changed { before: secret(labels("acme")), now: secret(labels("other")) };
    let concerned: Vec<ObjectRef<ScimTenant>> = tenants_of_secret(&change).collect();
    assert_eq!(concerned, [ObjectRef::new("acme").within("one"), ObjectRef::new("other").within("one")]);
    assert_eq!(tenants_of_secret(&Change::New(secret(json!({})))).count(), 0);
}

fn route(name: &str, metadata: &Value) -> Ingress {
    let mut route: Ingress = serde_json::from_value(json!({"metadata": metadata})).unwrap();
    route.metadata.name = Some(name.to_owned());
    route
}

#[test]
fn a_route_concerns_the_tenant_of_its_name() {
    let view = RouteView::declared(&route("tenant.one.acme", &json!({})));
    let concerned: Vec<ObjectRef<ScimTenant>> = tenants_of_route(&Change::Gone(view)).collect();
    assert_eq!(concerned, [ObjectRef::new("acme").within("one")]);
}

#[test]
fn what_an_ingress_controller_says_is_no_change_of_the_ingress_and_what_a_gateway_says_is_one() {
    let [before, after, edited, annotated] = [
        json!({"generation": 1, "resourceVersion": "1"}),
        json!({"generation": 1, "resourceVersion": "2"}),
        json!({"generation": 2, "resourceVersion": "2"}),
        json!({"generation": 1, "annotations": {"a": "b"}}),
    ]
    .map(|metadata| route("a", &metadata));
    assert_eq!(RouteView::declared(&before), RouteView::declared(&after));
    assert_ne!(RouteView::declared(&before), RouteView::declared(&edited));
    assert_ne!(RouteView::declared(&before), RouteView::declared(&annotated));
    assert_ne!(RouteView::whole(&before), RouteView::whole(&after));
}

#[test]
fn a_catch_all_concerns_every_class_of_its_host() {
    let classes = [
        class("first", json!({})),
        class("second", json!({"url": "http://scim.example.com:8080"})),
        class("third", json!({"url": "https://scim.example.net"})),
    ]
    .map(Arc::new);
    let of = |name| {
        let change = Change::Gone(RouteView::declared(&route(name, &json!({}))));
        names(&classes_of_route(&change, &classes)).join(" ")
    };
    assert_eq!(of("host.scim.example.com"), "first second");
    assert_eq!(of("scim.example.com"), "");
}

#[test]
fn http_routes_are_wanted_by_classes_of_this_operator() {
    let route = || json!({"kind": "HTTPRoute", "gateway": {"name": "public"}});
    let classes = [
        class("ours", json!({"route": route()})),
        class("theirs", json!({"route": route(), "controllerName": "example.com/other"})),
        class("ingress", json!({})),
    ]
    .map(Arc::new);
    let controller_name = settings().controller_name;
    let wanting: Vec<String> =
        wanting_http_routes(&classes, &controller_name).map(|class| class.name_any()).collect();
    assert_eq!(wanting, ["ours"]);
}
