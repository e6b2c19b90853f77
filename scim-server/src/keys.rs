//! The keys of the issuers that tenants trust: read from where the issuer publishes them, and remembered.

mod memory;
mod places;
mod published;
mod turns;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use database::registry::view::Trusted;
use jsonwebtoken::{Algorithm, DecodingKey};
use tenancy::TenantId;
use tokio::time::Instant;
use url::Url;

use crate::{
    error::chain,
    keys::{
        memory::{Known, Memory},
        places::{Place, Places},
        published::{PublishedKeys, PublishedKeysError},
        turns::Turns,
    },
    outgoing::{Outgoing, OutgoingError},
};

/// Longest JWK Set, in bytes. Entra's has thirty kilobytes.
const LONGEST: usize = 256 * 1024;

/// The keys of all issuers. Clones share them.
///
/// Nobody waits for the issuer of somebody else: each is asked by a task of its own, by one at a time, and few are asked for one
/// tenant at a time.
#[derive(Clone, Debug, Default)]
pub struct KeyStore {
    outgoing: Outgoing,
    turns: Arc<Turns>,
    issuers: Arc<Mutex<Places<IssuerKeys>>>,
}

#[derive(Debug)]
struct IssuerKeys {
    place: Place,
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
    pub async fn key(&self, trusted: &Trusted, id: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        let place =
            Place { uri: trusted.trust().jwks_uri.clone(), private_addresses: trusted.private_addresses() };
        let tenant = trusted.tenant();
        let keys = self.keys_at(place, tenant);
        if let Known::Ask = keys.look(id, algorithm) {
            let (keys, store, id) = (keys.clone(), self.clone(), id.to_owned());
            // A task of its own, so that a client that goes away does not stop what others wait for.
            tokio::spawn(async move { keys.ask(&id, algorithm, tenant, &store).await }).await.ok()?;
        }
        match keys.look(id, algorithm) {
            Known::Key(key) => Some(key),
            Known::Ask | Known::Nothing => None,
        }
    }

    fn keys_at(&self, place: Place, tenant: TenantId) -> Arc<IssuerKeys> {
        let mut issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner);
        issuers.want(place, tenant, Instant::now(), |place| IssuerKeys {
            place,
            memory: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        })
    }
}

impl IssuerKeys {
    fn look(&self, id: &str, algorithm: Algorithm) -> Known {
        self.memory().look(id, algorithm, Instant::now())
    }

    /// Asks the issuer, unless somebody else did so while this one waited for its turn.
    async fn ask(&self, id: &str, algorithm: Algorithm, tenant: TenantId, store: &KeyStore) {
        let _asking = self.asking.lock().await;
        if !matches!(self.look(id, algorithm), Known::Ask) {
            return;
        }
        let Some(_turn) = store.turns.of(tenant).await else {
            tracing::warn!(%tenant, issuer = self.location(), "an issuer is not asked: too many are at this moment");
            return;
        };
        match self.read(&store.outgoing).await {
            Ok(keys) => self.memory().answered(keys, id, algorithm, Instant::now()),
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(%tenant, issuer = self.location(), error, "the keys of an issuer cannot be read");
                self.memory().unanswered(Instant::now());
            }
        }
    }

    async fn read(&self, outgoing: &Outgoing) -> Result<PublishedKeys, KeysError> {
        let json = outgoing.json(&self.place.uri, self.place.private_addresses, LONGEST).await?;
        Ok(PublishedKeys::parse(&json)?)
    }

    /// For the log, which may be read by those who are to know no password or key of the URL.
    fn location(&self) -> String {
        location(&self.place.uri)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Host and path of a URL.
fn location(uri: &str) -> String {
    Url::parse(uri).map_or_else(
        |error| error.to_string(),
        |url| format!("{}{}", url.host_str().unwrap_or_default(), url.path()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_host_and_path_of_an_issuer_and_nothing_that_may_be_secret() {
        assert_eq!(location("https://robot:hunter2@id.example.com:8443/keys?key=x#y"), "id.example.com/keys");
        assert_eq!(location("https://[::1]/keys"), "[::1]/keys");
        assert_eq!(location("hunter2"), "relative URL without a base");
    }
}
