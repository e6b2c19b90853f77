//! The life of the process: it starts, waits for the lease, reconciles, ends.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use database::migration::TenantMigrations;
use kube::Client;
use kube::runtime::events::{Recorder, Reporter};
use process::database::{DatabaseError, DatabaseSource};
use process::{Readiness, listener, observability, shutdown};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tracing::{info, warn};
use uuid::Uuid;

use crate::arguments::{Arguments, UnknownDatabase};
use crate::audit::{self, Audit};
use crate::backoff::Backoff;
use crate::census::Census;
use crate::class::SettledCatchAlls;
use crate::context::Context;
use crate::controllers;
use crate::databases::{self, Databases, Terms};
use crate::default_class;
use crate::error::in_full;
use crate::lease::{Candidate, Leadership, Lost};
use crate::metrics::{Metrics, TenantCollector};
use crate::object::FIELD_MANAGER;
use crate::registry::{Binding, cluster_uid};
use crate::rollout::{self, Progress};
use crate::route::GatewayApi;
use crate::sweep::{self, Residents};
use crate::wake::Wake;
use crate::watch::Cache;

/// The time between two questions which cluster this is.
const CLUSTER_WAIT: Duration = Duration::from_secs(3);

/// What is under way may take this long once the process is asked to end: less than Kubernetes' usual grace of 30 s, so that
/// the Lease is released. kube's controllers do not end at all before their first list was answered.
const FINISHES_WITHIN: Duration = Duration::from_secs(20);

/// Why the process ends with an error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The operating system gives no threads.
    #[error("the operating system gives no threads")]
    Runtime(#[source] std::io::Error),
    /// Nobody says where a database is.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A Service is for a database that there is not.
    #[error(transparent)]
    Service(#[from] UnknownDatabase),
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
    let sources = sources(arguments)?;
    let settings = arguments.settings(sources.keys().cloned().collect())?;

    let mut exposed = prometheus_client::registry::Registry::default();
    let metrics = Metrics::register(&mut exposed, &arguments.lease_name);
    let (tenants, filler) = Cache::new();
    exposed.register_collector(Box::new(TenantCollector {
        tenants: tenants.clone(),
        controller_name: settings.controller_name.clone(),
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

    let installation = settings.installation.clone();
    let binding = Binding { installation, cluster, take_over: arguments.take_over_cluster };
    let terms = Terms { server_role: arguments.server_role.clone(), migrations, binding };
    let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: Some(identity) };
    let (wake, woken) = Wake::new();
    let context = Arc::new(Context {
        recorder: Recorder::new(client.clone(), reporter),
        databases: Databases::new(sources, terms),
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
        futures::join!(
            databases::run(&context),
            rollout::run(&context),
            sweep::run(&context),
            default_class::run(arguments.default_class_file.as_deref(), &context),
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
        () = sleep(FINISHES_WITHIN) => warn!("ends, though not everything is finished"),
    }
    leadership.release().await;
    Ok(())
}

/// Where it is said where the databases are. One that nobody says anything of is refused at once; what is wrong with files may be
/// mended later.
fn sources(arguments: &Arguments) -> Result<BTreeMap<String, DatabaseSource>, StartError> {
    let sources = arguments.databases()?;
    for source in sources.values().filter(|source| **source == DatabaseSource::Environment) {
        source.read()?;
    }
    Ok(sources)
}

fn identity(arguments: &Arguments) -> Result<String, StartError> {
    match &arguments.identity {
        Some(identity) => Ok(identity.clone()),
        None => Ok(format!("{FIELD_MANAGER}-{:016x}", getrandom::u64().map_err(StartError::Random)?)),
    }
}
