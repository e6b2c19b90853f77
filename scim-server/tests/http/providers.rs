//! The requests of identity providers, as their documents, their source or other people's logs show them: one file
//! for each provider. `docs/identity-providers.md` lists what they show.

mod authentik;
mod entra;
mod google_workspace;
mod jumpcloud;
mod keycloak;
mod okta;
mod onelogin;
mod ping;
mod rippling;
mod sailpoint;

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Answer, Client, Scene, answer};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const SCIM: &str = "application/scim+json";
const SCIM_UTF8: &str = "application/scim+json; charset=utf-8";
const JSON: &str = "application/json";

/// A provider's connection to one tenant: its headers go with every request.
struct Connection {
    scim: Client,
    content_type: &'static str,
    headers: &'static [(&'static str, &'static str)],
}

impl Connection {
    fn new(
        scene: &Scene,
        content_type: &'static str,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { scim: scene.scim.clone(), content_type, headers }
    }

    /// Sends this path and query as they stand, and this body.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.scim.request(method, path);
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", self.content_type).body(body.to_string());
        }
        answer(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// What a GET finds, which must be there.
    async fn read(&self, path: &str) -> Value {
        let found = self.get(path).await;
        assert_eq!(found.status, 200, "{path}: {found:?}");
        found.body
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Creates, and returns the id.
    async fn create(&self, path: &str, body: Value) -> String {
        let created = self.post(path, body).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.id()
    }

    /// Creates a user and a group that no request means: whoever reads, changes or counts them has not looked at
    /// what was asked for.
    async fn create_bystanders(&self) {
        self.create("/Users", json!({"schemas": [USER], "userName": "bystander"})).await;
        self.create("/Groups", json!({"schemas": [GROUP], "displayName": "Bystanders"})).await;
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// A PATCH with these operations.
    async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// A PATCH that must succeed: with the resource, or without a body.
    async fn change(&self, path: &str, operations: Value) {
        let changed = self.patch(path, operations).await;
        assert!([200, 204].contains(&changed.status.as_u16()), "{changed:?}");
    }

    async fn delete(&self, path: &str) -> u16 {
        self.send(Method::DELETE, path, None).await.status.as_u16()
    }
}

/// The ids of a group's members, in the order of the answer.
fn members(group: &Value) -> Vec<&str> {
    let Some(members) = group["members"].as_array() else { return Vec::new() };
    members.iter().map(|member| member["value"].as_str().unwrap()).collect()
}
