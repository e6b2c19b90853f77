//! Tenants and credentials in memory, and what a poll brings changed into them. No I/O.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tenancy::{Generation, TenantConfiguration, TenantId, TenantPath, TokenDigest};

/// Tombstones are kept for a day. Whoever was cut off for longer than this reads everything.
const DELTAS_REACH_BACK: Duration = Duration::from_hours(1);

/// The registry of one installation as of [`position`](Snapshot::position).
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    position: Option<Position>,
    tenants: HashMap<TenantPath, Tenant>,
    paths: HashMap<TenantId, TenantPath>,
}

#[derive(Debug)]
struct Tenant {
    id: TenantId,
    configuration: Arc<TenantConfiguration>,
    credentials: Vec<Known>,
}

/// A credential as far as validity depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) generation: Generation,
    pub(super) digest: TokenDigest,
    pub(super) use_of: Use,
    pub(super) revoked: bool,
}

/// Whether a credential was ever presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Not before.
    First,
    /// It was.
    Repeated,
}

/// How far a poll has seen: every transaction before `xmin` was over when it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) xmin: i64,
    /// When that PostgreSQL started: another one (a restore, a failover) may have another history.
    pub(super) server_started: Timestamp,
    pub(super) taken: Instant,
}

impl Position {
    /// Whether this one is later in the same history, so that what changed in between is all there is to know.
    pub(super) fn follows(&self, earlier: &Self) -> bool {
        self.xmin >= earlier.xmin && self.server_started == earlier.server_started
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
        credentials: Vec<Known>,
    },
}

/// A tenant and the credential that was presented for it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) tenant: TenantId,
    pub(super) configuration: Arc<TenantConfiguration>,
    pub(super) generation: Generation,
    pub(super) use_of: Use,
}

impl Snapshot {
    /// From where the next poll may go on; `None` when it must read everything.
    pub(super) fn position(&self) -> Option<Position> {
        self.position.filter(|position| position.taken.elapsed() < DELTAS_REACH_BACK)
    }

    /// Finds the tenant and its valid credential with this digest. Compares with all of the tenant's credentials,
    /// each in constant time.
    pub(super) fn find(&self, path: &TenantPath, digest: &TokenDigest) -> Option<Found> {
        let tenant = self.tenants.get(path)?;
        let newest_used = tenant.credentials.iter().rfind(|known| known.use_of == Use::Repeated);
        let ended_before = newest_used.map_or(Generation::FIRST, |known| known.generation);
        let matching = tenant.credentials.iter().fold(None, |found, known| {
            let valid = !known.revoked && known.generation >= ended_before;
            // Compared first: a credential that is not valid takes as long as one that is.
            if known.digest.matches(digest) && valid { Some(known) } else { found }
        })?;
        Some(Found {
            tenant: tenant.id,
            configuration: Arc::clone(&tenant.configuration),
            generation: matching.generation,
            use_of: matching.use_of,
        })
    }

    /// Ends the tokens before this one.
    pub(super) fn mark_used(&mut self, tenant: TenantId, generation: Generation) {
        if let Some(tenant) = self.paths.get(&tenant).and_then(|path| self.tenants.get_mut(path)) {
            for known in tenant.credentials.iter_mut().filter(|known| known.generation == generation) {
                known.use_of = Use::Repeated;
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
                Row::Served { id, path, configuration, credentials } => {
                    let known = self.tenants.remove(&path).or_else(|| before.remove(&path));
                    let known = known.filter(|tenant| tenant.id == id).map(|tenant| tenant.configuration);
                    let Some(configuration) = newer(known, configuration) else { continue };
                    self.paths.insert(id, path.clone());
                    self.tenants.insert(path, Tenant { id, configuration, credentials });
                }
            }
        }
        self.position = Some(changes.position);
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

/// The same `Arc` while the configuration is the same: what was compiled from it stays good.
fn newer(
    known: Option<Arc<TenantConfiguration>>,
    read: Option<Arc<TenantConfiguration>>,
) -> Option<Arc<TenantConfiguration>> {
    match (known, read) {
        (Some(known), Some(read)) if known == read => Some(known),
        (known, read) => read.or(known),
    }
}

#[cfg(test)]
mod tests;
