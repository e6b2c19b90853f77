//! The keys that an issuer publishes: a JWK Set (RFC 7517, section 5).

use std::ops::RangeInclusive;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind,
    jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

/// Most keys of one issuer.
const MOST_KEYS: usize = 100;

/// Longest id of a key, in bytes.
const LONGEST_ID: usize = 256;

/// Lengths of the RSA moduli that signatures are verified with, in bytes: 2048 to 8192 bits.
const MODULUS: RangeInclusive<usize> = 256..=1024;

/// Longest exponent of an RSA key, in bytes: 33 bits.
const LONGEST_EXPONENT: usize = 5;

/// Lengths of points of P-256 and P-384, uncompressed, in bytes.
const POINTS: [usize; 2] = [65, 97];

/// The keys that signatures can be verified with.
#[derive(Debug, Default)]
pub(super) struct PublishedKeys(Vec<PublishedKey>);

#[derive(Debug)]
struct PublishedKey {
    id: String,
    /// What it is for, where the issuer says so.
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

/// Why a document tells no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishedKeysError {
    /// It is another one.
    #[error("is no JWK Set")]
    Form(#[from] serde_json::Error),
    /// It is meant to be a burden.
    #[error("holds more than {MOST_KEYS} keys")]
    TooMany,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl PublishedKeys {
    /// Reads a JWK Set. Keys of other kinds and for other uses are passed over, as RFC 7517 has it, and so are keys without an id
    /// and those that no signature can be verified with: they would be remembered for nothing.
    pub(super) fn parse(json: &[u8]) -> Result<Self, PublishedKeysError> {
        let set: KeySet = serde_json::from_slice(json)?;
        if set.keys.len() > MOST_KEYS {
            return Err(PublishedKeysError::TooMany);
        }
        Ok(Self(set.keys.into_iter().filter_map(PublishedKey::read).collect()))
    }

    /// The key with this id, if it is of the kind that the algorithm needs.
    pub(super) fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.id == id && key.is_for(algorithm)).map(|key| &key.key)
    }
}

impl PublishedKey {
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let verifies = |operations: &Vec<_>| operations.contains(&KeyOperations::Verify);
        let is_for_signatures =
            jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
                && jwk.common.key_operations.as_ref().is_none_or(verifies);
        let is_public =
            matches!(jwk.algorithm, AlgorithmParameters::RSA(_) | AlgorithmParameters::EllipticCurve(_));
        if !(is_for_signatures && is_public) {
            return None;
        }
        let algorithm = match jwk.common.key_algorithm {
            // One that is not known here is none of those that are accepted.
            Some(algorithm) => Some(algorithm.to_string().parse().ok()?),
            None => None,
        };
        let key = DecodingKey::from_jwk(&jwk).ok().filter(is_usable)?;
        let id = jwk.common.key_id.filter(|id| id.len() <= LONGEST_ID)?;
        Some(Self { id, algorithm, key })
    }

    fn is_for(&self, algorithm: Algorithm) -> bool {
        let families = [AlgorithmFamily::Rsa, AlgorithmFamily::Ec];
        families.contains(&self.key.family())
            && self.key.family() == algorithm.family()
            && self.algorithm.is_none_or(|own| own == algorithm)
    }
}

fn is_usable(key: &DecodingKey) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            MODULUS.contains(&n.len()) && n.first() != Some(&0) && e.len() <= LONGEST_EXPONENT
        }
        DecodingKeyKind::SecretOrDer(point) => POINTS.contains(&point.len()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";

    /// A modulus of so many bytes, a multiple of three.
    fn modulus(bytes: usize) -> String {
        "s".repeat(bytes / 3 * 4)
    }

    fn rsa() -> Value {
        json!({"kty": "RSA", "kid": "1", "n": modulus(258), "e": "AQAB"})
    }

    fn finds(key: &Value, algorithm: Algorithm) -> bool {
        let keys = json!({"keys": [{"kty": "oct", "kid": "1", "k": "sXch"}, 7, key]}).to_string();
        PublishedKeys::parse(keys.as_bytes()).unwrap().find("1", algorithm).is_some()
    }

    #[test]
    fn a_key_is_found_by_its_id_for_the_algorithms_of_its_kind() {
        let mut rsa = rsa();
        rsa["use"] = json!("sig");
        rsa["x5c"] = json!(["MII"]);
        rsa["issuer"] = json!("x");
        assert!(finds(&rsa, Algorithm::RS256));
        assert!(finds(&rsa, Algorithm::PS256));
        assert!(!finds(&rsa, Algorithm::ES256));
        assert!(!finds(&rsa, Algorithm::HS256), "a public key is no secret");
        let ec = json!({"kty": "EC", "kid": "1", "crv": "P-256", "x": X, "y": X});
        assert!(finds(&ec, Algorithm::ES256));
        assert!(!finds(&ec, Algorithm::RS256));
    }

    #[test]
    fn keys_for_something_else_are_passed_over() {
        for (name, value) in [
            ("use", json!("enc")),
            ("key_ops", json!(["encrypt"])),
            ("alg", json!("RS512")),
            ("alg", json!("RSA-OAEP")),
            ("alg", json!("XY1")),
            ("kid", json!("2")),
            ("kid", Value::Null),
            ("kty", json!("AKP")),
            ("n", json!("not base64!")),
        ] {
            let mut key = rsa();
            assert!(finds(&key, Algorithm::RS256));
            key[name] = value.clone();
            assert!(!finds(&key, Algorithm::RS256), "{name}: {value}");
        }
    }

    #[test]
    fn keys_that_verify_nothing_are_not_remembered() {
        for (name, value) in [
            ("n", modulus(255)),
            ("n", modulus(1026)),
            ("n", format!("AA{}", modulus(258))),
            ("n", String::new()),
            ("e", "s".repeat(8)),
            ("kid", "x".repeat(LONGEST_ID + 1)),
        ] {
            let mut key = rsa();
            key[name] = json!(value);
            let keys = PublishedKeys::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap();
            assert_eq!(keys.0.len(), 0, "{name}: {value}");
        }
        let mut longest = rsa();
        longest["n"] = json!(modulus(1023));
        assert!(finds(&longest, Algorithm::RS256));
        for (x, is_found) in [(X, true), ("f83O", false)] {
            let point = json!({"kty": "EC", "kid": "1", "crv": "P-256", "x": x, "y": x});
            assert_eq!(finds(&point, Algorithm::ES256), is_found, "{x}");
        }
    }

    #[test]
    fn a_document_that_is_no_set_of_keys_tells_none() {
        for text in ["", "<html>", "[]", "{}", "{\"keys\": {}}", "{\"keys\": null}"] {
            assert!(PublishedKeys::parse(text.as_bytes()).is_err(), "{text}");
        }
        let many = json!({"keys": vec![json!({}); MOST_KEYS + 1]}).to_string();
        assert!(matches!(PublishedKeys::parse(many.as_bytes()), Err(PublishedKeysError::TooMany)));
    }
}
