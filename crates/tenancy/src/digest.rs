//! What the registry keeps of a secret.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 of the whole text of a token, password or client secret. What we issue holds 256 random bits, and what is brought
/// must not be guessable either, so neither salt nor a slow hash adds anything.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

/// A stored digest has another length than SHA-256 gives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 32 bytes, this one has {0}")]
pub struct DigestError(usize);

impl TokenDigest {
    /// The digest of any text that was presented as a secret, well formed or not.
    pub fn of(presented: &str) -> Self {
        Self(Sha256::digest(presented.as_bytes()).into())
    }

    /// Compares in a time that does not depend on where the two differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<&[u8]> for TokenDigest {
    type Error = DigestError;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestError> {
        bytes.try_into().map(Self).map_err(|_| DigestError(bytes.len()))
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl Eq for TokenDigest {}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_matches() {
        let digest = TokenDigest::of("scim_a");
        assert!(digest.matches(&TokenDigest::of("scim_a")));
        assert!(!digest.matches(&TokenDigest::of("scim_b")));
        assert!(!digest.matches(&TokenDigest::of("")));
    }

    #[test]
    fn a_digest_comes_back_from_its_bytes() {
        let digest = TokenDigest::of("scim_a");
        assert_eq!(TokenDigest::try_from(digest.as_bytes().as_slice()).unwrap(), digest);
        assert_eq!(TokenDigest::try_from([0; 31].as_slice()), Err(DigestError(31)));
    }
}
