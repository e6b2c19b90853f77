//! The rules of RBAC, taken apart: one right is one verb for one resource in one role.

use std::collections::BTreeSet;
use std::fmt;

use product::Denied;
use serde_json::{Value, json};

/// What one role allows.
#[derive(Clone, Debug)]
pub(crate) struct Right {
    /// Which of the objects.
    object: usize,
    rule: usize,
    role: String,
    /// Of a Role; that of a ClusterRole is good everywhere.
    pub(crate) namespace: Option<String>,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) verb: String,
    /// The only object that it is for.
    pub(crate) name: Option<String>,
}

/// All rights of the roles among these objects.
pub(crate) fn rights(objects: &[Value]) -> Vec<Right> {
    let mut rights = Vec::new();
    let roles = objects.iter().enumerate().filter(|(_, object)| is_role(object));
    for (object, role) in roles {
        for (rule, given) in role["rules"].as_array().unwrap().iter().enumerate() {
            for (group, resource, verb) in taken_apart(given) {
                rights.push(Right {
                    object,
                    rule,
                    role: role["metadata"]["name"].as_str().unwrap().to_owned(),
                    namespace: role["metadata"]["namespace"].as_str().map(str::to_owned),
                    group,
                    resource,
                    verb,
                    name: given["resourceNames"][0].as_str().map(str::to_owned),
                });
            }
        }
    }
    rights
}

/// The role that gives this right, and the same role without it.
pub(crate) fn without(objects: &[Value], right: &Right) -> (Value, Value) {
    let role = &objects[right.object];
    let mut rules = Vec::new();
    for (number, given) in role["rules"].as_array().unwrap().iter().enumerate() {
        for (group, resource, verb) in taken_apart(given) {
            if number == right.rule
                && (&group, &resource, &verb) == (&right.group, &right.resource, &right.verb)
            {
                continue;
            }
            let mut kept = json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
            if let Some(names) = given.get("resourceNames") {
                kept["resourceNames"] = names.clone();
            }
            rules.push(kept);
        }
    }
    let mut less = role.clone();
    less["rules"] = rules.into();
    (role.clone(), less)
}

fn is_role(object: &Value) -> bool {
    let aggregated = object["metadata"]["labels"].as_object().is_some_and(|labels| {
        labels.keys().any(|label| label.starts_with("rbac.authorization.k8s.io/aggregate-to-"))
    });
    !aggregated && (object["kind"] == "Role" || object["kind"] == "ClusterRole")
}

fn taken_apart(rule: &Value) -> impl Iterator<Item = (String, String, String)> {
    let texts = |key: &str| -> Vec<String> {
        rule[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let (groups, resources, verbs) = (texts("apiGroups"), texts("resources"), texts("verbs"));
    groups.into_iter().flat_map(move |group| {
        let verbs = verbs.clone();
        resources.clone().into_iter().flat_map(move |resource| {
            let group = group.clone();
            verbs.clone().into_iter().map(move |verb| (group.clone(), resource.clone(), verb))
        })
    })
}

impl Right {
    /// Whether this is what was refused for want of it.
    pub(crate) fn is(&self, denied: &Denied) -> bool {
        self.verb == denied.verb.to_string()
            && self.group == denied.group
            && self.resource == denied.resource
            && (self.namespace.is_none() || self.namespace == denied.namespace)
    }

    /// Whether it is among what was refused, and nothing else is.
    pub(crate) fn is_all_of(&self, denied: &BTreeSet<Denied>) -> bool {
        !denied.is_empty() && denied.iter().all(|one| self.is(one))
    }
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, verb, group, resource, .. } = self;
        write!(formatter, "{role}: {verb} {resource}.{group}")
    }
}
