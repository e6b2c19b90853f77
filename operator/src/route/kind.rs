//! What is different about the kinds of routes once they are made.

use std::fmt::Debug;

use crds::Reason;
use gateway_api::httproutes::HttpRoute;
use jiff::Timestamp;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::NamespaceResourceScope;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::apply::is_field_set;
use crate::obstacle::Obstacle;
use crate::route::acceptance::{Acceptance, acceptance, accepted_at, gateway};

/// A kind of route.
pub(crate) trait Route:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// What keeps requests from taking a route that the API server has.
    fn hindrance(&self) -> Option<Obstacle>;

    /// When requests could begin to take it, where nothing hinders them: it was made, and its Gateway took it.
    fn taken_at(&self) -> Option<Timestamp>;

    /// Takes over from the live route what the API server chooses only when one is made: an apply that leaves it out would
    /// take it away, if somebody set it, and nobody would choose again.
    fn keep_defaults(&mut self, live: &Self);

    /// The fields of a class in which this route, another class's, leads requests otherwise than the wanted one would.
    /// Annotations are each class's to choose.
    fn disagreements(&self, wanted: &Self) -> Vec<Disagreement>;
}

/// A field of a class, what it is there and what it is here; `None`: not set.
pub(crate) type Disagreement = (&'static str, Option<String>, Option<String>);

impl Route for Ingress {
    /// Nothing: an Ingress has no condition that would say so.
    fn hindrance(&self) -> Option<Obstacle> {
        None
    }

    fn taken_at(&self) -> Option<Timestamp> {
        made_at(&self.metadata)
    }

    /// The IngressClass, which is the cluster's default one where none was wanted then.
    fn keep_defaults(&mut self, live: &Self) {
        if let Some(spec) = &mut self.spec
            && spec.ingress_class_name.is_none()
            && is_field_set(&live.metadata, "ingressClassName")
        {
            spec.ingress_class_name = class_name(live);
        }
    }

    fn disagreements(&self, wanted: &Self) -> Vec<Disagreement> {
        let fields = [
            // Without one, any will do.
            (
                "spec.route.ingress.className",
                class_name(self),
                class_name(wanted).or_else(|| class_name(self)),
            ),
            ("spec.route.ingress.tlsSecretName", tls_secret_name(self), tls_secret_name(wanted)),
        ];
        fields.into_iter().filter(|(_, theirs, ours)| theirs != ours).collect()
    }
}

fn class_name(route: &Ingress) -> Option<String> {
    route.spec.as_ref()?.ingress_class_name.clone()
}

fn tls_secret_name(route: &Ingress) -> Option<String> {
    route.spec.as_ref()?.tls.iter().flatten().find_map(|tls| tls.secret_name.clone())
}

impl Route for HttpRoute {
    fn hindrance(&self) -> Option<Obstacle> {
        let gateway = gateway(self);
        match acceptance(self) {
            Acceptance::Accepted => None,
            Acceptance::Pending => Some(Obstacle::awaited(
                Reason::RoutePending,
                format!("Gateway {gateway} has not taken the HTTPRoute yet"),
            )),
            Acceptance::Rejected(words) => Some(Obstacle::lasting(
                Reason::RouteRejected,
                format!("Gateway {gateway} refuses the HTTPRoute: {words}"),
            )),
        }
    }

    fn taken_at(&self) -> Option<Timestamp> {
        made_at(&self.metadata).max(accepted_at(self))
    }

    /// Nothing: all that is chosen for an HTTPRoute is chosen with each write.
    fn keep_defaults(&mut self, _live: &Self) {}

    fn disagreements(&self, wanted: &Self) -> Vec<Disagreement> {
        let (theirs, ours) = (gateway(self), gateway(wanted));
        if theirs == ours { vec![] } else { vec![("spec.route.gateway", Some(theirs), Some(ours))] }
    }
}

fn made_at(metadata: &ObjectMeta) -> Option<Timestamp> {
    metadata.creation_timestamp.as_ref().map(|created| created.0)
}

/// The cluster knows no HTTPRoutes, and the class wants them.
pub(crate) fn gateway_api_missing() -> Obstacle {
    Obstacle::lasting(
        Reason::GatewayAPIMissing,
        "the cluster does not serve httproutes of gateway.networking.k8s.io/v1",
    )
}
