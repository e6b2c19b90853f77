//! `test-tenant`: a ScimTenant to try an installation with, as `helm test` does: made, waited for, its URL and token handed to
//! whoever plays the identity provider, and removed.
//!
//! Its data stays in PostgreSQL as the class's deletion policy says, and the next test takes it up again: the class decides what a
//! tenant may choose, so none is chosen here.

mod directory;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use crds::metadata::label;
use crds::{ConditionType, ScimTenant};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Client};
use process::arguments::duration;
use serde_json::json;
use tenancy::Namespace;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::commands::Logging;
use crate::commands::test_tenant::directory::{DirectoryError, write_connection};
use crate::conditions::find;
use crate::error::in_full;

/// The field manager of the ScimTenant.
const FIELD_MANAGER: &str = "scim-operator-test";
/// Time between two looks.
const POLL: Duration = Duration::from_millis(500);

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes the ScimTenant, waits until it is Ready, and writes its URL and token into files
    Create(Create),
    /// Deletes the ScimTenant and waits until it is gone
    Delete(Delete),
}

/// What `create` takes.
#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    target: Target,

    /// The class of the ScimTenant; without it, the default class
    #[arg(long, value_name = "NAME")]
    class_name: Option<String>,

    /// A folder that gets the files tenantURL and token
    #[arg(long, value_name = "PATH")]
    directory: Option<PathBuf>,
}

/// What `delete` takes.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    target: Target,
}

/// Which ScimTenant, and how patiently.
#[derive(Debug, Args)]
struct Target {
    /// The namespace of the ScimTenant
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Namespace,

    /// The name of the ScimTenant
    #[arg(long, value_name = "NAME")]
    name: String,

    /// How long it may take
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    timeout: Duration,

    #[command(flatten)]
    logging: Logging,
}

/// Why there is no connection to try, or why it is still there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TestTenantError {
    /// The API server does not do what it is asked.
    #[error("the ScimTenant {0} cannot be read or written")]
    Refused(String, #[source] kube::Error),
    /// The name is somebody else's.
    #[error("there is a ScimTenant {0} that no test made, and it is left as it is; choose another --name")]
    Foreign(String),
    /// The operator did not do it in time.
    #[error("the ScimTenant {tenant} is not {wanted} after {} seconds: {conditions}", .within.as_secs())]
    Late {
        /// Namespace and name.
        tenant: String,
        /// What it is not.
        wanted: &'static str,
        /// The time that it was given.
        within: Duration,
        /// What its conditions say.
        conditions: String,
    },
    /// Its Secret cannot be read.
    #[error("the Secret {0} of the ScimTenant cannot be read")]
    Secret(String, #[source] kube::Error),
    /// Its connection cannot be written.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl Command {
    pub(super) fn logging(&self) -> &Logging {
        let (Self::Create(Create { target, .. }) | Self::Delete(Delete { target })) = self;
        &target.logging
    }
}

/// Makes or removes the ScimTenant.
///
/// In its namespace, `create` needs `get`, `create` and `patch` of `scimtenants` and, with `--directory`, `get` of the Secret
/// (`<name>-scim`); `delete` needs `get` and `delete` of `scimtenants`.
pub(super) async fn run(command: &Command, client: Client) -> Result<(), TestTenantError> {
    match command {
        Command::Create(arguments) => create(arguments, client).await,
        Command::Delete(Delete { target }) => delete(target, client).await,
    }
}

async fn create(arguments: &Create, client: Client) -> Result<(), TestTenantError> {
    let Create { target, class_name, directory } = arguments;
    let begin = Instant::now();
    let tenants = target.tenants(&client);
    if target.find(&tenants).await?.is_some_and(|tenant| tenant.metadata.deletion_timestamp.is_some()) {
        target.is_gone(&tenants, begin).await?;
    }
    let mut tenant = json!({
        "apiVersion": "scim-operator.io/v1alpha1",
        "kind": "ScimTenant",
        "metadata": {"name": target.name, "labels": {label::MANAGED_BY: FIELD_MANAGER}},
        "spec": {"displayName": "Test of the installation"},
    });
    if let Some(class_name) = class_name {
        tenant["spec"]["className"] = json!(class_name);
    }
    let parameters = PatchParams::apply(FIELD_MANAGER).force();
    let applied = tenants.patch(&target.name, &parameters, &Patch::Apply(tenant)).await;
    applied.map_err(|source| TestTenantError::Refused(target.path(), source))?;
    info!(tenant = target.path(), "made a ScimTenant");
    let tenant = target.is_ready(&tenants, begin).await?;
    info!(tenant = target.path(), "is Ready after {:.1} s", begin.elapsed().as_secs_f32());
    if let Some(directory) = directory {
        let status = tenant.status.unwrap_or_default();
        let name = status.secret_name.unwrap_or_default();
        let secrets: Api<Secret> = Api::namespaced(client, target.namespace.as_str());
        let secret = secrets.get(&name).await.map_err(|source| TestTenantError::Secret(name, source))?;
        write_connection(&secret, directory)?;
        info!(directory = %directory.display(), "wrote tenantURL and token");
    }
    Ok(())
}

async fn delete(target: &Target, client: Client) -> Result<(), TestTenantError> {
    let begin = Instant::now();
    let tenants = target.tenants(&client);
    if target.find(&tenants).await?.is_some() {
        match tenants.delete(&target.name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            deleted => {
                deleted.map_err(|source| TestTenantError::Refused(target.path(), source))?;
            }
        }
        target.is_gone(&tenants, begin).await?;
    }
    info!(tenant = target.path(), "is gone");
    Ok(())
}

impl Target {
    fn tenants(&self, client: &Client) -> Api<ScimTenant> {
        Api::namespaced(client.clone(), self.namespace.as_str())
    }

    fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The ScimTenant that a test made; an error when it is a customer's.
    async fn find(&self, tenants: &Api<ScimTenant>) -> Result<Option<ScimTenant>, TestTenantError> {
        let found = tenants.get_opt(&self.name).await;
        let found = found.map_err(|source| TestTenantError::Refused(self.path(), source))?;
        match found {
            Some(tenant) if !is_a_tests(&tenant) => Err(TestTenantError::Foreign(self.path())),
            found => Ok(found),
        }
    }

    /// Waits until an identity provider can connect, and tells what the conditions say meanwhile.
    async fn is_ready(
        &self,
        tenants: &Api<ScimTenant>,
        begin: Instant,
    ) -> Result<ScimTenant, TestTenantError> {
        let mut told = String::new();
        loop {
            match self.find(tenants).await {
                Ok(Some(tenant)) if is_ready(&tenant) => return Ok(tenant),
                Ok(found) => {
                    let conditions = found.as_ref().map_or_else(|| "it is gone".to_owned(), conditions);
                    if conditions != told {
                        info!("waits: {conditions}");
                        told = conditions;
                    }
                }
                Err(error @ TestTenantError::Foreign(_)) => return Err(error),
                Err(error) => warn!(error = in_full(&error), "could not look at the ScimTenant; looks again"),
            }
            self.wait(begin, "Ready", &told).await?;
        }
    }

    async fn is_gone(&self, tenants: &Api<ScimTenant>, begin: Instant) -> Result<(), TestTenantError> {
        while let Some(tenant) = self.find(tenants).await? {
            self.wait(begin, "gone", &conditions(&tenant)).await?;
        }
        Ok(())
    }

    /// Lets some time pass; an error when none is left.
    async fn wait(
        &self,
        begin: Instant,
        wanted: &'static str,
        conditions: &str,
    ) -> Result<(), TestTenantError> {
        if begin.elapsed() > self.timeout {
            return Err(TestTenantError::Late {
                tenant: self.path(),
                wanted,
                within: self.timeout,
                conditions: conditions.to_owned(),
            });
        }
        sleep(POLL).await;
        Ok(())
    }
}

fn is_a_tests(tenant: &ScimTenant) -> bool {
    let labels = tenant.metadata.labels.as_ref();
    labels.and_then(|labels| labels.get(label::MANAGED_BY)).is_some_and(|manager| manager == FIELD_MANAGER)
}

fn is_ready(tenant: &ScimTenant) -> bool {
    let conditions = tenant.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    tenant.metadata.deletion_timestamp.is_none()
        && find(conditions, ConditionType::Ready).is_some_and(|ready| {
            ready.status == "True" && ready.observed_generation == tenant.metadata.generation
        })
}

/// In one line: what is not as it should be, with its reason.
fn conditions(tenant: &ScimTenant) -> String {
    let status = tenant.status.clone().unwrap_or_default();
    let told: Vec<String> = status
        .conditions
        .iter()
        .map(|one| match one.status.as_str() {
            "True" => format!("{}=True", one.type_),
            status => format!("{}={status} ({}: {})", one.type_, one.reason, one.message),
        })
        .collect();
    if told.is_empty() {
        return "no operator has looked at it yet: does one run, and does it work in this namespace?"
            .to_owned();
    }
    told.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn tenant(conditions: serde_json::Value) -> ScimTenant {
        let mut tenant = fixtures::tenant(json!({}));
        tenant.status.get_or_insert_default().conditions = serde_json::from_value(conditions).unwrap();
        tenant
    }

    fn condition(type_: &str, status: &str, generation: i64) -> serde_json::Value {
        json!({"type": type_, "status": status, "reason": "Waiting", "message": "for a class",
               "observedGeneration": generation, "lastTransitionTime": "2026-01-01T00:00:00Z"})
    }

    #[test]
    fn it_is_ready_when_that_is_said_of_its_present_generation() {
        let said = |status, generation| is_ready(&tenant(json!([condition("Ready", status, generation)])));
        assert!(said("True", 1));
        assert!(!said("False", 1) && !said("True", 0) && !is_ready(&tenant(json!([]))));
    }

    #[test]
    fn what_is_missing_is_told_with_its_reason() {
        insta::assert_snapshot!(
            conditions(&tenant(json!([condition("Accepted", "True", 1), condition("Ready", "False", 1)]))),
            @"Accepted=True; Ready=False (Waiting: for a class)"
        );
        insta::assert_snapshot!(
            conditions(&tenant(json!([]))),
            @"no operator has looked at it yet: does one run, and does it work in this namespace?"
        );
    }

    #[test]
    fn a_customers_tenant_is_not_a_tests() {
        let mut tenant = fixtures::tenant(json!({}));
        assert!(!is_a_tests(&tenant));
        let labels = tenant.metadata.labels.get_or_insert_default();
        labels.insert(label::MANAGED_BY.to_owned(), FIELD_MANAGER.to_owned());
        assert!(is_a_tests(&tenant));
    }
}
