//! What a Gateway says of an HTTPRoute
//! (<https://gateway-api.sigs.k8s.io/reference/spec/#gateway.networking.k8s.io/v1.RouteParentStatus>).

use gateway_api::httproutes::{HttpRoute, HttpRouteParentRefs, HttpRouteStatusParents};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// What a Gateway says of an HTTPRoute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Acceptance {
    /// Requests take it.
    Accepted,
    /// Nothing yet of what the route is now.
    Pending,
    /// They do not, for a reason in the Gateway's words.
    Rejected(String),
}

/// What has to be true.
const NEEDED: [&str; 2] = ["Accepted", "ResolvedRefs"];

/// What the Gateway of a route says of it. We make routes with one.
pub(super) fn acceptance(route: &HttpRoute) -> Acceptance {
    let parents = route.status.iter().flat_map(|status| &status.parents);
    // More than one controller may speak for one Gateway.
    let said: Vec<Acceptance> = parents
        .filter(|parent| speaks_for_gateway(parent, route))
        .map(|parent| verdict(parent, route))
        .collect();
    if said.contains(&Acceptance::Accepted) {
        return Acceptance::Accepted;
    }
    let is_rejection = |said: &Acceptance| matches!(said, Acceptance::Rejected(_));
    said.into_iter().find(is_rejection).unwrap_or(Acceptance::Pending)
}

/// When the Gateway of a route began to accept it, by its own clock; of several controllers, when the first did.
pub(super) fn accepted_at(route: &HttpRoute) -> Option<Timestamp> {
    let parents = route.status.iter().flat_map(|status| &status.parents);
    let accepting = parents
        .filter(|parent| speaks_for_gateway(parent, route) && verdict(parent, route) == Acceptance::Accepted);
    let since = |parent: &HttpRouteStatusParents| {
        let needed = parent.conditions.iter().filter(|condition| NEEDED.contains(&condition.type_.as_str()));
        needed.map(|condition| condition.last_transition_time.0).max()
    };
    accepting.filter_map(since).min()
}

/// The Gateway of a route, as people write it.
pub(super) fn gateway(route: &HttpRoute) -> String {
    let parent = route.spec.parent_refs.iter().flatten().next();
    parent.map_or_else(String::new, |parent| {
        let namespace =
            parent.namespace.as_deref().or(route.metadata.namespace.as_deref()).unwrap_or_default();
        let section = parent.section_name.as_ref().map(|section| format!(" ({section})")).unwrap_or_default();
        format!("{namespace}/{}{section}", parent.name)
    })
}

fn speaks_for_gateway(said: &HttpRouteStatusParents, route: &HttpRoute) -> bool {
    let own = route.metadata.namespace.as_deref();
    let of = &said.parent_ref;
    route.spec.parent_refs.iter().flatten().any(|wanted: &HttpRouteParentRefs| {
        of.name == wanted.name
            && of.namespace.as_deref().or(own) == wanted.namespace.as_deref().or(own)
            && of.section_name == wanted.section_name
    })
}

fn verdict(said: &HttpRouteStatusParents, route: &HttpRoute) -> Acceptance {
    let current: Vec<&Condition> = NEEDED
        .into_iter()
        .filter_map(|type_| said.conditions.iter().find(|condition| condition.type_ == type_))
        .filter(|condition| is_of_generation(condition, route))
        .collect();
    if let Some(condition) = current.iter().find(|condition| condition.status == "False") {
        return Acceptance::Rejected(format!("{}: {}", condition.reason, condition.message));
    }
    let are_true = current.iter().filter(|condition| condition.status == "True").count();
    if are_true == NEEDED.len() { Acceptance::Accepted } else { Acceptance::Pending }
}

/// Whether a condition is about the route as it is now. One that does not say (the field is optional) is believed.
fn is_of_generation(condition: &Condition, route: &HttpRoute) -> bool {
    condition.observed_generation.is_none_or(|seen| Some(seen) >= route.metadata.generation)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const GATEWAY: (&str, &str, &str) = ("public", "gateways", "https");

    fn parent((name, namespace, section): (&str, &str, &str)) -> Value {
        json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name, "namespace": namespace, "sectionName": section})
    }

    fn condition(type_: &str, status: &str, generation: i64) -> Value {
        json!({
            "type": type_, "status": status, "observedGeneration": generation, "reason": "Because",
            "message": format!("{type_} is {status}"), "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    }

    fn said(of: &Value, conditions: &[Value]) -> Value {
        json!({"controllerName": "example.com/gateway", "parentRef": of, "conditions": conditions})
    }

    /// Of a route in its second generation.
    fn judged(parents: &[Value]) -> Acceptance {
        let route = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"namespace": "scim-system", "generation": 2},
            "spec": {"parentRefs": [parent(GATEWAY)]},
            "status": {"parents": parents},
        });
        acceptance(&serde_json::from_value(route).unwrap())
    }

    /// Type, status and generation of conditions.
    type Said = &'static [(&'static str, &'static str, i64)];

    fn conditions(conditions: Said) -> Acceptance {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|(type_, status, generation)| condition(type_, status, *generation))
            .collect();
        judged(&[said(&parent(GATEWAY), &conditions)])
    }

    fn rejected(words: &str) -> Acceptance {
        Acceptance::Rejected(words.to_owned())
    }

    #[test]
    fn a_route_is_accepted_by_both_conditions_about_its_generation() {
        let table: [(Said, Acceptance); 8] = [
            (&[("Accepted", "True", 2), ("ResolvedRefs", "True", 2)], Acceptance::Accepted),
            (&[("Accepted", "True", 2), ("ResolvedRefs", "True", 1)], Acceptance::Pending),
            (&[("Accepted", "True", 1), ("ResolvedRefs", "True", 1)], Acceptance::Pending),
            (&[("Accepted", "True", 2)], Acceptance::Pending),
            (&[("Accepted", "Unknown", 2), ("ResolvedRefs", "True", 2)], Acceptance::Pending),
            (&[("Accepted", "False", 1), ("ResolvedRefs", "True", 1)], Acceptance::Pending),
            (
                &[("Accepted", "False", 2), ("ResolvedRefs", "True", 2)],
                rejected("Because: Accepted is False"),
            ),
            (
                &[("Accepted", "True", 2), ("ResolvedRefs", "False", 2)],
                rejected("Because: ResolvedRefs is False"),
            ),
        ];
        for (said, expected) in table {
            assert_eq!(conditions(said), expected, "{said:?}");
        }
    }

    #[test]
    fn a_gateway_that_does_not_say_which_generation_it_means_is_believed() {
        let conditions = ["Accepted", "ResolvedRefs"].map(|type_| {
            let mut condition = condition(type_, "True", 2);
            condition.as_object_mut().unwrap().remove("observedGeneration");
            condition
        });
        assert_eq!(judged(&[said(&parent(GATEWAY), &conditions)]), Acceptance::Accepted);
    }

    #[test]
    fn what_other_gateways_say_is_of_no_matter() {
        let yes = [condition("Accepted", "True", 2), condition("ResolvedRefs", "True", 2)];
        let others = [
            ("private", "gateways", "https"),
            ("public", "elsewhere", "https"),
            ("public", "gateways", "http"),
        ];
        for other in others {
            assert_eq!(judged(&[said(&parent(other), &yes)]), Acceptance::Pending, "{other:?}");
        }
        assert_eq!(judged(&[]), Acceptance::Pending);
    }

    #[test]
    fn of_two_controllers_one_that_accepts_is_enough() {
        let no = [condition("Accepted", "False", 2)];
        let yes = [condition("Accepted", "True", 2), condition("ResolvedRefs", "True", 2)];
        let of = parent(GATEWAY);
        assert_eq!(judged(&[said(&of, &no), said(&of, &yes)]), Acceptance::Accepted);
        assert_eq!(judged(&[said(&of, &[]), said(&of, &no)]), rejected("Because: Accepted is False"));
    }

    #[test]
    fn a_route_that_no_gateway_has_looked_at_is_pending() {
        let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {}, "spec": {}});
        assert_eq!(acceptance(&serde_json::from_value(route).unwrap()), Acceptance::Pending);
    }
}
