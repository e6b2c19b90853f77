//! The Ingress that catches what no tenant's path matches: one for each host, however many classes share it. It
//! belongs to the class that made it first; ingress controllers refuse a second one for the same host and path.

use crds::metadata::label;
use crds::{Reason, ScimTenantClass};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ListParams;
use kube::{Resource as _, ResourceExt as _};

use crate::apply::{Intent, apply, delete};
use crate::class::AcceptedClass;
use crate::context::Context;
use crate::error::Error;
use crate::object::selector;
use crate::obstacle::Obstacle;
use crate::route::class_route;

/// Makes sure of the Ingress of the class's host, and that those of hosts which it had before are gone.
pub(super) async fn catch_all(
    class: &ScimTenantClass,
    accepted: &AcceptedClass,
    context: &Context,
) -> Result<Result<(), Obstacle>, Error> {
    let routes = context.routes();
    let desired = class_route(class, accepted, &context.settings);
    let live = routes.get_opt(&desired.name_any()).await?;
    leave_other_hosts(class, &desired, context).await?;
    let own = match live {
        Some(live) if !is_controlled_by(&live, class) => return Ok(shared(&live, &desired)),
        live => live,
    };
    match apply(&routes, &desired, own.as_ref(), Intent::Write).await {
        Ok(_) => Ok(Ok(())),
        Err(error) => error.into_obstacle(Reason::RouteRefused).map(Err),
    }
}

/// Removes what the class made for hosts that it has no more. Another class of such a host makes its own then.
async fn leave_other_hosts(class: &ScimTenantClass, kept: &Ingress, context: &Context) -> Result<(), Error> {
    // Only another spec has another host, and the status tells of it after this was done.
    let seen = class.status.as_ref().and_then(|status| status.observed_generation);
    if seen == class.metadata.generation {
        return Ok(());
    }
    let labels = format!("{},{}={}", selector(&context.settings), label::CLASS_NAME, class.name_any());
    let routes = context.routes().list(&ListParams::default().labels(&labels)).await?.items;
    for route in routes.iter().filter(|route| is_controlled_by(route, class)) {
        if route.metadata.name != kept.metadata.name {
            delete(&context.routes(), route).await?;
        }
    }
    Ok(())
}

/// Whether an Ingress that does not belong to the class does for it: another class of this installation made it, and
/// to the ingress controller it is what this class would make. Annotations are the other class's to choose.
fn shared(live: &Ingress, desired: &Ingress) -> Result<(), Obstacle> {
    let name = desired.name_any();
    let labels = [label::MANAGED_BY, label::INSTALLATION];
    let is_of_installation = labels.iter().all(|key| live.labels().get(*key) == desired.labels().get(*key));
    let is_of_class = |owner: &&OwnerReference| owner.kind == ScimTenantClass::kind(&());
    let Some(other) = controller(live).filter(is_of_class).filter(|_| is_of_installation) else {
        let namespace = desired.namespace().unwrap_or_default();
        return Err(taken(format!(
            "the Ingress {name} in namespace {namespace} is there and does not belong to this class"
        )));
    };
    let differences: Vec<String> = [
        ("className", ingress_class(live), ingress_class(desired)),
        ("tlsSecretName", tls_secret(live), tls_secret(desired)),
    ]
    .into_iter()
    .filter(|(_, theirs, ours)| theirs != ours)
    .map(|(field, theirs, ours)| {
        let [theirs, ours] = [theirs, ours].map(|value| value.unwrap_or("not set"));
        format!("spec.route.ingress.{field} is {theirs} there and {ours} here")
    })
    .collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(taken(format!(
        "ScimTenantClass {} has the same host and made the Ingress {name} for it; {}",
        other.name,
        differences.join(", ")
    )))
}

fn taken(message: String) -> Obstacle {
    Obstacle::lasting(Reason::RouteNameTaken, message)
}

fn controller(route: &Ingress) -> Option<&OwnerReference> {
    route.owner_references().iter().find(|owner| owner.controller == Some(true))
}

fn is_controlled_by(route: &Ingress, class: &ScimTenantClass) -> bool {
    controller(route).is_some_and(|owner| Some(&owner.uid) == class.metadata.uid.as_ref())
}

fn ingress_class(route: &Ingress) -> Option<&str> {
    route.spec.as_ref()?.ingress_class_name.as_deref()
}

fn tls_secret(route: &Ingress) -> Option<&str> {
    route.spec.as_ref()?.tls.iter().flatten().find_map(|tls| tls.secret_name.as_deref())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::class::accept;
    use crate::fixtures::{class, settings};

    fn route(name: &str, ingress: &Value) -> Ingress {
        let mut class = class(name, json!({"route": {"kind": "Ingress", "ingress": ingress}}));
        class.metadata.uid = Some(name.to_owned());
        class_route(&class, &accept(&class, &settings()).unwrap(), &settings())
    }

    #[test]
    fn a_class_is_content_with_the_ingress_of_another_class_of_its_host() {
        let theirs =
            route("first", &json!({"className": "nginx", "annotations": {"example.com/size": "1m"}}));
        let ours = route("second", &json!({"className": "nginx"}));
        assert_eq!(shared(&theirs, &ours), Ok(()));
    }

    #[test]
    fn classes_that_disagree_about_their_host_are_told_in_what() {
        let theirs = route("first", &json!({"className": "nginx"}));
        let ours = route("second", &json!({"className": "contour", "tlsSecretName": "scim-tls"}));
        insta::assert_snapshot!(shared(&theirs, &ours).unwrap_err().message, @"ScimTenantClass first has the same host and made the Ingress host.scim.example.com for it; spec.route.ingress.className is nginx there and contour here, spec.route.ingress.tlsSecretName is not set there and scim-tls here");
    }

    #[test]
    fn an_ingress_of_somebody_else_is_in_the_way() {
        let ours = route("second", &json!({}));
        let mut of_nobody = route("first", &json!({}));
        of_nobody.metadata.owner_references = None;
        insta::assert_snapshot!(shared(&of_nobody, &ours).unwrap_err().message, @"the Ingress host.scim.example.com in namespace scim-system is there and does not belong to this class");
        let mut of_another_installation = route("first", &json!({}));
        let labels = of_another_installation.metadata.labels.as_mut().unwrap();
        labels.insert(label::INSTALLATION.to_owned(), "other".to_owned());
        assert_eq!(shared(&of_another_installation, &ours), shared(&of_nobody, &ours));
    }

    #[test]
    fn an_ingress_belongs_to_the_class_that_controls_it() {
        let mut class = class("first", json!({}));
        class.metadata.uid = Some("first".to_owned());
        assert!(is_controlled_by(&route("first", &json!({})), &class));
        assert!(!is_controlled_by(&route("second", &json!({})), &class));
    }
}
