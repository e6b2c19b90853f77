//! Whether a signed token is one that a tenant trusts: who signed it, and what it says.

use std::sync::Arc;

use jiff::Timestamp;
use tenancy::{Generation, Trust};

use crate::{
    jwt::{Unverified, claims::Claims},
    keys::KeyStore,
};

/// Whom a tenant trusts by one of its credentials.
pub type Trusted = (Generation, Arc<Trust>);

/// Under which of these credentials the token has the signature of the issuer that it names. Only that issuer is asked for
/// its keys: one that is gone keeps nobody waiting.
pub async fn signatures<'t>(
    keys: &KeyStore,
    token: &'t Unverified<'_>,
    trusts: &[Trusted],
) -> Vec<(Generation, &'t Claims)> {
    let mut signed = Vec::new();
    for (generation, trust) in trusts.iter().filter(|(_, trust)| trust.issuer == token.issuer()) {
        let (id, algorithm) = token.key();
        match keys.key(trust, id, algorithm).await {
            None => tracing::info!("a signed token is refused: its key is not known"),
            Some(key) => match token.signed_by(&key) {
                None => tracing::info!("a signed token is refused: its signature is wrong"),
                Some(claims) => signed.push((*generation, claims)),
            },
        }
    }
    signed
}

/// Whether a token that says this, and was signed, lets its bearer in. If it does not, the log says why, and nobody else.
pub fn admits(trust: &Trust, claims: &Claims, now: Timestamp) -> bool {
    let satisfied = claims.satisfy(trust, now);
    if let Err(reason) = satisfied {
        tracing::info!(%reason, "a signed token is refused");
    }
    satisfied.is_ok()
}
