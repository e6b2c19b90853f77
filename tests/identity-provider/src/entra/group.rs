//! What a job does to one group.

use serde_json::{Value, json};

use super::{Change, Job};
use crate::{Error, Exchange, Group, GroupMapping, query};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Entra's own, which stands beside the standard one `[dev]`.
const LEGACY_GROUP: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

impl Job {
    /// Looks the group up by its name, without its members `[dev]`: the id at the service, if there is one.
    pub async fn find_group(&self, group: &Group) -> Result<(Option<String>, Exchange), Error> {
        let filter = query::equals("displayName", &group.display_name);
        let parameters = [("excludedAttributes", "members"), ("filter", filter.as_str())];
        let exchange = self.get("/Groups", &parameters).await?.expect(&[200])?;
        let id = match exchange.list()? {
            (0, []) => None,
            (1, [found]) => found.get("id").and_then(Value::as_str).map(str::to_owned),
            _ => return Err(exchange.unexpected("one group at most")),
        };
        Ok((id, exchange))
    }

    /// Reads a group without its members, as Entra does `[dev]`.
    pub async fn get_group(&self, id: &str) -> Result<Exchange, Error> {
        let exchange =
            self.get(&format!("/Groups/{id}"), &[("excludedAttributes", "members")]).await?.expect(&[200])?;
        match exchange.document()?.get("members") {
            None => Ok(exchange),
            Some(_) => Err(exchange.unexpected("a group without its members")),
        }
    }

    /// Creates a group, which is empty at first `[dev]`. Its id is `exchange.id()?`.
    pub async fn create_group(&self, group: &Group) -> Result<Exchange, Error> {
        let exchange =
            self.write(http::Method::POST, "/Groups", &self.new_group(group)).await?.expect(&[201])?;
        exchange.id()?;
        Ok(exchange)
    }

    /// Renames a group.
    pub async fn rename_group(&self, id: &str, display_name: &str) -> Result<Exchange, Error> {
        let change = Change::GroupAttribute { name: "displayName", value: display_name.to_owned() };
        self.patch_group(id, &[change]).await
    }

    /// Adds members by their ids at the service, several in one request `[dev]`.
    pub async fn add_members(&self, id: &str, user_ids: &[String]) -> Result<Exchange, Error> {
        self.patch_group(id, &[Change::AddMembers(user_ids.to_vec())]).await
    }

    /// Removes members by their ids at the service, and nobody else.
    pub async fn remove_members(&self, id: &str, user_ids: &[String]) -> Result<Exchange, Error> {
        self.patch_group(id, &[Change::RemoveMembers(user_ids.to_vec())]).await
    }

    /// Deletes a group.
    pub async fn delete_group(&self, id: &str) -> Result<Exchange, Error> {
        self.delete(&format!("/Groups/{id}")).await
    }

    pub(super) async fn patch_group(&self, id: &str, changes: &[Change]) -> Result<Exchange, Error> {
        self.patch(&format!("/Groups/{id}"), changes).await
    }

    pub(super) fn new_group(&self, group: &Group) -> Value {
        let mut body = json!({
            "schemas": [GROUP, LEGACY_GROUP],
            "displayName": group.display_name,
            "meta": { "resourceType": "Group" },
        });
        if self.mapping.groups() == GroupMapping::Full {
            body["externalId"] = json!(group.object_id);
        }
        body
    }

    pub(super) fn group_differences(&self, group: &Group, held: &Value) -> Vec<Change> {
        let mut wanted = vec![("displayName", &group.display_name)];
        if self.mapping.groups() == GroupMapping::Full {
            wanted.push(("externalId", &group.object_id));
        }
        let changed = wanted.into_iter().filter(|(name, value)| held.get(name) != Some(&json!(value)));
        changed.map(|(name, value)| Change::GroupAttribute { name, value: value.clone() }).collect()
    }
}
