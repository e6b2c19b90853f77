//! The registry as a server sees it: all of it in memory, never older than a poll, and the only way to a
//! [`TenantScope`](crate::TenantScope).

mod access;
mod authentication;
mod derived;
mod poll;
mod proof;
mod snapshot;
mod trusted;
mod usage;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tenancy::InstallationId;
use tokio::sync::Mutex;

use crate::connection::Database;
use crate::error::Error;
use crate::registry::view::snapshot::Snapshot;
use crate::registry::view::usage::Usage;

pub use crate::registry::view::access::Client;
pub use crate::registry::view::authentication::{Authenticated, Presented, Refused};
pub use crate::registry::view::derived::Configured;
pub use crate::registry::view::snapshot::Revision;
pub use crate::registry::view::trusted::Trusted;

/// How often the registry is read. "Revoked within a second" leaves room for three polls to fail.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The least time between the starts of two polls, however many requests ask for one.
const LEAST_INTERVAL: Duration = Duration::from_millis(100);
/// A poll or a write of the view's own that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Connections of the view's own, so that SCIM traffic cannot keep it from polling.
const CONNECTIONS: u32 = 2;
/// Connections for access tokens, of which one tenant holds half, so that clients who ask for many keep neither SCIM traffic
/// nor the view nor other tenants' clients waiting.
const ISSUING_CONNECTIONS: u32 = 2;

/// The tenants and credentials of one installation. Cheap to clone; all clones are the same view.
///
/// While PostgreSQL is away it goes on answering from memory.
#[derive(Debug, Clone)]
pub struct RegistryView {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    database: Database,
    issuing: Database,
    installation: InstallationId,
    snapshot: RwLock<Snapshot>,
    /// Held by the one poll in flight.
    poll: Mutex<Option<PollRecord>>,
    freshness: RwLock<Freshness>,
    usage: Usage,
}

#[derive(Debug, Clone, Copy)]
struct PollRecord {
    started: Instant,
    outcome: PollOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PollOutcome {
    Done,
    Failed,
}

#[derive(Debug, Default)]
struct Freshness {
    /// When the last poll that worked began.
    as_of: Option<Instant>,
    /// Whether the last poll failed: told in the log when it changes.
    failing: bool,
}

/// Whether a view can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// The registry was never read yet.
    Loading,
    /// The registry was read.
    Loaded {
        /// How long ago the state in memory was that of the registry.
        age: Duration,
    },
}

impl RegistryView {
    /// A view of this installation's tenants, empty until [`run`](Self::run) or [`refresh`](Self::refresh).
    ///
    /// It opens connections of its own to the same database.
    pub fn new(database: &Database, installation: InstallationId) -> Self {
        Self {
            shared: Arc::new(Shared {
                database: database.apart(CONNECTIONS),
                issuing: database.apart(ISSUING_CONNECTIONS),
                installation,
                snapshot: RwLock::default(),
                poll: Mutex::default(),
                freshness: RwLock::default(),
                usage: Usage::default(),
            }),
        }
    }

    /// Keeps the view fresh and writes down which credentials were used, until `shutdown` resolves.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        let polling = async {
            loop {
                // A failure is logged and waits for the next turn.
                let _ = self.refresh().await;
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        let noting = async {
            loop {
                self.shared.usage.wait().await;
                self.write_usage().await;
            }
        };
        tokio::select! {
            () = &mut shutdown => {}
            () = polling => {}
            () = noting => {}
        }
        self.write_usage().await;
    }

    /// Reads what changed in the registry after this call began, together with everyone who asks meanwhile: at most
    /// one poll is under way, and at most one begins per 100 ms.
    pub async fn refresh(&self) -> Result<(), Refused> {
        let view = self.clone();
        // A task of its own, so that a client that goes away does not stop the poll that others wait for.
        tokio::spawn(async move { view.poll_unless_polled_after(Instant::now()).await })
            .await
            .unwrap_or(Err(Refused::Undecided))
    }

    /// Whether the registry was read, and how fresh the state in memory is.
    pub fn readiness(&self) -> Readiness {
        let freshness = self.shared.freshness.read().unwrap_or_else(PoisonError::into_inner);
        freshness.as_of.map_or(Readiness::Loading, |as_of| Readiness::Loaded { age: as_of.elapsed() })
    }

    /// PostgreSQL's time now, by which everything about validity is decided; `None` before the registry was read.
    pub fn now(&self) -> Option<Timestamp> {
        self.snapshot().now()
    }

    fn snapshot(&self) -> std::sync::RwLockReadGuard<'_, Snapshot> {
        self.shared.snapshot.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn poll_unless_polled_after(&self, asked: Instant) -> Result<(), Refused> {
        let mut last = self.shared.poll.lock().await;
        if let Some(record) = *last {
            if record.started >= asked {
                return record.result();
            }
            tokio::time::sleep_until((record.started + LEAST_INTERVAL).into()).await;
        }
        let started = Instant::now();
        let record = PollRecord { started, outcome: self.poll(started).await };
        *last = Some(record);
        record.result()
    }

    async fn poll(&self, started: Instant) -> PollOutcome {
        let since = self.snapshot().position();
        let polling = poll::read(&self.shared.database, &self.shared.installation, since);
        let result = within(TIMEOUT, polling).await;
        let mut freshness = self.shared.freshness.write().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(changes) => {
                if freshness.failing {
                    tracing::info!("the registry is read again");
                }
                *freshness = Freshness { as_of: Some(started), failing: false };
                let mut snapshot = self.shared.snapshot.write().unwrap_or_else(PoisonError::into_inner);
                snapshot.apply(changes);
                for (tenant, generation) in self.shared.usage.first_uses_not_read() {
                    snapshot.mark_used(tenant, generation);
                }
                self.shared.usage.forget_read(started);
                PollOutcome::Done
            }
            Err(error) => {
                if !freshness.failing {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the registry cannot be read; serving what is known"
                    );
                }
                freshness.failing = true;
                PollOutcome::Failed
            }
        }
    }

    async fn write_usage(&self) {
        let writing = self.shared.usage.write(&self.shared.database);
        match within(TIMEOUT, writing).await {
            Ok(()) => {}
            // The poll says so too, once.
            Err(error) if error.is_unavailable() => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "uses of credentials wait to be noted"
                );
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "uses of credentials cannot be noted"
                );
            }
        }
    }
}

/// What takes longer counts as unavailable.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))))
}

impl PollRecord {
    fn result(self) -> Result<(), Refused> {
        match self.outcome {
            PollOutcome::Done => Ok(()),
            PollOutcome::Failed => Err(Refused::Undecided),
        }
    }
}
