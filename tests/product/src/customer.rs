//! A customer's tenant, seen from outside: wait for it, and read what its administrator is handed.

use std::time::{Duration, Instant};

use crds::ScimTenant;
use identity_provider::{Connection, Credential, Request};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use crate::Error;
use crate::handed::{Handed, text};

const POLL: Duration = Duration::from_millis(50);

/// A ScimTenant that became Ready.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What the customer pastes as Tenant URL.
    pub tenant_url: String,
    /// Where an identity provider gets access tokens, if it does.
    pub token_url: Option<String>,
    /// The Secret that holds what is handed, or what was brought; empty when there is none.
    pub secret_name: String,
    /// What the customer pastes besides.
    pub handed: Handed,
    /// What the customer pastes as Secret Token; empty when nothing is handed that is good as one.
    pub token: String,
    /// How long it took from the beginning of the wait until `Ready`.
    pub ready_after: Duration,
}

impl Customer {
    /// Waits until the tenant is Ready for its present generation, then reads its status and what its Secret holds.
    pub async fn when_ready(
        client: &Client,
        namespace: &str,
        name: &str,
        within: Duration,
    ) -> Result<Self, Error> {
        let begin = Instant::now();
        let tenants: Api<ScimTenant> = Api::namespaced(client.clone(), namespace);
        let tenant = loop {
            let tenant = tenants.get(name).await?;
            if is_ready(&tenant) {
                break tenant;
            }
            if begin.elapsed() > within {
                let conditions = written_conditions(&tenant);
                return Err(Error::NotReady { tenant: format!("{namespace}/{name}"), within, conditions });
            }
            tokio::time::sleep(POLL).await;
        };
        let ready_after = begin.elapsed();
        let missing = |what| Error::Incomplete { tenant: format!("{namespace}/{name}"), what };
        let status = tenant.status.unwrap_or_default();
        let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
        let secret = match &status.secret_name {
            Some(name) => Some(secrets.get(name).await?),
            None => None,
        };
        let handed = Handed::in_secret(secret.as_ref()).map_err(missing)?;
        let ours = secret.filter(|_| handed != Handed::Nothing);
        let tenant_url = match ours {
            Some(secret) => text(&secret, "tenantURL").ok_or_else(|| missing("tenantURL in its Secret"))?,
            None => status.tenant_url.ok_or_else(|| missing("status.tenantURL"))?,
        };
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            tenant_url,
            token_url: status.token_url,
            secret_name: status.secret_name.unwrap_or_default(),
            token: handed.token().unwrap_or_default().to_owned(),
            handed,
            ready_after,
        })
    }

    /// Waits until a request to the Tenant URL gets to a server. `Ready` says that the route was applied; the ingress
    /// controller takes a moment to follow it. Where nothing is handed, the refusal of a server is enough.
    pub async fn reachable(&self, within: Duration) -> Result<(), Error> {
        let begin = Instant::now();
        let connection = self.connection()?;
        let expected = if self.handed == Handed::Nothing { 401 } else { 200 };
        loop {
            let answer = connection.send(Request::new(http::Method::GET, "/ServiceProviderConfig")).await;
            match answer.and_then(|exchange| exchange.expect(&[expected])) {
                Ok(_) => return Ok(()),
                Err(error) if begin.elapsed() > within => return Err(error.into()),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// The connection that an identity provider makes of Tenant URL and what is handed.
    pub fn connection(&self) -> Result<Connection, Error> {
        self.connection_with(self.handed.credential())
    }

    /// The connection of an identity provider that has this instead: what was brought, an assertion, a JWT.
    pub fn connection_with(&self, credential: Credential) -> Result<Connection, Error> {
        Ok(Connection::new(&self.tenant_url, "")?.with_credential(credential))
    }
}

/// Whether `Ready` is true and about what the spec says now.
fn is_ready(tenant: &ScimTenant) -> bool {
    let Some(status) = &tenant.status else { return false };
    status.observed_generation == tenant.metadata.generation
        && status.conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn written_conditions(tenant: &ScimTenant) -> String {
    let conditions = tenant.status.iter().flat_map(|status| &status.conditions);
    let written: Vec<String> = conditions
        .map(|condition| {
            format!("{}={} ({}: {})", condition.type_, condition.status, condition.reason, condition.message)
        })
        .collect();
    if written.is_empty() { "none yet".to_owned() } else { written.join("; ") }
}
