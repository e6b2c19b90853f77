//! The life of the process: it starts, waits for the lease, reconciles, ends.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use database::migration::TenantMigrations;
use database::registry::Registry;
use database::{Database, Options};
use kube::Client;
use kube::runtime::events::{Recorder, Reporter};
use process::{Readiness, listener, observability, shutdown};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tracing::{info, warn};
use uuid::Uuid;

use crate::arguments::Arguments;
use crate::audit::{self, Audit};
use crate::backoff::Backoff;
use crate::census::Census;
use crate::class::SettledCatchAlls;
use crate::context::Context;
use crate::controllers;
use crate::error::in_full;
use crate::lease::{Candidate, Leadership, Lost};
use crate::metrics::{Metrics, TenantCollector};
use crate::object::FIELD_MANAGER;
use crate::registry::{Binding, MigratedRegistry, cluster_uid};
use crate::rollout::{self, Progress};
use crate::route::GatewayApi;
use crate::sweep::{self, Residents};
use crate::wake::Wake;
use crate::watch::Cache;

/// The time between two questions which cluster this is.
const CLUSTER_WAIT: Duration = Duration::from_secs(3);

/// Why the process ends with an error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The operating system gives no threads.
    #[error("the operating system gives no threads")]
    Runtime(#[source] std::io::Error),
    /// No URL of a database.
    #[error(transparent)]
    DatabaseUrl(#[from] process::arguments::DatabaseUrlError),
    /// The URL cannot be used.
    #[error(transparent)]
    Database(#[from] database::ConnectError),
    /// No API server is configured.
    #[error("no API server to connect to: run in a pod with a service account, or set KUBECONFIG")]
    Kubernetes(#[source] kube::Error),
    /// The port of probes and metrics cannot be listened on.
    #[error(transparent)]
    Listen(#[from] listener::ListenError),
    /// Signals cannot be received.
    #[error("signals cannot be received")]
    Signals(#[source] std::io::Error),
    /// The operating system gives no random bits.
    #[error("the operating system gives no random bits")]
    Random(#[source] getrandom::Error),
    /// Another process leads.
    #[error("ends, since another process may lead")]
    Lost(#[from] Lost),
    /// The controllers ended by themselves.
    #[error("the controllers ended without being asked")]
    Ended,
}

/// Runs until a signal comes or the lease is lost.
pub(crate) async fn run(arguments: &Arguments, migrations: TenantMigrations) -> Result<(), StartError> {
    let mut signal = pin!(shutdown::signal().map_err(StartError::Signals)?);
    let identity = identity(arguments)?;
    let client = Client::try_default().await.map_err(StartError::Kubernetes)?;
    let registry = registry(arguments, migrations)?;

    let mut exposed = prometheus_client::registry::Registry::default();
    let metrics = Metrics::register(&mut exposed, &arguments.lease_name);
    let (tenants, filler) = Cache::new();
    exposed.register_collector(Box::new(TenantCollector {
        tenants: tenants.clone(),
        controller_name: arguments.settings().controller_name,
    }));
    // One that waits for the lease is ready too: it is there to take over.
    let readiness = Readiness::unready("starting");
    let listener = listener::listen(arguments.observability.observability_address).await?;
    tokio::spawn(observability::serve(listener, exposed, readiness.clone()));
    readiness.set_ready();

    let namespace = arguments.lease_namespace().as_str();
    let candidate = Candidate::new(client.clone(), namespace, &arguments.lease_name, &identity);
    let turn = async { (cluster(&client).await, candidate.lead().await) };
    let (cluster, leadership) = tokio::select! {
        begun = turn => begun,
        signal = &mut signal => {
            info!(%signal, "ends without having led");
            return Ok(());
        }
    };
    metrics.lead(&arguments.lease_name);

    let settings = arguments.settings();
    let installation = settings.installation.clone();
    let binding = Binding { installation, cluster, take_over: arguments.take_over_cluster };
    let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: Some(identity) };
    let (wake, woken) = Wake::new();
    let context = Arc::new(Context {
        recorder: Recorder::new(client.clone(), reporter),
        registry: MigratedRegistry::new(registry, binding),
        client,
        settings,
        backoff: Backoff::default(),
        census: Census::default(),
        audit: Audit::default(),
        residents: Residents::default(),
        catch_alls: SettledCatchAlls::default(),
        gateway_api: GatewayApi::default(),
        progress: Progress::default(),
        wake,
        metrics,
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let controllers = Box::pin(controllers::run(context.clone(), woken, tenants.clone(), filler, stopped));
    let ended = async {
        let signal = signal.await;
        info!(%signal, "finishes what is under way");
        readiness.shut_down();
        drop(stop);
    };
    let beside = async {
        let migrated = async {
            context.registry.migrate().await;
            rollout::run(&context).await;
        };
        futures::join!(
            migrated,
            sweep::run(&context),
            audit::run(&context, &tenants, arguments.audit_interval)
        );
    };
    Box::pin(lead(leadership, controllers, beside, ended)).await
}

/// The UID of this cluster, as soon as the API server tells it.
async fn cluster(client: &Client) -> Uuid {
    loop {
        match cluster_uid(client).await {
            Ok(uid) => return uid,
            Err(error) => warn!(error = in_full(&error), "could not ask which cluster this is; asks again"),
        }
        sleep(CLUSTER_WAIT).await;
    }
}

/// Reconciles until asked to end. Who lost the lease ends at once: what is under way is of no harm, what would come
/// next is another's.
async fn lead(
    mut leadership: Leadership,
    controllers: impl Future<Output = ()>,
    beside: impl Future<Output = ()>,
    asked_to_end: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let mut controllers = pin!(controllers);
    tokio::select! {
        lost = leadership.keep() => return Err(lost.into()),
        () = &mut controllers => return Err(StartError::Ended),
        () = beside => return Err(StartError::Ended),
        () = asked_to_end => {}
    }
    tokio::select! {
        lost = leadership.keep() => return Err(lost.into()),
        () = &mut controllers => {}
    }
    leadership.release().await;
    Ok(())
}

fn registry(arguments: &Arguments, migrations: TenantMigrations) -> Result<Registry, StartError> {
    // One for each tenant that is reconciled at once, for each schema that is migrated, for the sweep and the audit.
    let max_connections = u32::from(controllers::CONCURRENCY + rollout::CONCURRENCY) + 2;
    let options = Options { max_connections, application_name: FIELD_MANAGER.to_owned() };
    let database = Database::connect(arguments.database.url()?.expose(), options)?;
    Ok(Registry::new(database, arguments.server_role.clone(), migrations))
}

fn identity(arguments: &Arguments) -> Result<String, StartError> {
    match &arguments.identity {
        Some(identity) => Ok(identity.clone()),
        None => Ok(format!("{FIELD_MANAGER}-{:016x}", getrandom::u64().map_err(StartError::Random)?)),
    }
}
