//! Once a minute PostgreSQL is asked, in one statement, for a fingerprint of everything that it holds of each tenant. A
//! tenant whose fingerprint is another than the last is looked at: somebody edited or dropped something, or used a
//! credential, or wrote users.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crds::ScimTenant;
use database::registry::{Audited, RegistryError};
use futures::future::join_all;
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, warn};
use uuid::Uuid;

use crate::context::Context;
use crate::error::in_full;
use crate::watch::Cache;

/// `tokio` knows no interval of no length.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is known of the rows of tenants, by the UID of the ScimTenant.
#[derive(Debug, Default)]
pub(crate) struct Audit(Mutex<HashMap<Uuid, Seen>>);

/// What is known of the row of a tenant.
///
/// What PostgreSQL holds is as it should be when a pass that began later than it was first seen came to its end: one that
/// began before may have read what was there before. So a
/// write of that pass itself, which the next audit sees, costs one more pass, and that one finds nothing to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    /// Of the row; none when there is no row.
    fingerprint: Option<u64>,
    /// When PostgreSQL had first answered with this fingerprint; none when it never did or there never was a row.
    since: Option<Instant>,
    /// When the last pass began that came to its end.
    reconciled: Option<Instant>,
}

/// Where a tenant is, seen from a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// Its data is there.
    Here,
    /// Its data is in another database, or nowhere yet. That it has no row here says nothing.
    Elsewhere,
    /// There is no such tenant.
    Gone,
}

/// Audits each database now and at each interval, until it is dropped. None waits for another.
pub(crate) async fn run(context: &Context, tenants: &Cache<ScimTenant>, every: Duration) {
    join_all(context.databases.names().map(|database| run_in(database, context, tenants, every))).await;
}

async fn run_in(database: &str, context: &Context, tenants: &Cache<ScimTenant>, every: Duration) {
    let mut ticks = interval(every.max(SHORTEST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Nobody fills it any more when the process ends.
    drop(tenants.wait_until_ready().await);
    loop {
        ticks.tick().await;
        if let Err(error) = audit(database, context, tenants).await {
            context.databases.doubt(database, &error);
            warn!(database, error = in_full(&error), "could not audit what PostgreSQL holds of the tenants");
        }
    }
}

async fn audit(database: &str, context: &Context, tenants: &Cache<ScimTenant>) -> Result<(), RegistryError> {
    let registry = context.databases.registry(database).await?;
    let (rows, answered) = answered(registry.audit(&context.settings.installation)).await?;
    let tenants = tenants.state();
    let present: HashMap<Uuid, &ScimTenant> =
        tenants.iter().filter_map(|tenant| Some((tenant.uid()?.parse().ok()?, &**tenant))).collect();
    let presence = |uid: &Uuid| match present.get(uid) {
        Some(tenant) if is_in(database, tenant) => Presence::Here,
        Some(_) => Presence::Elsewhere,
        None => Presence::Gone,
    };
    let unsettled = context.audit.compare(&rows, presence, answered);
    for uid in &unsettled {
        context.census.written(*uid);
    }
    if !unsettled.is_empty() {
        debug!(tenants = unsettled.len(), "PostgreSQL holds something else of tenants than before");
    }
    let concerned = unsettled.into_iter().chain(context.census.due());
    context.wake.tenants(concerned.filter_map(|uid| Some(ObjectRef::from_obj(*present.get(&uid)?))));
    Ok(())
}

/// Whether a tenant's data is in a database, as far as its status tells.
fn is_in(database: &str, tenant: &ScimTenant) -> bool {
    tenant.status.as_ref().and_then(|status| status.database.as_deref()) == Some(database)
}

/// The answer, and when it was there. What a pass read that began before may be older than the answer.
async fn answered<T, E>(question: impl Future<Output = Result<T, E>>) -> Result<(T, Instant), E> {
    let answer = question.await?;
    Ok((answer, Instant::now()))
}

impl Audit {
    /// Notes that a pass over a tenant came to its end.
    pub(crate) fn reconciled(&self, tenant: Uuid, began: Instant) {
        self.lock().entry(tenant).or_default().reconciled = Some(began);
    }

    /// Forgets a tenant that is gone.
    pub(crate) fn forget(&self, tenant: Uuid) {
        self.lock().remove(&tenant);
    }

    /// Takes in what a database holds, and answers with the tenants that are to be looked at. Rows that tenants left behind
    /// are of no matter here.
    fn compare(
        &self,
        rows: &[Audited],
        presence: impl Fn(&Uuid) -> Presence,
        answered: Instant,
    ) -> Vec<Uuid> {
        let mut seen = self.lock();
        seen.retain(|uid, _| presence(uid) != Presence::Gone);
        let rows = rows.iter().filter(|row| presence(&row.owner.uid) != Presence::Gone);
        let mut fingerprints: HashMap<Uuid, u64> = rows.map(|row| (row.owner.uid, row.fingerprint)).collect();
        let mut unsettled = vec![];
        for (uid, known) in seen.iter_mut() {
            let fingerprint = fingerprints.remove(uid);
            if fingerprint.is_some() || presence(uid) == Presence::Here {
                known.take_in(fingerprint, answered);
                unsettled.extend(Some(*uid).filter(|_| !known.is_settled()));
            }
        }
        for (uid, fingerprint) in fingerprints {
            let known = seen.entry(uid).or_default();
            known.take_in(Some(fingerprint), answered);
            unsettled.extend(Some(uid).filter(|_| !known.is_settled()));
        }
        unsettled
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn take_in(&mut self, fingerprint: Option<u64>, answered: Instant) {
        if self.fingerprint != fingerprint {
            *self = Self { fingerprint, since: Some(answered), ..*self };
        }
    }

    fn is_settled(&self) -> bool {
        match (self.since, self.reconciled) {
            (None, _) => true,
            (Some(since), Some(reconciled)) => reconciled >= since,
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use tenancy::{Owner, TenantId};

    use super::*;

    const TENANT: Uuid = Uuid::nil();

    /// What two audits and the passes around them are about: one tenant, at seconds of a clock.
    struct Clock(Instant, Audit);

    impl Clock {
        fn new() -> Self {
            Self(Instant::now(), Audit::default())
        }

        fn at(&self, second: u64) -> Instant {
            self.0 + Duration::from_secs(second)
        }

        fn reconciled(&self, second: u64) {
            self.1.reconciled(TENANT, self.at(second));
        }

        /// Whether the tenant is looked at because of an audit that found this.
        fn wakes(&self, second: u64, fingerprint: Option<u64>) -> bool {
            let owner = Owner { uid: TENANT, namespace_uid: TENANT };
            let row = fingerprint.map(|fingerprint| Audited { id: TenantId::new(1), owner, fingerprint });
            !self.1.compare(row.as_slice(), |_| Presence::Here, self.at(second)).is_empty()
        }
    }

    #[test]
    fn a_tenant_that_was_reconciled_since_is_left_alone() {
        let clock = Clock::new();
        clock.reconciled(1);
        assert!(clock.wakes(2, Some(7)), "something may have changed between the pass and the audit");
        clock.reconciled(3);
        assert!(!clock.wakes(60, Some(7)) && !clock.wakes(120, Some(7)));
    }

    #[test]
    fn a_row_that_is_another_wakes_until_a_pass_came_to_its_end() {
        let clock = Clock::new();
        clock.wakes(0, Some(7));
        clock.reconciled(1);
        assert!(clock.wakes(60, Some(8)));
        assert!(clock.wakes(120, Some(8)), "the pass failed");
        clock.reconciled(121);
        assert!(!clock.wakes(180, Some(8)));
    }

    #[test]
    fn what_a_pass_writes_itself_costs_one_more_pass() {
        let clock = Clock::new();
        clock.wakes(0, Some(7));
        clock.reconciled(1);
        assert!(clock.wakes(60, Some(8)));
        clock.reconciled(61);
        assert!(clock.wakes(120, Some(9)), "it wrote");
        clock.reconciled(121);
        assert!(!clock.wakes(180, Some(9)));
    }

    #[test]
    fn a_pass_that_began_before_the_audit_is_none_since() {
        let clock = Clock::new();
        clock.wakes(0, Some(7));
        clock.reconciled(1);
        clock.wakes(60, Some(8));
        clock.reconciled(59);
        assert!(clock.wakes(120, Some(8)));
    }

    #[tokio::test]
    async fn a_pass_that_began_while_postgresql_answered_is_none_since() {
        let question = async { Ok::<_, RegistryError>(Instant::now()) };
        let (began, answered) = answered(question).await.unwrap();
        assert!(answered >= began);
        let audit = Audit::default();
        audit.reconciled(TENANT, began);
        let owner = Owner { uid: TENANT, namespace_uid: TENANT };
        let row = Audited { id: TenantId::new(1), owner, fingerprint: 7 };
        let later = answered.max(began + Duration::from_nanos(1));
        assert_eq!(audit.compare(&[row], |_| Presence::Here, later), [TENANT]);
    }

    #[test]
    fn a_row_that_is_gone_wakes_and_one_that_never_was_does_not() {
        let clock = Clock::new();
        clock.reconciled(1);
        assert!(!clock.wakes(2, None));
        clock.wakes(60, Some(7));
        clock.reconciled(61);
        assert!(clock.wakes(120, None));
        clock.reconciled(121);
        assert!(!clock.wakes(180, None));
    }

    #[test]
    fn that_a_database_has_no_row_of_a_tenant_of_another_one_says_nothing() {
        let clock = Clock::new();
        clock.wakes(0, Some(7));
        clock.reconciled(1);
        assert!(clock.1.compare(&[], |_| Presence::Elsewhere, clock.at(60)).is_empty());
        assert!(!clock.wakes(120, Some(7)), "it is as it was");
    }

    #[test]
    fn rows_without_a_tenant_are_forgotten() {
        let audit = Audit::default();
        let owner = Owner { uid: TENANT, namespace_uid: TENANT };
        let row = Audited { id: TenantId::new(1), owner, fingerprint: 7 };
        assert!(audit.compare(&[row], |_| Presence::Gone, Instant::now()).is_empty());
        assert!(audit.lock().is_empty());
    }
}
