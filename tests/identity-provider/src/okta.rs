//! Okta's provisioning: an application with its integration type.

mod group;
mod import;
mod profile;
mod user;

use serde_json::Value;

use crate::{Connection, Error, Exchange, Request, query};

pub use group::Member;
pub use import::Import;

/// How an application was added to Okta; it decides how users are updated `[okta]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Integration {
    /// From the Okta Integration Network: PATCH for `active`, PUT for the profile.
    Network,
    /// From the App Integration Wizard: GET, then PUT of the whole resource, for everything.
    Wizard,
}

/// An application in Okta.
#[derive(Debug, Clone)]
pub struct Application {
    connection: Connection,
    integration: Integration,
}

/// Users and groups are read in pages of this size `[okta]`.
const PAGE: usize = 100;
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

impl Application {
    /// An application.
    pub fn new(connection: &Connection, integration: Integration) -> Self {
        Self { connection: connection.clone(), integration }
    }

    /// What "Test API Credentials" sends `[okta]`. A service without groups answers 404 to the second request.
    pub async fn credentials_test(&self) -> Result<Vec<Exchange>, Error> {
        let users = self.get("/Users", &[("startIndex", "1"), ("count", "2")]).await?.expect(&[200])?;
        users.list()?;
        let groups =
            self.get("/Groups", &[("startIndex", "1"), ("count", "100")]).await?.expect(&[200, 404])?;
        if groups.response.status == 200 {
            groups.list()?;
        }
        Ok(vec![users, groups])
    }

    async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Exchange, Error> {
        let request = Request::new(http::Method::GET, path).query(query::percent_encoded(parameters));
        self.connection.send(request.headers(HEADERS)).await
    }

    async fn write(&self, method: http::Method, path: &str, body: &Value) -> Result<Exchange, Error> {
        self.connection.send(Request::new(method, path).headers(HEADERS).json(body)).await
    }

    /// A PATCH, which may be answered with or without the resource `[okta]`.
    async fn patch(&self, path: &str, body: &Value) -> Result<Exchange, Error> {
        self.write(http::Method::PATCH, path, body).await?.expect(&[200, 204])
    }
}

const HEADERS: &[(&str, &str)] = &[
    ("User-Agent", "Okta SCIM Client 1.0.0"),
    ("Accept", "application/scim+json"),
    ("Accept-Charset", "utf-8"),
    ("Content-Type", "application/scim+json; charset=utf-8"),
];
