//! Group Push `[okta]`.

use serde_json::{Value, json};

use super::{Application, HEADERS, PATCH_OP};
use crate::{Error, Exchange, Request};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Okta's own, which may ride along with a description.
const CUSTOM_GROUP: &str = "urn:okta:custom:group:1.0";

/// A member of a pushed group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its id at the service.
    pub id: String,
    /// Its user name, which Okta sends as `display`.
    pub user_name: String,
}

impl Application {
    /// Pushes a group, which is empty at first. The id at the service, and what was sent.
    pub async fn push_group(&self, display_name: &str) -> Result<(String, Exchange), Error> {
        let body = new_group(display_name);
        let created = self.write(http::Method::POST, "/Groups", &body).await?.expect(&[201])?;
        Ok((created.id()?, created))
    }

    /// Renames a group: a replace without path, with `id` inside the value. Okta sends it before each change of
    /// memberships too.
    pub async fn rename_group(&self, id: &str, display_name: &str) -> Result<Exchange, Error> {
        self.patch(&format!("/Groups/{id}"), &renamed(id, display_name)).await
    }

    /// Removes and adds members in one request.
    pub async fn change_members(
        &self,
        id: &str,
        removed: &[Member],
        added: &[Member],
    ) -> Result<Exchange, Error> {
        self.patch(&format!("/Groups/{id}"), &changed_members(removed, added)).await
    }

    /// A full push: exactly these are members, also none.
    pub async fn replace_members(&self, id: &str, members: &[Member]) -> Result<Exchange, Error> {
        self.patch(&format!("/Groups/{id}"), &replaced_members(members)).await
    }

    /// The same without path: SCIM-SDK#757, scimgateway#113.
    pub async fn replace_members_without_path(
        &self,
        id: &str,
        members: &[Member],
    ) -> Result<Exchange, Error> {
        let body = patch(&json!([{ "op": "replace", "value": { "members": values(members) } }]));
        self.patch(&format!("/Groups/{id}"), &body).await
    }

    /// Reads a group with its members.
    pub async fn get_group(&self, id: &str) -> Result<Exchange, Error> {
        self.get(&format!("/Groups/{id}"), &[]).await?.expect(&[200])
    }

    /// A PUT of the whole group, as applications of the wizard push it.
    pub async fn put_group(
        &self,
        id: &str,
        display_name: &str,
        members: &[Member],
    ) -> Result<Exchange, Error> {
        let mut body = new_group(display_name);
        body["id"] = json!(id);
        body["members"] = values(members);
        self.write(http::Method::PUT, &format!("/Groups/{id}"), &body).await?.expect(&[200])
    }

    /// Unlinks a group and deletes it at the service.
    pub async fn delete_group(&self, id: &str) -> Result<Exchange, Error> {
        let request = Request::new(http::Method::DELETE, format!("/Groups/{id}"));
        self.connection.send(request.headers(HEADERS)).await?.expect(&[204])
    }
}

fn new_group(display_name: &str) -> Value {
    json!({
        "schemas": [GROUP, CUSTOM_GROUP],
        "displayName": display_name,
        "members": [],
        CUSTOM_GROUP: { "description": "pushed by Okta" },
    })
}

fn renamed(id: &str, display_name: &str) -> Value {
    patch(&json!([{ "op": "replace", "value": { "id": id, "displayName": display_name } }]))
}

fn changed_members(removed: &[Member], added: &[Member]) -> Value {
    let removals = removed
        .iter()
        .map(|member| json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", member.id) }));
    let addition =
        (!added.is_empty()).then(|| json!({ "op": "add", "path": "members", "value": values(added) }));
    patch(&removals.chain(addition).collect())
}

fn replaced_members(members: &[Member]) -> Value {
    patch(&json!([{ "op": "replace", "path": "members", "value": values(members) }]))
}

fn values(members: &[Member]) -> Value {
    members.iter().map(|member| json!({ "value": member.id, "display": member.user_name })).collect()
}

fn patch(operations: &Value) -> Value {
    json!({ "schemas": [PATCH_OP], "Operations": operations })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str) -> Member {
        Member { id: id.to_owned(), user_name: format!("{id}@acme.example") }
    }

    #[test]
    fn a_group_is_renamed_by_a_replace_without_path_with_its_id_inside() {
        insta::assert_snapshot!(renamed("1a", "Finance"), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"id":"1a","displayName":"Finance"}}]}"#);
    }

    #[test]
    fn members_are_removed_by_value_path_and_added_in_one_request() {
        insta::assert_snapshot!(changed_members(&[member("1a")], &[member("2b")]), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"1a\"]"},{"op":"add","path":"members","value":[{"value":"2b","display":"2b@acme.example"}]}]}"#);
    }

    #[test]
    fn a_full_push_may_empty_the_group() {
        insta::assert_snapshot!(replaced_members(&[]), @r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"members","value":[]}]}"#);
    }
}
