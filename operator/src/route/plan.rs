//! What is to be done about a tenant's routes: pure.

use std::borrow::Borrow;

use crds::{Reason, ScimTenant};
use gateway_api::httproutes::HttpRoute;
use k8s_openapi::api::networking::v1::Ingress;

use crate::object::Found;
use crate::obstacle::Obstacle;
use crate::route::metadata::{is_routable, tenant_metadata};
use crate::route::{
    ClassRoute, FoundHttpRoute, FoundRoutes, Route, Traffic, gateway_api_missing, http_route, ingress,
};
use crate::settings::Settings;
use crate::tenant::{Identity, Step, ValidatedTenant};

/// What is to be done about a tenant's routes. What is obsolete goes when requests can take the other.
#[derive(Debug)]
pub(crate) enum RoutePlan {
    /// An Ingress, and no HTTPRoute of ours.
    Ingress {
        /// The one.
        change: Change<Ingress>,
        /// The other, as it was read.
        obsolete: Option<Box<HttpRoute>>,
    },
    /// An HTTPRoute, and no Ingress of ours.
    HttpRoute {
        /// The one.
        change: Change<HttpRoute>,
        /// The other, as it was read.
        obsolete: Option<Box<Ingress>>,
    },
    /// Neither.
    None {
        /// The Ingress, as it was read.
        ingress: Option<Box<Ingress>>,
        /// The HTTPRoute, as it was read.
        http_route: Option<Box<HttpRoute>>,
    },
}

/// From what is to what is to be.
#[derive(Debug)]
pub(crate) struct Change<K> {
    /// What is to be.
    pub(super) desired: Box<K>,
    /// Ours as it was read.
    pub(super) live: Option<Box<K>>,
}

/// Plans the routes of a tenant that was accepted.
pub(crate) fn prepare(
    tenant: &ScimTenant,
    identity: &Identity,
    validated: &ValidatedTenant,
    found: &FoundRoutes,
    settings: &Settings,
) -> Step<RoutePlan> {
    match plan(tenant, identity, validated, found, settings) {
        Ok(plan) => Step::Do(plan),
        Err(obstacle) => Step::Blocked(obstacle),
    }
}

pub(super) fn plan(
    tenant: &ScimTenant,
    identity: &Identity,
    validated: &ValidatedTenant,
    found: &FoundRoutes,
    settings: &Settings,
) -> Result<RoutePlan, Obstacle> {
    let path = identity.key.path();
    let metadata = || tenant_metadata(tenant, &path, settings);
    let traffic = Traffic::of_tenant(&path, validated);
    let our_ingress = found.ingress.ours().cloned().map(Box::new);
    let our_http_route = found.http_route.ours().cloned().map(Box::new);
    match &validated.class.route {
        ClassRoute::Ingress(route) => {
            refuse_long_host(&traffic)?;
            let change = change(ingress(metadata(), route, &traffic, settings), &found.ingress)?;
            Ok(RoutePlan::Ingress { change, obsolete: our_http_route })
        }
        ClassRoute::HttpRoute(gateway) => {
            let FoundHttpRoute::Known(found) = &found.http_route else { return Err(gateway_api_missing()) };
            refuse_long_host(&traffic)?;
            let change = change(http_route(metadata(), gateway, &traffic, settings), found)?;
            Ok(RoutePlan::HttpRoute { change, obsolete: our_ingress })
        }
        ClassRoute::None => Ok(RoutePlan::None { ingress: our_ingress, http_route: our_http_route }),
    }
}

fn change<K: Route>(mut desired: K, found: &Found<impl Borrow<K>>) -> Result<Change<K>, Obstacle> {
    if let Found::Foreign = found {
        let metadata = desired.meta();
        return Err(Obstacle::lasting(
            Reason::RouteNameTaken,
            format!(
                "the {} {} in namespace {} is there and does not belong to this ScimTenant",
                K::kind(&()),
                metadata.name.as_deref().unwrap_or_default(),
                metadata.namespace.as_deref().unwrap_or_default()
            ),
        ));
    }
    let live = found.ours().map(Borrow::borrow);
    if let Some(live) = live {
        desired.keep_defaults(live);
    }
    Ok(Change { desired: Box::new(desired), live: live.cloned().map(Box::new) })
}

/// Only a class whose URL holds placeholders has such hosts after it was accepted.
fn refuse_long_host(traffic: &Traffic) -> Result<(), Obstacle> {
    if is_routable(&traffic.host) {
        return Ok(());
    }
    Err(Obstacle::lasting(
        Reason::InvalidURL,
        format!("the class's URL makes the host {}, which has more than 248 characters", traffic.host),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{class, found, identity, settings, tenant};
    use crate::tenant::validate;

    /// What to do about a tenant of a class with this spec.
    fn planned(class_spec: Value, routes: &FoundRoutes) -> Result<RoutePlan, Obstacle> {
        let tenant = tenant(json!({}));
        let identity = identity(&tenant);
        let found = found(vec![class("default", class_spec)]);
        let validated = validate(&tenant, &identity, &found, &settings()).unwrap();
        plan(&tenant, &identity, &validated, routes, &settings())
    }

    /// In words: what is to be, from what, and what goes.
    fn words(plan: Result<RoutePlan, Obstacle>) -> String {
        let from = |is_there: bool| if is_there { "change" } else { "make" };
        let goes = |goes: bool, kind: &str| if goes { format!(", remove the {kind}") } else { String::new() };
        match plan {
            Ok(RoutePlan::Ingress { change, obsolete }) => {
                format!(
                    "{} the Ingress{}",
                    from(change.live.is_some()),
                    goes(obsolete.is_some(), "HTTPRoute")
                )
            }
            Ok(RoutePlan::HttpRoute { change, obsolete }) => {
                format!(
                    "{} the HTTPRoute{}",
                    from(change.live.is_some()),
                    goes(obsolete.is_some(), "Ingress")
                )
            }
            Ok(RoutePlan::None { ingress, http_route }) => {
                let ingress = goes(ingress.is_some(), "Ingress");
                format!("nothing{ingress}{}", goes(http_route.is_some(), "HTTPRoute"))
            }
            Err(obstacle) => obstacle.reason.to_string(),
        }
    }

    fn ingress_found(of: &str) -> Found<Ingress> {
        match of {
            "ours" => Found::Ours(Ingress::default()),
            "foreign" => Found::Foreign,
            _ => Found::Absent,
        }
    }

    fn http_route_found(of: &str) -> FoundHttpRoute {
        match of {
            "ours" => FoundHttpRoute::Known(Found::Ours(Box::default())),
            "foreign" => FoundHttpRoute::Known(Found::Foreign),
            "unsupported" => FoundHttpRoute::Unsupported,
            _ => FoundHttpRoute::Known(Found::Absent),
        }
    }

    #[test]
    fn each_wanted_kind_meets_everything_that_may_be_there() {
        let kinds = [
            ("Ingress", json!({"kind": "Ingress"})),
            ("HTTPRoute", json!({"kind": "HTTPRoute", "gateway": {"name": "public"}})),
            ("None", json!({"kind": "None"})),
        ];
        let mut lines = vec![];
        for (kind, route) in kinds {
            for ingress in ["absent", "ours", "foreign"] {
                for http_route in ["absent", "ours", "foreign", "unsupported"] {
                    let routes = FoundRoutes {
                        ingress: ingress_found(ingress),
                        http_route: http_route_found(http_route),
                    };
                    let plan = words(planned(json!({"route": route}), &routes));
                    lines.push(format!("{kind}; Ingress {ingress}, HTTPRoute {http_route}: {plan}"));
                }
            }
        }
        insta::assert_snapshot!(lines.join("\n"), @r#"
        Ingress; Ingress absent, HTTPRoute absent: make the Ingress
        Ingress; Ingress absent, HTTPRoute ours: make the Ingress, remove the HTTPRoute
        Ingress; Ingress absent, HTTPRoute foreign: make the Ingress
        Ingress; Ingress absent, HTTPRoute unsupported: make the Ingress
        Ingress; Ingress ours, HTTPRoute absent: change the Ingress
        Ingress; Ingress ours, HTTPRoute ours: change the Ingress, remove the HTTPRoute
        Ingress; Ingress ours, HTTPRoute foreign: change the Ingress
        Ingress; Ingress ours, HTTPRoute unsupported: change the Ingress
        Ingress; Ingress foreign, HTTPRoute absent: RouteNameTaken
        Ingress; Ingress foreign, HTTPRoute ours: RouteNameTaken
        Ingress; Ingress foreign, HTTPRoute foreign: RouteNameTaken
        Ingress; Ingress foreign, HTTPRoute unsupported: RouteNameTaken
        HTTPRoute; Ingress absent, HTTPRoute absent: make the HTTPRoute
        HTTPRoute; Ingress absent, HTTPRoute ours: change the HTTPRoute
        HTTPRoute; Ingress absent, HTTPRoute foreign: RouteNameTaken
        HTTPRoute; Ingress absent, HTTPRoute unsupported: GatewayAPIMissing
        HTTPRoute; Ingress ours, HTTPRoute absent: make the HTTPRoute, remove the Ingress
        HTTPRoute; Ingress ours, HTTPRoute ours: change the HTTPRoute, remove the Ingress
        HTTPRoute; Ingress ours, HTTPRoute foreign: RouteNameTaken
        HTTPRoute; Ingress ours, HTTPRoute unsupported: GatewayAPIMissing
        HTTPRoute; Ingress foreign, HTTPRoute absent: make the HTTPRoute
        HTTPRoute; Ingress foreign, HTTPRoute ours: change the HTTPRoute
        HTTPRoute; Ingress foreign, HTTPRoute foreign: RouteNameTaken
        HTTPRoute; Ingress foreign, HTTPRoute unsupported: GatewayAPIMissing
        None; Ingress absent, HTTPRoute absent: nothing
        None; Ingress absent, HTTPRoute ours: nothing, remove the HTTPRoute
        None; Ingress absent, HTTPRoute foreign: nothing
        None; Ingress absent, HTTPRoute unsupported: nothing
        None; Ingress ours, HTTPRoute absent: nothing, remove the Ingress
        None; Ingress ours, HTTPRoute ours: nothing, remove the Ingress, remove the HTTPRoute
        None; Ingress ours, HTTPRoute foreign: nothing, remove the Ingress
        None; Ingress ours, HTTPRoute unsupported: nothing, remove the Ingress
        None; Ingress foreign, HTTPRoute absent: nothing
        None; Ingress foreign, HTTPRoute ours: nothing, remove the HTTPRoute
        None; Ingress foreign, HTTPRoute foreign: nothing
        None; Ingress foreign, HTTPRoute unsupported: nothing
        "#);
    }

    #[test]
    fn the_ingress_class_that_an_ingress_was_made_with_stays() {
        let class_of = |route: Value, field: &str, set_by: &str| {
            let fields = serde_json::Map::from_iter([(format!("f:{field}"), json!({}))]);
            let live = json!({
                "metadata": {"managedFields": [{"manager": set_by, "fieldsV1": {"f:spec": fields}}]},
                "spec": {"ingressClassName": "nginx"},
            });
            let ingress = Found::Ours(serde_json::from_value(live).unwrap());
            let routes = FoundRoutes { ingress, http_route: FoundHttpRoute::Unsupported };
            let Ok(RoutePlan::Ingress { change, .. }) = planned(json!({"route": route}), &routes) else {
                panic!("an Ingress")
            };
            change.desired.spec.unwrap().ingress_class_name
        };
        let (none, chosen) =
            (json!({"kind": "Ingress"}), json!({"kind": "Ingress", "ingress": {"className": "contour"}}));
        for set_by in ["scim-operator", "kubectl", "before-first-apply"] {
            assert_eq!(
                class_of(none.clone(), "ingressClassName", set_by).as_deref(),
                Some("nginx"),
                "{set_by}"
            );
        }
        assert_eq!(class_of(none, "rules", "scim-operator"), None, "nobody set it: it stays by itself");
        assert_eq!(class_of(chosen, "ingressClassName", "scim-operator").as_deref(), Some("contour"));
    }

    #[test]
    fn a_name_that_is_taken_is_told_with_its_kind_and_place() {
        let gateway = json!({"route": {"kind": "HTTPRoute", "gateway": {"name": "public"}}});
        let routes = |of| FoundRoutes { ingress: ingress_found(of), http_route: http_route_found(of) };
        let message = |class_spec| planned(class_spec, &routes("foreign")).unwrap_err().message;
        insta::assert_snapshot!(message(json!({})), @"the Ingress tenant.customer-acme.acme in namespace scim-system is there and does not belong to this ScimTenant");
        insta::assert_snapshot!(message(gateway), @"the HTTPRoute tenant.customer-acme.acme in namespace scim-system is there and does not belong to this ScimTenant");
    }

    #[test]
    fn a_host_too_long_for_the_name_of_its_catch_all_is_not_routed() {
        let label = "a".repeat(60);
        let url = format!("https://{{name}}.{label}.{label}.{label}.{}.{}", "a".repeat(50), "b".repeat(13));
        let routes = FoundRoutes { ingress: Found::Absent, http_route: FoundHttpRoute::Unsupported };
        let ingress = planned(json!({"url": url}), &routes).unwrap_err();
        assert_eq!(ingress.reason, Reason::InvalidURL);
        assert!(planned(json!({"url": url, "route": {"kind": "None"}}), &routes).is_ok());
    }
}
