//! `uninstall`: an operator that goes leaves nothing behind that only an operator can take away. Finalizers would keep
//! namespaces from being deleted, and routes would lead to servers that are gone.
//!
//! The cleanup that a finalizer stands for is not run: it ends a customer's access, drops data by `deletionPolicy: Delete` and needs
//! PostgreSQL. To uninstall is no word about a customer. ScimTenants, their classes, their Secrets, and everything in
//! PostgreSQL stay, and an operator that is installed later under the same `--installation` takes all of it up:
//! the same schemas, and the same tokens.
//!
//! What is being deleted already goes with its finalizer. Its data stays in PostgreSQL; an operator that comes later finds it without
//! a tenant and retains it.

use std::pin::pin;
use std::time::Duration;

use clap::Args;
use crds::{ScimTenant, ScimTenantClass};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use tenancy::{InstallationId, Namespace};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::commands::Logging;
use crate::error::Error;
use crate::finalizer::{self, CLASS_IN_USE, TENANT};
use crate::lease::{Candidate, Lost};
use crate::object::selector;
use crate::page;
use crate::route::{GatewayApi, HttpRoute, Route, delete_all};
use crate::scope::Scope;
use crate::tenant::lets_go;

/// How long an operator may take to let the Lease go. One that was killed holds it for 15 seconds.
const LEASE_WAIT: Duration = Duration::from_mins(1);
/// How often what somebody else wrote at the same time is read again, and the time between.
const ROUNDS: usize = 10;
const PAUSE: Duration = Duration::from_secs(1);
/// Tenants that are written at once.
const CONCURRENCY: usize = 8;

/// What `uninstall` takes: what tells the operator's installation from others, as the operator takes it, and its Deployment.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The name of the installation in the registry, by which its routes are known
    #[arg(long, env = "SCIM_INSTALLATION", value_name = "NAME")]
    installation: InstallationId,

    /// The controllerName of the classes that the operator serves
    #[arg(
        long,
        env = "SCIM_CONTROLLER_NAME",
        value_name = "NAME",
        default_value = crds::class::DEFAULT_CONTROLLER_NAME
    )]
    controller_name: String,

    /// The only namespaces that the operator works in, separated by commas; without it, the whole cluster
    #[arg(long, env = "SCIM_WATCH_NAMESPACES", value_name = "NAMESPACES", value_delimiter = ',')]
    watch_namespaces: Vec<Namespace>,

    /// The namespace of the servers, where the routes are, and of the operator's Deployment
    #[arg(long, env = "SCIM_SERVER_NAMESPACE", value_name = "NAMESPACE", default_value = "scim-system")]
    server_namespace: Namespace,

    /// The Deployment of the operator
    #[arg(long, value_name = "NAME")]
    deployment: String,

    /// The namespace of the Lease; without it, the namespace of the servers
    #[arg(long, env = "SCIM_LEASE_NAMESPACE", value_name = "NAMESPACE")]
    lease_namespace: Option<Namespace>,

    /// The Lease of the operators
    #[arg(long, env = "SCIM_LEASE_NAME", value_name = "NAME", default_value = "scim-operator")]
    lease_name: String,

    /// The name of this process in the Lease; without it, a random one
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    identity: Option<String>,

    #[command(flatten)]
    pub(super) logging: Logging,
}

/// Why something of the operator is left.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UninstallError {
    /// The operator goes on working.
    #[error("the Deployment {deployment} in the namespace {namespace} cannot be scaled to 0")]
    Running {
        /// Its namespace.
        namespace: Namespace,
        /// Its name.
        deployment: String,
        /// In the words of the API server.
        source: kube::Error,
    },
    /// An operator works, though its Deployment has no replicas.
    #[error(
        "a process still holds the Lease {lease} in the namespace {namespace} after {} seconds (kubectl get lease {lease} -n \
         {namespace}); end it, then run this again: it would set the finalizers anew", LEASE_WAIT.as_secs()
    )]
    Led {
        /// The namespace of the Lease.
        namespace: Namespace,
        /// Its name.
        lease: String,
    },
    /// An operator was started meanwhile.
    #[error("an operator works again; end it, then run this again")]
    Lost(#[from] Lost),
    /// Somebody writes these objects all the time.
    #[error("somebody else writes {0} again and again; run this once more when nobody does")]
    Raced(String),
    /// The operating system gives no random bits.
    #[error("the operating system gives no random bits")]
    Random(#[source] getrandom::Error),
    /// The API server does not do what it is asked.
    #[error("{what} cannot be read or written")]
    Refused {
        /// Of what.
        what: &'static str,
        /// Why not.
        source: Error,
    },
}

/// Ends the operator, then takes finalizers and routes away. It may be run again and goes on where it stopped.
///
/// The Lease stays taken and runs out 15 seconds later: a pod of the operator that has not heard yet that it is to end must not
/// set the finalizers anew. Whoever installs again at once waits for as long.
///
/// Beside the operator's rights it needs `patch` of `deployments/scale`. Of the operator's it uses `list` and `patch` of
/// `scimtenants`, `list` of `scimtenantclasses` and, for the whole cluster, `patch` of them, `list` and `delete` of `ingresses`
/// and `httproutes`, and `get`, `create` and `update` of `leases`.
pub(super) async fn run(arguments: &Arguments, client: Client) -> Result<(), UninstallError> {
    scale_to_zero(arguments, &client).await?;
    let namespace = arguments.lease_namespace.as_ref().unwrap_or(&arguments.server_namespace);
    let lease = &arguments.lease_name;
    let identity = identity(arguments).map_err(UninstallError::Random)?;
    let candidate = Candidate::new(client.clone(), namespace.as_str(), lease, &identity);
    let Ok(mut leadership) = timeout(LEASE_WAIT, candidate.lead()).await else {
        return Err(UninstallError::Led { namespace: namespace.clone(), lease: lease.clone() });
    };
    tokio::select! {
        lost = leadership.keep() => Err(lost.into()),
        done = take_away(arguments, &client) => done,
    }
}

async fn take_away(arguments: &Arguments, client: &Client) -> Result<(), UninstallError> {
    let classes: Api<ScimTenantClass> = Api::all(client.clone());
    let found = unless_unknown(page::all(&classes, ListParams::default()).await)
        .map_err(refused("ScimTenantClasses"))?;
    let scope = Scope::from(arguments.watch_namespaces.clone());
    for tenants in scope.apis::<ScimTenant>(client) {
        let found = found.as_deref().unwrap_or_default();
        until_written("ScimTenants", async || free_tenants(&tenants, found, arguments, client).await).await?;
    }
    // An operator of some namespaces sets no finalizer of a class, and may not take one away.
    if scope == Scope::Cluster {
        until_written("ScimTenantClasses", async || free_classes(&classes, arguments).await).await?;
    }
    let namespace = arguments.server_namespace.as_str();
    delete_routes::<Ingress>(arguments, &Api::namespaced(client.clone(), namespace)).await?;
    let gateway_api = GatewayApi::default().has_http_routes(client).await.map_err(refused("HTTPRoutes"))?;
    if gateway_api {
        delete_routes::<HttpRoute>(arguments, &Api::namespaced(client.clone(), namespace)).await?;
    }
    Ok(())
}

async fn scale_to_zero(arguments: &Arguments, client: &Client) -> Result<(), UninstallError> {
    let (namespace, deployment) = (&arguments.server_namespace, &arguments.deployment);
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace.as_str());
    let none = Patch::Merge(json!({"spec": {"replicas": 0}}));
    match deployments.patch_scale(deployment, &PatchParams::default(), &none).await {
        Ok(_) => info!(deployment, "scaled the operator to 0"),
        Err(kube::Error::Api(status)) if status.is_not_found() => {
            info!(deployment, "the Deployment of the operator is gone already");
        }
        Err(source) => {
            let (namespace, deployment) = (namespace.clone(), deployment.clone());
            return Err(UninstallError::Running { namespace, deployment, source });
        }
    }
    Ok(())
}

/// Whether another look is needed, because somebody else wrote an object at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Done,
    Again,
}

/// Passes again, until there is nothing left. Reading anew is listing anew: no right to `get` is needed.
async fn until_written(
    what: &'static str,
    pass: impl AsyncFn() -> Result<Pass, Error>,
) -> Result<(), UninstallError> {
    for _ in 0..ROUNDS {
        if pass().await.map_err(refused(what))? == Pass::Done {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(UninstallError::Raced(what.to_owned()))
}

/// Frees the tenants that this operator would let go, page by page.
async fn free_tenants(
    tenants: &Api<ScimTenant>,
    classes: &[ScimTenantClass],
    arguments: &Arguments,
    client: &Client,
) -> Result<Pass, Error> {
    let is_ours = |tenant: &ScimTenant| lets_go(tenant, classes, &arguments.controller_name);
    let mut pass = Pass::Done;
    let mut pages = pin!(page::pages(tenants, ListParams::default()));
    while let Some(page) = unless_unknown(pages.try_next().await)?.flatten() {
        let held = page.into_iter().filter(|tenant| finalizer::is_set(tenant, TENANT) && is_ours(tenant));
        let freed = stream::iter(held).map(|tenant| async move { free_tenant(&tenant, client).await });
        let freed: Vec<Pass> = freed.buffer_unordered(CONCURRENCY).try_collect().await?;
        if freed.contains(&Pass::Again) {
            pass = Pass::Again;
        }
    }
    Ok(pass)
}

async fn free_tenant(tenant: &ScimTenant, client: &Client) -> Result<Pass, Error> {
    let (namespace, name) = (tenant.namespace().unwrap_or_default(), tenant.name_any());
    let tenants = Api::namespaced(client.clone(), &namespace);
    match finalizer::remove(tenant, TENANT, &tenants).await {
        Ok(_) => {}
        Err(Error::Raced) => return Ok(Pass::Again),
        Err(error) => return Err(error),
    }
    if tenant.metadata.deletion_timestamp.is_some() {
        let schema = tenant.status.as_ref().and_then(|status| status.database_schema.as_deref());
        warn!(
            namespace,
            name,
            schema,
            "was being deleted and goes now; its data stays in PostgreSQL, whatever its deletion policy says"
        );
    } else {
        info!(namespace, name, "took the finalizer of a ScimTenant away");
    }
    Ok(Pass::Done)
}

async fn free_classes(classes: &Api<ScimTenantClass>, arguments: &Arguments) -> Result<Pass, Error> {
    let found = unless_unknown(page::all(classes, ListParams::default()).await)?.unwrap_or_default();
    let is_ours = |class: &&ScimTenantClass| class.spec.controller_name == arguments.controller_name;
    let mut pass = Pass::Done;
    for class in found.iter().filter(is_ours).filter(|class| finalizer::is_set(*class, CLASS_IN_USE)) {
        match finalizer::remove(class, CLASS_IN_USE, classes).await {
            Ok(_) => info!(name = class.name_any(), "took the finalizer of a ScimTenantClass away"),
            Err(Error::Raced) => pass = Pass::Again,
            Err(error) => return Err(error),
        }
    }
    Ok(pass)
}

/// Deletes the routes of a kind that the installation made, for tenants and for hosts.
async fn delete_routes<K: Route>(arguments: &Arguments, api: &Api<K>) -> Result<(), UninstallError> {
    let ours = ListParams::default().labels(&selector(&arguments.installation));
    let routes = page::all(api, ours).await.map_err(refused("routes"))?;
    delete_all(api, &routes).await.map_err(|source| UninstallError::Refused { what: "routes", source })?;
    info!(kind = %K::kind(&()), number = routes.len(), "deleted the routes");
    Ok(())
}

/// `None` when the cluster does not know the kind: somebody has removed the CRDs, and the objects went with them.
fn unless_unknown<T>(listed: Result<T, kube::Error>) -> Result<Option<T>, kube::Error> {
    match listed {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(None),
        listed => listed.map(Some),
    }
}

fn refused<E: Into<Error>>(what: &'static str) -> impl Fn(E) -> UninstallError {
    move |error| UninstallError::Refused { what, source: error.into() }
}

fn identity(arguments: &Arguments) -> Result<String, getrandom::Error> {
    match &arguments.identity {
        Some(identity) => Ok(identity.clone()),
        None => Ok(format!("uninstall-{:016x}", getrandom::u64()?)),
    }
}
