//! Tenants and credentials in memory, and what a poll brings changed into them. No I/O.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tenancy::{CredentialKind, Generation, TenantConfiguration, TenantId, TenantPath};

use crate::registry::validity::{Rung, Use};
use crate::registry::view::proof::{AccessToken, Known, Ladder, Presentation};
use crate::registry::view::trusted::Trusted;

/// Tombstones are kept for a day. Whoever was cut off for longer than this reads everything.
const DELTAS_REACH_BACK: Duration = Duration::from_hours(1);

/// The registry of one installation as of [`position`](Snapshot::position).
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    position: Option<Position>,
    tenants: HashMap<TenantPath, Tenant>,
    paths: HashMap<TenantId, TenantPath>,
    /// Counts the changes of [`Settings`].
    revision: Revision,
}

#[derive(Debug)]
struct Tenant {
    id: TenantId,
    settings: Settings,
    /// When the settings changed.
    changed: Revision,
    ladder: Ladder,
}

/// How a tenant is served, and by which form of its schemas its rows are derived.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    pub(super) configuration: Arc<TenantConfiguration>,
    /// Which of the tenant's profiles is in the configuration; `None` where the registry has a newer configuration, which this
    /// version cannot read.
    pub(super) profile_version: Option<i64>,
    pub(super) derived_form: Option<i64>,
}

/// A moment between two changes, as one view counts them. The default is before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(u64);

/// How far a poll has seen: every transaction before `xmin` was over when it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) xmin: i64,
    /// When that PostgreSQL started: another one (a restore, a failover) may have another history.
    pub(super) server_started: Timestamp,
    /// Before it was asked.
    pub(super) taken: Instant,
    /// PostgreSQL's time then.
    pub(super) now: Timestamp,
}

impl Position {
    /// Whether this one is later in the same history, so that what changed in between is all there is to know.
    pub(super) fn follows(&self, earlier: &Self) -> bool {
        self.xmin >= earlier.xmin && self.server_started == earlier.server_started
    }

    /// PostgreSQL's time now: what the wall clock of this machine says is of no matter. Never behind that of PostgreSQL, so
    /// that what ends has ended here too.
    fn time(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.taken.elapsed()).unwrap_or(SignedDuration::MAX);
        self.now.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }
}

/// What a poll read.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) position: Position,
    pub(super) extent: Extent,
    pub(super) rows: Vec<Row>,
}

/// Whether what was not read is unchanged or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Everything,
    SincePosition,
}

/// A tenant's row with its credentials.
#[derive(Debug)]
pub(super) enum Row {
    /// Retained or deleted.
    NotServed(TenantId),
    Served {
        id: TenantId,
        path: TenantPath,
        /// `None`: not readable by this version, so the one from before stays.
        configuration: Option<Arc<TenantConfiguration>>,
        profile_version: i64,
        derived_form: Option<i64>,
        credentials: Vec<Known>,
        access_tokens: Vec<AccessToken>,
    },
}

/// A tenant and the credential that was proven for it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) tenant: TenantId,
    pub(super) configuration: Arc<TenantConfiguration>,
    pub(super) generation: Generation,
    pub(super) use_of: Use,
}

impl Tenant {
    fn found(&self, rung: Rung) -> Found {
        Found {
            tenant: self.id,
            configuration: Arc::clone(&self.settings.configuration),
            generation: rung.generation,
            use_of: rung.use_of,
        }
    }

    fn trusts(&self, kind: CredentialKind, now: Timestamp) -> impl Iterator<Item = (Rung, Trusted)> {
        let private_addresses = self.settings.configuration.private_addresses;
        self.ladder.trusts(kind, now).map(move |(rung, trust)| {
            (rung, Trusted::new(self.id, kind, rung.generation, Arc::clone(trust), private_addresses))
        })
    }
}

impl Snapshot {
    /// From where the next poll may go on; `None` when it must read everything.
    pub(super) fn position(&self) -> Option<Position> {
        self.position.filter(|position| position.taken.elapsed() < DELTAS_REACH_BACK)
    }

    /// PostgreSQL's time now; `None` before the first poll.
    pub(super) fn now(&self) -> Option<Timestamp> {
        self.position.as_ref().map(Position::time)
    }

    /// Finds the tenant and the credential of it that works and that this proves.
    pub(super) fn find(&self, path: &TenantPath, presentation: &Presentation) -> Option<Found> {
        let tenant = self.tenants.get(path)?;
        let rung = tenant.ladder.prove(presentation, self.now()?)?;
        Some(tenant.found(rung))
    }

    /// Finds the tenant and the credential by which it trusts, if it is the same tenant still, and trusts in the same way.
    pub(super) fn find_trusted(&self, path: &TenantPath, trusted: &Trusted) -> Option<Found> {
        let tenant = self.tenants.get(path)?;
        let mut trusts = tenant.trusts(trusted.kind(), self.now()?);
        trusts.find(|(_, known)| known == trusted).map(|(rung, _)| tenant.found(rung))
    }

    /// Whom a tenant trusts by credentials of this kind that work, the newest first.
    pub(super) fn trusts(&self, path: &TenantPath, kind: CredentialKind) -> Vec<Trusted> {
        let (Some(tenant), Some(now)) = (self.tenants.get(path), self.now()) else { return Vec::new() };
        tenant.trusts(kind, now).map(|(_, trusted)| trusted).collect()
    }

    /// The tenants whose settings changed after `seen`, by id, and the moment up to which these are all.
    pub(super) fn changed_since(&self, seen: Revision) -> (Revision, Vec<(TenantId, Settings)>) {
        if seen == self.revision {
            return (seen, Vec::new());
        }
        let changed = self.tenants.values().filter(|tenant| tenant.changed > seen);
        let mut changed: Vec<_> = changed.map(|tenant| (tenant.id, tenant.settings.clone())).collect();
        changed.sort_unstable_by_key(|(tenant, _)| tenant.get());
        (self.revision, changed)
    }

    /// How a tenant is served; `None` where it is not.
    pub(super) fn settings(&self, tenant: TenantId) -> Option<&Settings> {
        let tenant = self.tenants.get(self.paths.get(&tenant)?)?;
        Some(&tenant.settings)
    }

    /// Ends the tokens before this one.
    pub(super) fn mark_used(&mut self, tenant: TenantId, generation: Generation) {
        if let Some(tenant) = self.paths.get(&tenant).and_then(|path| self.tenants.get_mut(path)) {
            let credentials = tenant.ladder.credentials.iter_mut();
            for known in credentials.filter(|known| known.rung.generation == generation) {
                known.rung.use_of = Use::Repeated;
            }
        }
    }

    /// Takes over what a poll has read.
    pub(super) fn apply(&mut self, changes: Changes) {
        let mut before = HashMap::new();
        if changes.extent == Extent::Everything {
            self.paths.clear();
            before = std::mem::take(&mut self.tenants);
        }
        for row in changes.rows {
            match row {
                Row::NotServed(id) => self.remove(id),
                Row::Served {
                    id,
                    path,
                    configuration,
                    profile_version,
                    derived_form,
                    credentials,
                    access_tokens,
                } => {
                    let known = self.tenants.remove(&path).or_else(|| before.remove(&path));
                    let known = known.filter(|tenant| tenant.id == id);
                    let known = known.map(|tenant| (tenant.settings, tenant.changed));
                    let newer = self.newer(known, configuration, profile_version, derived_form);
                    let Some((settings, since)) = newer else { continue };
                    self.paths.insert(id, path.clone());
                    let mut ladder = Ladder { credentials, access_tokens };
                    ladder.forget_expired(changes.position.now);
                    self.tenants.insert(path, Tenant { id, settings, changed: since, ladder });
                }
            }
        }
        self.position = Some(changes.position);
    }

    /// The settings of a tenant, and when they changed. The same `Arc` while the configuration is the same: what was
    /// compiled from it stays good.
    fn newer(
        &mut self,
        known: Option<(Settings, Revision)>,
        configuration: Option<Arc<TenantConfiguration>>,
        profile_version: i64,
        derived_form: Option<i64>,
    ) -> Option<(Settings, Revision)> {
        let before = known.as_ref().map(|(settings, _)| &settings.configuration);
        let profile_version = configuration.as_ref().map(|_| profile_version);
        let read = configuration.filter(|read| before != Some(read));
        let configuration = read.or_else(|| before.cloned())?;
        let settings = Settings { configuration, profile_version, derived_form };
        Some(match known {
            Some((before, changed)) if before == settings => (before, changed),
            _ => (settings, self.next_revision()),
        })
    }

    fn next_revision(&mut self) -> Revision {
        self.revision = Revision(self.revision.0 + 1);
        self.revision
    }

    fn remove(&mut self, id: TenantId) {
        if let Some(path) = self.paths.remove(&id)
            // The same path may be another tenant's by now.
            && self.tenants.get(&path).is_some_and(|tenant| tenant.id == id)
        {
            self.tenants.remove(&path);
        }
    }
}

#[cfg(test)]
mod tests;
