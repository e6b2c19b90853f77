//! The registry, migrated and bound to this cluster before its first use, so that the operator starts and reports while
//! PostgreSQL is away; and again when a restore or a hand has undone that.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crds::Reason;
use database::registry::{Registry, RegistryError};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use tenancy::{InstallationId, SchemaName};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::info;
use uuid::Uuid;

use crate::error::{Error, in_full};
use crate::obstacle::Obstacle;

/// How long what was found of the control schema is believed. The audit asks for the registry as often.
const BELIEVED: Duration = Duration::from_mins(1);
/// How long PostgreSQL may take to say how the control schema is, which is nothing to it, before it counts as away.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// There is no kind for a cluster; the namespace that every cluster has, and that cannot be deleted, stands for it.
const NAMESPACE_OF_THE_CLUSTER: &str = "kube-system";

/// A registry that is migrated and bound before its first use.
#[derive(Debug)]
pub(crate) struct MigratedRegistry {
    registry: Registry,
    binding: Binding,
    control: std::sync::Mutex<Control>,
    /// Whoever asks or prepares holds it.
    turn: Mutex<()>,
}

/// What is known of the control schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    /// It is to be prepared before anything else.
    Unprepared,
    /// It was as it should be at this time.
    Intact(Instant),
    /// It was as it should be, and something speaks against it.
    Doubtful,
}

/// Whose the rows of an installation are: of two clusters with the same `--installation` each would take the other's
/// tenants for orphans.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    /// The installation.
    pub(crate) installation: InstallationId,
    /// This cluster; see [`cluster_uid`].
    pub(crate) cluster: Uuid,
    /// The cluster that was bound before and is gone, in whose place this one comes (`--take-over-cluster`).
    pub(crate) take_over: Option<Uuid>,
}

/// By what a cluster is known: the UID of its namespace kube-system.
pub(crate) async fn cluster_uid(client: &Client) -> Result<Uuid, Error> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let metadata = namespaces.get_metadata(NAMESPACE_OF_THE_CLUSTER).await?.metadata;
    metadata.uid.and_then(|uid| uid.parse().ok()).ok_or(Error::Unnamed("UID"))
}

impl MigratedRegistry {
    /// Nothing is asked of PostgreSQL yet.
    pub(crate) fn new(registry: Registry, binding: Binding) -> Self {
        let control = std::sync::Mutex::new(Control::Unprepared);
        Self { registry, binding, control, turn: Mutex::new(()) }
    }

    /// The registry; migrates and binds it if nobody has, or if that was undone since. Who asks costs PostgreSQL a statement
    /// once a minute, whoever asks besides.
    pub(crate) async fn get(&self) -> Result<&Registry, RegistryError> {
        match self.known() {
            Control::Unprepared => {
                let _turn = self.turn.lock().await;
                if self.known() == Control::Unprepared {
                    self.prepare().await?;
                }
            }
            Control::Intact(at) if at.elapsed() < BELIEVED => {}
            Control::Intact(_) | Control::Doubtful => {
                // Others do not wait behind who asks: as long as PostgreSQL does not answer, each would wait for all before.
                if let Ok(_turn) = self.turn.try_lock() {
                    self.look().await?;
                }
            }
        }
        Ok(&self.registry)
    }

    /// Takes in what a statement about the registry failed with: when a table is not there or PostgreSQL away, it is asked at
    /// once. Answers whether that is so.
    pub(crate) fn doubt(&self, error: &RegistryError) -> bool {
        let speaks_against = error.is_missing() || error.is_unavailable();
        if speaks_against && matches!(self.known(), Control::Intact(_)) {
            self.know(Control::Doubtful);
        }
        speaks_against
    }

    async fn look(&self) -> Result<(), RegistryError> {
        let asked = timeout(ANSWERS_WITHIN, self.registry.control_is_intact()).await;
        if asked.map_err(|_| RegistryError::Away)?? {
            self.know(Control::Intact(Instant::now()));
            return Ok(());
        }
        info!("the control schema is not as it was made; prepares it again");
        self.know(Control::Unprepared);
        self.prepare().await
    }

    async fn prepare(&self) -> Result<(), RegistryError> {
        let Binding { installation, cluster, take_over } = &self.binding;
        self.registry.prepare(installation, *cluster, *take_over).await?;
        self.know(Control::Intact(Instant::now()));
        Ok(())
    }

    fn known(&self) -> Control {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn know(&self, control: Control) {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = control;
    }
}

/// What a refusal of the registry means for a tenant; an error, when what was read is old.
///
/// The text of the same obstacle stays the same, whatever it was that PostgreSQL tried.
pub(crate) fn obstacle(error: &RegistryError) -> Result<Obstacle, Error> {
    match error {
        // What was read is old; or somebody holds a lock, mostly for a moment, as a migration beside requests does: no news
        // for a status.
        RegistryError::NotOwned(_)
        | RegistryError::AlreadyIssued(_)
        | RegistryError::Database(database::Error::Contention(_)) => Err(Error::Raced),
        RegistryError::OwnedByAnother(_) => Ok(owned_by_another()),
        RegistryError::InstallationTaken { cluster } => Ok(installation_taken(*cluster)),
        RegistryError::SchemaDamaged { schema, missing } => Ok(schema_damaged(schema, missing)),
        error if error.is_unavailable() => {
            Ok(Obstacle::passing(Reason::DatabaseUnavailable, "PostgreSQL does not answer"))
        }
        // Each attempt names another schema.
        RegistryError::SchemaTaken(_) => Ok(Obstacle::passing(
            Reason::DatabaseFailed,
            "a schema of the name that this tenant was to get is there already, and no tenant of the registry has it; \
             the next attempt takes another name",
        )),
        error => Ok(Obstacle::passing(Reason::DatabaseFailed, in_full(error))),
    }
}

/// The registry holds data under this name, and the namespace is another one.
pub(crate) fn owned_by_another() -> Obstacle {
    Obstacle::lasting(
        Reason::OwnedByAnother,
        "the database holds retained data of this namespace and name, and the namespace is not the one that it \
         belongs to (another UID)",
    )
}

/// The schema that the status names is there, and the registry's row of it is not: to make a new one would hide the data.
pub(crate) fn registration_lost(schema: &SchemaName) -> Obstacle {
    Obstacle::lasting(
        Reason::RegistrationLost,
        format!(
            "schema {schema}, which status.databaseSchema names, is there, and the registry has no row of it; nothing \
             is made until the row is restored, or the schema renamed or dropped"
        ),
    )
}

fn installation_taken(cluster: Uuid) -> Obstacle {
    Obstacle::lasting(
        Reason::InstallationTaken,
        format!(
            "the registry's rows of this installation belong to another cluster, whose namespace kube-system has the UID \
             {cluster}"
        ),
    )
}

/// The audit tells when they are back.
fn schema_damaged(schema: &SchemaName, missing: &[String]) -> Obstacle {
    let mut missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    missing.sort_unstable();
    Obstacle::lasting(
        Reason::SchemaDamaged,
        format!(
            "schema {schema} lacks {}; nothing is changed until that is restored, or the schema dropped",
            missing.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use tenancy::TenantId;

    use super::*;
    use crate::fixtures::{identity, tenant};
    use crate::obstacle::Remedy;

    fn schema(id: i64) -> SchemaName {
        SchemaName::of(TenantId::new(id))
    }

    fn text(error: &RegistryError) -> String {
        let Obstacle { reason, message, remedy } = obstacle(error).unwrap();
        format!("{remedy:?} {reason}: {message}")
    }

    #[test]
    fn what_the_registry_refuses_is_told() {
        let tenant = tenant(serde_json::json!({}));
        insta::assert_snapshot!(text(&RegistryError::OwnedByAnother(identity(&tenant).key)), @"Change OwnedByAnother: the database holds retained data of this namespace and name, and the namespace is not the one that it belongs to (another UID)");
        insta::assert_snapshot!(text(&RegistryError::InstallationTaken { cluster: Uuid::nil() }), @"Change InstallationTaken: the registry's rows of this installation belong to another cluster, whose namespace kube-system has the UID 00000000-0000-0000-0000-000000000000");
        let missing = vec!["users".to_owned(), "groups".to_owned()];
        insta::assert_snapshot!(text(&RegistryError::SchemaDamaged { schema: schema(42), missing }), @"Change SchemaDamaged: schema tenant_42 lacks groups, users; nothing is changed until that is restored, or the schema dropped");
        insta::assert_snapshot!(text(&RegistryError::NotConfigured("there is none".to_owned())), @"Time DatabaseFailed: there is none");
        let lost = registration_lost(&schema(42));
        assert_eq!((lost.reason, lost.remedy), (Reason::RegistrationLost, Remedy::Change));
        insta::assert_snapshot!(lost.message, @"schema tenant_42, which status.databaseSchema names, is there, and the registry has no row of it; nothing is made until the row is restored, or the schema renamed or dropped");
    }

    #[test]
    fn a_schema_that_is_in_the_way_is_told_in_the_same_words_though_each_attempt_meets_another() {
        let (first, second) = (RegistryError::SchemaTaken(schema(1)), RegistryError::SchemaTaken(schema(2)));
        assert_eq!(text(&first), text(&second));
        insta::assert_snapshot!(text(&first), @"Time DatabaseFailed: a schema of the name that this tenant was to get is there already, and no tenant of the registry has it; the next attempt takes another name");
    }

    #[test]
    fn who_acted_on_what_is_old_reads_again() {
        let id = TenantId::new(42);
        for error in [RegistryError::NotOwned(id), RegistryError::AlreadyIssued(id)] {
            assert!(matches!(obstacle(&error), Err(Error::Raced)));
        }
    }

    /// A registry whose PostgreSQL is away, of which this is known.
    fn unreachable(control: Control) -> MigratedRegistry {
        let options = database::Options { max_connections: 1, application_name: "test".to_owned() };
        let url = "postgres://nobody@127.0.0.1:1/x";
        let limit = Duration::from_secs(1);
        let database = database::Database::connect_for_requests(url, options, limit).unwrap();
        let migrations = database::migration::TenantMigrations::CURRENT;
        let registry = Registry::new(database, "scim_server".parse().unwrap(), migrations);
        let installation = "test".parse().unwrap();
        let binding = Binding { installation, cluster: Uuid::nil(), take_over: None };
        let registry = MigratedRegistry::new(registry, binding);
        registry.know(control);
        registry
    }

    #[tokio::test]
    async fn postgresql_is_asked_for_the_control_schema_once_a_minute_and_when_something_speaks_against_it() {
        let minutes_ago = |minutes| Instant::now().checked_sub(Duration::from_mins(minutes)).unwrap();
        let asks = async |control| unreachable(control).get().await.is_err();
        let (fresh, old, doubtful, unprepared) = tokio::join!(
            asks(Control::Intact(Instant::now())),
            asks(Control::Intact(minutes_ago(1))),
            asks(Control::Doubtful),
            asks(Control::Unprepared),
        );
        assert_eq!((fresh, old, doubtful, unprepared), (false, true, true, true));
    }

    #[tokio::test]
    async fn while_one_asks_the_others_go_on_unless_nothing_was_prepared_yet() {
        let registry = unreachable(Control::Doubtful);
        let turn = registry.turn.lock().await;
        assert!(registry.get().await.is_ok());
        registry.know(Control::Unprepared);
        let waiting = timeout(Duration::from_millis(50), registry.get()).await;
        assert!(waiting.is_err(), "waits for its turn");
        drop(turn);
    }

    #[tokio::test]
    async fn what_says_nothing_of_tables_or_postgresql_speaks_against_nothing() {
        let intact = Control::Intact(Instant::now());
        let registry = unreachable(intact);
        assert!(!registry.doubt(&RegistryError::NotOwned(TenantId::new(42))));
        assert_eq!(registry.known(), intact);
        assert!(registry.doubt(&RegistryError::Away));
        assert_eq!(registry.known(), Control::Doubtful);
    }
}
