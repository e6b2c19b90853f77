//! What is to be done about a class's catch-alls of one kind: pure.

use std::collections::{BTreeMap, HashSet};

use crds::metadata::label;
use crds::{Reason, ScimTenantClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource as _, ResourceExt as _};

use crate::obstacle::Obstacle;
use crate::route::Route;

/// What is to be done about a class's catch-alls of one kind.
#[derive(Debug)]
pub(super) struct Plan<K> {
    /// What is to be, and what is now.
    pub(super) changes: Vec<(K, Option<K>)>,
    /// What the class made and does not want.
    pub(super) unwanted: Vec<K>,
    /// What cannot be made.
    pub(super) obstacles: Vec<Obstacle>,
    /// The names of wanted routes that requests cannot take, whatever is done.
    pub(super) waiting: HashSet<String>,
}

/// Plans the catch-alls of a class. `own` is all that the class made, `others` what is there under wanted names besides.
pub(super) fn plan<K: Route>(
    class: &ScimTenantClass,
    wanted: Vec<K>,
    own: Vec<K>,
    others: Vec<K>,
) -> Plan<K> {
    let named = |routes: Vec<K>| -> BTreeMap<String, K> {
        routes.into_iter().map(|route| (route.name_any(), route)).collect()
    };
    let (mut own, mut others) = (named(own), named(others));
    let mut plan = Plan { changes: vec![], unwanted: vec![], obstacles: vec![], waiting: HashSet::new() };
    for mut desired in wanted {
        let name = desired.name_any();
        match others.remove(&name) {
            Some(theirs) if !is_controlled_by(&theirs, class) => {
                let obstacle = shared(&theirs, &desired).err();
                if obstacle.is_some() || theirs.hindrance().is_some() {
                    plan.waiting.insert(name);
                }
                plan.obstacles.extend(obstacle);
            }
            // Ours, but for a label that somebody took away.
            unlabelled => {
                let live = own.remove(&name).or(unlabelled);
                if let Some(live) = &live {
                    desired.keep_defaults(live);
                }
                plan.changes.push((desired, live));
            }
        }
    }
    plan.unwanted = own.into_values().collect();
    plan
}

/// Whether the class made a route that has its labels: nobody else is the controller.
pub(super) fn is_made_by<K: Route>(class: &ScimTenantClass, route: &K) -> bool {
    controller(route).is_none() || is_controlled_by(route, class)
}

fn is_controlled_by<K: Route>(route: &K, class: &ScimTenantClass) -> bool {
    controller(route).is_some_and(|owner| Some(&owner.uid) == class.metadata.uid.as_ref())
}

/// Whether a route that does not belong to the class does for it: another class of this installation made it, and it leads
/// requests like the one that this class would make.
fn shared<K: Route>(live: &K, desired: &K) -> Result<(), Obstacle> {
    let (kind, name) = (K::kind(&()), desired.name_any());
    let labels = [label::MANAGED_BY, label::INSTALLATION];
    let is_of_installation = labels.iter().all(|key| live.labels().get(*key) == desired.labels().get(*key));
    let is_of_class = |owner: &&OwnerReference| owner.kind == ScimTenantClass::kind(&());
    let Some(other) = controller(live).filter(is_of_class).filter(|_| is_of_installation) else {
        let namespace = desired.namespace().unwrap_or_default();
        return Err(taken(format!(
            "the {kind} {name} in namespace {namespace} is there and does not belong to this class"
        )));
    };
    let disagreements = live.disagreements(desired);
    if disagreements.is_empty() {
        return Ok(());
    }
    let or_not_set = |value: Option<String>| value.unwrap_or_else(|| "not set".to_owned());
    let words: Vec<String> = disagreements
        .into_iter()
        .map(|(field, theirs, ours)| {
            format!("{field} is {} there and {} here", or_not_set(theirs), or_not_set(ours))
        })
        .collect();
    Err(taken(format!(
        "ScimTenantClass {} has the same host and made the {kind} {name} for it; {}",
        other.name,
        words.join(", ")
    )))
}

fn taken(message: String) -> Obstacle {
    Obstacle::lasting(Reason::RouteNameTaken, message)
}

fn controller<K: Route>(route: &K) -> Option<&OwnerReference> {
    route.owner_references().iter().find(|owner| owner.controller == Some(true))
}

#[cfg(test)]
mod tests;
