//! A new version of the tenants' schema comes to every tenant of the installation, a few at a time. It may end at any line
//! and goes on from there: what is left is asked of the registry.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crds::class::SchemaProgress;
use database::registry::{ClassSchemas, Migration, OwnedRow, Registry, RegistryError};
use futures::StreamExt as _;
use futures::future::join_all;
use futures::stream;
use kube::runtime::reflector::ObjectRef;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::context::Context;
use crate::error::in_full;

/// Schemas that are migrated at once. Each uses a connection to PostgreSQL.
pub(crate) const CONCURRENCY: u16 = 4;
/// Schemas that are migrated between two looks at how far all of them are.
const PORTION: usize = 100;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The time until somebody looks again whether a schema is of an older version: one is when a database was restored, or an
/// operator of the version before made one.
const INTERVAL: Duration = Duration::from_mins(10);

/// How far the newest version has come, by the name of the database.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<BTreeMap<String, Told>>);

/// What classes can be told of a database.
#[derive(Debug, Default)]
struct Told {
    /// None as long as nobody has looked.
    known: Option<Known>,
    /// The names of the classes that asked before anybody had looked.
    asked: HashSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    version: i64,
    /// Schemas of an earlier version, by the name of the class.
    outdated: HashMap<String, i64>,
    /// All schemas, by their version.
    by_version: BTreeMap<u32, u64>,
}

impl Progress {
    /// For the status of a class; none as long as nobody has looked into its database. Then it is news for the class when
    /// somebody has.
    pub(crate) fn of(&self, database: &str, class: &str) -> Option<SchemaProgress> {
        let mut all = self.lock();
        let Told { known, asked } = all.entry(database.to_owned()).or_default();
        let Some(Known { version, outdated, .. }) = known else {
            asked.insert(class.to_owned());
            return None;
        };
        Some(SchemaProgress { version: *version, outdated: outdated.get(class).copied().unwrap_or_default() })
    }

    /// Takes in how far it is, and answers with the names of the classes that it is news for.
    fn update(&self, database: &str, now: Known) -> Vec<String> {
        let mut all = self.lock();
        let told = all.entry(database.to_owned()).or_default();
        let before = told.known.take().unwrap_or_default();
        let names = before.outdated.keys().chain(now.outdated.keys());
        let is_news = |name: &&String| before.outdated.get(*name) != now.outdated.get(*name);
        let mut news: BTreeSet<String> = std::mem::take(&mut told.asked).into_iter().collect();
        news.extend(names.filter(is_news).cloned());
        told.known = Some(now);
        news.into_iter().collect()
    }

    /// How many schemas there are of each version in all databases.
    fn by_version(&self) -> BTreeMap<u32, u64> {
        let mut sum = BTreeMap::new();
        for (version, tenants) in
            self.lock().values().filter_map(|told| told.known.as_ref()).flat_map(|known| &known.by_version)
        {
            *sum.entry(*version).or_default() += tenants;
        }
        sum
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Migrates what is to be migrated in each database, now and whenever there is something, until it is dropped. None waits for
/// another.
pub(crate) async fn run(context: &Context) {
    join_all(context.databases.names().map(|database| run_in(database, context))).await;
}

async fn run_in(database: &str, context: &Context) {
    let mut wait = FIRST_WAIT;
    loop {
        let left = match pass(database, context).await {
            Ok(left) => left,
            Err(error) => {
                warn!(
                    database,
                    error = in_full(&error),
                    "the schemas of the tenants cannot be migrated; tries again in {wait:?}"
                );
                Left::Something
            }
        };
        match left {
            Left::Nothing => {
                wait = FIRST_WAIT;
                sleep(INTERVAL).await;
            }
            Left::Something => {
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}

/// What is left after a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Every schema is up to date.
    Nothing,
    /// Some could not be migrated.
    Something,
}

/// Migrates every schema that can be migrated now.
async fn pass(database: &str, context: &Context) -> Result<Left, RegistryError> {
    let registry = &context.databases.registry(database).await?;
    let outdated = registry.outdated(&context.settings.installation).await?;
    if !outdated.is_empty() {
        info!(
            tenants = outdated.len(),
            version = registry.latest_schema_version(),
            "migrates schemas of tenants"
        );
    }
    look(database, registry, context).await?;
    let mut done = 0;
    for portion in outdated.chunks(PORTION) {
        done += stream::iter(portion)
            .map(|row| migrate(row, registry, context))
            .buffer_unordered(CONCURRENCY.into())
            .filter(|result| std::future::ready(*result == Settled::Yes))
            .count()
            .await;
        look(database, registry, context).await?;
    }
    Ok(if done == outdated.len() { Left::Nothing } else { Left::Something })
}

/// Whether a schema needs no further attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Yes,
    No,
}

async fn migrate(row: &OwnedRow, registry: &Registry, context: &Context) -> Settled {
    let result = registry.migrate_tenant(row.id).await;
    let (label, settled) = match &result {
        Ok(Migration::Done) => ("done", Settled::Yes),
        Ok(Migration::Gone) => ("gone", Settled::Yes),
        Ok(Migration::Locked) => ("locked", Settled::No),
        Err(_) => ("error", Settled::No),
    };
    context.metrics.migrated(label);
    if let Err(error) = result {
        let schema = row.schema_name();
        warn!(%schema, tenant = %row.owner.uid, error = in_full(&error), "could not migrate the schema of a tenant");
    }
    settled
}

/// Looks how far all schemas are, and tells those who want to know.
async fn look(database: &str, registry: &Registry, context: &Context) -> Result<(), RegistryError> {
    let schemas = registry.schema_versions(&context.settings.installation).await?;
    let latest = registry.latest_schema_version();
    let news = context.progress.update(database, known(&schemas, latest));
    context.metrics.schemas(&context.progress.by_version(), latest);
    context.wake.classes(news.iter().map(|class| ObjectRef::new(class)));
    Ok(())
}

fn by_version(schemas: &[ClassSchemas]) -> BTreeMap<u32, u64> {
    let mut tenants = BTreeMap::new();
    for schema in schemas {
        *tenants.entry(schema.version).or_default() += schema.tenants;
    }
    tenants
}

fn known(schemas: &[ClassSchemas], latest: u32) -> Known {
    let mut outdated = HashMap::new();
    for schema in schemas.iter().filter(|schema| schema.version < latest) {
        let tenants = i64::try_from(schema.tenants).unwrap_or(i64::MAX);
        *outdated.entry(schema.class_name.clone()).or_default() += tenants;
    }
    Known { version: latest.into(), outdated, by_version: by_version(schemas) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas(counts: &[(&str, u32, u64)]) -> Vec<ClassSchemas> {
        let schemas = counts.iter().map(|(class, version, tenants)| ClassSchemas {
            class_name: (*class).to_owned(),
            version: *version,
            tenants: *tenants,
        });
        schemas.collect()
    }

    #[test]
    fn nothing_is_said_of_a_class_before_somebody_has_looked() {
        assert_eq!(Progress::default().of("primary", "default"), None);
    }

    #[test]
    fn a_class_says_how_many_of_its_schemas_are_of_an_earlier_version() {
        let progress = Progress::default();
        progress.update("primary", known(&schemas(&[("a", 1, 3), ("a", 2, 4), ("a", 3, 5), ("b", 3, 6)]), 3));
        assert_eq!(progress.of("primary", "a"), Some(SchemaProgress { version: 3, outdated: 7 }));
        assert_eq!(progress.of("primary", "b"), Some(SchemaProgress { version: 3, outdated: 0 }));
        assert_eq!(
            progress.of("primary", "without tenants"),
            Some(SchemaProgress { version: 3, outdated: 0 })
        );
    }

    #[test]
    fn those_classes_are_woken_that_it_is_news_for() {
        let progress = Progress::default();
        let update = |counts: &[_]| progress.update("primary", known(&schemas(counts), 2));
        assert_eq!(update(&[("a", 1, 2), ("b", 1, 2), ("c", 2, 2)]), ["a", "b"]);
        assert_eq!(update(&[("a", 1, 1), ("a", 2, 1), ("b", 1, 2), ("c", 2, 2)]), ["a"]);
        assert_eq!(update(&[("a", 2, 2), ("b", 2, 2), ("c", 2, 2)]), ["a", "b"]);
        assert_eq!(update(&[("a", 2, 2), ("b", 2, 2), ("c", 2, 2)]), [""; 0]);
    }

    #[test]
    fn the_first_look_is_news_for_each_class_that_asked_before_though_nothing_is_outdated() {
        let progress = Progress::default();
        for class in ["b", "a", "a"] {
            assert_eq!(progress.of("primary", class), None);
        }
        assert_eq!(progress.update("primary", known(&schemas(&[("a", 2, 2)]), 2)), ["a", "b"]);
        assert_eq!(progress.of("primary", "b"), Some(SchemaProgress { version: 2, outdated: 0 }));
        assert_eq!(progress.update("primary", known(&schemas(&[("a", 2, 2)]), 2)), [""; 0]);
    }

    #[test]
    fn tenants_of_all_classes_are_counted_by_version() {
        let counts = by_version(&schemas(&[("a", 1, 2), ("b", 1, 3), ("b", 2, 4)]));
        assert_eq!(counts, BTreeMap::from([(1, 5), (2, 4)]));
    }

    #[test]
    fn databases_are_told_apart_and_counted_together() {
        let progress = Progress::default();
        progress.update("primary", known(&schemas(&[("a", 1, 2), ("b", 2, 3)]), 2));
        progress.update("eu", known(&schemas(&[("a", 1, 4)]), 2));
        assert_eq!(progress.of("eu", "a"), Some(SchemaProgress { version: 2, outdated: 4 }));
        assert_eq!(progress.of("us", "a"), None);
        assert_eq!(progress.by_version(), BTreeMap::from([(1, 6), (2, 3)]));
    }

    #[test]
    fn a_newer_operators_version_is_not_outdated() {
        assert_eq!(known(&schemas(&[("a", 3, 1)]), 2).outdated, HashMap::new());
    }
}
