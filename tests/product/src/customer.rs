//! A customer's tenant, seen from outside: wait for it, and read what its administrator is handed.

use std::time::{Duration, Instant};

use crds::ScimTenant;
use identity_provider::{Connection, Request};
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use crate::Error;

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
    /// The Secret that holds the token.
    pub secret_name: String,
    /// What the customer pastes as Secret Token.
    pub token: String,
    /// How long it took from the beginning of the wait until `Ready`.
    pub ready_after: Duration,
}

impl Customer {
    /// Waits until the tenant is Ready for its present generation, then reads URL and token from the Secret.
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
        let secret_name = tenant
            .status
            .and_then(|status| status.secret_name)
            .ok_or_else(|| missing("status.secretName"))?;
        let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
        let data = secrets.get(&secret_name).await?.data.unwrap_or_default();
        let text = |key: &str| data.get(key).and_then(|bytes| String::from_utf8(bytes.0.clone()).ok());
        let tenant_url = text("tenantURL").ok_or_else(|| missing("tenantURL in its Secret"))?;
        let token = text("token").ok_or_else(|| missing("token in its Secret"))?;
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            tenant_url,
            secret_name,
            token,
            ready_after,
        })
    }

    /// Waits until a request to the Tenant URL gets to a server. `Ready` says that the route was applied; the ingress
    /// controller takes a moment to follow it.
    pub async fn reachable(&self, within: Duration) -> Result<(), Error> {
        let begin = Instant::now();
        let connection = self.connection()?;
        loop {
            let answer = connection.send(Request::new(http::Method::GET, "/ServiceProviderConfig")).await;
            match answer.and_then(|exchange| exchange.expect(&[200])) {
                Ok(_) => return Ok(()),
                Err(error) if begin.elapsed() > within => return Err(error.into()),
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// The connection that an identity provider makes of Tenant URL and token.
    pub fn connection(&self) -> Result<Connection, Error> {
        Ok(Connection::new(&self.tenant_url, &self.token)?)
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
