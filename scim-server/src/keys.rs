//! The keys of the issuers that tenants trust: read from where the issuer publishes them, and remembered.

mod memory;
mod published;

use std::{
    collections::HashMap,
    mem::{Discriminant, discriminant},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jsonwebtoken::{Algorithm, DecodingKey};
use tenancy::{PrivateAddresses, Trust};
use tokio::time::Instant;

use crate::{
    error::chain,
    keys::{
        memory::{Known, Memory},
        published::{PublishedKeys, PublishedKeysError},
    },
    outgoing::{Outgoing, OutgoingError},
};

/// Longest JWK Set, in bytes. Entra's has thirty kilobytes.
const LONGEST: usize = 256 * 1024;

/// After which an issuer is forgotten that nobody asks for.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// The keys of all issuers. Clones share them.
///
/// Nobody waits for the issuer of somebody else: each is asked by a task of its own, by one at a time.
#[derive(Clone, Debug, Default)]
pub struct KeyStore {
    outgoing: Outgoing,
    issuers: Arc<Mutex<HashMap<Place, Issuer>>>,
}

/// Where keys are. Who may not fetch from private addresses gets nothing either that somebody else fetched there.
type Place = (String, Discriminant<PrivateAddresses>);

#[derive(Debug)]
struct Issuer {
    keys: Arc<IssuerKeys>,
    wanted: Instant,
}

#[derive(Debug)]
struct IssuerKeys {
    uri: String,
    private_addresses: PrivateAddresses,
    memory: Mutex<Memory>,
    /// Held by whoever asks the issuer.
    asking: tokio::sync::Mutex<()>,
}

/// Why an issuer's keys are not known.
#[derive(Debug, thiserror::Error)]
enum KeysError {
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    #[error(transparent)]
    Published(#[from] PublishedKeysError),
}

impl KeyStore {
    /// The key with this id of the issuer that is trusted. It is `None` too where the issuer does not answer: a token
    /// that cannot be verified is none, and whoever brought it learns nothing about the issuer.
    pub async fn key(&self, trust: &Trust, id: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        let keys = self.keys_of(trust);
        if let Known::Ask = keys.look(id, algorithm) {
            let (keys, outgoing, id) = (keys.clone(), self.outgoing.clone(), id.to_owned());
            // A task of its own, so that a client that goes away does not stop what others wait for.
            tokio::spawn(async move { keys.ask(&id, algorithm, &outgoing).await }).await.ok()?;
        }
        match keys.look(id, algorithm) {
            Known::Key(key) => Some(key),
            Known::Ask | Known::Nothing => None,
        }
    }

    fn keys_of(&self, trust: &Trust) -> Arc<IssuerKeys> {
        let now = Instant::now();
        let mut issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (trust.jwks_uri.clone(), discriminant(&trust.private_addresses));
        if !issuers.contains_key(&place) {
            issuers.retain(|_, issuer| now.duration_since(issuer.wanted) < FORGOTTEN_AFTER);
        }
        let issuer = issuers.entry(place).or_insert_with(|| Issuer {
            keys: Arc::new(IssuerKeys {
                uri: trust.jwks_uri.clone(),
                private_addresses: trust.private_addresses,
                memory: Mutex::default(),
                asking: tokio::sync::Mutex::default(),
            }),
            wanted: now,
        });
        issuer.wanted = now;
        issuer.keys.clone()
    }
}

impl IssuerKeys {
    fn look(&self, id: &str, algorithm: Algorithm) -> Known {
        self.memory().look(id, algorithm, Instant::now())
    }

    /// Asks the issuer, unless somebody else did so while this one waited for its turn.
    async fn ask(&self, id: &str, algorithm: Algorithm, outgoing: &Outgoing) {
        let _turn = self.asking.lock().await;
        if !matches!(self.look(id, algorithm), Known::Ask) {
            return;
        }
        match self.read(outgoing).await {
            Ok(keys) => self.memory().answered(keys, id, algorithm, Instant::now()),
            Err(error) => {
                tracing::warn!(uri = self.uri, error = chain(&error), "the keys of an issuer cannot be read");
                self.memory().unanswered(Instant::now());
            }
        }
    }

    async fn read(&self, outgoing: &Outgoing) -> Result<PublishedKeys, KeysError> {
        let json = outgoing.json(&self.uri, self.private_addresses, LONGEST).await?;
        Ok(PublishedKeys::parse(&json)?)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
