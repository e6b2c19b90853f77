//! Whether a signed token is one that a tenant trusts: who signed it, and what it says.

use database::registry::view::Trusted;
use jiff::Timestamp;
use tenancy::Trust;

use crate::{
    jwt::{Unverified, claims::Claims},
    keys::KeyStore,
};

/// What the token says, if it has the signature of this issuer. Only one that it names is asked for its keys: one that is gone
/// keeps nobody waiting.
pub async fn signed<'t>(keys: &KeyStore, token: &'t Unverified<'_>, trusted: &Trusted) -> Option<&'t Claims> {
    if trusted.trust().issuer != token.issuer() {
        return None;
    }
    let (id, algorithm) = token.key();
    let Some(key) = keys.key(trusted, id, algorithm).await else {
        tracing::info!("a signed token is refused: its key is not known");
        return None;
    };
    let claims = token.signed_by(&key);
    if claims.is_none() {
        tracing::info!("a signed token is refused: its signature is wrong");
    }
    claims
}

/// Whether a token that says this, and was signed, lets its bearer in. If it does not, the log says why, and nobody else.
pub fn admits(trust: &Trust, claims: &Claims, now: Timestamp) -> bool {
    let satisfied = claims.satisfy(trust, now);
    if let Err(reason) = satisfied {
        tracing::info!(%reason, "a signed token is refused");
    }
    satisfied.is_ok()
}
