//! Leader election by a Lease (<https://kubernetes.io/docs/concepts/architecture/leases/>).
//!
//! Own code because none of the libraries fits kube 4 and writes on the version that it read: kube-leader-election
//! sends merge patches without `resourceVersion`, so two may believe that they lead; kube-lease-manager is built on
//! kube 5, kubert on kube 1. Reconciling twice at once would be harmless here, but not cheap.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::error::in_full;

/// A lease that nobody renewed for this long is free.
const DURATION: Duration = Duration::from_secs(15);
/// A leader that could not renew for this long leads no more. With a wait and an unanswered request on top it is less
/// than [`DURATION`], so that no two lead at once.
const DEADLINE: Duration = Duration::from_secs(8);
/// Time between two renewals, and between two looks of those who wait.
const RENEWAL: Duration = Duration::from_secs(3);
/// The API server must answer within this.
const ANSWER: Duration = Duration::from_secs(3);

/// One of those who may lead.
pub(crate) struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
}

/// The lease, held.
pub(crate) struct Leadership {
    candidate: Candidate,
    lease: Lease,
    renewed: Instant,
}

/// Somebody else leads now, or may.
#[derive(Debug, thiserror::Error)]
#[error("the lease is lost")]
pub(crate) struct Lost;

/// What a candidate saw last, and since when. Times in a Lease are of other clocks and are not compared with ours.
struct Observed {
    version: Option<String>,
    since: Instant,
}

impl Candidate {
    /// `identity` differs from that of every other process; a process that is started again may keep it, and then
    /// need not wait for its own lease to run out.
    pub(crate) fn new(client: Client, namespace: &str, name: &str, identity: &str) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity: identity.to_owned(),
        }
    }

    /// Waits until this process leads.
    pub(crate) async fn lead(self) -> Leadership {
        info!(lease = self.name, identity = self.identity, "waits for the lease");
        let mut observed = Observed { version: None, since: Instant::now() };
        loop {
            let asked = Instant::now();
            match answered(self.take(&mut observed)).await {
                Ok(Some(lease)) => {
                    info!(lease = self.name, identity = self.identity, "leads");
                    return Leadership { candidate: self, lease, renewed: asked };
                }
                Ok(None) => debug!("another process leads"),
                Err(error) => warn!(error = in_full(&error), "could not ask for the lease"),
            }
            sleep(RENEWAL).await;
        }
    }

    /// Takes the lease if it is free.
    async fn take(&self, observed: &mut Observed) -> Result<Option<Lease>, kube::Error> {
        let Some(lease) = self.leases.get_opt(&self.name).await? else {
            let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
            let lease = self.held(Lease { metadata, spec: None });
            return unless_raced(self.leases.create(&PostParams::default(), &lease).await);
        };
        if observed.version != lease.metadata.resource_version {
            *observed = Observed { version: lease.metadata.resource_version.clone(), since: Instant::now() };
        }
        // Under our own name: the process before this one, in the same pod, is gone.
        let is_free = holder(&lease).is_empty() || holder(&lease) == self.identity;
        if !is_free && observed.since.elapsed() < DURATION {
            return Ok(None);
        }
        self.write(&self.held(lease)).await
    }

    /// Writes onto the version that was read; none, when somebody else wrote meanwhile.
    async fn write(&self, lease: &Lease) -> Result<Option<Lease>, kube::Error> {
        unless_raced(self.leases.replace(&self.name, &PostParams::default(), lease).await)
    }

    /// Writes the lease that this process holds; none, when it holds it no more. A version that is old is no proof of
    /// that: the answer to a write of our own may have been lost.
    async fn write_again(&self, lease: &Lease) -> Result<Option<Lease>, kube::Error> {
        if let Some(written) = self.write(lease).await? {
            return Ok(Some(written));
        }
        match self.leases.get_opt(&self.name).await?.filter(|now| holder(now) == self.identity) {
            Some(now) => self.write(&Lease { metadata: now.metadata, ..lease.clone() }).await,
            None => Ok(None),
        }
    }

    /// The lease, taken by this process.
    fn held(&self, lease: Lease) -> Lease {
        let now = Some(MicroTime(Timestamp::now()));
        let spec = lease.spec.unwrap_or_default();
        let spec = LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            lease_transitions: Some(spec.lease_transitions.map_or(0, |count| count.saturating_add(1))),
            acquire_time: now.clone(),
            renew_time: now,
            ..spec
        };
        Lease { spec: Some(spec), ..lease }
    }
}

impl Leadership {
    /// Renews for as long as that works.
    pub(crate) async fn keep(&mut self) -> Lost {
        loop {
            sleep(RENEWAL).await;
            let mut next = self.lease.clone();
            next.spec.get_or_insert_default().renew_time = Some(MicroTime(Timestamp::now()));
            let asked = Instant::now();
            match answered(self.candidate.write_again(&next)).await {
                Ok(Some(lease)) => {
                    self.lease = lease;
                    self.renewed = asked;
                }
                Ok(None) => return Lost,
                Err(error) => warn!(error = in_full(&error), "could not renew the lease"),
            }
            if self.renewed.elapsed() > DEADLINE {
                return Lost;
            }
        }
    }

    /// Lets another process lead at once.
    pub(crate) async fn release(self) {
        let mut lease = self.lease;
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = None;
        spec.renew_time = Some(MicroTime(Timestamp::now()));
        match answered(self.candidate.write_again(&lease)).await {
            Ok(Some(_)) => info!("released the lease"),
            Ok(None) => info!("another process holds the lease already"),
            Err(error) => warn!(error = in_full(&error), "could not release the lease"),
        }
    }
}

/// Why nothing is known of the lease.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("the API server does not do what it is asked")]
    Failed(#[from] kube::Error),
    #[error("the API server does not answer in time")]
    Late(#[from] tokio::time::error::Elapsed),
}

async fn answered<T>(request: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Unanswered> {
    Ok(timeout(ANSWER, request).await??)
}

/// Who holds a lease; nobody is the empty name.
fn holder(lease: &Lease) -> &str {
    lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default()
}

fn unless_raced(written: Result<Lease, kube::Error>) -> Result<Option<Lease>, kube::Error> {
    match written {
        Ok(lease) => Ok(Some(lease)),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
