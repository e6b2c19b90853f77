//! How an HTTPRoute looks (<https://gateway-api.sigs.k8s.io/api-types/httproute/>).

use crds::class::GatewayRoute;
use gateway_api::httproutes::{
    HttpRoute, HttpRouteParentRefs, HttpRouteRules, HttpRouteRulesBackendRefs, HttpRouteRulesMatches,
    HttpRouteRulesMatchesPath, HttpRouteRulesMatchesPathType, HttpRouteSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::route::digest::with_digest;
use crate::route::traffic::Traffic;
use crate::settings::Settings;

/// The HTTPRoute that leads these requests from a Gateway to the servers. The Gateway API has no field for source
/// ranges: those the servers enforce alone.
pub(crate) fn http_route(
    metadata: ObjectMeta,
    gateway: &GatewayRoute,
    traffic: &Traffic,
    settings: &Settings,
) -> HttpRoute {
    let server = &settings.server;
    let parent = HttpRouteParentRefs {
        name: gateway.name.clone(),
        namespace: Some(gateway.namespace.clone().unwrap_or_else(|| server.namespace.to_string())),
        section_name: gateway.section_name.clone(),
        ..HttpRouteParentRefs::default()
    };
    let backend = HttpRouteRulesBackendRefs {
        name: server.of(&traffic.database).to_owned(),
        port: Some(i32::from(server.port)),
        ..HttpRouteRulesBackendRefs::default()
    };
    let rule = HttpRouteRules {
        matches: Some(traffic.paths.iter().map(|path| prefix(path)).collect()),
        backend_refs: Some(vec![backend]),
        ..HttpRouteRules::default()
    };
    let spec = HttpRouteSpec {
        hostnames: Some(vec![traffic.host.clone()]),
        parent_refs: Some(vec![parent]),
        rules: Some(vec![rule]),
    };
    with_digest(HttpRoute { metadata, spec, status: None })
}

fn prefix(path: &str) -> HttpRouteRulesMatches {
    let path = HttpRouteRulesMatchesPath {
        r#type: Some(HttpRouteRulesMatchesPathType::PathPrefix),
        value: Some(path.to_owned()),
    };
    HttpRouteRulesMatches { path: Some(path), ..HttpRouteRulesMatches::default() }
}
