//! Which credentials were used: noted in memory while requests are served, written behind them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenancy::{Generation, TenantId};
use tokio::sync::Notify;

use crate::connection::Database;
use crate::error::Error;
use crate::registry::validity::Use;

/// `last_used_at` is written at most this often per credential.
const NOTED_EVERY: Duration = Duration::from_mins(1);
/// How long a note waits for others to be written with it, and a failed write to be tried again.
const GATHERING: Duration = Duration::from_secs(1);
/// How long the note of a first use waits that was passed over: other replicas are to learn of it within a second.
const PASSED_OVER: Duration = Duration::from_millis(100);

type Key = (TenantId, Generation);

/// Notes that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Usage {
    notes: Mutex<Notes>,
    first_use: Notify,
}

#[derive(Debug, Default)]
struct Notes {
    /// When each credential was last noted here.
    noted: HashMap<Key, Instant>,
    /// First uses that no poll can have read.
    first: BTreeMap<Key, FirstUse>,
    repeated: BTreeSet<Key>,
}

/// How far a first use got. A poll that began before it was written says that there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstUse {
    Noted,
    /// It was in the registry by then.
    Written(Instant),
}

impl Usage {
    /// Notes a use. Returns whether it is the first one that anybody knows of.
    pub(super) fn note(&self, tenant: TenantId, generation: Generation, use_of: Use) -> bool {
        let key = (tenant, generation);
        let mut notes = self.notes();
        let is_recent = notes.noted.get(&key).is_some_and(|noted| noted.elapsed() < NOTED_EVERY);
        if !is_recent {
            notes.noted.insert(key, Instant::now());
        }
        match use_of {
            Use::First => {
                let Entry::Vacant(first) = notes.first.entry(key) else { return false };
                first.insert(FirstUse::Noted);
                self.first_use.notify_one();
                true
            }
            Use::Repeated => {
                if !is_recent {
                    notes.repeated.insert(key);
                }
                false
            }
        }
    }

    /// First uses that the registry may not have told of yet.
    pub(super) fn first_uses_not_read(&self) -> Vec<Key> {
        self.notes().first.keys().copied().collect()
    }

    /// Forgets those that a poll has told of which began then.
    pub(super) fn forget_read(&self, began: Instant) {
        self.notes()
            .first
            .retain(|_, first| !matches!(first, FirstUse::Written(written) if *written <= began));
    }

    fn first_uses_not_written(&self) -> Vec<Key> {
        let notes = self.notes();
        notes.first.iter().filter(|(_, first)| **first == FirstUse::Noted).map(|(key, _)| *key).collect()
    }

    fn written(&self, keys: &[Key]) {
        let (mut notes, now) = (self.notes(), Instant::now());
        for key in keys {
            notes.first.insert(*key, FirstUse::Written(now));
        }
    }

    /// Waits until there may be something to write: a first use wakes at once.
    pub(super) async fn wait(&self) {
        let waiting = if self.first_uses_not_written().is_empty() { GATHERING } else { PASSED_OVER };
        tokio::select! {
            () = self.first_use.notified() => {}
            () = tokio::time::sleep(waiting) => {}
        }
    }

    /// Writes what was noted. What could not be written stays noted.
    pub(super) async fn write(&self, database: &Database) -> Result<(), Error> {
        let mut first = self.first_uses_not_written();
        if !first.is_empty() {
            let passed_over = write_first(database, &first).await?;
            first.retain(|key| !passed_over.contains(key));
            self.written(&first);
        }
        let repeated = {
            let mut notes = self.notes();
            notes.noted.retain(|_, noted| noted.elapsed() < NOTED_EVERY);
            std::mem::take(&mut notes.repeated)
        };
        if repeated.is_empty() {
            return Ok(());
        }
        let written = write_repeated(database, &repeated).await;
        if written.is_err() {
            self.notes().repeated.extend(repeated);
        }
        written
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes over what somebody else is writing at this moment, the tenant's row included, which the note changes by a trigger: one
/// tenant that an operator works on for long would keep the notes of all others, and a connection from the polls. Answers with
/// those.
async fn write_first(database: &Database, keys: &[Key]) -> Result<Vec<Key>, Error> {
    let (tenants, generations) = columns(keys.iter());
    let passed_over: Vec<(i64, i32)> = sqlx::query_as(
        "WITH used AS
                (SELECT c.tenant_id, c.generation
                   FROM scim_control.credentials c
                   JOIN unnest($1::bigint[], $2::bigint[]) AS named (tenant_id, generation) USING (tenant_id, generation)
                  WHERE c.first_used_at IS NULL),
              free AS
                (SELECT c.tenant_id, c.generation
                   FROM used JOIN scim_control.credentials c USING (tenant_id, generation)
                   JOIN scim_control.tenants t ON t.id = c.tenant_id
                    FOR NO KEY UPDATE OF c, t SKIP LOCKED),
              noted AS
                (UPDATE scim_control.credentials c SET first_used_at = now(), last_used_at = now()
                   FROM free
                  WHERE c.tenant_id = free.tenant_id AND c.generation = free.generation AND c.first_used_at IS NULL)
         SELECT tenant_id, generation FROM used EXCEPT SELECT tenant_id, generation FROM free",
    )
    .bind(tenants)
    .bind(generations)
    .fetch_all(database.pool())
    .await?;
    let key = |(tenant, generation): (i64, i32)| {
        (TenantId::new(tenant), Generation::new(generation.unsigned_abs()))
    };
    Ok(passed_over.into_iter().map(key).collect())
}

/// Passes over what another replica is writing at this moment: its time is as good, and nobody waits.
async fn write_repeated(database: &Database, keys: &BTreeSet<Key>) -> Result<(), Error> {
    let (tenants, generations) = columns(keys.iter());
    sqlx::query(
        "UPDATE scim_control.credentials c SET last_used_at = now()
           FROM (SELECT tenant_id, generation
                   FROM scim_control.credentials
                   JOIN unnest($1::bigint[], $2::bigint[]) AS used (tenant_id, generation)
                  USING (tenant_id, generation)
                  WHERE last_used_at IS NULL OR last_used_at < now() - interval '50 seconds'
                    FOR UPDATE OF credentials SKIP LOCKED) stale
          WHERE c.tenant_id = stale.tenant_id AND c.generation = stale.generation",
    )
    .bind(tenants)
    .bind(generations)
    .execute(database.pool())
    .await?;
    Ok(())
}

fn columns<'a>(keys: impl Iterator<Item = &'a Key>) -> (Vec<i64>, Vec<i64>) {
    keys.map(|(tenant, generation)| (tenant.get(), i64::from(generation.get()))).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::new(1);

    #[test]
    fn a_first_use_is_told_once() {
        let usage = Usage::default();
        assert!(usage.note(TENANT, Generation::FIRST, Use::First));
        assert!(!usage.note(TENANT, Generation::FIRST, Use::First));
        assert_eq!(usage.first_uses_not_read(), [(TENANT, Generation::FIRST)]);
    }

    #[test]
    fn a_first_use_is_known_until_a_poll_has_told_of_it_that_began_after_it_was_written() {
        let (usage, first) = (Usage::default(), (TENANT, Generation::FIRST));
        usage.note(TENANT, Generation::FIRST, Use::First);
        usage.forget_read(Instant::now());
        assert_eq!(usage.first_uses_not_written(), [first], "it was not written");
        let under_way = Instant::now();
        std::thread::sleep(Duration::from_millis(1));
        usage.written(&[first]);
        assert_eq!(usage.first_uses_not_written(), []);
        assert!(!usage.note(TENANT, Generation::FIRST, Use::First), "nor is it written twice");
        usage.forget_read(under_way);
        assert_eq!(usage.first_uses_not_read(), [first], "that poll may say that there was none");
        usage.forget_read(Instant::now());
        assert_eq!(usage.first_uses_not_read(), []);
    }

    #[test]
    fn a_use_is_noted_once_a_minute() {
        let usage = Usage::default();
        assert!(!usage.note(TENANT, Generation::FIRST, Use::Repeated));
        assert_eq!(std::mem::take(&mut usage.notes().repeated).len(), 1);
        usage.note(TENANT, Generation::FIRST, Use::Repeated);
        assert!(usage.notes().repeated.is_empty());
    }

    #[tokio::test]
    async fn a_first_use_wakes_the_writer_at_once() {
        let usage = Usage::default();
        usage.note(TENANT, Generation::FIRST, Use::First);
        let started = Instant::now();
        usage.wait().await;
        assert!(started.elapsed() < GATHERING);
    }
}
