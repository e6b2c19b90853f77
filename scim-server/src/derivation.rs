//! Stored rows follow the schemas: when a tenant's profile changes, a task in the background derives its rows anew.
//!
//! Each server does it, and they share the work, because one skips what another one has locked. A tenant's rows are derived
//! twice: at once, and after a while once more, because until then requests may write by the profile from before, here
//! or on a server that has not polled yet. Then the registry is told.
//!
//! While one version of the program replaces another, both run. The older one leaves the rows alone that the newer one has
//! derived, but what it writes itself is of an older form. Hence, where it finds that a newer one has told the registry that
//! all is done, it takes that back: the newer one looks again, until the older one is gone. The same makes up for a newer
//! version that was given up for a while.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use database::{
    Database,
    registry::view::{Configured, RegistryView, Revision},
    tenant::TenantDatabase,
};
use scim::Catalog;
use store::{Progress, StoreError};
use tenancy::TenantId;
use tokio::{task, time};

use crate::catalogs::Catalogs;

/// Rows in one transaction: few enough that a request which waits for one of them does not notice.
const BATCH: u32 = 500;
/// How long one statement may take: some look at every row of a large tenant.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);

/// The least time between two passes.
const BETWEEN_PASSES: Duration = Duration::from_mins(1);

/// When what is done.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How often it is looked whether a tenant changed.
    pub look: Duration,
    /// After a pass over a tenant's rows until the next: longer than any request takes that began before it, and than any
    /// server takes to notice a change.
    pub between_passes: Duration,
}

impl Times {
    /// For servers on which a request may take so long.
    pub fn for_requests(request_timeout: Duration) -> Self {
        let between_passes = BETWEEN_PASSES.max(request_timeout.saturating_mul(2));
        Self { look: Duration::from_secs(1), between_passes }
    }
}

/// Derives rows anew, for as long as it is polled. It has a connection of its own, so that requests keep theirs.
pub async fn run(registry: RegistryView, database: &Database, catalogs: Arc<Catalogs>, times: Times) {
    let worker =
        Worker { registry, database: database.apart_with_timeout(1, STATEMENT_TIMEOUT), catalogs, times };
    let mut seen = Revision::default();
    let mut waiting = HashMap::new();
    loop {
        seen = worker.look(seen, &mut waiting).await;
        let now = Instant::now();
        let next =
            waiting.values().min_by_key(|work: &&Work| work.due).filter(|work| work.due <= now).cloned();
        match next {
            Some(work) => {
                let tenant = work.tenant.scope.tenant();
                match worker.pass(work).await {
                    Some(work) => waiting.insert(tenant, work),
                    None => waiting.remove(&tenant),
                };
            }
            None => time::sleep(times.look).await,
        }
    }
}

/// A tenant whose rows are not all known to be of the form of its schemas.
#[derive(Clone, Debug)]
struct Work {
    tenant: Configured,
    form: i64,
    pass: Pass,
    due: Instant,
}

/// Which pass over the rows is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    First,
    /// If it leaves nothing, it is the last one.
    Later,
}

struct Worker {
    registry: RegistryView,
    database: Database,
    catalogs: Arc<Catalogs>,
    times: Times,
}

impl Worker {
    /// Takes up what changed in the registry. Where nothing did, this does nothing.
    async fn look(&self, seen: Revision, waiting: &mut HashMap<TenantId, Work>) -> Revision {
        let (now_seen, changed) = self.registry.configured_since(seen);
        // Tenants of one profile share a catalog as long as somebody holds it.
        let mut last: Option<Arc<Catalog>> = None;
        for tenant in changed {
            let id = tenant.scope.tenant();
            let before = waiting
                .remove(&id)
                .filter(|work| work.tenant.has_profile_of(&tenant) && !is_derived_by_newer_version(&tenant));
            match self.catalogs.shared(&tenant.configuration) {
                Ok(catalog) => {
                    let form = catalog.form();
                    last = Some(catalog);
                    if tenant.derived_form != Some(form) {
                        let (pass, due) =
                            before.map_or((Pass::First, Instant::now()), |work| (work.pass, work.due));
                        waiting.insert(id, Work { tenant, form, pass, due });
                    }
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(tenant = %id, error, "the registry holds a profile that this version cannot compile");
                }
            }
            // After the start there may be thousands.
            task::yield_now().await;
        }
        drop(last);
        now_seen
    }

    /// Makes a pass over a tenant's rows. Returns what is left to do.
    async fn pass(&self, work: Work) -> Option<Work> {
        let id = work.tenant.scope.tenant();
        if !self.registry.has_profile_of(&work.tenant) {
            // By the new one, if this version can read it, the next look begins anew.
            return None;
        }
        match self.try_pass(&work).await {
            Ok(Outcome::Done) => return None,
            Ok(Outcome::Again) => return Some(Work { pass: Pass::Later, ..self.later(work) }),
            // Its tenant is gone, which the next pass sees; or somebody dropped it, and the operator makes it anew.
            Err(StoreError::Unavailable(database::Error::Missing(_))) => {
                tracing::debug!(tenant = %id, "the tenant's schema is not there");
            }
            // The view of the registry says so once, where this would say it for each tenant.
            Err(StoreError::Unavailable(database::Error::Unavailable(_))) => {
                tracing::debug!(tenant = %id, "the database is away");
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(tenant = %id, error, "stored resources cannot be brought to the profile; trying again");
            }
        }
        Some(self.later(work))
    }

    fn later(&self, work: Work) -> Work {
        Work { due: Instant::now() + self.times.between_passes, ..work }
    }

    async fn try_pass(&self, work: &Work) -> Result<Outcome, StoreError> {
        if is_derived_by_newer_version(&work.tenant) {
            self.registry.forget_derived(&work.tenant).await?;
            return Ok(Outcome::Done);
        }
        let Ok(catalog) = self.catalogs.shared(&work.tenant.configuration) else { return Ok(Outcome::Done) };
        let tenant = TenantDatabase::new(self.database.clone(), work.tenant.scope.clone());
        let Progress { derived, doubled, left } = store::derive_anew(&tenant, &catalog, BATCH).await?;
        let id = tenant.tenant();
        if derived > 0 {
            tracing::info!(tenant = %id, derived, "stored resources were brought to the changed profile");
        }
        if doubled > 0 {
            tracing::warn!(
                tenant = %id,
                doubled,
                "several users share values that the profile now says are unique; each stays with those who have it"
            );
        }
        if work.pass == Pass::First || left > 0 {
            return Ok(Outcome::Again);
        }
        self.registry.note_derived(&work.tenant, work.form).await?;
        Ok(Outcome::Done)
    }
}

fn is_derived_by_newer_version(tenant: &Configured) -> bool {
    tenant.derived_form.is_some_and(|form| form >= Catalog::NEWER_FORMS)
}

enum Outcome {
    Done,
    Again,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_further_apart_than_any_request_takes() {
        let between = |seconds| Times::for_requests(Duration::from_secs(seconds)).between_passes;
        assert_eq!((between(25), between(90)), (Duration::from_mins(1), Duration::from_mins(3)));
    }
}
