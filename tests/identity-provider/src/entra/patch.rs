//! The bodies of Entra's PATCH requests in its two dialects.

use serde_json::{Map, Value, json};

use super::Dialect;
use crate::Attribute;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What is done to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The service has no value yet.
    Add,
    /// The service has another value.
    Replace,
    /// The value is to go.
    Remove,
}

/// One change of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An attribute of a user.
    Attribute {
        /// What is done.
        operation: Operation,
        /// To which attribute.
        attribute: Attribute,
        /// The new value, as it stands in a document; for a manager its id at the service.
        value: Value,
    },
    /// An attribute of a group: `displayName` or `externalId`.
    GroupAttribute {
        /// The attribute's name.
        name: &'static str,
        /// The new value.
        value: String,
    },
    /// Several members at once, by their ids at the service.
    AddMembers(Vec<String>),
    /// Several members at once, by their ids at the service.
    RemoveMembers(Vec<String>),
}

/// The body of a PATCH request for these changes.
pub fn patch_body(dialect: Dialect, changes: &[Change]) -> Value {
    let operations = match dialect {
        Dialect::Classic => changes.iter().map(classic).collect(),
        Dialect::OptScim062020 => flagged(changes),
    };
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

/// One operation for each change, names of operations capitalised, booleans as text `[compat]`.
fn classic(change: &Change) -> Value {
    match change {
        Change::Attribute { operation: Operation::Remove, attribute, .. } => {
            json!({ "op": "Remove", "path": attribute.to_string() })
        }
        Change::Attribute { operation, attribute, value } => {
            let op = if *operation == Operation::Add { "Add" } else { "Replace" };
            json!({ "op": op, "path": attribute.to_string(), "value": classic_value(attribute, value) })
        }
        Change::GroupAttribute { name, value } => json!({ "op": "Replace", "path": name, "value": value }),
        Change::AddMembers(members) => {
            json!({ "op": "Add", "path": "members", "value": references(members) })
        }
        // Only these members, although the path names all: azure-docs#30826.
        Change::RemoveMembers(members) => {
            json!({ "op": "Remove", "path": "members", "value": references(members) })
        }
    }
}

fn classic_value(attribute: &Attribute, value: &Value) -> Value {
    match (attribute, value) {
        (Attribute::Active, Value::Bool(active)) => json!(if *active { "True" } else { "False" }),
        // Several strings come as complex values: SCIM-SDK#516.
        (Attribute::Folders, Value::Array(values)) => {
            values.iter().map(|value| json!({ "value": value })).collect()
        }
        _ => value.clone(),
    }
}

/// `[{"$ref": null, "value": id}]` `[dev]`.
fn references(members: &[String]) -> Value {
    members.iter().map(|member| json!({ "$ref": null, "value": member })).collect()
}

/// Value paths first, then for all the rest one operation without path for what is added and one for what is
/// replaced, whose keys are dotted names and full URNs `[compat]`.
fn flagged(changes: &[Change]) -> Vec<Value> {
    let (mut with_path, mut added, mut replaced) = (Vec::new(), Map::new(), Map::new());
    for change in changes {
        match change {
            Change::Attribute { operation: Operation::Remove, attribute, .. } => {
                with_path.push(json!({ "op": "remove", "path": attribute.to_string() }));
            }
            Change::Attribute { operation, attribute, value } => {
                let is_added = *operation == Operation::Add;
                let op = if is_added { "add" } else { "replace" };
                if attribute.is_element() || *attribute == Attribute::Active {
                    with_path.push(json!({ "op": op, "path": attribute.to_string(), "value": value }));
                } else {
                    let keys = if is_added { &mut added } else { &mut replaced };
                    keys.insert(attribute.to_string(), value.clone());
                }
            }
            Change::GroupAttribute { name, value } => {
                replaced.insert((*name).to_owned(), json!(value));
            }
            Change::AddMembers(members) => {
                let members = members.iter().map(|member| json!({ "value": member })).collect::<Value>();
                with_path.push(json!({ "op": "add", "path": "members", "value": members }));
            }
            Change::RemoveMembers(members) => {
                let removals = members.iter().map(|member| format!("members[value eq \"{member}\"]"));
                with_path.extend(removals.map(|path| json!({ "op": "remove", "path": path })));
            }
        }
    }
    let without_path = [("add", added), ("replace", replaced)].into_iter();
    let without_path = without_path.filter(|(_, keys)| !keys.is_empty());
    with_path.into_iter().chain(without_path.map(|(op, keys)| json!({ "op": op, "value": keys }))).collect()
}

#[cfg(test)]
mod tests;
