//! The life of the process: it starts, waits for the lease, reconciles, ends.

use std::pin::pin;
use std::sync::Arc;

use database::registry::Registry;
use database::{Database, Options};
use kube::Client;
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector;
use process::{Readiness, listener, observability, shutdown};
use tokio::sync::oneshot;
use tracing::info;

use crate::arguments::Arguments;
use crate::backoff::Backoff;
use crate::census::Census;
use crate::context::Context;
use crate::controllers;
use crate::lease::{Candidate, Leadership, Lost};
use crate::metrics::{Metrics, TenantCollector};
use crate::object::FIELD_MANAGER;
use crate::registry::MigratedRegistry;
use crate::sweep;

/// Why the process ends with an error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
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
pub(crate) async fn run(arguments: &Arguments) -> Result<(), StartError> {
    let mut signal = pin!(shutdown::signal().map_err(StartError::Signals)?);
    let identity = identity(arguments)?;
    let client = Client::try_default().await.map_err(StartError::Kubernetes)?;
    let registry = registry(arguments)?;

    let mut exposed = prometheus_client::registry::Registry::default();
    let metrics = Metrics::register(&mut exposed);
    let (store, writer) = reflector::store();
    exposed.register_collector(Box::new(TenantCollector(store.clone())));
    // One that waits for the lease is ready too: it is there to take over.
    let readiness = Readiness::unready("starting");
    let listener = listener::listen(arguments.observability.observability_address).await?;
    tokio::spawn(observability::serve(listener, exposed, readiness.clone()));
    readiness.set_ready();

    let namespace = arguments.lease_namespace().as_str();
    let candidate = Candidate::new(client.clone(), namespace, &arguments.lease_name, &identity);
    let leadership = tokio::select! {
        leadership = candidate.lead() => leadership,
        signal = &mut signal => {
            info!(%signal, "ends without having led");
            return Ok(());
        }
    };
    metrics.lead();

    let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: Some(identity) };
    let context = Arc::new(Context {
        recorder: Recorder::new(client.clone(), reporter),
        client,
        registry,
        settings: arguments.settings(),
        backoff: Backoff::default(),
        census: Census::default(),
        metrics,
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let controllers = Box::pin(controllers::run(context.clone(), store, writer, stopped));
    let ended = async {
        let signal = signal.await;
        info!(%signal, "finishes what is under way");
        readiness.shut_down();
        drop(stop);
    };
    let beside = async {
        futures::join!(context.registry.migrate(), sweep::run(&context));
    };
    Box::pin(lead(leadership, controllers, beside, ended)).await
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

fn registry(arguments: &Arguments) -> Result<MigratedRegistry, StartError> {
    // One for each tenant that is reconciled at once, and some for what comes beside.
    let max_connections = u32::from(controllers::CONCURRENCY) + 2;
    let options = Options { max_connections, application_name: FIELD_MANAGER.to_owned() };
    let database = Database::connect(arguments.database.url()?.expose(), options)?;
    Ok(MigratedRegistry::new(Registry::new(database, arguments.server_role.clone())))
}

fn identity(arguments: &Arguments) -> Result<String, StartError> {
    match &arguments.identity {
        Some(identity) => Ok(identity.clone()),
        None => Ok(format!("{FIELD_MANAGER}-{:016x}", getrandom::u64().map_err(StartError::Random)?)),
    }
}
