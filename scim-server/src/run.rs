//! The life of a server process: connect, load the registry, serve, end.

use std::time::Duration;

use database::{
    ConnectError, Database, Options,
    registry::view::{Readiness as RegistryReadiness, RegistryView},
};
use process::{
    Readiness,
    database::{DatabaseError, DatabaseSource, DatabaseUrl},
    listener::{ListenError, listen},
    observability, shutdown as signals,
    telemetry::{self, TelemetryError},
};
use prometheus_client::registry::Registry as Metrics;
use tokio::time;

use crate::{
    arguments::Arguments,
    connections::{self, End},
    derivation,
    error::chain,
    metrics::{self, RequestMetrics},
    router::router,
    shutdown::{self, Times},
    source::TrustedProxies,
    state::{Limits, Server},
};

/// How often it is read again where the database is: a password that was changed is to be known before the old one ends.
const RENEWAL: Duration = Duration::from_secs(10);

/// How often it is asked whether the registry was loaded.
const LOOK: Duration = Duration::from_millis(50);

/// How long the last words to the database may take, when every request was answered.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long one statement may take. A filter that takes longer cannot be answered with profit: the client is told so.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs a server until SIGTERM or SIGINT. It starts without a database too, and is ready once it has read the
/// registry for the first time; from then on it stays ready, because it can tell of a database that is away
/// better than a proxy without servers can.
pub async fn run(arguments: Arguments) -> Result<(), RunError> {
    let observability = &arguments.observability;
    let _telemetry = telemetry::start("scim-server", observability.log_format, &observability.log_filter)?;
    let signal = signals::signal().map_err(RunError::Signals)?;
    let options = Options {
        max_connections: arguments.database_connections,
        application_name: "scim-server".to_owned(),
    };
    // Less than a request has, so that the client is told what took too long.
    let statement_timeout = STATEMENT_TIMEOUT.min(arguments.request_timeout / 2);
    let url = arguments.database.url()?;
    let database = Database::connect_for_requests(url.expose(), options, statement_timeout)?;
    let renewing = tokio::spawn(renew(arguments.database.source(), url, database.clone()));
    let registry = RegistryView::new(&database, arguments.installation.clone());
    let readiness = Readiness::unready("the registry was not read yet");
    let limits = Limits { body: arguments.max_body, request_timeout: arguments.request_timeout };
    let proxies = TrustedProxies::new(arguments.trusted_proxies);
    let server = Server::new(registry.clone(), database.clone(), proxies, limits);
    let catalogs = server.catalogs.clone();

    let mut metrics = Metrics::default();
    let router = router(server, RequestMetrics::register(&mut metrics));
    metrics::register_registry(&mut metrics, registry.clone());
    metrics::register_connections(&mut metrics, database.clone());

    let observability_listener = listen(arguments.observability.observability_address).await?;
    let listener = listen(arguments.address).await?;
    tracing::info!(address = %arguments.address, installation = %arguments.installation, "serving SCIM");
    tokio::spawn(observability::serve(observability_listener, metrics, readiness.clone()));
    tokio::spawn(ready_when_loaded(registry.clone(), readiness.clone()));

    let (stop_watching, stopped) = tokio::sync::oneshot::channel::<()>();
    let view = registry.clone();
    let watching = tokio::spawn(async move {
        let stopped = async { stopped.await.unwrap_or_default() };
        view.run(stopped).await;
    });
    let deriving = tokio::spawn({
        let (registry, database) = (registry.clone(), database.clone());
        let times = derivation::Times::for_requests(arguments.request_timeout);
        async move { derivation::run(registry, &database, catalogs, times).await }
    });
    let signal = async {
        let signal = signal.await;
        tracing::info!(%signal, "shutting down");
    };
    let times = Times {
        write: connections::WRITE_WITHIN,
        delay: arguments.shutdown_delay,
        grace: arguments.shutdown_grace,
    };
    match shutdown::serve(listener, router, readiness, signal, times).await {
        End::Orderly => tracing::info!("every request was answered"),
        End::Cut => tracing::warn!("requests were cut: they took longer than the grace period"),
    }
    // In the middle of a transaction too: it is rolled back, and another server goes on.
    deriving.abort();
    renewing.abort();
    // The view notes the last uses of credentials when it is told to stop.
    drop(stop_watching);
    let farewell = async {
        let _ = watching.await;
        database.close().await;
    };
    let _ = time::timeout(FAREWELL, farewell).await;
    Ok(())
}

async fn ready_when_loaded(registry: RegistryView, readiness: Readiness) {
    while registry.readiness() == RegistryReadiness::Loading {
        time::sleep(LOOK).await;
    }
    readiness.set_ready();
}

/// Reads again and again where the database is, and has new connections opened there, until it is dropped.
async fn renew(source: DatabaseSource, mut known: DatabaseUrl, database: Database) {
    loop {
        time::sleep(RENEWAL).await;
        match source.read() {
            Ok(url) if url == known => {}
            Ok(url) => {
                match database.renew(url.expose()) {
                    Ok(()) => tracing::info!("opens new connections to the database by what is said now"),
                    Err(error) => tracing::warn!("goes on with the database that is known: {error}"),
                }
                known = url;
            }
            Err(error) => tracing::warn!("goes on with the database that is known: {}", chain(&error)),
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Logging did not start.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// Signals cannot be caught.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    /// Nobody said where the database is.
    #[error(transparent)]
    DatabaseUrl(#[from] DatabaseError),
    /// What was said is no URL of a database.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// An address is taken or not this machine's.
    #[error(transparent)]
    Listen(#[from] ListenError),
}
