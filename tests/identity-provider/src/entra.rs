//! Entra ID's provisioning service: a job with its dialect, its mapping and its matching attribute.

mod cycle;
mod forms;
mod group;
mod patch;
mod user;

use uuid::Uuid;

use crate::{Attribute, Connection, Error, Exchange, Mapping, Request, query};

pub use cycle::{Cycle, Outcome, Provisioned};
pub use forms::{Form, Subject};
pub use patch::{Change, Operation, patch_body};

/// How a job writes PATCH requests `[compat]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// Without a flag, the default of existing jobs: `Add`, `Replace`, `Remove`, booleans as text, one operation an
    /// attribute.
    Classic,
    /// With `aadOptscim062020` in the Tenant URL: lower case, real booleans, one operation without path for all that
    /// needs no value path.
    OptScim062020,
}

/// A provisioning job.
#[derive(Debug, Clone)]
pub struct Job {
    connection: Connection,
    dialect: Dialect,
    mapping: Mapping,
    matching: Attribute,
}

impl Job {
    /// A job with the full mapping, which matches by `userName`. The flag of the dialect is put into the Tenant URL,
    /// as the customer would.
    pub fn new(connection: &Connection, dialect: Dialect) -> Self {
        let connection = match dialect {
            Dialect::Classic => connection.clone(),
            Dialect::OptScim062020 => connection.with_flags("aadOptscim062020"),
        };
        Self { connection, dialect, mapping: Mapping::Full, matching: Attribute::UserName }
    }

    /// With another mapping.
    #[must_use]
    pub fn mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = mapping;
        self
    }

    /// With another matching attribute: `externalId`, `emails[type eq "work"].value` and every other one are allowed.
    #[must_use]
    pub fn matching(mut self, attribute: Attribute) -> Self {
        self.matching = attribute;
        self
    }

    /// What the button Test Connection sends: a search for a random GUID by the matching attribute, which is to be
    /// answered by an empty list `[dev]`.
    pub async fn test_connection(&self) -> Result<Exchange, Error> {
        let exchange = self.search_users(&Uuid::now_v7().to_string()).await?;
        match exchange.list()? {
            (0, []) => Ok(exchange),
            _ => Err(exchange.unexpected("an empty list")),
        }
    }

    async fn search_users(&self, matching_value: &str) -> Result<Exchange, Error> {
        let filter = query::equals(&self.matching.to_string(), matching_value);
        self.get("/Users", &[("filter", &filter)]).await?.expect(&[200])
    }

    async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Exchange, Error> {
        let request = Request::new(http::Method::GET, path).query(query::form_encoded(parameters));
        self.connection.send(request.headers(HEADERS)).await
    }

    async fn write(
        &self,
        method: http::Method,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<Exchange, Error> {
        self.connection.send(Request::new(method, path).headers(HEADERS).json(body)).await
    }

    /// A PATCH, which may be answered with or without the resource `[dev]`.
    async fn patch(&self, path: &str, changes: &[Change]) -> Result<Exchange, Error> {
        let body = patch_body(self.dialect, changes);
        self.write(http::Method::PATCH, path, &body).await?.expect(&[200, 204])
    }

    /// A DELETE. That the object is gone already is as good `[dev]`.
    async fn delete(&self, path: &str) -> Result<Exchange, Error> {
        let request = Request::new(http::Method::DELETE, path).headers(HEADERS);
        self.connection.send(request).await?.expect(&[204, 404])
    }
}

/// bitwarden/server tells Entra apart by `Adscimversion`.
const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/scim+json; charset=utf-8"),
    ("Accept", "application/scim+json"),
    ("ADSCIMVersion", "2.0"),
];
