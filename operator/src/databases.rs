//! The databases of this installation, each with a registry of its own, and how each of them stands. One that is away or wrong
//! holds up nobody but its own tenants, and works as soon as it is back or its files are mended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crds::Reason;
use database::migration::TenantMigrations;
use database::registry::{Registry, RegistryError, ServerRole};
use database::{Database, Options, RefusalKind};
use futures::future::join_all;
use kube::runtime::reflector::ObjectRef;
use process::database::{Account, DatabaseSource, DatabaseUrl};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::context::Context;
use crate::controllers;
use crate::error::in_full;
use crate::object::FIELD_MANAGER;
use crate::obstacle::Obstacle;
use crate::registry::{self, Binding, MigratedRegistry};
use crate::rollout;

/// How often it is read again where a database is, which costs PostgreSQL nothing.
const RENEWAL: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Tenants are not served anew before somebody has seen that their database is back.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The databases of this installation, by their names.
#[derive(Debug)]
pub(crate) struct Databases {
    all: BTreeMap<String, Configured>,
    terms: Terms,
}

/// What all registries have in common.
#[derive(Debug)]
pub(crate) struct Terms {
    /// The role of the servers where no file says it.
    pub(crate) server_role: ServerRole,
    /// Those of tenants' schemas.
    pub(crate) migrations: TenantMigrations,
    /// Whose the rows are.
    pub(crate) binding: Binding,
}

/// How a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its registry can be used.
    Ready,
    /// No connection comes about: nobody tries, but for the one who looks whether it is back.
    Refused(Obstacle),
    /// It lets us in, and its registry cannot be used.
    Failed(Obstacle),
}

impl Standing {
    /// What stands in the way.
    pub(crate) fn obstacle(&self) -> Option<&Obstacle> {
        match self {
            Self::Ready => None,
            Self::Refused(obstacle) | Self::Failed(obstacle) => Some(obstacle),
        }
    }
}

/// A database.
#[derive(Debug)]
struct Configured {
    source: DatabaseSource,
    opened: Mutex<Opened>,
    /// `None`: nobody has looked yet.
    standing: watch::Sender<Option<Standing>>,
    /// The names of the classes that asked how it stands.
    asked: Mutex<BTreeSet<String>>,
    doubted: Notify,
}

/// A registry, by what was said when it was opened.
#[derive(Debug, Default)]
struct Opened {
    said: Option<(DatabaseUrl, Account)>,
    /// The text says why there is none.
    usable: Option<Result<Usable, String>>,
}

#[derive(Debug, Clone)]
struct Usable {
    database: Database,
    registry: Arc<MigratedRegistry>,
}

impl Databases {
    /// Nothing is read and nothing asked of PostgreSQL yet.
    pub(crate) fn new(sources: BTreeMap<String, DatabaseSource>, terms: Terms) -> Self {
        let configured = |source| Configured {
            source,
            opened: Mutex::default(),
            standing: watch::Sender::new(None),
            asked: Mutex::default(),
            doubted: Notify::new(),
        };
        let all = sources.into_iter().map(|(name, source)| (name, configured(source))).collect();
        Self { all, terms }
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    /// The registry in a database; migrates and binds it if nobody has, or if that was undone since. Waits for the first
    /// look at it, and from then on for no database that lets nobody in.
    pub(crate) async fn registry(&self, name: &str) -> Result<Registry, RegistryError> {
        let configured = self.all.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.names().collect();
            RegistryError::NotConfigured(format!(
                "this installation has no database {name}; it has {}",
                known.join(", ")
            ))
        })?;
        configured.has_been_looked_at().await;
        if let Some(Standing::Refused(obstacle)) = &*configured.standing.borrow() {
            return Err(match obstacle.reason {
                Reason::DatabaseUnavailable => RegistryError::Away,
                _ => RegistryError::NotConfigured(obstacle.message.clone()),
            });
        }
        let Usable { registry, .. } = configured.usable()?;
        Ok(registry.get().await?.clone())
    }

    /// Takes in what a statement failed with: the database is looked at soon if it may be away, or its control schema gone.
    pub(crate) fn doubt(&self, name: &str, error: &RegistryError) {
        let Some(configured) = self.all.get(name) else { return };
        if let Ok(Usable { registry, .. }) = configured.usable()
            && registry.doubt(error)
        {
            configured.doubted.notify_one();
        }
    }

    /// How a database stands, for the status of a class, which is woken when that changes. `None`: nobody has looked yet, or
    /// there is no such database.
    pub(crate) fn standing(&self, name: &str, class: &str) -> Option<Standing> {
        let configured = self.all.get(name)?;
        lock(&configured.asked).insert(class.to_owned());
        configured.standing.borrow().clone()
    }
}

/// Looks after all databases until it is dropped: prepares their registries without waiting for a tenant, because servers are
/// ready only when there is one to read; follows their files; and tells classes how they stand.
pub(crate) async fn run(context: &Context) {
    let Databases { all, terms } = &context.databases;
    join_all(all.iter().map(|(name, configured)| look_after(name, configured, terms, context))).await;
}

async fn look_after(name: &str, configured: &Configured, terms: &Terms, context: &Context) {
    let mut wait = FIRST_WAIT;
    loop {
        configured.renew(terms);
        if let Some(standing) = configured.look().await {
            tell(name, configured, &standing, context);
        }
        if *configured.standing.borrow() == Some(Standing::Ready) {
            wait = FIRST_WAIT;
            tokio::select! {
                () = sleep(RENEWAL) => {}
                () = configured.doubted.notified() => {}
            }
        } else {
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

fn tell(name: &str, configured: &Configured, standing: &Standing, context: &Context) {
    let is_news = configured.standing.send_if_modified(|known| {
        let is_news = known.as_ref() != Some(standing);
        *known = Some(standing.clone());
        is_news
    });
    if !is_news {
        return;
    }
    match standing.obstacle() {
        None => info!(database = name, "the database can be used"),
        Some(Obstacle { message, .. }) => warn!(database = name, "the database cannot be used: {message}"),
    }
    context.metrics.database(name, *standing == Standing::Ready);
    context.wake.classes(lock(&configured.asked).iter().map(|class| ObjectRef::new(class)));
}

impl Configured {
    async fn has_been_looked_at(&self) {
        let mut standing = self.standing.subscribe();
        // The sender is ours, so it is there.
        drop(standing.wait_for(Option::is_some).await);
    }

    fn usable(&self) -> Result<Usable, RegistryError> {
        match &lock(&self.opened).usable {
            Some(Ok(usable)) => Ok(usable.clone()),
            Some(Err(message)) => Err(RegistryError::NotConfigured(message.clone())),
            None => Err(RegistryError::Away),
        }
    }

    /// Reads where the database is. If that is another place than before, or another account, it is opened anew.
    fn renew(&self, terms: &Terms) {
        let said = self.source.read().and_then(|url| Ok((url, self.source.server_account()?)));
        let opened = &mut *lock(&self.opened);
        match said {
            Ok(said) if opened.said.as_ref() == Some(&said) => {}
            Ok(said) => {
                if opened.said.is_some() {
                    info!("the database is opened anew by what is said now");
                }
                opened.usable = Some(open(&said, terms));
                opened.said = Some(said);
            }
            Err(error) => *opened = Opened { said: None, usable: Some(Err(in_full(&error))) },
        }
    }

    /// `None`: nothing can be said this time.
    async fn look(&self) -> Option<Standing> {
        let usable = match self.usable() {
            Ok(usable) => usable,
            Err(error) => return failed(&error),
        };
        match usable.registry.get().await {
            Ok(_) => Some(Standing::Ready),
            Err(error) if error.is_unavailable() => match usable.database.refusal().await {
                Some(refusal) => Some(Standing::Refused(match refusal.kind {
                    RefusalKind::Away => Obstacle::passing(Reason::DatabaseUnavailable, refusal.to_string()),
                    RefusalKind::NotLetIn => Obstacle::passing(Reason::DatabaseFailed, refusal.to_string()),
                })),
                // It is back, or has no connection left for us.
                None => match usable.registry.get().await {
                    Ok(_) => Some(Standing::Ready),
                    Err(error) if error.is_unavailable() => Some(Standing::Refused(Obstacle::passing(
                        Reason::DatabaseUnavailable,
                        "PostgreSQL lets the operator in and does not answer",
                    ))),
                    Err(error) => failed(&error),
                },
            },
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &RegistryError) -> Option<Standing> {
    registry::obstacle(error).ok().map(Standing::Failed)
}

fn open((url, account): &(DatabaseUrl, Account), terms: &Terms) -> Result<Usable, String> {
    // One for each tenant that is reconciled at once, for each schema that is migrated, for the sweep and the audit.
    let max_connections = u32::from(controllers::CONCURRENCY + rollout::CONCURRENCY) + 2;
    let options = Options { max_connections, application_name: FIELD_MANAGER.to_owned() };
    let database = Database::connect(url.expose(), options).map_err(|error| error.to_string())?;
    let server_role = match &account.user_name {
        Some(name) => name.parse().map_err(|error| format!("the user name of the servers: {error}"))?,
        None => terms.server_role.clone(),
    };
    let server_role = server_role.with_password(account.password.clone());
    let registry = Registry::new(database.clone(), server_role, terms.migrations.clone());
    Ok(Usable { database, registry: Arc::new(MigratedRegistry::new(registry, terms.binding.clone())) })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
